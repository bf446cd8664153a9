// The designer of workflows: sends what is done, one thing after the other, and shows what the server made of it.
// What could not be kept stays in the queue and on the page until it is.
"use strict";

(() => {
  const root = document.querySelector("[data-wf]");
  if (!root) return;
  const $ = (selector, from = document) => from.querySelector(selector);
  const $$ = (selector, from = document) => [...from.querySelectorAll(selector)];
  const url = root.dataset.url, words = JSON.parse(root.dataset.words);
  const side = $("#wf-side"), status = $("[data-wf-status]"), conflict = $("[data-wf-conflict]"), undo = $("[data-wf-undo]");
  const state = { version: root.dataset.version, text: null, step: "", past: [], queue: [], busy: false, held: false };
  let canvas = null, retry = null, typing = null;
  const csrf = () => $('meta[name="oa-csrf"]').content;
  const say = (text, wrong) => { status.textContent = text; status.classList.toggle("oa-wrong", Boolean(wrong)); };

  // --- sending, one at a time ---
  function send(body, after) {
    return new Promise((done) => { state.queue.push({ body, after, done }); work(); });
  }
  async function work() {
    if (state.busy || state.held || !state.queue.length) return;
    state.busy = true;
    clearTimeout(retry);
    retry = null;
    const job = state.queue[0];
    say(words.saving);
    try {
      job.body.set("version", state.version);
      const answer = await fetch(url, { method: "POST", body: job.body, redirect: "manual",
        headers: { Accept: "application/json", "X-CSRF-Token": csrf() } });
      const kind = answer.headers.get("Content-Type") || "";
      if (answer.status >= 500) throw new Error(String(answer.status));
      if (answer.type === "opaqueredirect" || answer.status === 401 || answer.status === 403 || !kind.includes("json")) {
        say(words.signed_out, true);
        state.held = true;
        setTimeout(() => { state.held = false; work(); }, 15000);
        return;
      }
      const told = await answer.json();
      if (answer.ok) { state.queue.shift(); kept(told, job); job.done(told); }
      else if (told.code === "draft_changed") { state.held = true; clash(told); }
      else { state.queue.shift(); say(`${words.refused}：${told.message}`, true); mark(told.errors || {}); if (canvas) canvas.draw(state.graph); job.done(null); }
    } catch {
      say(words.offline, true);
      retry = setTimeout(work, 4000);
    } finally {
      state.busy = false;
      if (!state.held && !retry) setTimeout(work);
    }
  }
  function kept(told, job) {
    if (state.text !== null && state.text !== told.text && job.body.get("undo") !== "1") state.past.push(state.text);
    undo.disabled = !state.past.length;
    Object.assign(state, { version: String(told.version), text: told.text, graph: told.graph || state.graph });
    $$("input[name=version]").forEach((input) => { input.value = state.version; });
    $("[data-wf-problems]").innerHTML = told.problems;
    const area = $("[data-wf-text]");
    if (area && document.activeElement !== area && !typing) area.value = told.text;
    if (told.graph) canvas?.draw(told.graph);
    mark({});
    say(`${words.saved} ${new Date().toTimeString().slice(0, 8)} · ${words.nth.replace("{n}", told.version)}`);
    if (job.after === "panel") open({ tab: job.body.get("tab") || "steps", step: told.step }, true);
  }
  function clash(told) {
    conflict.hidden = false;
    $("[data-wf-conflict-text]").textContent = told.message;
    say(words.refused, true);
    $("[data-wf-theirs]").onclick = () => { state.queue.length = 0; state.held = false; conflict.hidden = true; location.reload(); };
    $("[data-wf-mine]").onclick = () => { state.version = String(told.version); state.held = false; conflict.hidden = true; work(); };
  }
  function mark(errors) {
    $$(".is-invalid", side).forEach((e) => e.classList.remove("is-invalid"));
    for (const name of Object.keys(errors)) $(`[name="${name}"]`, side)?.classList.add("is-invalid");
  }
  const body = (values) => { const data = new FormData(); for (const [k, v] of Object.entries(values)) data.set(k, v); return data; };

  // --- the side: what is shown is fetched as it stands on the server ---
  let opening = 0;
  const idle = () => new Promise((done) => { const look = () => { if (state.queue.length) setTimeout(look, 40); else done(); }; look(); });
  async function open(what, focus) {
    flush();
    const mine = ++opening;
    await idle(); // what is shown is what was kept
    if (mine !== opening) return;
    const query = new URLSearchParams();
    for (const [k, v] of Object.entries(what)) if (v) query.set(k, v);
    query.set("part", "panel");
    const answer = await fetch(`${url}?${query}`, { headers: { Accept: "text/html" } }).catch(() => null);
    if (!answer || !answer.ok || mine !== opening) { if (mine === opening) say(words.offline, true); return; }
    side.innerHTML = await answer.text();
    query.delete("part");
    history.replaceState(null, "", `${url}${query.size ? `?${query}` : ""}`);
    ready();
    if (focus) (($("#wf-title", side)) || side).focus({ preventScroll: true });
  }
  function ready() {
    const shown = $("[data-wf-step-shown]", side)?.dataset.wfStepShown || "";
    state.step = shown;
    canvas?.choose(shown);
    $$("[data-wf-here]").forEach((input) => { input.value = shown || state.graph.nodes.filter((n) => n.type !== "end").at(-1)?.id || ""; });
    $$("[data-wf-save]", side).forEach((button) => { button.hidden = true; });
    $$("form", side).forEach(conditional);
  }
  // inputs that belong to a choice are there with the choice only
  function conditional(form) {
    $$("[data-wf-when]", form).forEach((part) => {
      const [name, values] = part.dataset.wfWhen.split("=");
      const chooser = form.elements[name];
      part.hidden = Boolean(chooser) && !values.split(",").includes(chooser.value);
    });
  }
  function flush() {
    if (!typing) return;
    clearTimeout(typing);
    typing = null;
    const area = $("[data-wf-text]");
    if (area) send(body({ do: "text", text: area.value, tab: "yaml" }));
  }

  // --- what people do (before the pages' own listener, which sends a form once and for all) ---
  window.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.matches("[data-wf-form]")) {
      event.preventDefault();
      event.stopImmediatePropagation();
      const data = new FormData(form, event.submitter || undefined);
      send(data, form.hasAttribute("data-wf-panel") ? "panel" : "");
    } else if (form.matches("[data-wf-trial]")) {
      event.preventDefault();
      event.stopImmediatePropagation();
      tried(form);
    }
  }, true);
  async function tried(form) {
    flush();
    await idle();
    const answer = await fetch(form.action, { method: "POST", body: new FormData(form), headers: { "HX-Request": "true", "X-CSRF-Token": csrf() } }).catch(() => null);
    if (!answer || !answer.ok) { say(words.offline, true); return; }
    side.innerHTML = await answer.text();
    ready();
    $(".wf-trial, [role=alert]", side)?.scrollIntoView({ block: "nearest" });
  }
  side.addEventListener("change", (event) => {
    const form = event.target.form;
    if (!form) return;
    conditional(form);
    if (form.hasAttribute("data-wf-auto")) send(new FormData(form), event.target.hasAttribute("data-wf-panel") ? "panel" : "");
  });
  side.addEventListener("input", (event) => {
    if (!event.target.matches("[data-wf-text]")) return;
    clearTimeout(typing);
    typing = setTimeout(flush, 700);
  });
  let looked = "", looking = null;
  document.addEventListener("input", (event) => {
    if (!event.target.matches("[data-wf-people]")) return;
    const q = event.target.value.split(/[,，、\s]/).at(-1);
    if (!q || q === looked) return;
    clearTimeout(looking);
    looking = setTimeout(async () => {
      looked = q;
      const answer = await fetch(`/api/v1/people?${new URLSearchParams({ q, limit: 20 })}`).catch(() => null);
      if (!answer || !answer.ok) return;
      const before = event.target.value.slice(0, event.target.value.length - q.length);
      $("#wf-people").replaceChildren(...(await answer.json()).items.map((p) => new Option(`${p.name}${p.department ? ` ${p.department.name || p.department}` : ""}`, before + p.username)));
    }, 200);
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-wf-open], [data-wf-step], [data-wf-line]");
    if (!link || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    if (link.dataset.wfStep) open({ step: link.dataset.wfStep }, true);
    else if (link.dataset.wfLine) open({ tab: "yaml" }).then(() => line(Number(link.dataset.wfLine)));
    else open(Object.fromEntries(new URL(link.href).searchParams));
  });
  function line(n) {
    const area = $("[data-wf-text]");
    if (!area) return;
    const rows = area.value.split("\n");
    const start = rows.slice(0, n - 1).reduce((sum, row) => sum + row.length + 1, 0);
    area.focus();
    area.setSelectionRange(start, start + (rows[n - 1] || "").length);
    area.scrollTop = Math.max(0, (n - 6) * parseFloat(getComputedStyle(area).lineHeight));
  }
  undo.addEventListener("click", async () => {
    const text = state.past.pop();
    if (text === undefined) return;
    const tab = $("[data-wf-tab]", side)?.dataset.wfTab || "steps";
    const told = await send(body({ do: "text", text, undo: "1", tab }));
    if (told) open({ tab, step: state.graph.nodes.some((n) => n.id === state.step) ? state.step : "" });
  });
  $("[data-wf-publish]").addEventListener("click", async (event) => {
    if (!typing && !state.queue.length) return;
    event.preventDefault();
    flush();
    const { href } = event.target.closest("a");
    const wait = setInterval(() => { if (!state.queue.length) { clearInterval(wait); location.assign(href); } }, 100);
  });
  window.addEventListener("beforeunload", (event) => { if (state.queue.length || typing) event.preventDefault(); });

  // --- the drawing, where there is room for it ---
  state.graph = JSON.parse(root.dataset.graph);
  undo.hidden = false;
  const place = $("[data-wf-canvas]");
  if (window.Core && window.matchMedia("(min-width: 900px)").matches) {
    place.hidden = false;
    $("[data-wf-zoom]").hidden = false;
    canvas = window.oaWorkflowCanvas(place, (what, values) => {
      if (what === "choose") { if (values.step !== state.step) open(values); return; }
      send(body({ do: what, ...values }), "panel");
    });
    canvas.draw(state.graph);
    $("[data-wf-zoom]").addEventListener("click", (event) => { const by = event.target.closest("[data-wf-zoom-by]"); if (by) canvas.zoom(Number(by.dataset.wfZoomBy)); });
    $$("[data-wf-kind]").forEach((button) => button.addEventListener("mousedown", (event) => {
      const move = (at) => { if (Math.hypot(at.clientX - event.clientX, at.clientY - event.clientY) > 8) { stop(); canvas.drag(button.dataset.wfKind, button.textContent.trim()); } };
      const stop = () => { document.removeEventListener("mousemove", move); document.removeEventListener("mouseup", stop); };
      document.addEventListener("mousemove", move);
      document.addEventListener("mouseup", stop);
    }));
  }
  ready();
  // the text as it stands, for undoing the first change
  fetch(`${url}?tab=yaml&part=panel`).then((answer) => answer.text()).then((html) => {
    const area = new DOMParser().parseFromString(html, "text/html").querySelector("[data-wf-text]");
    if (area && state.text === null) state.text = area.value;
  }).catch(() => {});
  const wanted = new URLSearchParams(location.search).get("line");
  if (wanted) line(Number(wanted));
})();
