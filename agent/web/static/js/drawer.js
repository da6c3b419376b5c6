// Cash that goes in or out without a sale.

import { change, refresh } from "./act.js";
import { ask, askReason } from "./dialog.js";
import { h } from "./dom.js";
import { yuan } from "./money.js";
import { say } from "./notice.js";
import { askNumber } from "./numbers.js";
import { mark, t } from "./texts.js";

const REASONS = {
  paid_in: [mark("Small change"), mark("Put back")],
  paid_out: [mark("Purchase"), mark("Delivery"), mark("Taxi")],
  drop: [mark("To the safe"), mark("To the bank")],
};

export async function askDrawer() {
  const movement = await ask(t("Cash in and out"), (answer) =>
    h(
      "div.reasons",
      {},
      h("button.choice", { onclick: () => answer("paid_in") }, t("Cash in")),
      h("button.choice", { onclick: () => answer("paid_out") }, t("Cash out")),
      h("button.choice", { onclick: () => answer("drop") }, t("Cash to the safe")),
    ),
  );
  if (!movement) return;
  const amount = await askNumber(t("How much?"));
  if (!amount) return;
  const reason = await askReason(t("What for?"), REASONS[movement].map((word) => t(word)));
  if (!reason) return;
  const done = await change(t("One moment"), "/drawer", { movement, amount_fen: amount, reason }, { keyed: true });
  if (done) say("good", t("Noted: {amount} yuan", { amount: yuan(amount) }));
  refresh();
}
