// How a payment or a refund ended, told once, whoever brought its end about.

import { model, tenderName } from "./model.js";
import { clock, yuan } from "./money.js";
import { say } from "./notice.js";
import { pick, t } from "./texts.js";
import { isNews } from "./told.js";

const TOLD = { declined: tellDeclined, undone: tellUndone, given_back: tellGivenBack, abandoned: tellAbandoned };

/** Tell of the till's payment and refund that ended last, unless a payment is under way. Called with every state. */
export function watchEnds() {
  const { last_attempt: ended, last_refund: refund, attempt } = model.state;
  if (attempt) return;
  const number = ended && `${ended.attempt} ${ended.phase} ${ended.refund}`;
  if (isNews("attempt", number, ended && ended.ended_ms) && TOLD[ended.phase]) TOLD[ended.phase](ended);
  if (isNews("refund", refund && refund.out_refund_no, refund && refund.ended_ms) && !refund.orphan) tellRefund(refund);
}

/** A refund that was queued, or on its way, has been carried out, or the platform says no. */
function tellRefund(refund) {
  const values = { name: tenderName(refund.platform), amount: yuan(refund.amount_fen), number: refund.refund };
  if (refund.state === "done") say("good", t("Refund gone out: {name} {amount}", values), t("No. {number}. The balance takes minutes, a bank card 1 to 3 working days.", values));
  else say("bad", t("{name} does not give this back", values), refund.said ? pick(refund.said) : t("Ask the manager: No. {number}, {amount} yuan.", values));
}

function tellDeclined(attempt) {
  say("warn", t("Not paid, nothing was charged"), attempt.said ? pick(attempt.said) : t("The customer's bank said no. Refresh the payment code or pay another way."), {
    aloud: t("It didn't go through and nothing was charged. Please refresh the code, or use a card or cash."),
    acts: anew(),
  });
}

/** Once more, or another way: both are on the screen of payments, and the keys go where the finger went. */
function anew() {
  return [
    { words: t("Scan again"), run: () => focusOn(".wallet input") },
    { words: t("Another way"), run: () => focusOn(".others button") },
  ];
}

function focusOn(selector) {
  const place = document.querySelector(selector);
  if (place) place.focus();
}

function tellUndone(attempt) {
  const offered = attempt.method !== "code";
  say("warn", offered ? t("Closed, nothing was charged") : t("Taken back, nothing was charged"), t("Scan the code again, or pay another way."), {
    aloud: t("It didn't go through and nothing was charged. Please refresh the code, or use a card or cash."),
    acts: anew(),
  });
}

/** The customer paid twice: the phone, while its outcome was unknown, and then something else. */
function tellGivenBack(attempt) {
  const name = tenderName(attempt.platform);
  const values = { name, amount: yuan(attempt.amount_fen), time: clock(attempt.ended_ms) };
  const paid = [...attempt.second.map((one) => `${tenderName(one.kind)} ${yuan(one.amount_fen)}`), t("{name} {amount} ({time}).", values)].join(" + ");
  const back =
    attempt.refund === "done"
      ? t("{name} was paid back the original way; the refund slip is printing.", values)
      : t("{name} is being paid back the original way.", values);
  const twice = attempt.refund === "done" ? t("Paid twice; what was too much went back") : t("Paid twice; what is too much goes back");
  const title = attempt.second.length ? twice : t("A payment too much goes back");
  say("good", title, `${paid} ${back}`, {
    aloud: t("We found that {name} was charged {amount} as well; it went back. The balance takes minutes, a bank card one to three days.", values),
  });
}

function tellAbandoned(attempt) {
  const values = { name: tenderName(attempt.platform), amount: yuan(attempt.amount_fen) };
  say("warn", t("{name} {amount} arrived after all", values), t("No sale has taken it. Under More, payments without a result: give it to its sale, or give it back."), {
    aloud: t("Your payment did arrive; one moment, I settle it."),
  });
}
