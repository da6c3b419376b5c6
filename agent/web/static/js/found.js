// The answer to "I paid": where the money is, what to do, and a sentence to read aloud.

import { change, refresh } from "./act.js";
import { ask } from "./dialog.js";
import { h, icon } from "./dom.js";
import { leave } from "./frame.js";
import { basket, model, set, tenderName } from "./model.js";
import { clock, yuan } from "./money.js";
import { say } from "./notice.js";
import { takeOther } from "./pay.js";
import { mark, pick, t } from "./texts.js";

const ALOUD = {
  this_sale: mark("Found it: your payment is in, there is nothing more to pay."),
  other_sale: mark("This one paid another sale here, at {time}. The one now is still open; please pay it."),
  other_store: mark("This one was paid in our store {name}; I give you their telephone. The one now is still to be paid."),
  store_silent: mark("This number is of our store {name}; I ring them up. The one now is still to be paid."),
  already_used: mark("This one paid another sale here, at {time}. The one now is still open; please pay it."),
  refunded: mark("This one went back to you already: minutes to the balance, one to three days to a card."),
  not_used: mark("We have your money; I call the shift lead to settle it, one moment."),
  sale_unknown: mark("We have your money; I call the manager to settle it, one moment."),
  candidates: mark("There are some like it. Please open this payment in your bill, I scan its number and we know."),
  not_charged: mark("I have just looked: this one was not charged. Please pay once more."),
  not_ours: mark("This one was not paid to us. Could you see in the bill who received it?"),
  nothing_then: mark("Nothing came at that time. Please open this payment in your bill, I scan its number."),
  still_open: mark("It is still being looked up, half a minute please."),
  unreachable: mark("I can't look it up just now, but nothing is lost. Please keep this slip: a charge too much comes back by itself."),
  not_asked: mark("I don't see it here and can't ask the other stores just now. Please keep the bill, I look again when the line is back."),
  contradicted: mark("One moment please, I ask the shift lead to have a look."),
};
const TONE = { this_sale: "good", elsewhere: "warn", not_charged: "plain", unknown: "warn" };
const PICTURE = { this_sale: "check", elsewhere: "receipt", not_charged: "close", unknown: "cloud" };
const MONEY = {
  paid: mark("received"),
  refunded: mark("paid back"),
  provisional: mark("to be checked"),
  unused: mark("waits for a sale"),
  open: mark("no result yet"),
  not_charged: mark("not charged"),
  contradicted: mark("does not fit"),
};

/** Build the card of an answer. `again` asks the same once more, `byNumber` goes back to scanning. */
export function answerCard(lookup, { again, byNumber }) {
  const payment = lookup.payment;
  const values = payment ? { name: payment.name || payment.store, time: payment.at_ms ? clock(payment.at_ms) : "" } : {};
  return h(
    "section.lookup-answer",
    { class: TONE[lookup.answer], "data-reason": lookup.reason, role: "status" },
    h("header", {}, icon(PICTURE[lookup.answer]), h("h2", {}, pick(lookup.title))),
    h("p.lookup-detail", {}, pick(lookup.detail)),
    payment && payment.phone && h("p.phone", {}, h("small", {}, payment.name || payment.store), payment.phone),
    lookup.candidates.length > 0 && h("div.lookup-candidates", {}, lookup.candidates.map(candidate)),
    h("p.aloud", {}, h("span", {}, t("Say:")), t(ALOUD[lookup.reason], values)),
    h("div.row.acts", {}, acts(lookup, again, byNumber)),
    h("p.hint", {}, t("Looked up at {time}: {number}", { time: clock(lookup.answered_ms), number: lookup.asked.number || yuan(lookup.asked.amount_fen) })),
  );
}

function candidate(payment) {
  const own = payment.store === model.state.store.id && payment.sale && payment.money !== "open";
  const name = payment.platform ? tenderName(payment.platform) : "";
  const content = [
    h("b", {}, payment.at_ms ? clock(payment.at_ms) : ""),
    h("span", {}, own ? t("Till {till}", { till: payment.till }) : payment.name || payment.store, h("small", {}, `${payment.sale || ""} · ${name} · ${t(MONEY[payment.money])}`)),
    h("span.amount", {}, yuan(payment.amount_fen)),
  ];
  if (own) return h("button.sale-row", { onclick: () => openSale(payment.sale) }, content);
  return h("div.sale-row", {}, content, payment.phone && h("span.tel", {}, payment.phone));
}

function openSale(sale) {
  set({ view: "sales", viewSale: sale, notice: null });
}

function acts(lookup, again, byNumber) {
  const { answer, reason, waiting, payment } = lookup;
  const own = payment && payment.store === model.state.store.id && payment.sale;
  if (answer === "this_sale") return [h("button.primary", { id: "lookup-done", onclick: leave }, t("Good"))];
  if (answer === "unknown") return undecided(again, waiting, reason);
  const buttons = [];
  const unsure = ["candidates", "nothing_then"].includes(reason);
  if (unsure) buttons.push(h("button.primary", { id: "lookup-scan", onclick: byNumber }, icon("scan"), t("Scan number")));
  if (["other_sale", "already_used", "refunded"].includes(reason) && own) buttons.push(h("button", { id: "lookup-open", onclick: () => openSale(payment.sale) }, icon("receipt"), t("Open that receipt")));
  const provisional = staticCode();
  if (["not_ours", "nothing_then"].includes(reason) && provisional) buttons.push(h("button", { id: "lookup-static", onclick: () => takeStaticCode(provisional) }, t("It was our static code · lead")));
  buttons.push(h("button", { id: "lookup-pay", class: unsure ? "" : "primary", onclick: leave }, basket() ? t("Take the money for this sale") : t("Back to selling")));
  return buttons;
}

function undecided(again, waiting, reason) {
  const buttons = [h("button", { id: "lookup-again", onclick: again }, t("Look once more"))];
  if (waiting && reason !== "contradicted") buttons.push(h("button", { id: "lookup-slip", onclick: printSlip }, icon("print"), t("Give a slip")));
  if (reason === "not_asked") buttons.push(h("button.primary", { id: "lookup-pay", onclick: leave }, basket() ? t("Take the money for this sale") : t("Back to selling")));
  if (waiting) {
    buttons.push(h("button.primary", { id: "lookup-park", onclick: () => park(waiting) }, t("Take other money · lead")));
  }
  return buttons;
}

/** What the shift lead can do without the number: nothing of it says that the customer paid. */
export async function callLead() {
  const attempt = model.state.attempt;
  const provisional = staticCode();
  const chosen = await ask(t("What the lead can do here"), (answer) =>
    h(
      "div.stack",
      {},
      attempt && h("button.held", { onclick: () => answer("park") }, t("Take other money · lead")),
      provisional && !attempt && h("button.held", { onclick: () => answer("static") }, t("It was our static code · lead")),
      h("button.held", { onclick: () => answer("sales") }, t("Receipts and refunds")),
    ),
  );
  if (chosen === "park") await park(attempt.attempt);
  else if (chosen === "static") await takeStaticCode(provisional);
  else if (chosen) openSale(null);
}

async function printSlip() {
  if (await change(t("Printing"), `/lookups/${encodeURIComponent(model.lookup.lookup)}/slip`)) {
    say("good", t("The slip is printing"), t("It is looked up by itself; what comes of it is on the screen."));
  }
}

async function park(attempt) {
  if (!(await change(t("One moment"), `/attempts/${encodeURIComponent(attempt)}/park`))) return;
  leave();
  say("warn", t("Take other money now"), t("If the phone was charged too, it is paid back by itself."));
  refresh();
}

/** The tender of the shop's own printed code: its money carries no number and shows in tomorrow's bill only. */
function staticCode() {
  const present = basket();
  return present && present.due_fen > 0 ? model.state.tenders.find((tender) => tender.kind === "static_code") : null;
}

function takeStaticCode(tender) {
  leave();
  return takeOther(tender, basket());
}
