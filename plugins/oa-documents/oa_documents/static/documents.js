// The documents plugin's pages work without this; with it they are quicker. Nothing typed is ever thrown away.
(() => {
  "use strict";
  const t = window.oaText || ((text) => text);
  const $ = (selector, root = document) => root.querySelector(selector);
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
  let token = $('meta[name="oa-csrf"]')?.content || $('input[name="_csrf"]')?.value || "";
  const squash = (text) => text.replace(/\s+/g, "");
  const clock = (date) => date.toTimeString().slice(0, 8);

  // --- pages: zoom, selecting a passage, where annotations stand ---
  const STEPS = ["75", "fit", "100", "125", "150", "200"];
  const zoomTo = (viewer, value) => {
    viewer.dataset.zoom = value;
    $("[data-doc-zoom-value]", viewer).textContent = value === "fit" ? t("适合宽度") : `${value}%`;
  };
  document.addEventListener("click", (event) => {
    const zoom = event.target.closest("[data-doc-zoom]");
    if (zoom) {
      const viewer = zoom.closest("[data-doc-viewer]");
      const at = STEPS.indexOf(viewer.dataset.zoom) + Number(zoom.dataset.docZoom);
      zoomTo(viewer, STEPS[Math.max(0, Math.min(STEPS.length - 1, at))]);
      try { localStorage.setItem("oa-doc-zoom", viewer.dataset.zoom); } catch { /* private window */ }
    }
    const all = event.target.closest("[data-doc-all]");
    if (all) {
      const boxes = $$('input[type="checkbox"]', all.closest("fieldset"));
      const to = !boxes.every((box) => box.checked);
      boxes.forEach((box) => { box.checked = to; });
    }
    const phrase = event.target.closest("[data-doc-phrase]");
    if (phrase) {
      const box = $("[data-doc-comment]");
      box.value += phrase.dataset.docPhrase;
      box.focus();
      box.dispatchEvent(new Event("input", {bubbles: true}));
    }
    const mark = event.target.closest(".doc-mark");
    if (mark) light(mark.dataset.note, true);
    const note = event.target.closest("[data-doc-note]");
    if (note && !event.target.closest("a, button, summary, textarea")) light(note.dataset.docNote, false);
  });
  function light(id, toNote) {
    $$(".doc-note-lit, .doc-mark-lit").forEach((e) => e.classList.remove("doc-note-lit", "doc-mark-lit"));
    const note = document.getElementById(`note-${id}`);
    const marks = $$(`.doc-mark[data-note="${id}"]`);
    note?.classList.add("doc-note-lit");
    marks.forEach((m) => m.classList.add("doc-mark-lit"));
    (toNote ? note : marks[0])?.scrollIntoView({block: "center"});
  }

  // the body's place of a selection on the page: by its words and those before them, white space aside
  function place(body, quote, before) {
    const kept = [];
    let bare = "";
    [...body].reduce((offset, char) => {
      if (!/\s/.test(char)) { kept.push(offset); bare += char; }
      return offset + 1;
    }, 0);
    const chars = [...squash(quote)].join("");
    for (let n = Math.min(20, before.length); n >= 0; n -= 4) {
      const around = before.slice(before.length - n);
      const at = bare.indexOf(around + chars);
      if (at >= 0) return kept[[...bare.slice(0, at + around.length)].length];
    }
    return null;
  }
  document.addEventListener("selectionchange", () => {
    const form = $("[data-doc-annotate]");
    const selection = document.getSelection();
    if (!form || !selection || selection.isCollapsed) return;
    const layer = selection.anchorNode?.parentElement?.closest("[data-doc-text]");
    if (!layer) return;
    const quote = selection.toString().trim();
    if (!quote) return;
    const range = document.createRange();
    range.setStart($("[data-doc-text]"), 0);
    range.setEnd(selection.getRangeAt(0).startContainer, selection.getRangeAt(0).startOffset);
    const start = place($("[data-doc-source]").value, quote, squash(range.toString()));
    form.elements.quote.value = quote.replace(/\s*\n\s*/g, "");
    form.elements.start.value = start ?? "";
  });
  function drawMarks() {
    $$(".doc-mark").forEach((m) => m.remove());
    const texts = $$("[data-doc-text] text");
    if (!texts.length) return;
    const owners = [];
    let all = "";
    texts.forEach((node) => [...squash(node.textContent)].forEach((char, n, list) => { owners.push([node, n, list.length]); all += char; }));
    const where = (text) => [...text].length;
    $$("[data-doc-note][data-quote]").forEach((note) => {
      const prefix = squash(note.dataset.prefix), quote = squash(note.dataset.quote);
      let at = all.indexOf(prefix + quote);
      at = at >= 0 ? at + prefix.length : all.indexOf(quote);
      if (at < 0) return;
      const first = where(all.slice(0, at)), last = first + where(quote);
      const parts = new Map();
      owners.slice(first, last).forEach(([node, n, size]) => {
        const part = parts.get(node) || [n, n, size];
        parts.set(node, [part[0], n, size]);
      });
      parts.forEach(([from, to, size], node) => {
        const x = Number(node.getAttribute("x")), w = Number(node.getAttribute("textLength"));
        const h = Number(node.getAttribute("font-size"));
        const rect = document.createElementNS("http://www.w3.org/2000/svg", "rect");
        const values = {x: x + w * from / size, y: Number(node.getAttribute("y")) - h * 0.85, width: w * (to - from + 1) / size, height: h * 1.1};
        Object.entries(values).forEach(([k, v]) => rect.setAttribute(k, v.toFixed(2)));
        rect.setAttribute("class", note.classList.contains("doc-note-done") ? "doc-mark doc-mark-done" : "doc-mark");
        rect.dataset.note = note.dataset.docNote;
        node.parentNode.prepend(rect);
      });
    });
  }
  // an opinion half written survives a look at another tab, a lost session, a closed window
  function keepComment() {
    const box = $("[data-doc-comment]");
    if (!box || box.dataset.docKept) return;
    box.dataset.docKept = "1";
    const key = `oa-doc-comment-${box.dataset.docComment}`;
    try {
      box.value ||= localStorage.getItem(key) || "";
      box.addEventListener("input", () => localStorage.setItem(key, box.value));
      box.form.addEventListener("submit", (event) => { if (event.submitter?.value) setTimeout(() => localStorage.removeItem(key)); });
    } catch { /* private window */ }
  }
  function ready() {
    $$("[data-doc-js]").forEach((e) => { e.hidden = false; });
    drawMarks();
    keepComment();
  }
  document.addEventListener("htmx:afterSettle", ready);
  const viewer = $("[data-doc-viewer]");
  try { if (viewer && STEPS.includes(localStorage.getItem("oa-doc-zoom"))) zoomTo(viewer, localStorage.getItem("oa-doc-zoom")); } catch { /* private window */ }
  ready();

  // --- drafting ---
  const form = $("[data-doc-editor]");
  if (!form) return;
  const body = form.elements.body, status = $("[data-doc-status]"), actions = $("[data-doc-status-actions]");
  const url = form.dataset.url, key = `oa-doc-${form.dataset.person}-${form.dataset.document}`;
  const fields = () => Object.fromEntries([...new FormData(form)].filter(([k, v]) => !["_csrf", "version", "file", "do"].includes(k) && typeof v === "string"));
  const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);
  const normal = (values) => Object.fromEntries(Object.entries(values).map(([k, v]) => [k, String(v).replace(/\r\n/g, "\n")]));
  let saved = normal(fields()), saving = false, saveTimer = 0, previewTimer = 0, previewing = null, blobs = new Map();

  const say = (text, wrong = false) => { status.textContent = text; status.classList.toggle("doc-status-wrong", wrong); actions.replaceChildren(); };
  const offer = (text, act) => {
    const button = Object.assign(document.createElement(act instanceof Function ? "button" : "a"), {textContent: text, className: "btn btn-sm"});
    if (act instanceof Function) { button.type = "button"; button.addEventListener("click", act); } else button.href = act;
    actions.append(button);
  };
  const dirty = () => !same(normal(fields()), saved);
  const keep = () => { try { localStorage.setItem(key, JSON.stringify({values: normal(fields()), at: Date.now()})); } catch { /* full or private */ } };
  const forget = () => { try { localStorage.removeItem(key); } catch { /* private window */ } };

  const post = (path, extra = {}, options = {}) => {
    const data = new URLSearchParams({...fields(), ...extra});
    return fetch(url + path, {method: "POST", body: data, headers: {"X-CSRF-Token": token, Accept: "application/json"}, redirect: "manual", ...options});
  };
  // after signing in again in another window the old page's token is stale: take the new one and go on
  async function freshToken() {
    const answer = await fetch(`${url}/edit`, {redirect: "manual"});
    if (!answer.ok) return false;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    token = $('meta[name="oa-csrf"]', page)?.content || $('input[name="_csrf"]', page)?.value || token;
    $$('input[name="_csrf"]').forEach((e) => { e.value = token; });
    return true;
  }
  let leaving = false, underway = Promise.resolve();
  const save = (version, again) => (underway = store(version, again));
  async function store(version, again = true) {
    clearTimeout(saveTimer);
    if (saving || leaving || (!dirty() && !version)) return;
    saving = true;
    const sent = normal(fields());
    say(t("正在保存…"));
    try {
      const answer = await post("/autosave", {version: version || form.elements.version.value});
      if ([401, 403, 0].includes(answer.status)) {
        if (again && await freshToken()) { saving = false; return store(version, false); }
        say(t("登录已过期，没有保存到系统；内容已留在这台电脑上，登录后继续"), true);
        offer(t("重新登录"), `/sign-in?next=${encodeURIComponent(`${url}/edit`)}`);
        retry();
      } else {
        const told = await answer.json();
        if (told.ok) {
          form.elements.version.value = told.version;
          saved = sent;
          if (!dirty()) forget();
          say(told.message);
        } else {
          say(told.message || told.detail || t("没有保存"), true);
          if (told.current) { offer(t("用这里的内容覆盖"), () => save(told.current)); offer(t("看系统里的内容"), `${url}?tab=record`); }
        }
      }
    } catch {
      say(t("连不上系统，没有保存；内容已留在这台电脑上，正在重试（%(at)s）", {at: clock(new Date())}), true);
      retry();
    }
    saving = false;
    if (dirty() && !status.classList.contains("doc-status-wrong")) later();
  }
  const later = () => { clearTimeout(saveTimer); saveTimer = setTimeout(() => save(), 1200); };
  const retry = () => { clearTimeout(saveTimer); saveTimer = setTimeout(() => save(), 8000); };

  // the page beside the form: asked for soon after the last key, only changed pages travel
  const live = $("[data-doc-live]"), liveState = $("[data-doc-live-state]");
  async function preview() {
    previewing?.abort();
    previewing = new AbortController();
    try {
      const answer = await post("/preview", {have: [...blobs.keys()].join(" ")}, {signal: previewing.signal});
      if (answer.status === 401 || answer.status === 403 || !answer.status) return;
      const told = await answer.json();
      liveState.textContent = told.ok ? "" : told.message || told.detail || "";
      if (!told.ok) return;
      const now = new Map();
      for (const page of told.pages) {
        now.set(page.mark, blobs.get(page.mark) || URL.createObjectURL(new Blob([page.svg], {type: "image/svg+xml"})));
      }
      told.pages.forEach((page, n) => {
        let figure = live.children[n];
        if (!figure) {
          figure = Object.assign(document.createElement("figure"), {className: "doc-sheet"});
          figure.append(Object.assign(document.createElement("img"), {alt: t("第 %(n)s 页", {n: n + 1}), width: 1074, height: 1520}));
          live.append(figure);
        }
        if (figure.dataset.mark !== page.mark) { figure.dataset.mark = page.mark; figure.firstElementChild.src = now.get(page.mark); }
      });
      while (live.children.length > told.pages.length) live.lastElementChild.remove();
      blobs.forEach((address, mark) => { if (!now.has(mark)) URL.revokeObjectURL(address); });
      blobs = now;
      $("[data-doc-pages]").textContent = t("共 %(n)s 页", {n: told.pages.length});
      $("[data-doc-checks]").innerHTML = told.checks;
      $$("[data-doc-js]", $("[data-doc-checks]")).forEach((e) => { e.hidden = false; });
      form.dataset.previewed = String(Number(form.dataset.previewed || 0) + 1);
    } catch { /* the next key asks again */ }
  }
  function changed() {
    keep();
    later();
    clearTimeout(previewTimer);
    previewTimer = setTimeout(preview, 120);
    count();
  }
  form.addEventListener("input", (event) => { if (event.target.name && event.target.type !== "file") changed(); });
  form.addEventListener("change", (event) => { if (event.target.name && event.target.type !== "file") { kindChanged(); changed(); } });
  const set = (element, value, from, to) => {
    element.value = value;
    if (from !== undefined) element.setSelectionRange(from, to ?? from);
    element.dispatchEvent(new Event("input", {bubbles: true}));
  };
  const count = () => { $("[data-doc-count]").textContent = t("%(n)s 字", {n: squash(body.value).length}); };

  const formats = Object.fromEntries(form.dataset.formats.split(";").filter(Boolean).map((p) => { const [k, v] = p.split("="); return [k, v.split(",")]; }));
  function kindChanged() {
    const kind = form.elements.kind.value, allowed = formats[kind] || [];
    $$("[data-doc-kind]").forEach((e) => { e.hidden = e.dataset.docKind !== kind; });
    [...form.elements.format.options].forEach((o) => { o.hidden = o.disabled = !allowed.includes(o.value); });
    if (!allowed.includes(form.elements.format.value)) form.elements.format.value = allowed[0];
    $$("[data-doc-when]").forEach((e) => {
      const [name, values] = e.dataset.docWhen.split("=");
      const shown = values.split(",").includes(form.elements[name].value) || (e.value && e.matches("input"));
      (e.closest(".oa-field") || e).hidden = !shown;
    });
  }

  // numbering: 一、 （一） 1. （1）
  const ONES = "〇一二三四五六七八九";  // not shown: what stands in the document
  const chinese = (n) => n < 10 ? ONES[n] : `${n < 20 ? "" : ONES[Math.floor(n / 10)]}十${n % 10 ? ONES[n % 10] : ""}`;  // not shown: what stands in the document
  const PATTERNS = [/^[一二三四五六七八九十百]{1,5}、/, /^[（(][一二三四五六七八九十百]{1,5}[）)]、?/, /^\d{1,3}[.．](?!\d)\s*/, /^[（(]\d{1,3}[）)]、?/];
  const WRITE = [(n) => `${chinese(n)}、`, (n) => `（${chinese(n)}）`, (n) => `${n}. `, (n) => `（${n}）`];
  const levelOf = (line) => PATTERNS.findIndex((p) => p.test(line)) + 1;
  function renumbered(lines) {
    const counts = [0, 0, 0, 0];
    return lines.map((line) => {
      const level = levelOf(line);
      if (!level) return line;
      counts[level - 1] += 1;
      counts.fill(0, level);
      return WRITE[level - 1](counts[level - 1]) + line.replace(PATTERNS[level - 1], "");
    });
  }
  function setLevel(level) {
    const lines = body.value.split("\n"), at = body.selectionStart, end = body.selectionEnd;
    const line = (offset) => body.value.slice(0, offset).split("\n").length - 1;
    for (let n = line(at); n <= line(end); n += 1) {
      const old = levelOf(lines[n]);
      const bare = old ? lines[n].replace(PATTERNS[old - 1], "") : lines[n];
      lines[n] = level ? WRITE[level - 1](1) + bare : bare;
    }
    const row = line(end), made = renumbered(lines);
    const place = made.slice(0, row + 1).join("\n").length;
    set(body, made.join("\n"), place);
    body.focus();
  }
  const offsetOf = (element, line, column) => element.value.split("\n").slice(0, line - 1).reduce((sum, l) => sum + l.length + 1, 0) + column;
  document.addEventListener("click", (event) => {
    const level = event.target.closest("[data-doc-level]");
    if (level) setLevel(Number(level.dataset.docLevel));
    if (event.target.closest("[data-doc-renumber]")) set(body, renumbered(body.value.split("\n")).join("\n"), body.selectionStart);
    if (event.target.closest("[data-doc-table]")) {
      const at = body.selectionEnd, lead = at && body.value[at - 1] !== "\n" ? "\n" : "";
      const table = `${lead}| 项目 | 内容 |\n|---|---|\n|  |  |\n`;  // not shown: what stands in the document
      set(body, body.value.slice(0, at) + table + body.value.slice(at), at + table.length);
    }
    const there = event.target.closest("[data-doc-goto], [data-doc-fix]");
    const element = there && form.elements[there.dataset.field];
    if (!element?.setSelectionRange) return;
    event.preventDefault();
    const line = Number(there.dataset.line) || 1;
    const from = offsetOf(element, line, Number(there.dataset.column)), to = from + Number(there.dataset.length);
    if (there.dataset.docFix !== undefined) set(element, element.value.slice(0, from) + there.dataset.docFix + element.value.slice(to), from, from + there.dataset.docFix.length);
    element.focus();
    if (there.dataset.docFix === undefined) element.setSelectionRange(from, to);
    element.scrollTop = Math.max(0, element.scrollHeight * (line - 4) / element.value.split("\n").length);
  });
  $$("[data-doc-add]").forEach((input) => {
    const add = () => {
      const list = form.elements[input.dataset.docAdd], name = input.value.trim();
      if (!name) return;
      const names = list.value.split("\n").map((n) => n.trim()).filter(Boolean);
      if (!names.includes(name)) set(list, [...names, name].join("\n"));
      input.value = "";
    };
    input.addEventListener("change", add);
    input.addEventListener("keydown", (event) => { if (event.key === "Enter") { event.preventDefault(); add(); } });
  });
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key === "s") { event.preventDefault(); save(); }
  });

  // what was typed before the session ended or the machine went away
  const kept = (() => { try { return JSON.parse(localStorage.getItem(key)); } catch { return null; } })();
  if (kept && !same(kept.values, saved)) {
    const box = $("[data-doc-kept]");
    box.hidden = false;
    $("[data-doc-kept-at]").textContent = new Date(kept.at).toLocaleString(document.documentElement.lang);
    $("[data-doc-kept-use]").addEventListener("click", () => {
      Object.entries(kept.values).forEach(([name, value]) => { if (form.elements[name]) form.elements[name].value = value; });
      box.hidden = true;
      kindChanged();
      changed();
    });
    $("[data-doc-kept-drop]").addEventListener("click", () => { forget(); box.hidden = true; });
  } else forget();
  form.addEventListener("submit", (event) => {
    clearTimeout(saveTimer);
    if (saving) { // the form's version would be old when it arrives: it goes once what is under way has been answered
      event.preventDefault();
      const button = event.submitter;
      underway.finally(() => { delete form.dataset.sent; form.requestSubmit(button); });
      return;
    }
    leaving = true;
    keep();
    clearTimeout(previewTimer); // a page asked for now would be of a document that is under review
    previewing?.abort();
  });
  const flush = () => { if (!leaving && !saving && dirty()) post("/autosave", {version: form.elements.version.value}, {keepalive: true}).catch(() => {}); };
  // another form of the page: what is typed is saved first, so that the page that follows has the version that counts
  document.addEventListener("submit", (event) => {
    const other = event.target, button = event.submitter;
    if (other === form || event.defaultPrevented || other.dataset.flushed || !(saving || dirty())) return;
    event.preventDefault();
    other.dataset.flushed = "1";
    (saving ? underway : save()).finally(() => { delete other.dataset.sent; other.requestSubmit(button); });
  });
  window.addEventListener("pagehide", flush);
  kindChanged();
  count();
  preview();
})();
