// What the cashier reads, and what can be said aloud to the customer, while money moves: first where the money is, then
// one thing to do. One entry for each phase that the box knows (agent/core/phase.py).

import { isOffline, model, othersThan, tenderName } from "./model.js";
import { clock, yuan } from "./money.js";
import { listed, t } from "./texts.js";

/** How long a payment may be without any answer before the cashier is told so. */
const QUIET_S = 4;

/** Return {title, detail, aloud, counts, acts} of an attempt with so many seconds left. `counts`: the seconds are shown.
    `acts`: `give_up`, `wait`, `other` (take other money, by a lead), `aside` (the next customer first), `print` (the code, on paper). */
export function situation(attempt, seconds) {
  return (SAID[attempt.phase] || SAID.asking)(attempt, seconds);
}

function ageS(attempt) {
  return (model.state.now_ms - attempt.started_ms) / 1000;
}

const SAID = {
  waiting_password: (attempt, seconds) => ({
    title: seconds > 0 ? t("Waiting for the customer's password, {seconds} s left", { seconds }) : t("The time for the password is over"),
    detail: seconds > 0 ? t("Don't let the customer change the code yet.") : t("It is being taken back. Once that is confirmed, nothing is charged."),
    aloud: t("Please enter the password on your phone."),
    counts: true,
    acts: ["give_up"],
  }),
  asking: (attempt, seconds) => (ageS(attempt) < QUIET_S ? sent(attempt) : unanswered(attempt, seconds)),
  opening: (attempt) => ({
    title: t("The code is coming"),
    detail: t("{name} is opening it for {amount} yuan.", { name: tenderName(attempt.platform), amount: yuan(attempt.amount_fen) }),
    aloud: t("One moment, the code is coming."),
    counts: false,
    acts: ["give_up"],
  }),
  waiting_scan: (attempt, seconds) => ({
    title: seconds > 0 ? t("Waiting for the customer's scan, {seconds} s left", { seconds }) : t("The time of the code is over"),
    detail: seconds > 0 ? t("The code pays this sale only. When its time is over it closes by itself.") : t("It is being closed. Once that is confirmed, nothing is charged."),
    aloud: t("Please scan this code with {name}.", { name: tenderName(attempt.platform) }),
    counts: true,
    acts: ["give_up"],
  }),
  waiting_phone: (attempt, seconds) => ({
    title: t("Waiting for the customer's phone, {seconds} s left", { seconds }),
    detail: t("When it is paid, the phone shows a proof: scan it."),
    aloud: t("Please scan this code with your phone, and show me the page when it is paid."),
    counts: true,
    acts: ["print", "give_up"],
  }),
  line_down: () => ({
    title: t("No network: this one can't be looked up"),
    detail: t("Taking other money first is safe: if the phone was charged too, it is paid back by itself."),
    aloud: t("Sorry, our network is down and I can't see whether it was charged. You can pay cash; a charge on your phone comes back by itself. Please keep this slip."),
    counts: false,
    acts: ["wait", "other", "aside"],
  }),
  platform_down: (attempt) => ({
    ...platformDown(attempt.platform),
    detail: `${platformDown(attempt.platform).detail} ${t("This one can't be looked up meanwhile; if it was charged, it is paid back by itself.")}`,
    counts: false,
    acts: ["wait", "other", "aside"],
  }),
  undoing: () => ({
    title: t("Being taken back, take no other money yet"),
    detail: t("Once it is confirmed, nothing is charged. It is told here."),
    aloud: t("I am taking this one back first, so that you don't pay twice."),
    counts: false,
    acts: ["other"],
  }),
  giving_back: (attempt) => ({
    title: t("The money doesn't fit, it goes back"),
    detail: t("What {name} took is not this sale's amount. It is paid back by itself; take the payment anew.", { name: tenderName(attempt.platform) }),
    aloud: t("That payment didn't fit and goes back to you. Please pay once more."),
    counts: false,
    acts: ["other"],
  }),
};

function sent(attempt) {
  return {
    title: t("{name} is taking {amount} yuan", { name: tenderName(attempt.platform), amount: yuan(attempt.amount_fen) }),
    detail: t("Don't let the customer change the code yet."),
    aloud: t("One moment, please."),
    counts: false,
    acts: ["give_up"],
  };
}

function unanswered(attempt, seconds) {
  if (isOffline()) return SAID.line_down(attempt, seconds);
  return {
    title: t("No result yet, don't scan again"),
    detail:
      seconds > 0
        ? t("Looking it up, {seconds} s at most. If nothing is found it is taken back, and nothing is charged.", { seconds })
        : t("It is being taken back. Once that is confirmed, nothing is charged."),
    aloud: t("The network is slow; I am checking whether this one arrived, half a minute please."),
    counts: true,
    acts: ["give_up", "other"],
  };
}

/** Return what is said of a platform that does not answer while the shop's line is up: {title, detail, aloud}. */
export function platformDown(platform) {
  const name = tenderName(platform);
  const since = model.state.lamps[platform] && model.state.lamps[platform].since_ms;
  const others = othersThan(platform);
  return {
    title: t("{name} is out of order", { name }),
    detail: [t("It is not the shop's fault."), t("{others} work as ever.", { others: listed(others) }), since && t("Since {time}.", { time: clock(since) })].filter(Boolean).join(" "),
    aloud: t("{name} can't take money at present. Would {others} do?", { name, others: listed(others, true) }),
  };
}
