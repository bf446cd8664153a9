// Before the page is painted: the choice between light and dark, so that nothing flashes.
(function () {
  "use strict";
  var root = document.documentElement;
  var mode = root.dataset.themeMode || "auto";
  var dark = mode === "dark" || (mode === "auto" && matchMedia("(prefers-color-scheme: dark)").matches);
  if (dark) { root.setAttribute("data-bs-theme", "dark"); } else { root.removeAttribute("data-bs-theme"); }
  root.classList.add("oa-js");
})();
