// The sale is paid: the change, huge, where the basket was; the goods stay in reach for the next customer.

import { change, refresh, showState } from "./act.js";
import { h, icon } from "./dom.js";
import { model, tenderName } from "./model.js";
import { shortNumber } from "./held.js";
import { yuan } from "./money.js";
import { say } from "./notice.js";
import { t } from "./texts.js";
import { isNews, remember } from "./told.js";

/** Show a completed sale until the next one begins. Its answer may come after the state that told of it, and after the
    next customer's first article: then there is nothing left to show. */
export function finish(completed) {
  if (remember("sale", completed.sale) !== "known") show(completed);
  refresh();
}

/** Notice a sale that was completed by whoever: a platform's word, another hand. Called with every new state. */
export function watchSale() {
  const { last, basket } = model.state;
  const atHand = basket && last && basket.sale !== last.sale && basket.lines.length;
  if (!isNews("sale", last && last.sale, last && last.at_ms)) return;
  if (!atHand) show(last);
  else say("good", t("A sale that was set aside is paid"), asidePaid(last, { number: shortNumber(last.sale), amount: yuan(last.total_fen) }));
}

function asidePaid(sale, values) {
  return sale.receipt === false ? t("No. {number}, {amount} yuan.", values) : t("No. {number}, {amount} yuan. Its receipt is printing.", values);
}

function show(completed) {
  showState({ basket: null, attempt: null }, { done: completed, tab: "basket", notice: null, selected: null });
}

function title(done, handed) {
  if (handed) return t("Paid. Give change");
  const asked = model.state.tenders.filter((tender) => tender.proof === "platform_answer").map((tender) => tender.kind);
  const wallet = done.tenders.find((tender) => asked.includes(tender.kind));
  return wallet ? t("{name} received", { name: tenderName(wallet.kind) }) : t("Paid");
}

export function doneCard(done) {
  const change_fen = done.change_fen || 0;
  const handed = change_fen > 0;
  const digits = yuan(handed ? change_fen : done.total_fen);
  return h(
    "section.done",
    { role: "status" },
    h("p.done-title", {}, icon("check"), title(done, handed)),
    h("output.done-amount", { id: "change", class: digits.length > 6 ? "long" : "" }, digits),
    handed && h("p.done-sub", {}, t("Total {total}", { total: yuan(done.total_fen) })),
    done.calling && h("p.done-calling", {}, t("Number"), h("b", {}, done.calling)),
    h("button", { id: "print-receipt", onclick: () => print(done) }, icon("print"), done.receipt === false ? t("Print the receipt") : t("Print again")),
  );
}

async function print(done) {
  const printed = await change(t("Printing"), `/sales/${encodeURIComponent(done.sale)}/reprint`);
  if (printed && model.done === done) showState({}, { done: { ...done, receipt: true } });
}
