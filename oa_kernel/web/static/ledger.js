// Lists of ledgers: the drawer beside the list, and rows ticked to be taken out of use. Without it links open full pages.
(function () {
  "use strict";
  const drawer = document.getElementById("ledger-drawer");
  let opener = null;

  function close() {
    if (!drawer || drawer.hidden) { return; }
    drawer.hidden = true;
    drawer.replaceChildren();
    document.querySelectorAll("tr.oa-open").forEach((row) => row.classList.remove("oa-open"));
    opener?.focus();
  }
  if (drawer) {
    // with a modifier a link opens its full page elsewhere, as links do
    document.addEventListener("htmx:confirm", (event) => {
      const by = event.detail.triggeringEvent;
      if (event.target.getAttribute("hx-target") === "#ledger-drawer" && (by?.ctrlKey || by?.metaKey || by?.shiftKey)) {
        event.preventDefault();
        window.open(event.target.href, "_blank", "noopener");
      }
    });
    document.addEventListener("htmx:beforeRequest", (event) => {
      if (event.detail.target === drawer) { opener = event.detail.elt; }
    });
    drawer.addEventListener("htmx:afterSwap", () => {
      document.querySelectorAll("tr.oa-open").forEach((row) => row.classList.remove("oa-open"));
      opener?.closest("tr")?.classList.add("oa-open");
      drawer.hidden = false;
      drawer.querySelector("[data-drawer-close]")?.focus({ preventScroll: true });
    });
    drawer.addEventListener("click", (event) => { if (event.target.closest("[data-drawer-close]")) { close(); } });
    document.addEventListener("keydown", (event) => { if (event.key === "Escape" && !event.target.closest?.("dialog[open]")) { close(); } });
  }

  const bar = document.querySelector("[data-bulk]");
  if (bar) {
    const count = bar.querySelector("[data-bulk-count]");
    const all = document.querySelector("[data-tick-all]");
    const ticks = () => [...document.querySelectorAll("[data-tick]")];
    const tell = () => {
      const chosen = ticks().filter((tick) => tick.checked).length;
      bar.hidden = !chosen;
      count.textContent = chosen ? count.dataset.words.replace("{n}", String(chosen)) : "";
      all.checked = chosen > 0 && chosen === ticks().length;
      all.indeterminate = chosen > 0 && !all.checked;
    };
    document.addEventListener("change", (event) => {
      if (event.target === all) { ticks().forEach((tick) => { tick.checked = all.checked; }); }
      if (event.target === all || event.target.matches?.("[data-tick]")) { tell(); }
    });
    document.addEventListener("htmx:afterSettle", tell);
    tell();
  }
})();
