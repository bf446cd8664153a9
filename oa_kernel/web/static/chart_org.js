// The organisation chart. The nested list is the content; from it come a keyboard tree (WAI-ARIA tree view) and a
// picture in SVG that folds, zooms, pans and prints. Without this script the list alone is shown.
(function () {
  "use strict";
  const root = document.getElementById("org");
  if (!root) { return; }
  const tree = document.getElementById("org-tree");
  const picture = document.getElementById("org-picture");
  const svg = picture.querySelector("svg");
  const words = root.dataset;
  const items = [...tree.querySelectorAll("li[data-unit]")];
  const MANY = 40, BOX = 216, LINE = 18, GAP_X = 44, GAP_Y = 10, EDGE = 16;

  // --- the tree ---
  const below = (item) => item.querySelector(":scope > ul");
  const above = (item) => item.parentElement.closest("li[data-unit]");
  const opened = (item) => item.getAttribute("aria-expanded") !== "false";
  const visible = (item) => { for (let a = above(item); a; a = above(a)) { if (!opened(a)) { return false; } } return true; };
  const level = (item) => { let n = 1; for (let a = above(item); a; a = above(a)) { n += 1; } return n; };

  tree.setAttribute("role", "tree");
  tree.setAttribute("aria-label", words.wordTree);
  items.forEach((item, index) => {
    item.setAttribute("role", "treeitem");
    item.setAttribute("aria-level", String(level(item)));
    item.tabIndex = index ? -1 : 0;
    item.setAttribute("aria-label", label(item));
    item.querySelectorAll(":scope > .oa-unit a").forEach((a) => { a.tabIndex = -1; });
    const group = below(item);
    if (!group) { return; }
    group.setAttribute("role", "group");
    const toggle = document.createElement("span");
    toggle.className = "oa-unit-toggle";
    toggle.setAttribute("aria-hidden", "true");
    toggle.addEventListener("click", (event) => { event.stopPropagation(); fold(item, opened(item)); draw(); });
    item.querySelector(":scope > .oa-unit").prepend(toggle);
    fold(item, items.length > MANY && level(item) > 2);
  });
  function label(item) {
    const d = item.dataset;
    return [d.name, d.total && words.wordPeople.replace("{n}", d.total), d.heads, d.deputy].filter(Boolean).join("，");
  }
  function fold(item, shut) {
    const group = below(item);
    if (!group) { return; }
    item.setAttribute("aria-expanded", String(!shut));
    group.hidden = shut;
  }
  function reveal(item) { for (let a = above(item); a; a = above(a)) { fold(a, false); } }
  function focus(item, quietly) {
    if (!item) { return; }
    items.forEach((other) => { other.tabIndex = other === item ? 0 : -1; });
    if (!quietly) { item.focus(); item.scrollIntoView({ block: "nearest" }); }
    mark(item);
  }
  tree.addEventListener("keydown", (event) => {
    const item = event.target.closest("li[data-unit]");
    if (!item || event.target !== item || event.ctrlKey || event.altKey || event.metaKey) { return; }
    const shown = items.filter(visible), at = shown.indexOf(item);
    let done = true;
    switch (event.key) {
      case "ArrowDown": focus(shown[at + 1]); break;
      case "ArrowUp": focus(shown[at - 1]); break;
      case "Home": focus(shown[0]); break;
      case "End": focus(shown[shown.length - 1]); break;
      case "ArrowRight":
        if (below(item) && !opened(item)) { fold(item, false); draw(); } else if (below(item)) { focus(below(item).querySelector("li")); }
        break;
      case "ArrowLeft":
        if (below(item) && opened(item)) { fold(item, true); draw(); } else { focus(above(item)); }
        break;
      case "*": [...item.parentElement.children].forEach((sister) => fold(sister, false)); draw(); break;
      case " ": if (below(item)) { fold(item, opened(item)); draw(); } break;
      case "Enter": { const link = item.querySelector(":scope > .oa-unit a"); if (link) { link.click(); } break; }
      default: done = false;
        if (event.key.length === 1 && !event.isComposing) {
          const typed = event.key.toLowerCase();
          const hit = [...shown.slice(at + 1), ...shown.slice(0, at)].find((one) => one.dataset.name.toLowerCase().startsWith(typed));
          if (hit) { focus(hit); done = true; }
        }
    }
    if (done) { event.preventDefault(); event.stopPropagation(); }
  });
  tree.addEventListener("click", (event) => { if (!event.target.closest("a")) { focus(event.target.closest("li[data-unit]")); } });

  // --- the picture ---
  const NS = "http://www.w3.org/2000/svg";
  let size = { w: 1, h: 1 }, view = null, marked = null;
  const boxes = new Map();
  function make(name, attributes, parent) {
    const made = document.createElementNS(NS, name);
    Object.entries(attributes).forEach(([key, value]) => made.setAttribute(key, value));
    parent.append(made);
    return made;
  }
  function width(text) { let n = 0; for (const c of text) { n += c.charCodeAt(0) > 255 ? 2 : 1.1; } return n; }
  function cut(text, most) {
    if (width(text) <= most) { return text; }
    let out = "";
    for (const c of text) { if (width(out + c) > most - 2) { break; } out += c; }
    return `${out}…`;
  }
  function lines(item) {
    const d = item.dataset;
    return [d.heads, d.deputy].filter(Boolean);
  }
  function draw() {
    if (picture.hidden || !picture.clientWidth) { return; }
    boxes.clear();
    svg.replaceChildren();
    const links = make("g", { class: "oa-org-links" }, svg);
    let next = EDGE, right = 0;
    // leaves stand one under another; who is above stands in the middle of those below
    function place(item, depth) {
      const height = 12 + LINE * (1 + lines(item).length);
      const group = below(item);
      const under = group && opened(item) ? [...group.children].map((one) => place(one, depth + 1)) : [];
      const x = EDGE + depth * (BOX + GAP_X);
      let y;
      if (under.length) {
        y = (under[0].y + under[0].h / 2 + under[under.length - 1].y + under[under.length - 1].h / 2) / 2 - height / 2;
        if (under.length === 1) { next = Math.max(next, y + height + GAP_Y); }
      } else { y = next; next += height + GAP_Y; }
      const box = { item, x, y, h: height };
      right = Math.max(right, x + BOX);
      under.forEach((one) => {
        const from = [x + BOX, y + height / 2], to = [one.x, one.y + one.h / 2], middle = (from[0] + to[0]) / 2;
        make("path", { d: `M${from} H${middle} V${to[1]} H${to[0]}` }, links);
      });
      boxes.set(item, box);
      return box;
    }
    [...tree.children].forEach((item) => place(item, 0));
    const top = Math.min(0, ...[...boxes.values()].map((b) => b.y - EDGE));
    boxes.forEach((box) => node(box));
    size = { w: right + EDGE, h: next + EDGE - top, top };
    if (!view) { begin(); }
    show();
    mark(marked);
  }
  function node({ item, x, y, h }) {
    const g = make("g", { class: "oa-org-node", transform: `translate(${x} ${y})` }, svg);
    make("title", {}, g).textContent = label(item);
    make("rect", { width: BOX, height: h, rx: 4 }, g);
    const total = item.dataset.total ? words.wordPeople.replace("{n}", item.dataset.total) : "";
    make("text", { x: 10, y: 20, class: "oa-org-name" }, g).textContent = cut(item.dataset.name, total ? 20 : 27);
    if (total) { make("text", { x: BOX - 10, y: 20, class: "oa-org-small", "text-anchor": "end" }, g).textContent = total; }
    lines(item).forEach((line, n) => { make("text", { x: 10, y: 20 + LINE * (n + 1), class: "oa-org-small" }, g).textContent = cut(line, 31); });
    if (below(item)) {
      const knob = make("g", { class: "oa-org-knob", transform: `translate(${BOX} ${h / 2})` }, g);
      make("circle", { r: 8 }, knob);
      make("path", { d: opened(item) ? "M-4 0H4" : "M-4 0H4M0 -4V4" }, knob);
    }
    g.addEventListener("click", () => { if (dragged) { return; } if (below(item)) { fold(item, opened(item)); draw(); } focus(item, true); });
  }
  function mark(item) {
    marked = item;
    svg.querySelectorAll(".oa-org-on").forEach((one) => one.classList.remove("oa-org-on"));
    const place = item && [...boxes.keys()].indexOf(item);
    if (item && place >= 0) { svg.querySelectorAll(".oa-org-node")[place].classList.add("oa-org-on"); }
  }
  function show() { svg.setAttribute("viewBox", `${view.x} ${view.y} ${view.w} ${view.h}`); }
  function fit() {
    const ratio = picture.clientHeight / picture.clientWidth;
    const w = Math.max(size.w, size.h / ratio);
    view = { x: (size.w - w) / 2, y: size.top, w, h: w * ratio };
  }
  // at first: whole where it can be read so, else from the top unit on
  function begin() {
    fit();
    if (view.w <= 1.6 * picture.clientWidth) { return; }
    zoom(picture.clientWidth / view.w, 0, 0);
    const first = boxes.get(tree.children[0]);
    view.x = 0;
    view.y = first.y + first.h / 2 - view.h / 2;
  }
  function zoom(factor, px = 0.5, py = 0.5) {
    const w = Math.min(Math.max(view.w * factor, 200), 40000), h = w * picture.clientHeight / picture.clientWidth;
    view = { x: view.x + (view.w - w) * px, y: view.y + (view.h - h) * py, w, h };
  }
  function centre(item) {
    const box = boxes.get(item);
    if (!box || !view) { return; }
    view.x = box.x + BOX / 2 - view.w / 2;
    view.y = box.y + box.h / 2 - view.h / 2;
    show();
  }
  let hold = null, dragged = false;
  svg.addEventListener("pointerdown", (event) => { if (event.button === 0) { hold = { x: event.clientX, y: event.clientY, from: { ...view } }; dragged = false; } });
  window.addEventListener("pointermove", (event) => {
    if (!hold) { return; }
    const scale = view.w / picture.clientWidth, dx = event.clientX - hold.x, dy = event.clientY - hold.y;
    if (Math.abs(dx) + Math.abs(dy) > 4) { dragged = true; }
    if (dragged) { view.x = hold.from.x - dx * scale; view.y = hold.from.y - dy * scale; show(); }
  });
  window.addEventListener("pointerup", () => { hold = null; });
  svg.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey) { return; }
    event.preventDefault();
    const at = svg.getBoundingClientRect();
    zoom(event.deltaY > 0 ? 1.2 : 1 / 1.2, (event.clientX - at.left) / at.width, (event.clientY - at.top) / at.height);
    show();
  }, { passive: false });
  // printed whole, on one page
  let before = null;
  window.addEventListener("beforeprint", () => { if (view) { before = { ...view }; view = { x: 0, y: size.top, w: size.w, h: size.h }; show(); } });
  window.addEventListener("afterprint", () => { if (before) { view = before; before = null; show(); } });

  // --- tools ---
  const tools = document.getElementById("org-tools");
  tools.addEventListener("click", (event) => {
    const what = event.target.closest("[data-org]")?.dataset.org;
    if (!what) { return; }
    if (what === "unfold" || what === "fold") { items.forEach((item) => fold(item, what === "fold" && level(item) > 1)); view = null; draw(); }
    if (view && (what === "in" || what === "out")) { zoom(what === "in" ? 1 / 1.25 : 1.25); show(); }
    if (view && what === "fit") { fit(); show(); }
    if (what === "print") { window.print(); }
  });
  const field = document.getElementById("org-q"), found = document.getElementById("org-found");
  let hits = [], at = -1;
  function search() {
    const q = field.value.trim().toLowerCase();
    hits = q ? items.filter((item) => `${item.dataset.name} ${item.dataset.heads} ${item.dataset.deputy}`.toLowerCase().includes(q)) : [];
    at = -1;
  }
  field.addEventListener("input", () => { search(); step(true); });
  document.getElementById("org-search").addEventListener("submit", (event) => { event.preventDefault(); step(); });
  function step() {
    items.forEach((item) => item.classList.remove("oa-unit-hit"));
    if (!hits.length) { found.textContent = field.value.trim() ? words.wordNone : ""; mark(null); return; }
    at = (at + 1) % hits.length;
    const item = hits[at];
    reveal(item);
    draw();
    focus(item, true);
    item.classList.add("oa-unit-hit");
    centre(item);
    if (picture.hidden || !picture.clientWidth) { item.scrollIntoView({ block: "center" }); }
    found.textContent = words.wordFound.replace("{n}", String(at + 1)).replace("{t}", String(hits.length));
  }
  tools.hidden = false;
  picture.hidden = false;
  draw();
  let again = null;
  window.addEventListener("resize", () => { clearTimeout(again); again = setTimeout(() => { view = null; draw(); }, 150); });
}());
