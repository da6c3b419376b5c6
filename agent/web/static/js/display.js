// The customer's display: names and amounts, nothing else. Read-only, and it comes back by itself.

import { counted, left } from "./countdown.js";
import { byId, h, region } from "./dom.js";
import { amountOf, yuan } from "./money.js";
import { qrCode } from "./qr.js";
import { loadTexts, nameOf, t } from "./texts.js";

const till = document.body.dataset.till;
const place = byId("display");
const PAYING_MS = 2_500;
const PAINT_EVERY_MS = 250;
const WITHIN_MS = 10_000;
let timer = null;
let painter = null;
let looking = false;
let again = false;

/** Look again; wishes that come meanwhile become one more look: of two at once the older answer could come last. */
async function refresh() {
  again = looking;
  if (looking) return;
  looking = true;
  await look();
  looking = false;
  if (again) refresh();
}

async function look() {
  clearTimeout(timer);
  let wait = 30_000;
  try {
    const answer = await fetch(`/api/v1/display/${encodeURIComponent(till)}`, { cache: "no-store", signal: AbortSignal.timeout?.(WITHIN_MS) });
    if (!answer.ok) throw new Error(String(answer.status));
    const shown = await answer.json();
    if (shown.payment) counted(shown.payment.attempt, shown.payment.seconds_left);
    region(place, shown.payment ? [shown.payment.attempt, shown.payment.phase, shown.payment.qr_rows] : shown, () => screen(shown));
    if (shown.payment) wait = PAYING_MS;
  } catch (error) {
    console.warn("display", error);
    wait = 1500;
  }
  timer = setTimeout(refresh, wait);
}

function screen(shown) {
  clearInterval(painter);
  if (shown.payment) return paymentScreen(shown.payment);
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

/** A payment on its way: the code to scan, or what the customer does on the phone. */
function paymentScreen(payment) {
  const name = nameOf(payment);
  const seconds = h("p.seconds", {});
  const counts = payment.phase.startsWith("waiting");
  const paint = () => (seconds.textContent = counts ? t("{seconds} s left", { seconds: left(payment.attempt) }) : "");
  painter = setInterval(paint, PAINT_EVERY_MS);
  paint();
  return h(
    "section.pay-screen",
    { class: payment.phase },
    h("h1", {}, (SAID[payment.phase] || SAID.asking)(name)),
    payment.qr_rows && qrCode(payment.qr_rows, t("Code to scan")),
    h("output.sum", {}, yuan(payment.amount_fen)),
    seconds,
  );
}

const SAID = {
  waiting_scan: (name) => t("Please scan with {name}", { name }),
  waiting_phone: () => t("Please scan with your phone and pay there"),
  opening: () => t("One moment, the code is coming."),
  waiting_password: () => t("Please enter the password on your phone."),
  undoing: () => t("Being taken back; nothing more to do"),
  giving_back: () => t("The payment goes back to you"),
  line_down: () => t("No network here: it can't be looked up. What was charged too much comes back by itself."),
  platform_down: () => t("It can't be looked up now. What was charged too much comes back by itself."),
  asking: () => t("One moment, the payment is being checked"),
};

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
