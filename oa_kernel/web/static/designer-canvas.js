// The drawing of a workflow on LogicFlow: shows the graph it is given and tells what was done to it; it changes nothing itself.
"use strict";

window.oaWorkflowCanvas = (container, tell) => {
  const { LogicFlow, RectNode, RectNodeModel, PolylineEdge, PolylineEdgeModel } = window.Core;
  const dark = document.documentElement.dataset.bsTheme === "dark";
  const ink = dark ? "#e6eaf0" : "#1f2733", paper = dark ? "#1d2632" : "#ffffff", grey = dark ? "#9aa6b6" : "#66707f";
  const SHADES = { task: "#1f6feb", fork: "#7a5af5", join: "#7a5af5", subprocess: "#0b7285", service: "#5f6b7a", timer: "#b35c00", notify: "#2b8a3e", end: "#5f6b7a" };

  class StepModel extends RectNodeModel {
    initNodeData(data) {
      super.initNodeData(data);
      this.width = 176;
      this.height = 56;
      this.radius = data.properties.kind === "end" ? 28 : ["fork", "join"].includes(data.properties.kind) ? 2 : 8;
      this.text.draggable = false;
      this.text.editable = false;
      this.autoToFront = false;
      this.draggable = false; // places are worked out from the ways, see docs
    }
    getNodeStyle() {
      const { kind, wrong, chosen } = this.properties;
      return { ...super.getNodeStyle(), fill: paper, stroke: wrong === "error" ? "#d63939" : SHADES[kind] || grey,
        strokeWidth: chosen ? 3 : 1.5, strokeDasharray: wrong ? "5 3" : undefined };
    }
    getTextStyle() { return { ...super.getTextStyle(), color: ink, fontSize: 13, overflowMode: "ellipsis", textWidth: 160 }; }
    getOutlineStyle() { return { ...super.getOutlineStyle(), stroke: "transparent", hover: { stroke: "transparent" } }; }
  }
  class WayModel extends PolylineEdgeModel {
    getEdgeStyle() { return { ...super.getEdgeStyle(), stroke: grey, strokeWidth: 1.5 }; }
    getTextStyle() { return { ...super.getTextStyle(), color: ink, fontSize: 11, background: { fill: paper } }; }
  }

  const flow = new LogicFlow({
    container, grid: false, keyboard: { enabled: false }, edgeType: "oa-way", stopScrollGraph: true, stopZoomGraph: true, textEdit: false,
    nodeTextEdit: false, edgeTextEdit: false, adjustEdge: false, adjustEdgeStartAndEnd: false, hoverOutline: false, history: false,
    background: { backgroundColor: "transparent" },
  });
  flow.register({ type: "oa-step", view: RectNode, model: StepModel });
  flow.register({ type: "oa-way", view: PolylineEdge, model: WayModel });

  let chosen = "", shown = null;
  const names = (graph) => (graph ? graph.nodes.map((n) => n.id).join() : "");
  // where a line bends, and its text beside it where it has left the others
  function bends(points, text) {
    if (!points.length) return { text };
    const at = points[Math.min(points.length - 1, points.length > 2 ? 3 : 1)], before = points[points.length > 2 ? 2 : 0];
    const width = [...text].reduce((sum, c) => sum + (c.codePointAt(0) > 255 ? 11 : 6.5), 0); // the library centres a text
    return { pointsList: points, startPoint: points[0], endPoint: points[points.length - 1],
      text: text ? { value: text, x: at.x + 8 + width / 2, y: at.y * 0.7 + before.y * 0.3 } : "" };
  }
  function draw(graph) {
    const other = names(graph) !== names(shown);
    shown = graph;
    flow.render({
      nodes: graph.nodes.map((n) => ({ id: `s:${n.id}`, type: "oa-step", x: n.x, y: n.y, text: n.title,
        properties: { kind: n.type, wrong: n.wrong, chosen: n.id === chosen, step: n.id } })),
      edges: graph.edges.map((e, i) => ({ id: `w:${i}`, type: "oa-way", sourceNodeId: `s:${e.from}`, targetNodeId: `s:${e.to}`,
        ...bends(e.points, e.text), properties: { from: e.from, to: e.to } })),
    });
    if (other) fit();
  }
  function fit() {
    flow.fitView(40, 40);
    if (flow.getTransform().SCALE_X > 1) { flow.resetZoom(); flow.translateCenter(); }
  }
  function choose(step) {
    chosen = step;
    for (const node of shown ? shown.nodes : []) flow.getNodeModelById(`s:${node.id}`)?.setProperty("chosen", node.id === step);
  }
  const stepOf = (id) => (id || "").replace(/^s:/, "");
  let edge = null;
  flow.on("node:click", ({ data }) => { edge = null; container.focus({ preventScroll: true }); if (data.properties.kind !== "end") tell("choose", { step: stepOf(data.id) }); });
  flow.on("edge:click", ({ data }) => { edge = data.properties; container.focus({ preventScroll: true }); tell("choose", { step: edge.from }); });
  flow.on("blank:click", () => { edge = null; tell("choose", { step: "" }); });
  // a line being drawn is ours: the library's is lost where its node is drawn anew meanwhile
  const overlay = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const line = document.createElementNS("http://www.w3.org/2000/svg", "line");
  overlay.classList.add("wf-overlay");
  overlay.append(line);
  container.append(overlay);
  let from = null;
  const within = (e) => { const r = container.getBoundingClientRect(); return [e.clientX - r.left, e.clientY - r.top]; };
  const under = (e) => {
    const { x, y } = flow.getPointByClient(e.clientX, e.clientY).canvasOverlayPosition;
    return shown.nodes.find((n) => Math.abs(n.x - x) <= 96 && Math.abs(n.y - y) <= 36);
  };
  flow.on("anchor:dragstart", ({ e, nodeModel }) => {
    from = nodeModel.properties.step;
    const [x, y] = within(e);
    line.setAttribute("x1", x); line.setAttribute("y1", y); line.setAttribute("x2", x); line.setAttribute("y2", y);
    overlay.classList.add("wf-drawing");
  });
  flow.on("anchor:drag", ({ e }) => { const [x, y] = within(e); line.setAttribute("x2", x); line.setAttribute("y2", y); });
  flow.on("anchor:dragend", ({ e }) => {
    overlay.classList.remove("wf-drawing");
    const target = under(e);
    if (from && from !== "end" && target && target.id !== from) tell("connect", { step: from, to: target.id });
    from = null;
  });
  flow.on("edge:add", ({ data }) => { if (!String(data.id).startsWith("w:")) flow.deleteEdge(data.id); });
  flow.on("node:dnd-add", ({ data }) => { const { kind } = data.properties; flow.deleteNode(data.id); tell("add", { type: kind, step: "" }); });
  container.tabIndex = 0;
  container.setAttribute("role", "group");
  container.addEventListener("keydown", (event) => {
    if (event.key !== "Delete" && event.key !== "Backspace") return;
    event.preventDefault();
    if (edge) tell("disconnect", { step: edge.from, to: edge.to });
    else if (chosen) tell("remove", { step: chosen });
    edge = null;
  });
  return {
    draw, fit, choose,
    zoom(by) { if (by) flow.zoom(by > 0); else fit(); },
    drag(kind, title) { flow.dnd.startDrag({ type: "oa-step", text: title, properties: { kind } }); },
  };
};
