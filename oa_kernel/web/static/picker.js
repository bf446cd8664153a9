// Pickers: a list of what fits while one types, over a field that works without it (WAI-ARIA combobox).
// data-picker="person" | "department": asked of the service; "local": the options of a select. data-picker-many:
// several, as chips. The field itself keeps what is sent: user names or ids, separated by 、 (a textarea: by lines).
(function () {
  "use strict";
  if (window.oaPicker) { window.oaPicker(document); return; }
  let serial = 0;

  function enhance(field) {
    if (field.dataset.picked || field.disabled || field.readOnly) { return; }
    field.dataset.picked = "1";
    const words = field.dataset, kind = words.picker, local = field.tagName === "SELECT";
    const many = local ? field.multiple : Boolean(words.pickerMany);
    const mark = field.tagName === "TEXTAREA" ? "\n" : "、";
    const id = field.id || `picker-${serial += 1}`;

    const box = document.createElement("div");
    box.className = "oa-picker";
    const chips = document.createElement("div");
    chips.className = "oa-picker-chips";
    const input = document.createElement("input");
    input.type = "text";
    input.className = `form-control${field.classList.contains("is-invalid") ? " is-invalid" : ""}`;
    input.autocomplete = "off";
    input.spellcheck = false;
    input.placeholder = words.wordHint || "";
    const list = document.createElement("ul");
    list.id = `${id}-list`;
    list.className = "oa-picker-list";
    list.hidden = true;
    list.setAttribute("role", "listbox");
    if (many) { list.setAttribute("aria-multiselectable", "true"); }
    const status = document.createElement("span");
    status.className = "visually-hidden";
    status.setAttribute("role", "status");
    const told = { role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": list.id };
    Object.entries(told).forEach(([name, value]) => input.setAttribute(name, value));
    ["aria-describedby", "aria-invalid"].forEach((name) => { if (field.hasAttribute(name)) { input.setAttribute(name, field.getAttribute(name)); } });
    if (field.required) { input.setAttribute("aria-required", "true"); }
    // the label and the links of an error summary lead to what can be seen
    field.id = `${id}-value`;
    input.id = id;
    const label = document.querySelector(`label[for="${CSS.escape(id)}"]`);
    if (label) { list.setAttribute("aria-label", label.textContent.replace("*", "").trim()); }
    field.required = false;
    field.hidden = true;
    field.tabIndex = -1;
    field.after(box);
    box.append(chips, input, list, status);

    let chosen = [], shown = [], active = -1, next = null, timer = null, asking = null;
    // what is shown is of what was typed before; Enter waits for what is of now
    let stale = false, entered = false;

    // --- where the choices come from ---
    function options() {
      return [...field.options].filter((o) => o.value !== "").map((o) => ({
        value: o.value, name: o.textContent.trim(), posts: "",
        department: o.parentElement.tagName === "OPTGROUP" ? o.parentElement.label : "",
      }));
    }
    async function ask(query) {
      if (local) {
        const q = (query.q || "").toLowerCase();
        const found = options().filter((o) => `${o.department} ${o.name}`.toLowerCase().includes(q));
        return { items: found.slice(0, 200), next: null };
      }
      if (asking) { asking.abort(); }
      asking = new AbortController();
      const address = new URL(words.pickerUrl, location.href);
      Object.entries(query).forEach(([name, value]) => [value].flat().forEach((one) => address.searchParams.append(name, one)));
      const answer = await fetch(address, { headers: { Accept: "application/json" }, signal: asking.signal });
      if (!answer.ok) { throw new Error(String(answer.status)); }
      return answer.json();
    }
    const said = (one) => (one.department && !many ? `${one.name}（${one.department}）` : one.name);

    // --- what is chosen ---
    function keep() {
      const values = chosen.map((one) => one.value);
      if (local) {
        [...field.options].forEach((o) => { o.selected = many ? values.includes(o.value) : o.value === (values[0] || ""); });
      } else { field.value = values.join(mark); }
      chips.replaceChildren();
      if (many) { chosen.forEach(chip); } else if (chosen.length) { input.value = said(chosen[0]); }
      field.dispatchEvent(new Event("change", { bubbles: true }));
      field.dispatchEvent(new Event("input", { bubbles: true }));
    }
    function chip(one) {
      const made = document.createElement("span");
      made.className = "oa-picker-chip";
      made.textContent = one.name;
      const off = document.createElement("button");
      off.type = "button";
      off.textContent = "×";
      off.setAttribute("aria-label", words.wordRemove.replace("{t}", one.name));
      off.addEventListener("click", () => { chosen = chosen.filter((other) => other !== one); keep(); input.focus(); });
      made.append(off);
      chips.append(made);
    }
    function choose(one) {
      if (many) {
        if (!chosen.some((other) => other.value === one.value)) { chosen.push(one); }
        input.value = "";
      } else { chosen = [one]; }
      keep();
      close();
    }

    // --- the list ---
    function close() {
      list.hidden = true;
      active = -1;
      input.setAttribute("aria-expanded", "false");
      input.removeAttribute("aria-activedescendant");
    }
    function open() { list.hidden = false; input.setAttribute("aria-expanded", "true"); }
    function row(one, index) {
      const made = document.createElement("li");
      made.id = `${list.id}-${index}`;
      made.setAttribute("role", "option");
      made.setAttribute("aria-selected", String(chosen.some((other) => other.value === one.value)));
      const name = document.createElement("strong");
      name.textContent = one.name;
      const more = document.createElement("span");
      more.textContent = [one.department, one.posts, kind === "person" ? one.value : ""].filter(Boolean).join(" · ");
      made.append(name, more);
      made.addEventListener("mousedown", (event) => event.preventDefault());
      made.addEventListener("click", () => choose(one));
      return made;
    }
    function draw() {
      list.replaceChildren(...shown.map(row));
      if (next) {
        const made = document.createElement("li");
        made.id = `${list.id}-more`;
        made.className = "oa-picker-more";
        made.setAttribute("role", "option");
        made.setAttribute("aria-selected", "false");
        made.textContent = words.wordMore;
        made.addEventListener("mousedown", (event) => event.preventDefault());
        made.addEventListener("click", more);
        list.append(made);
      }
      if (!shown.length) {
        const made = document.createElement("li");
        made.className = "oa-picker-none";
        made.setAttribute("role", "option");
        made.setAttribute("aria-disabled", "true");
        made.setAttribute("aria-selected", "false");
        made.textContent = words.wordNone;
        list.append(made);
      }
      status.textContent = shown.length ? words.wordFound.replace("{n}", String(shown.length)) : words.wordNone;
      open();
    }
    async function look() {
      try {
        const q = input.value.trim();
        const found = await ask({ q });
        if (q !== input.value.trim()) { return; }  // more was typed meanwhile: that is asked next
        shown = found.items;
        next = found.next;
        stale = false;
        draw();
        point(shown.length && input.value.trim() ? 0 : -1);
        if (entered && shown.length) { choose(shown[0]); }
        entered = false;
      } catch (error) {
        if (error.name !== "AbortError") { stale = false; entered = false; close(); status.textContent = words.wordFailed; }
      }
    }
    async function more() {
      const at = shown.length;
      try {
        const found = await ask({ q: input.value.trim(), cursor: next });
        shown = shown.concat(found.items);
        next = found.next;
        draw();
        point(at);
      } catch (error) { if (error.name !== "AbortError") { status.textContent = words.wordFailed; } }
    }
    function point(index) {
      const rows = [...list.querySelectorAll('[role="option"]:not([aria-disabled])')];
      active = rows.length ? Math.max(-1, Math.min(index, rows.length - 1)) : -1;
      rows.forEach((one, at) => one.classList.toggle("active", at === active));
      if (active < 0) { input.removeAttribute("aria-activedescendant"); return; }
      input.setAttribute("aria-activedescendant", rows[active].id);
      rows[active].scrollIntoView({ block: "nearest" });
    }

    input.addEventListener("input", (event) => {
      if (!many) {  // what is typed and not chosen is sent as it is: the service says what is wrong with it
        chosen = [];
        if (!local) { field.value = input.value.trim(); } else { field.value = ""; }
      }
      stale = true;
      entered = false;
      point(-1);
      if (event.isComposing) { return; }
      clearTimeout(timer);
      if (local) { look(); } else { timer = setTimeout(look, 200); }
    });
    input.addEventListener("compositionend", () => { clearTimeout(timer); timer = setTimeout(look, local ? 0 : 200); });
    input.addEventListener("click", () => { if (list.hidden && (local || !input.value)) { input.select(); lookAll(); } });
    async function lookAll() {
      const text = input.value;
      if (!local) { look(); return; }
      const found = await ask({ q: "" });
      shown = found.items;
      next = null;
      draw();
      point(shown.findIndex((one) => said(one) === text));
    }
    input.addEventListener("keydown", (event) => {
      if (event.isComposing) { return; }
      switch (event.key) {
        case "ArrowDown": if (list.hidden) { if (local) { lookAll(); } else { look(); } } else { point(active + 1); } break;
        case "ArrowUp": if (list.hidden) { return; } point(active - 1); break;
        case "PageDown": if (list.hidden) { return; } point(active + 8); break;
        case "PageUp": if (list.hidden) { return; } point(Math.max(0, active - 8)); break;
        case "Enter":
          if (stale && input.value.trim()) { entered = true; break; }
          if (list.hidden) { return; }
          if (active === shown.length && next) { more(); } else if (shown[active]) { choose(shown[active]); } else { close(); }
          break;
        case "Escape": if (list.hidden) { return; } close(); break;
        case "Backspace":
          if (!many || input.value || !chosen.length) { return; }
          chosen.pop();
          keep();
          break;
        case "Tab": if (!list.hidden && !stale && shown[active] && input.value.trim()) { choose(shown[active]); } close(); return;
        default: return;
      }
      event.preventDefault();
      event.stopPropagation();
    });
    input.addEventListener("blur", () => {
      clearTimeout(timer);
      entered = false;
      close();
      if (many && input.value.trim() && !local) { choose({ value: input.value.trim(), name: input.value.trim() }); }
      if (local && !many && !chosen.length) { input.value = ""; keep(); }
    });

    // --- what stood in the field before ---
    if (local) {
      const before = [...field.options].filter((o) => o.selected && o.value !== "").map((o) => o.value);
      chosen = options().filter((one) => before.includes(one.value));
      if (many) { chosen.forEach(chip); } else if (chosen.length) { input.value = said(chosen[0]); }
      return;
    }
    const before = field.value.split(mark).map((one) => one.trim()).filter(Boolean);
    if (!before.length) { return; }
    chosen = before.map((value) => ({ value, name: value }));
    if (many) { chosen.forEach(chip); } else { input.value = before[0]; }
    ask({ is: before }).then((found) => {
      if (!found.items.length || (!many && input.value !== before[0])) { return; }
      chosen = before.map((value) => found.items.find((one) => one.value === value.toLowerCase()) || { value, name: value });
      chips.replaceChildren();
      if (many) { chosen.forEach(chip); } else { input.value = said(chosen[0]); }
    }).catch(() => { /* the name as it was typed will do */ });
  }

  window.oaPicker = (root) => root.querySelectorAll("[data-picker]").forEach(enhance);
  window.oaPicker(document);
  document.addEventListener("htmx:load", (event) => window.oaPicker(event.target));
}());
