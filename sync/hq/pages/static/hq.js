// Pages that keep themselves fresh: what is marked data-live is asked for again and only what differs is changed, so
// that nothing flickers, and focus, selection and scrolling stay. Buttons of forms send once; secrets can be copied.

const EVERY_MS = 1500;
const SLOWER_MS = 5000;
const WITHIN_MS = 20000; // a network that swallows everything breaks no line: the page would look fresh for minutes
const offline = document.getElementById("offline");
let etag = null;

function sameKind(old, fresh) {
  return old.nodeType === fresh.nodeType && old.nodeName === fresh.nodeName;
}

function copyAttributes(old, fresh) {
  for (const { name } of [...old.attributes]) {
    if (!fresh.hasAttribute(name) && !(old.nodeName === "DETAILS" && name === "open")) old.removeAttribute(name);
  }
  for (const { name, value } of [...fresh.attributes]) {
    if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
}

function become(old, fresh) {
  if (old.isEqualNode(fresh)) return;
  if (old.nodeType === Node.TEXT_NODE) {
    old.data = fresh.data;
    return;
  }
  if (old.nodeType !== Node.ELEMENT_NODE) return;
  copyAttributes(old, fresh);
  const wanted = [...fresh.childNodes];
  wanted.forEach((child, place) => {
    const there = old.childNodes[place];
    if (there === undefined) old.append(child);
    else if (sameKind(there, child)) become(there, child);
    else there.replaceWith(child);
  });
  while (old.childNodes.length > wanted.length) old.lastChild.remove();
}

function take(text) {
  const fresh = new DOMParser().parseFromString(text, "text/html");
  for (const part of document.querySelectorAll("[data-live]")) {
    const now = fresh.getElementById(part.id);
    if (now !== null) become(part, document.importNode(now, true));
  }
}

async function refresh() {
  const headers = { "X-Storebox-Part": "1", ...(etag === null ? {} : { "If-None-Match": etag }) };
  const answer = await fetch(location.href, { headers, redirect: "error", cache: "no-store", signal: AbortSignal.timeout?.(WITHIN_MS) });
  if (answer.status === 401) location.reload();
  if (answer.status === 304) return;
  if (!answer.ok) throw new Error(String(answer.status));
  etag = answer.headers.get("ETag");
  take(await answer.text());
}

async function keepFresh() {
  let wait_ms = EVERY_MS;
  if (!document.hidden) {
    try {
      await refresh();
      offline.hidden = true;
    } catch {
      // Headquarters is away, or too busy: the page says so, and asks again more slowly.
      offline.hidden = false;
      wait_ms = SLOWER_MS;
    }
  }
  setTimeout(keepFresh, wait_ms);
}

for (const form of document.forms) {
  form.addEventListener("submit", () => {
    for (const button of form.querySelectorAll("button")) setTimeout(() => (button.disabled = true));
  });
}

window.addEventListener("pageshow", () => {
  for (const button of document.querySelectorAll("form button")) button.disabled = false;
});

for (const button of document.querySelectorAll("[data-copy]")) {
  button.addEventListener("click", async () => {
    const text = document.getElementById(button.dataset.copy);
    getSelection().selectAllChildren(text);
    await navigator.clipboard?.writeText(text.textContent);
  });
}

if (document.querySelector("[data-live]") !== null) setTimeout(keepFresh, EVERY_MS);
