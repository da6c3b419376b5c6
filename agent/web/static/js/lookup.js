// "I paid, you don't have it": ask for the number of the bill, or amount and time; then the one answer.

import { change, refresh } from "./act.js";
import { get } from "./api.js";
import { answerCard, callLead } from "./found.js";
import { h, icon } from "./dom.js";
import { frame } from "./frame.js";
import { basket, model, set } from "./model.js";
import { clock, fenOf, halfWidth, yuan } from "./money.js";
import { t } from "./texts.js";

const ASK_EVERY_MS = 1_500;
const MINUTES = [5, 15, 30, 60];
const DAY_MS = 86_400_000;
const AHEAD_MS = 10 * 60_000;
const answered = new Map();
let way = "number";
let within = 15;

/** Go to the screen; what was asked before stays until something else is asked. */
export function openLookup() {
  way = "number";
  set({ view: "lookup", lookup: null, notice: null });
}

/** Show a look-up, here or by another hand at this till, and wait for its answer. */
export function showLookup(lookup) {
  const present = answered.get(lookup.lookup) || lookup;
  set({ view: "lookup", lookup: present, notice: null });
  if (present.state === "asking") askAgain(present.lookup);
}

/** Take an answer that the live stream brings. It may be faster than the answer to the question itself. */
export function takeAnswer(lookup) {
  answered.set(lookup.lookup, lookup);
  if (answered.size > 20) answered.delete(answered.keys().next().value);
  if (!model.lookup || model.lookup.lookup !== lookup.lookup || model.lookup.state !== "asking") return;
  set({ lookup });
  refresh();
}

/** The stream may be broken: an answer that does not come by itself is asked for. */
function askAgain(number) {
  setTimeout(async () => {
    if (!model.lookup || model.lookup.lookup !== number || model.lookup.state !== "asking") return;
    try {
      const now = await get(`/lookups/${encodeURIComponent(number)}`);
      if (now.state === "answered") takeAnswer(now);
      else askAgain(number);
    } catch {
      set({ lookup: null });
    }
  }, ASK_EVERY_MS);
}

async function start(body) {
  const asked = await change(t("Looking it up"), "/lookups", body);
  if (asked) showLookup(asked);
}

/** What decides how the screen is built. */
export function lookupShown() {
  return [model.lookup, way, within];
}

export function lookupScreen() {
  const present = model.lookup;
  const side = present ? (present.state === "asking" ? asking(present) : answerCard(present, { again, byNumber })) : beginning();
  return frame(t("The customer says: I paid"), h("div.lookup", {}, h("div.stack", {}, ways(), way === "number" ? numberForm() : termsForm()), side));
}

function again() {
  const { number, amount_fen, paid_at_ms, within_ms } = model.lookup.asked;
  return start(number ? { number } : { amount_fen, paid_at_ms, within_min: within_ms / 60_000 });
}

function byNumber() {
  way = "number";
  set({ lookup: null });
}

function choose(next) {
  way = next;
  set({ lookup: null });
}

function ways() {
  const one = (name, picture, words) =>
    h("button.choice", { id: `by-${name}`, "aria-pressed": String(way === name), onclick: () => choose(name) }, icon(picture), words);
  return h("div.ways", {}, one("number", "scan", t("Scan number")), one("terms", "search", t("Amount, time")));
}

function numberForm() {
  const field = h("input", { id: "lookup-number", type: "text", maxlength: "64", autocomplete: "off", placeholder: t("Number of the bill or receipt"), "aria-label": t("Number of the bill or receipt") });
  const submit = (event) => {
    event.preventDefault();
    if (field.value.trim()) start({ number: halfWidth(field.value) });
  };
  requestAnimationFrame(() => field.isConnected && field.focus());
  return h(
    "form.stack.lookup-form",
    { onsubmit: submit },
    h("p", {}, t("Scan it with the till's scanner, or type it here.")),
    field,
    h("button.primary.tall", { id: "lookup-find" }, icon("search"), t("Look it up")),
    h("p.hint", {}, t("WeChat: the merchant's order number (商户单号) or the transaction number (交易单号). Alipay: the merchant's order number (商家订单号) or the order number (订单号).")),
  );
}

function termsForm() {
  const asked = model.lookup && model.lookup.asked;
  const fen = asked && asked.amount_fen ? asked.amount_fen : basket() && basket().due_fen;
  const at = (asked && asked.paid_at_ms) || model.state.now_ms;
  const amount = h("input", { id: "lookup-amount", type: "text", inputmode: "decimal", maxlength: "12", autocomplete: "off", value: fen ? plain(fen) : "", "aria-label": t("Amount in yuan") });
  const time = h("input", { id: "lookup-time", type: "text", inputmode: "numeric", maxlength: "5", autocomplete: "off", value: clock(at), "aria-label": t("Time in the bill") });
  const submit = (event) => {
    event.preventDefault();
    const amount_fen = fenOf(amount.value);
    const paid_at_ms = momentOf(time.value);
    if (!amount_fen) amount.focus();
    else if (paid_at_ms === null) time.focus();
    else start({ amount_fen, paid_at_ms, within_min: within });
  };
  const minutes = MINUTES.map((each) =>
    h("button.choice", { type: "button", "aria-pressed": String(within === each), onclick: (event) => pickMinutes(event, each) }, `±${each}`),
  );
  return h(
    "form.stack.lookup-form",
    { onsubmit: submit },
    h("p", {}, t("As they stand in the customer's bill. They only show what to compare: the number decides.")),
    h("label", {}, t("Amount in yuan"), amount),
    h("label", {}, t("Time in the bill"), time),
    h("label", {}, t("Minutes around it"), h("div.minutes", {}, minutes)),
    h("button.primary.tall", { id: "lookup-find" }, icon("search"), t("Look for it")),
  );
}

/** Choosing how far around leaves what was typed where it is. */
function pickMinutes(event, each) {
  within = each;
  for (const button of event.target.parentElement.children) button.setAttribute("aria-pressed", String(button === event.target));
}

function plain(fen) {
  return yuan(fen).replace(/,/g, "");
}

/** Return the moment of a time of day ("12:41", "1241"): today's, yesterday's when that lies ahead, or null. */
function momentOf(text) {
  const found = /^([01]?\d|2[0-3])[:：.]?([0-5]\d)$/.exec(halfWidth(text));
  if (!found) return null;
  const [hours, minutes] = found.slice(1).map(Number);
  const now = model.state.now_ms;
  const today = new Date(now).setHours(hours, minutes, 0, 0);
  return today > now + AHEAD_MS ? today - DAY_MS : today;
}

function beginning() {
  return h(
    "section.lookup-answer",
    {},
    h("h2", {}, t("Not found yet: scan the number in the bill")),
    h("p", {}, t("Ask the customer to open this payment in the bill and scan the merchant's order number. A screenshot does not count.")),
    h("p.aloud", {}, h("span", {}, t("Say:")), t("No hurry: please open this payment in your bill, I scan it and we see at once where the money is.")),
    h("div.row.acts", {}, h("button", { id: "lookup-lead", onclick: callLead }, t("Call the lead"))),
  );
}

function asking(lookup) {
  const { number, amount_fen: fen, paid_at_ms: at } = lookup.asked;
  return h(
    "section.lookup-answer.asking",
    { role: "status" },
    h("i.wheel", { "aria-hidden": "true" }),
    h("h2", {}, t("Looking it up")),
    h("p.number", {}, number || t("{amount} yuan at {time}", { amount: yuan(fen), time: clock(at) })),
    h("p", {}, t("This shop, the platform, all stores: a few seconds.")),
  );
}
