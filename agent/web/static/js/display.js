// The customer's display: names and amounts, nothing else. Read-only, and it comes back by itself.

import { byId, h, region } from "./dom.js";
import { amountOf, yuan } from "./money.js";
import { loadTexts, t } from "./texts.js";

const till = document.body.dataset.till;
const place = byId("display");
let timer = null;

async function refresh() {
  clearTimeout(timer);
  let wait = 30_000;
  try {
    const answer = await fetch(`/api/v1/display/${encodeURIComponent(till)}`, { cache: "no-store" });
    if (!answer.ok) throw new Error(String(answer.status));
    const shown = await answer.json();
    region(place, shown, () => screen(shown));
  } catch (error) {
    console.warn("display", error);
    wait = 1500;
  }
  timer = setTimeout(refresh, wait);
}

function screen(shown) {
  if (shown.basket) return basketScreen(shown.basket);
  if (shown.last) return thanksScreen(shown.last);
  return h("section.welcome", {}, h("h1", {}, shown.store.name), h("p", {}, shown.store.branch), h("p.big", {}, t("Welcome")));
}

function basketScreen(basket) {
  const lines = h("ol", {}, basket.lines.map(row));
  requestAnimationFrame(() => lines.lastElementChild.scrollIntoView({ block: "end" }));
  const off = basket.list_fen - basket.total_fen;
  return h(
    "section.shown-basket",
    {},
    lines,
    h(
      "footer",
      {},
      off > 0 && h("p", {}, h("span", {}, t("You save")), h("span", {}, yuan(off))),
      basket.tendered_fen > 0 && h("p", {}, h("span", {}, t("Paid so far")), h("span", {}, yuan(basket.tendered_fen))),
      h("p.due", {}, h("span", {}, t("To pay")), h("output", {}, yuan(basket.due_fen))),
      basket.state === "paying" && h("p.hint", {}, t("Please show your payment code, or pay cash")),
    ),
  );
}

function row(line) {
  return h("li", {}, h("span", {}, line.name), h("small", {}, `×${amountOf(line.quantity, line.unit)}`), h("b", {}, yuan(line.total_fen)));
}

function thanksScreen(last) {
  return h(
    "section.welcome.thanks",
    {},
    h("h1", {}, t("Paid, thank you")),
    last.change_fen > 0 && h("p", {}, t("Your change")),
    h("p.change", {}, yuan(last.change_fen > 0 ? last.change_fen : last.total_fen)),
    last.calling && h("p.big", {}, t("Your number {number}", { number: last.calling })),
  );
}

async function start() {
  await loadTexts();
  await refresh();
  const live = new EventSource(`/api/v1/display/${encodeURIComponent(till)}/live`);
  live.onopen = refresh;
  live.onmessage = refresh;
  setInterval(() => live.readyState === EventSource.CLOSED && location.reload(), 5000);
}

start();
