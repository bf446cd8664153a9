// Tries the operations of the page of the REST interface, as the person who is signed in.
"use strict";

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.dataset.apiPath) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  const method = form.dataset.apiMethod;
  const headers = { Accept: "application/json" };
  const query = new URLSearchParams();
  let path = form.dataset.apiPath;
  for (const input of form.querySelectorAll("[data-api-in]")) {
    const value = input.value.trim();
    if (!value) continue;
    if (input.dataset.apiIn === "path") path = path.replace(`{${input.name}}`, encodeURIComponent(value));
    else if (input.dataset.apiIn === "query") query.append(input.name, value);
    else headers[input.name] = value;
  }
  let body;
  const file = form.querySelector("[data-api-file]");
  const text = form.querySelector("[data-api-body]");
  if (file && file.files.length) {
    body = new FormData();
    body.append("file", file.files[0]);
  } else if (text && text.value.trim()) {
    body = text.value;
    headers["Content-Type"] = "application/json";
  }
  const token = document.querySelector('meta[name="oa-csrf"]');
  if (token && method !== "GET") headers["X-CSRF-Token"] = token.content;
  const result = form.querySelector("[data-api-result]");
  const status = form.querySelector("[data-api-status]");
  const shown = form.querySelector("[data-api-text]");
  const button = form.querySelector("button[type=submit]");
  button.disabled = true;
  try {
    const address = query.size ? `${path}?${query}` : path;
    const answer = await fetch(address, { method, headers, body, credentials: "same-origin" });
    const type = answer.headers.get("Content-Type") || "";
    status.textContent = `${method} ${address} → ${answer.status}`;
    if (type.includes("json")) shown.textContent = JSON.stringify(await answer.json(), null, 2);
    else if (type.startsWith("text/")) shown.textContent = await answer.text();
    else shown.textContent = `${type} · ${(await answer.blob()).size} B`;
  } catch (error) {
    status.textContent = String(error);
    shown.textContent = "";
  } finally {
    result.hidden = false;
    button.disabled = false;
  }
}, true);
