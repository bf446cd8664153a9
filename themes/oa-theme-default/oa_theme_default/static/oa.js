// What pages share: everything works without it; it only spares people clicks and waiting.
(function () {
  "use strict";
  const root = document.documentElement;
  const t = window.oaText || ((text) => text);
  const meta = (name) => document.querySelector(`meta[name="${name}"]`)?.content || "";
  const store = {
    get(key) { try { return sessionStorage.getItem(key); } catch { return null; } },
    set(key, value) { try { sessionStorage.setItem(key, value); } catch { /* full or forbidden */ } },
    drop(key) { try { sessionStorage.removeItem(key); } catch { /* forbidden */ } },
  };

  // htmx: our token with every request, errors where people look
  document.addEventListener("htmx:configRequest", (event) => { event.detail.headers["X-CSRF-Token"] = meta("oa-csrf"); });
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { xhr } = event.detail;
    if (xhr.status >= 400 && xhr.getResponseHeader("HX-Retarget")) { event.detail.shouldSwap = true; event.detail.isError = false; }
  });
  document.addEventListener("htmx:sendError", () => say(t("网络不通，没有保存。请检查网络后再试"), "danger"));

  function say(text, kind) {
    const place = document.getElementById("oa-flash");
    if (!place) { return; }
    const box = document.createElement("div");
    box.className = `alert alert-${kind || "info"} oa-flash`;
    box.setAttribute("role", kind === "danger" ? "alert" : "status");
    box.textContent = text;
    place.replaceChildren(box);
  }

  // a bar on what takes over two seconds
  const bar = document.getElementById("oa-progress");
  let waiting = null;
  function busy() { clearTimeout(waiting); waiting = setTimeout(() => { if (bar) { bar.hidden = false; } }, 2000); }
  function idle() { clearTimeout(waiting); if (bar) { bar.hidden = true; } }
  document.addEventListener("htmx:beforeRequest", busy);
  document.addEventListener("htmx:afterRequest", idle);
  window.addEventListener("pageshow", () => { idle(); document.querySelectorAll("form[data-sent]").forEach(release); });

  // a form is sent once; what asks for it is confirmed first
  function release(form) {
    delete form.dataset.sent;
    form.querySelectorAll("[data-held]").forEach((b) => { b.removeAttribute("aria-disabled"); delete b.dataset.held; });
  }
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || form.method === "dialog") { return; }
    const asking = event.submitter?.dataset.confirm || form.dataset.confirm;
    if (asking && !form.dataset.confirmed) {
      event.preventDefault();
      event.stopImmediatePropagation();
      confirmThen(asking, () => { form.dataset.confirmed = "1"; form.requestSubmit(event.submitter || undefined); });
      return;
    }
    delete form.dataset.confirmed;
    if (form.method !== "post" || form.hasAttribute("hx-post")) { return; }
    if (form.dataset.sent) { event.preventDefault(); event.stopImmediatePropagation(); return; }
    form.dataset.sent = "1";
    busy();
    setTimeout(() => { if (form.dataset.sent) { form.querySelectorAll("button:not([data-free])").forEach((b) => { b.dataset.held = "1"; b.setAttribute("aria-disabled", "true"); }); } }, 0);
    remember(form);
    if (store.get(key(form))) { store.set("oa-sent", key(form)); }
  }, true);

  // what upload.js shares
  window.oaPage = { say, idle, release, meta };

  function confirmThen(text, go) {
    const dialog = document.getElementById("oa-confirm");
    if (!dialog || !dialog.showModal) { if (window.confirm(text)) { go(); } return; }
    dialog.querySelector("#oa-confirm-text").textContent = text;
    dialog.returnValue = "no";
    dialog.addEventListener("close", () => { if (dialog.returnValue === "yes") { go(); } }, { once: true });
    dialog.showModal();
  }

  // what was typed outlives a lost session: kept for this tab until the form has arrived
  const key = (form) => `oa-form:${meta("oa-user")}:${location.pathname}:${form.getAttribute("action") || ""}`;
  const typed = (form) => [...form.elements].filter((e) => e.name && e.name !== "_csrf" && !["password", "file", "hidden", "submit", "button"].includes(e.type));
  function remember(form) {
    const values = typed(form).map((e) => [e.name, e.type === "checkbox" || e.type === "radio" ? e.checked : e.value, e.value]);
    if (values.length) { store.set(key(form), JSON.stringify({ at: Date.now(), values })); }
  }
  let later = null;
  document.addEventListener("input", (event) => {
    const form = event.target.form;
    if (!form || form.method !== "post" || form.dataset.keep === "no") { return; }
    clearTimeout(later);
    later = setTimeout(() => remember(form), 400);
  });
  function restore(form) {
    const kept = store.get(key(form));
    if (!kept) { return; }
    let data;
    try { data = JSON.parse(kept); } catch { store.drop(key(form)); return; }
    const fields = typed(form);
    let changed = false;
    data.values.forEach(([name, value, own]) => {
      const field = fields.find((e) => e.name === name && (typeof value !== "boolean" || e.value === own));
      if (!field) { return; }
      if (typeof value === "boolean") { if (field.checked !== value) { field.checked = value; changed = true; } }
      else if (field.value !== value && value) { field.value = value; changed = true; }
    });
    store.drop(key(form));
    if (changed) { say(t("已恢复上次没有提交的内容，请核对后再提交"), "info"); }
  }
  // a form that was sent and answered by the sign-in page never arrived: it is filled again after signing in
  const sent = store.get("oa-sent");
  store.drop("oa-sent");
  if (!meta("oa-user")) {
    if (sent) { store.set("oa-lost", sent); }
  } else {
    const lost = store.get("oa-lost");
    if (sent) { store.drop(sent); }
    document.querySelectorAll('form[method="post"]').forEach((form) => {
      if (lost && key(form) === lost) { restore(form); store.drop("oa-lost"); }
    });
  }

  // small behaviours by attribute
  document.querySelector("[data-focus]")?.focus();
  document.addEventListener("click", (event) => {
    const at = (selector) => event.target.closest?.(selector);
    let found;
    if ((found = at("[data-dismiss]"))) { found.closest(found.dataset.dismiss)?.remove(); }
    if ((found = at("[data-copy]"))) { navigator.clipboard?.writeText(found.dataset.copy).then(() => say(t("已复制"), "success")); }
    if (at("[data-help]")) { document.getElementById("oa-help")?.showModal(); }
    if (at("[data-open-nav]")) { event.preventDefault(); document.body.classList.toggle("oa-nav-open"); document.querySelector(".oa-nav a")?.focus(); }
    document.querySelectorAll("details.oa-menu[open]").forEach((menu) => { if (!menu.contains(event.target)) { menu.open = false; } });
  });
  // ticking the head of a table ticks its rows
  document.querySelectorAll("[data-oa-all]").forEach((box) => { box.hidden = false; });
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-oa-all]")) {
      event.target.closest("table").querySelectorAll('tbody input[type="checkbox"]').forEach((box) => { box.checked = event.target.checked; });
    }
  });
  document.addEventListener("change", (event) => {
    const into = document.getElementById(event.target.dataset?.insertInto || "");
    if (into) {  // a phrase goes where it can be gone on with
      into.value += event.target.value;
      event.target.value = "";
      into.focus();
      into.dispatchEvent(new Event("input", {bubbles: true}));
    }
    const form = event.target.closest?.("[data-submit-on-change]");
    if (form) { (form instanceof HTMLFormElement ? form : form.form)?.requestSubmit(); }
  });

  // looks change at once; the server keeps them with the person, not with the machine
  document.querySelector("form[data-look]")?.addEventListener("submit", (event) => {
    const button = event.submitter;
    if (!button) { return; }
    event.preventDefault();
    release(event.target);
    idle();
    if (button.name === "theme") {
      const dark = root.getAttribute("data-bs-theme") !== "dark";
      root.toggleAttribute("data-bs-theme", dark);
      if (dark) { root.setAttribute("data-bs-theme", "dark"); }
      button.value = dark ? "dark" : "light";
    } else {
      const large = root.classList.toggle("oa-large");
      button.value = large ? "1" : "0";
      button.setAttribute("aria-pressed", String(large));
    }
    const body = new URLSearchParams([[button.name, button.value]]);
    fetch(event.target.action, { method: "POST", body, headers: { "X-CSRF-Token": meta("oa-csrf"), "HX-Request": "true" } })
      .then((answer) => { if (!answer.ok) { say(t("没有保存这项偏好，请再试一次"), "danger"); } }, () => say(t("网络不通，没有保存"), "danger"));
  });

  // the navigation folds and remembers
  const fold = document.getElementById("oa-nav-button");
  if (fold) {
    fold.hidden = false;
    fold.addEventListener("click", () => {
      if (matchMedia("(max-width: 767px)").matches) { document.body.classList.toggle("oa-nav-open"); return; }
      const folded = document.body.classList.toggle("oa-folded");
      fold.setAttribute("aria-expanded", String(!folded));
      document.cookie = `oa_nav=${folded ? "folded" : "open"}; path=/; max-age=31536000; samesite=lax`;
    });
  }

  // where one is stands in view, in a navigation longer than the window
  const nav = document.querySelector(".oa-nav"), here = nav?.querySelector("a.active");
  if (here) {
    const below = here.getBoundingClientRect().bottom - nav.getBoundingClientRect().bottom;
    if (below > 0) { nav.scrollTop += below + nav.clientHeight / 3; }
  }

  // keyboard
  let before = "";
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") { document.body.classList.remove("oa-nav-open"); document.querySelectorAll("details[open].oa-menu").forEach((m) => { m.open = false; }); }
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) { return; }
    if (event.target.closest?.("input, textarea, select, [contenteditable], dialog[open]")) { return; }
    const pair = before + event.key;
    before = event.key === "g" ? "g" : "";
    if (pair === "gt") { location.href = "/todo"; return; }
    if (pair === "gh") { location.href = "/"; return; }
    if (event.key === "/") { const box = document.getElementById("oa-q"); if (box) { event.preventDefault(); box.focus(); } }
    if (event.key === "?") { document.getElementById("oa-help")?.showModal(); }
    if (event.key === "e") { const box = document.querySelector("[data-opinion], textarea[name=comment]"); if (box) { event.preventDefault(); box.focus(); } }
    if (event.key === "j" || event.key === "k") { step(event.key === "j" ? 1 : -1); }
  });
  function step(by) {
    const links = [...document.querySelectorAll("[data-keys] [data-row] a[href]:first-of-type")].filter((a) => a.offsetParent);
    if (!links.length) { return; }
    const at = links.indexOf(document.activeElement);
    links[Math.max(0, Math.min(links.length - 1, at < 0 ? 0 : at + by))].focus();
  }

  // cards of the workbench are dragged; the buttons do the same
  const board = document.querySelector("[data-arrange]");
  if (board) {
    let dragged = null;
    board.addEventListener("dragstart", (event) => { dragged = event.target.closest("[data-card]"); event.dataTransfer.effectAllowed = "move"; });
    board.addEventListener("dragover", (event) => {
      const over = event.target.closest("[data-card]");
      if (!dragged || !over || over === dragged) { return; }
      event.preventDefault();
      const box = over.getBoundingClientRect();
      over[event.clientX > box.left + box.width / 2 || event.clientY > box.top + box.height / 2 ? "after" : "before"](dragged);
    });
    board.addEventListener("dragend", () => {
      if (!dragged) { return; }
      dragged = null;
      const body = new URLSearchParams({ order: [...board.querySelectorAll("[data-card]")].map((c) => c.dataset.card).join(",") });
      fetch(board.dataset.arrange, { method: "POST", body, headers: { "X-CSRF-Token": meta("oa-csrf"), "HX-Request": "true" } })
        .then((answer) => { if (!answer.ok) { say(t("没有保存新的次序，请再试一次"), "danger"); } }, () => say(t("网络不通，没有保存"), "danger"));
    });
  }
})();
