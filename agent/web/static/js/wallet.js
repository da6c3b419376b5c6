// A payment on its way: where the money is, how long still, the code to scan, and what can be done meanwhile.

import { change, refresh } from "./act.js";
import { counted, left } from "./countdown.js";
import { h, icon } from "./dom.js";
import { isOffline, model, tenderName } from "./model.js";
import { yuan } from "./money.js";
import { say } from "./notice.js";
import { qrCode } from "./qr.js";
import { situation } from "./situations.js";
import { t } from "./texts.js";

const PAINT_EVERY_MS = 250;
const ASK_EVERY_MS = 2_500;
const EARLY_MS = 4_000;
let timer = null;
let asking = null;

/** Return what decides how the panel of an attempt is built; seconds go on inside it. */
export function attemptShown(attempt) {
  const age = model.state.now_ms - attempt.started_ms;
  return ["attempt", attempt.attempt, attempt.phase, attempt.qr_rows && attempt.qr, isOffline(), age < EARLY_MS];
}

export function attemptPanel(attempt) {
  const count = h("output.countdown", { "aria-live": "off" });
  const title = h("h2", {});
  const detail = h("p.attempt-detail", {});
  const aloud = h("p.aloud", {});
  const code = attempt.qr_rows && attempt.phase.startsWith("waiting") ? scanCard(attempt) : null;
  const first = situation(attempt, counted(attempt.attempt, attempt.seconds_left));
  const panel = h(
    "section.attempt",
    { role: "status", class: attempt.phase },
    h("p.attempt-amount", {}, tenderName(attempt.platform), h("b", {}, yuan(attempt.amount_fen))),
    code,
    h("div.attempt-words", {}, first.counts && count, !first.counts && !code && icon(PICTURES[attempt.phase] || "phone"), h("div", {}, title, detail)),
    aloud,
    h("div.row.acts", {}, first.acts.map((act) => BUTTONS[act](attempt))),
  );
  const paint = () => {
    const seconds = left(attempt.attempt);
    const said = situation(attempt, seconds);
    count.textContent = seconds;
    title.textContent = said.title;
    detail.textContent = said.detail;
    if (aloud.dataset.said !== said.aloud) aloud.replaceChildren(h("span", {}, t("Say:")), said.aloud);
    aloud.dataset.said = said.aloud;
  };
  clearInterval(timer);
  timer = setInterval(() => (panel.isConnected ? paint() : clearInterval(timer)), PAINT_EVERY_MS);
  paint();
  return panel;
}

const PICTURES = { line_down: "cloud", platform_down: "cloud" };

/** A code for the customer's phone with its sum: everything that the customer's side needs, on the till as well. */
function scanCard(attempt) {
  return h("figure.scan-card", {}, qrCode(attempt.qr_rows, t("Code to scan")), h("figcaption", {}, attempt.method === "phone" ? t("Own phone") : tenderName(attempt.platform), h("b", {}, yuan(attempt.amount_fen))));
}

const BUTTONS = {
  give_up: (attempt) => h("button", { id: "give-up", onclick: () => giveUp(attempt) }, t("The customer doesn't pay")),
  wait: () => h("button", { id: "wait-on", onclick: refresh }, t("Wait a little more")),
  other: (attempt) => h("button", { id: "take-other", onclick: () => park(attempt) }, t("Take other money · lead")),
  print: (attempt) => h("button", { id: "print-code", onclick: () => change(t("Printing"), pathOf(attempt, "code")) }, icon("print"), t("Print the code")),
  aside: (attempt) => h("button", { id: "set-aside", onclick: () => setAside(attempt) }, t("Next customer first")),
};

function pathOf(attempt, verb) {
  return `/attempts/${encodeURIComponent(attempt.attempt)}/${verb}`;
}

async function giveUp(attempt) {
  await change(t("Taking it back"), pathOf(attempt, "give-up"));
  refresh();
}

async function park(attempt) {
  if (await change(t("One moment"), pathOf(attempt, "park"))) {
    say("warn", t("Take other money now"), t("If the phone was charged too, it is paid back by itself."));
    refresh();
  }
}

async function setAside(attempt) {
  if (await change(t("Holding"), pathOf(attempt, "set-aside"))) {
    say("warn", t("Set aside; next, please"), t("A slip for the customer is printing. What becomes of it stands under More, payments without a result."), {
      aloud: t("Please keep this slip. As soon as we know whether it was charged, we tell you."),
    });
    refresh();
  }
}

/** Count the seconds of the attempt that is under way, and look again while it has no end. Called with every state. */
export function watchAttempt() {
  const { attempt } = model.state;
  if (!attempt) return;
  counted(attempt.attempt, attempt.seconds_left);
  clearTimeout(asking);
  asking = setTimeout(() => model.state && model.state.attempt && refresh(), ASK_EVERY_MS);
}
