// The sale is paid: the change, huge, where the basket was; the goods stay in reach for the next customer.

import { change, refresh, showState } from "./act.js";
import { h, icon } from "./dom.js";
import { yuan } from "./money.js";
import { t } from "./texts.js";

/** Show a completed sale until the next one begins. */
export function finish(completed) {
  showState({ basket: null, attempt: null }, { done: completed, tab: "basket", notice: null, selected: null });
  refresh();
}

export function doneCard(done) {
  const change_fen = done.change_fen || 0;
  const handed = change_fen > 0;
  const digits = yuan(handed ? change_fen : done.total_fen);
  return h(
    "section.done",
    { role: "status" },
    h("p.done-title", {}, icon("check"), done.title || (handed ? t("Paid. Give change") : t("Paid"))),
    h("output.done-amount", { id: "change", class: digits.length > 6 ? "long" : "" }, digits),
    handed && h("p.done-sub", {}, t("Total {total}", { total: yuan(done.total_fen) })),
    done.calling && h("p.done-calling", {}, t("Number"), h("b", {}, done.calling)),
    done.aloud && h("p.aloud", {}, h("span", {}, t("Say:")), done.aloud),
    done.sale && h("button", { onclick: () => printAgain(done.sale) }, icon("print"), t("Print again")),
  );
}

function printAgain(sale) {
  return change(t("Printing"), `/sales/${encodeURIComponent(sale)}/reprint`);
}
