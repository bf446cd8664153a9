// Files go up with word of how far they are and a way to stop; without this the browser sends them by itself.
// Every form that carries files has it: nothing is asked of the page. A file input may say `data-most`, bytes of one file;
// else the installation's own limit is the page's `oa-upload-most`.
(function () {
  "use strict";
  const t = window.oaText || ((text) => text);
  const page = window.oaPage;
  if (!page || !window.XMLHttpRequest) { return; }
  const LARGE = 256 * 1024;
  //: ms before the details stand there: what is quick only has the thin bar
  const PATIENCE = 500;
  const bar = document.getElementById("oa-progress");
  const most = (input) => Number(input.dataset.most || page.meta("oa-upload-most")) || Infinity;
  const inputs = (form) => [...form.elements].filter((e) => e.type === "file");

  function sized(bytes) {
    const [unit, name] = bytes >= 2 ** 30 ? [2 ** 30, "GB"] : bytes >= 2 ** 20 ? [2 ** 20, "MB"] : [1024, "KB"];
    const value = bytes / unit;
    return `${value >= 100 ? Math.round(value) : value.toFixed(1)} ${name}`;
  }

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || !(form instanceof HTMLFormElement) || form.enctype !== "multipart/form-data" || form.hasAttribute("hx-post")) { return; }
    for (const input of inputs(form)) {
      const over = [...input.files].find((file) => file.size > most(input));
      if (!over) { continue; }
      event.preventDefault();
      page.idle();
      page.release(form);
      page.say(t("“%(name)s”有 %(size)s，超过上限 %(most)s，没有上传", { name: over.name, size: sized(over.size), most: sized(most(input)) }), "danger");
      input.focus();
      return;
    }
    const size = inputs(form).flatMap((i) => [...i.files]).reduce((sum, f) => sum + f.size, 0);
    if (size < LARGE || !bar) { return; }
    event.preventDefault();
    send(form, event.submitter);
  });

  // how far it is: below the form's own content, or beside a button that stands outside
  function details(form, submitter, stop) {
    const box = document.createElement("div");
    box.className = "oa-upload";
    box.hidden = true;
    box.innerHTML = '<progress max="100"></progress><p><span></span> <button class="btn btn-sm" type="button" data-free></button></p><span class="visually-hidden" role="status"></span>';
    const [meter, text, button, heard] = ["progress", "p span", "button", "[role=status]"].map((s) => box.querySelector(s));
    meter.setAttribute("aria-label", t("上传进度"));
    button.textContent = t("取消上传");
    button.addEventListener("click", stop);
    if (submitter && !form.contains(submitter)) { submitter.parentElement.append(box); } else { form.append(box); }
    const shown = setTimeout(() => { box.hidden = false; box.scrollIntoView({ block: "nearest" }); }, PATIENCE);
    let quarter = 0;
    return {
      tell(loaded, total) {
        const percent = Math.floor((loaded / total) * 100);
        const words = { percent, loaded: sized(loaded), total: sized(total) };
        meter.value = percent;
        text.textContent = t("已上传 %(percent)s%，%(loaded)s / %(total)s", words);
        if (Math.floor(percent / 25) > quarter && percent < 100) { quarter = Math.floor(percent / 25); heard.textContent = text.textContent; }
      },
      all() {
        meter.removeAttribute("value");
        heard.textContent = text.textContent = t("已全部传完，正在保存……");
        button.remove();
      },
      gone() { clearTimeout(shown); box.remove(); },
    };
  }

  function leaving(event) { event.preventDefault(); }

  function send(form, submitter) {
    const request = new XMLHttpRequest();
    const told = details(form, submitter, () => request.abort());
    const done = () => {
      told.gone();
      page.idle();
      bar.classList.remove("oa-progress-known");
      bar.style.width = "";
      bar.removeAttribute("aria-hidden");
      page.release(form);
      window.removeEventListener("beforeunload", leaving);
    };
    request.open("POST", form.action);
    request.setRequestHeader("X-CSRF-Token", page.meta("oa-csrf"));
    request.setRequestHeader("HX-Request", "true");
    request.responseType = "blob";
    bar.hidden = false;
    bar.classList.add("oa-progress-known");
    bar.setAttribute("aria-hidden", "true");  // the details say it better
    window.addEventListener("beforeunload", leaving);
    request.upload.addEventListener("progress", (event) => {
      if (!event.total) { return; }
      const percent = Math.floor((event.loaded / event.total) * 100);
      bar.style.width = `${percent}%`;
      told.tell(event.loaded, event.total);
    });
    request.upload.addEventListener("load", told.all);
    request.addEventListener("abort", () => { done(); page.say(t("已取消上传，什么也没有保存"), "info"); (submitter || inputs(form)[0])?.focus(); });
    request.addEventListener("error", () => { done(); page.say(t("网络不通，没有上传。请检查网络后再试"), "danger"); });
    request.addEventListener("load", () => { done(); answered(request); });
    request.send(new FormData(form, submitter || undefined));
  }

  async function answered(request) {
    const onward = request.getResponseHeader("HX-Redirect");
    if (onward) { location.assign(onward); return; }
    if ((request.getResponseHeader("Content-Disposition") || "").startsWith("attachment")) { keepFile(request); return; }
    const answer = new DOMParser().parseFromString(await request.response.text(), "text/html");
    const part = request.getResponseHeader("HX-Retarget");
    const target = document.querySelector(part || "main");
    const fresh = part ? answer.body : answer.querySelector("main");
    if (!target || !fresh) { location.reload(); return; }
    target.replaceChildren(...fresh.childNodes);
    window.htmx?.process(target);
    (target.querySelector("[data-focus]") || target).focus();
    target.scrollIntoView({ block: "nearest" });
  }

  function keepFile(request) {
    const link = document.createElement("a");
    const name = /filename\*=UTF-8''([^;]+)/i.exec(request.getResponseHeader("Content-Disposition"));
    link.href = URL.createObjectURL(request.response);
    link.download = name ? decodeURIComponent(name[1]) : "";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  }
})();
