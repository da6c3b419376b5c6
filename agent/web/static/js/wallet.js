// A wallet payment on its way: where the money is, how long still, and what can be done meanwhile.

import { change, refresh } from "./act.js";
import { h } from "./dom.js";
import { isOffline, model, tenderName } from "./model.js";
import { yuan } from "./money.js";
import { say } from "./notice.js";
import { mark, t } from "./texts.js";
import { isNews } from "./told.js";

const QUIET_MS = 12_000;
const ASK_EVERY_MS = 2_500;
let timer = null;

export function attemptPanel(attempt) {
  const until = Date.now() + attempt.seconds_left * 1000;
  const title = h("h2", {});
  const count = h("output.countdown", { "aria-live": "off" });
  const detail = h("p", {});
  const aloud = h("p.aloud", {});
  const panel = h(
    "section.attempt",
    { role: "status" },
    h("p.attempt-amount", {}, tenderName(attempt.platform), h("b", {}, yuan(attempt.amount_fen))),
    count,
    title,
    detail,
    aloud,
    h("div.row", {}, h("button", { onclick: refresh }, t("Look again")), h("button", { onclick: () => park(attempt) }, t("Take other money · lead"))),
  );
  const started = Date.now();
  const paint = () => {
    if (!panel.isConnected && Date.now() - started > 1000) return clearInterval(timer);
    const left = Math.max(0, Math.ceil((until - Date.now()) / 1000));
    const words = sentence(left, Date.now() - started);
    count.textContent = left;
    title.textContent = words[0];
    detail.textContent = words[1];
    aloud.replaceChildren(h("span", {}, t("Say:")), words[2]);
    return undefined;
  };
  clearInterval(timer);
  timer = setInterval(paint, 250);
  paint();
  return panel;
}

function sentence(left, waitedMs) {
  if (isOffline()) {
    return [
      t("No network: this one can't be looked up"),
      t("Taking other money first is safe: if the phone was charged too, it is paid back by itself."),
      t("Sorry, our network is down and I can't see whether it was charged. You can pay cash; a charge on your phone comes back by itself. Please keep this slip."),
    ];
  }
  if (waitedMs < QUIET_MS) {
    return [
      t("Waiting for the customer's password, {seconds} s left", { seconds: left }),
      t("Don't let the customer change the code yet."),
      t("Please enter the password on your phone."),
    ];
  }
  return [
    t("No result yet, don't scan again"),
    t("Looking it up, {seconds} s at most. If nothing is found it is taken back, and nothing is charged.", { seconds: left }),
    t("The network is slow; I am checking whether this one arrived, half a minute please."),
  ];
}

async function park(attempt) {
  if (await change(t("One moment"), `/attempts/${encodeURIComponent(attempt.attempt)}/park`)) {
    say("warn", t("Take other money now"), t("If the phone was charged too, it is paid back by itself."));
    refresh();
  }
}

/** Notice that an attempt ended, whoever brought its end about; look again while one has none. Called with every state. */
export function watchAttempt() {
  const { attempt, last_attempt: ended } = model.state;
  if (attempt) askAgainLater();
  if (isNews("attempt", ended && ended.attempt, ended && ended.ended_ms)) tell(ended);
}

let asking = null;

function askAgainLater() {
  clearTimeout(asking);
  asking = setTimeout(() => model.state && model.state.attempt && refresh(), ASK_EVERY_MS);
}

function tell(attempt) {
  if (attempt.state === "paid" || model.state.attempt) return;
  if (attempt.state === "declined") {
    const known = attempt.said && attempt.said[document.documentElement.lang === "en" ? "en" : "zh"];
    const reason = known || t("{why}. Refresh the payment code or pay another way.", { why: why(attempt.code) });
    say("warn", t("Not paid, nothing was charged"), reason, {
      aloud: t("It didn't go through and nothing was charged. Please refresh the code, or use a card or cash."),
    });
    return;
  }
  say("warn", t("Taken back, nothing was charged"), t("Scan the code again, or pay another way."), {
    aloud: t("It didn't go through and nothing was charged. Please refresh the code, or use a card or cash."),
  });
}

const WHY = [
  [/NOT_?ENOUGH|BALANCE|NO_BALANCE/i, mark("Not enough on the account")],
  [/LIMIT|QUOTA/i, mark("Above the limit")],
  [/EXPIRE|INVALID|USED|AUTH/i, mark("The payment code has expired")],
];

function why(code) {
  const found = WHY.find(([pattern]) => pattern.test(code || ""));
  return found ? t(found[1]) : t("The customer's bank said no");
}
