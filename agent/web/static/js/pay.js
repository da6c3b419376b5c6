// Taking money: cash by keypad and notes, a wallet by the customer's code, whatever else the shop takes.

import { change, refresh, showBasket } from "./act.js";
import { ask } from "./dialog.js";
import { finish } from "./done.js";
import { h, icon, region } from "./dom.js";
import { keypad } from "./keypad.js";
import { openLookup } from "./lookup.js";
import { basket, isOffline, isPlatformUp, model } from "./model.js";
import { fenOf, halfWidth, yuan } from "./money.js";
import { say } from "./notice.js";
import { askNumber } from "./numbers.js";
import { sendScan } from "./scan.js";
import { nameOf, t } from "./texts.js";
import { platformDown } from "./situations.js";
import { attemptPanel, attemptShown } from "./wallet.js";

const PRESSED_TWICE_MS = 500;
const NOTES_YUAN = [5, 10, 20, 50, 100];
const SCANNED = ["platform_answer", "hq_signature"];
const NOT_TYPED = [...SCANNED, "balance", "consumed", "count"];
let pad = null;
let confirm = () => {};
let card = null;

export function renderPay(place, present) {
  const attempt = model.state.attempt;
  const shown = attempt ? attemptShown(attempt) : ["pay", present.sale, present.due_fen, model.state.tenders.length];
  region(place, shown, () => (attempt ? attemptPanel(attempt) : payPanel(present)));
  if (!attempt && card) adviseWallet();
}

/** Say how phones can pay now, around what is being typed: the line comes and goes while money is counted. */
function adviseWallet() {
  const down = wallets().filter((tender) => !isPlatformUp(tender.platform));
  card.element.classList.toggle("off", isOffline());
  card.advice.textContent = advice(down);
  region(card.trouble, [isOffline(), down.map((tender) => [tender.kind, model.state.lamps[tender.platform].since_ms])], () =>
    isOffline() ? h("p.aloud", {}, h("span", {}, t("Say:")), model.state.phone ? t("Our network is not well; cash is fastest. To pay by phone, scan this code and show me the page when it is paid.") : t("Our network is not well; cash is fastest.")) : down.map(outOfOrder),
  );
  region(card.codes, [isOffline(), model.state.phone, down.map((tender) => tender.kind)], () => scanButtons(down));
}

function advice(down) {
  if (isOffline() && model.state.phone) return t("Cash is fastest; the customer's own phone can pay too");
  if (isOffline()) return t("Phones need the network: cash is fastest now");
  return down.length === wallets().length ? t("Cash is fastest now") : t("Scan the code on the customer's phone");
}

function outOfOrder(tender) {
  const said = platformDown(tender.platform);
  return h("div.trouble", {}, h("b", {}, said.title), h("p.aloud", {}, h("span", {}, t("Say:")), said.aloud));
}

/** The other way round: a code of the shop's, which the customer scans; with no network, the customer's own. */
function scanButtons(down) {
  const able = isOffline() ? [] : wallets().filter((tender) => tender.platform && !down.includes(tender));
  const phone = model.state.phone && h("button.show-code", { "data-kind": "phone", onclick: () => take({ kind: "pay_proof", method: "phone" }) }, icon("qr"), t("Own phone"));
  if (!able.length && !phone) return null;
  const codes = able.map((tender) => h("button.show-code", { "data-kind": tender.kind, onclick: () => take({ kind: tender.kind, method: "qr" }) }, icon("qr"), nameOf(tender)));
  return [h("h3", {}, able.length ? t("The customer scans") : t("The customer's phone has a network of its own")), h("div.code-choices", {}, codes, phone)];
}

/** Give a key of the keyboard to the cash keypad; tells whether it was one. */
export function payKey(key) {
  return pad ? pad.press(key) : false;
}

function payPanel(present) {
  if (present.due_fen === 0) return freePanel();
  return h("div.pay-panel", {}, cashPanel(present), h("div.pay-side", {}, walletCard(), otherTenders(present), claimButton()));
}

function freePanel() {
  pad = null;
  card = null;
  confirm = () => take({ kind: "free" });
  const button = h("button.primary.pay", { id: "pay-cash", onclick: () => confirm() }, t("Finish, nothing to pay"));
  return h("div.pay-panel.free", {}, h("p.done-title", {}, t("Nothing to pay")), button);
}

function cashPanel({ due_fen: due, tendered_fen: tendered }) {
  const drawnAt = performance.now();
  const given = h("output.typed", { "aria-live": "polite" });
  const button = h("button.primary.pay", { id: "pay-cash", onclick: () => confirm() });
  const paint = (text) => {
    const fen = fenOf(text);
    given.replaceChildren(h("small", {}, t("Given")), text || yuan(due));
    given.classList.toggle("pale", !text);
    button.replaceChildren(...(text && fen === null ? [h("span", {}, t("That is no amount"))] : confirmWords(fen, due)));
  };
  pad = keypad({ kind: "money", onChange: paint, onEnter: () => confirm(), lengthMax: 9 });
  confirm = () => {
    // A part was taken a moment ago: the same press, twice, must not take the rest, which nobody has given.
    if (tendered > 0 && !pad.text() && performance.now() - drawnAt < PRESSED_TWICE_MS) return;
    const fen = pad.text() ? fenOf(pad.text()) : due;
    if (fen === null) sayNoAmount();
    else take({ kind: "cash", given_fen: fen });
  };
  paint("");
  const notes = NOTES_YUAN.map((note) =>
    h("button.note", { onclick: () => pad.set(plain((fenOf(pad.text()) || 0) + note * 100)) }, note),
  );
  const exact = h("button.note.exact", { onclick: () => pad.clear() }, t("Clear"));
  return h(
    "section.cash",
    { "aria-label": t("Cash") },
    h("h2", {}, icon("cash"), t("Cash")),
    given,
    h("div.notes", {}, notes, exact),
    pad.element,
    button,
  );
}

/** Digits that are no money, as of a code that was typed: not one fen is taken for them. */
function sayNoAmount() {
  pad.clear();
  say("warn", t("That is no amount"), t("Nothing was taken. Type what was given, or scan the code again."));
}

function plain(fen) {
  return fen % 100 ? yuan(fen).replace(/,/g, "") : String(fen / 100);
}

function confirmWords(fen, due) {
  if (fen === null || fen === due) return [h("span", {}, t("Exact cash")), h("b", {}, yuan(due))];
  if (fen > due) return [h("span", {}, t("Take {given}", { given: yuan(fen) })), h("b", {}, t("Change {change}", { change: yuan(fen - due) }))];
  return [h("span", {}, t("Take {given} first", { given: yuan(fen) })), h("b", {}, t("{left} left", { left: yuan(due - fen) }))];
}

function wallets() {
  return model.state.tenders.filter((tender) => tender.proof === "platform_answer");
}

function walletCard() {
  card = null;
  if (!wallets().length) return null;
  const field = h("input", {
    type: "text",
    inputmode: "numeric",
    autocomplete: "off",
    placeholder: t("or type the code here"),
    "aria-label": t("Payment code"),
  });
  const submit = (event) => {
    event.preventDefault();
    if (field.value.trim()) sendScan(halfWidth(field.value));
    field.value = "";
  };
  card = { advice: h("p.advice"), trouble: h("div.troubles"), codes: h("div.codes") };
  card.element = h(
    "section.wallet",
    {},
    icon("phone"),
    h("h2", {}, wallets().map(nameOf).join(" · ")),
    card.advice,
    h("form", { onsubmit: submit }, field),
    card.trouble,
    card.codes,
  );
  return card.element;
}

/** The customer's telephone says paid, and nothing is here. */
function claimButton() {
  return h("button.quiet.claim", { id: "claim-paid", onclick: openLookup }, icon("search"), t("The customer says: I paid"));
}

function otherTenders(present) {
  const others = model.state.tenders.filter((tender) => !NOT_TYPED.includes(tender.proof));
  if (!others.length) return null;
  return h(
    "section.others",
    {},
    h("h2", {}, t("Other ways")),
    others.map((tender) => h("button", { onclick: () => takeOther(tender, present) }, nameOf(tender))),
  );
}

export async function takeOther(tender, present) {
  const body = { kind: tender.kind, amount_fen: present.due_fen };
  if (tender.reference !== "none") {
    const reference = await askReference(tender);
    if (reference === null) return;
    if (reference) body.reference = reference;
  }
  const amount = await askNumber(t("How much? {name}", { name: nameOf(tender) }), { start: plain(present.due_fen) });
  if (!amount) return;
  await take({ ...body, amount_fen: amount });
}

function askReference(tender) {
  return ask(t("Which number? {name}", { name: nameOf(tender) }), (answer) => {
    const field = h("input", { type: "text", maxlength: "60", autofocus: true, autocomplete: "off" });
    const submit = (event) => {
      event.preventDefault();
      if (field.value.trim() || tender.reference === "optional") answer(field.value.trim());
    };
    const hint = tender.kind === "static_code" ? t("Last 4 digits of the customer's number, and the time") : t("As it stands on the slip");
    return h("form.stack", { onsubmit: submit }, h("p", {}, hint), field, h("button.primary.tall", {}, t("Take this")));
  });
}

async function take(body) {
  const present = basket();
  const answer = await change(t("Taking the money"), "/basket/tenders", body, { keyed: true, of: present && present.sale });
  if (!answer) return;
  if (answer.completed) finish(answer.completed);
  else if (answer.attempt) refresh();
  else showBasket(answer.basket);
}
