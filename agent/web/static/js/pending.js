// Money whose end is not known: payments without a result, paid ones that no sale has taken, refunds on their way.

import { change, during, refresh } from "./act.js";
import { get } from "./api.js";
import { h, icon } from "./dom.js";
import { filled, frame, leave } from "./frame.js";
import { shortNumber } from "./held.js";
import { basket, tenderName } from "./model.js";
import { clock, yuan } from "./money.js";
import { mark, pick, t } from "./texts.js";

const PHASES = {
  waiting_password: mark("The customer is entering the password"),
  waiting_scan: mark("Waits for the customer's scan"),
  waiting_phone: mark("Waits for the customer's phone"),
  line_down: mark("No network, can't be looked up"),
  platform_down: mark("The platform does not answer"),
  undoing: mark("Being taken back"),
  giving_back: mark("Doesn't fit, goes back"),
  abandoned: mark("Paid, and no sale has taken it"),
};

export function pendingScreen() {
  const place = h("div.filled");
  const again = () =>
    place.replaceChildren(
      filled(
        () => during(t("One moment"), () => get("/attempts")),
        (found) => [payments(found.attempts, again), refundsQueue(found.refunds)],
      ),
    );
  again();
  const look = h("button", { onclick: again }, t("Look again"));
  return frame(t("Payments without a result"), h("div.stack", {}, look, place));
}

function payments(attempts, again) {
  return h(
    "section.pending",
    {},
    h("h2", {}, t("Payments")),
    attempts.map((attempt) => payment(attempt, again)),
    !attempts.length && h("p.empty", {}, t("Every payment has its result.")),
  );
}

function payment(attempt, again) {
  const fate = attempt.phase !== "abandoned" && (attempt.parked ? t("paid otherwise; what was charged goes back by itself") : attempt.aside ? t("set aside; paid, it is completed by itself") : "");
  const since = t("unknown since {time}, till {till}", { time: clock(attempt.started_ms), till: attempt.till });
  return h(
    "article.pending-row",
    { "data-attempt": attempt.attempt },
    h("div.grow", {}, h("b", {}, tenderName(attempt.platform), " ", yuan(attempt.amount_fen)), h("span", {}, t("No. {number}", { number: shortNumber(attempt.sale) })), h("p", {}, [t(PHASES[attempt.phase] || mark("Being looked up")), since, fate].filter(Boolean).join(" · "))),
    h("div.row", {}, actsOf(attempt, again)),
  );
}

function actsOf(attempt, again) {
  const path = (verb) => `/attempts/${encodeURIComponent(attempt.attempt)}/${verb}`;
  const act = (words, verb, busy, keyed = false) => {
    const onclick = async () => {
      const answer = await change(busy, path(verb), {}, { keyed });
      if (!answer) return;
      if (answer.completed) leave();
      else again();
      refresh();
    };
    return h("button", { "data-act": verb, onclick }, words);
  };
  if (attempt.phase === "abandoned") {
    return [
      basket() && act(t("Give it to this sale"), "use", t("Taking the money"), true),
      act(t("Give it back"), "give-back", t("Giving back"), true),
    ];
  }
  return [
    h("button", { "data-act": "slip", onclick: () => change(t("Printing"), path("slip")) }, icon("print"), t("Slip for the customer")),
    !attempt.parked && act(t("Take other money · lead"), "park", t("One moment")),
  ];
}

function refundsQueue(refunds) {
  return h(
    "section.pending",
    {},
    h("h2", {}, t("Refunds on their way")),
    refunds.map(refundRow),
    !refunds.length && h("p.empty", {}, t("No refund waits.")),
  );
}

function refundRow(refund) {
  const where = refund.accepted ? t("accepted, the money is on its way") : refund.said ? pick(refund.said) : t("{ahead} before it", { ahead: refund.ahead });
  return h(
    "article.pending-row",
    {},
    h("div.grow", {}, h("b", {}, tenderName(refund.platform), " ", yuan(refund.amount_fen)), h("span", {}, t("No. {number}", { number: refund.refund || refund.out_refund_no })), h("p", {}, [where, t("registered {time}", { time: clock(refund.started_ms) })].join(" · "))),
  );
}
