// What stays on the screen until it is over: offline, a printer out of paper, slips that nobody saw, unread messages.

import { change, refresh } from "./act.js";
import { h, icon, region } from "./dom.js";
import { isOffline, isPlatformUp, model } from "./model.js";
import { shortNumber } from "./held.js";
import { yuan } from "./money.js";
import { platformDown } from "./situations.js";
import { pick, t } from "./texts.js";

export function renderAlerts(place) {
  const state = model.state;
  const troubled = state ? Object.entries(state.lamps).filter(([name, lamp]) => name !== "hq" && !lamp.platform && lamp.code && lamp.title) : [];
  const down = state && !isOffline() ? state.tenders.filter((tender) => tender.platform && !isPlatformUp(tender.platform)) : [];
  const slips = state ? state.unconfirmed : [];
  const messages = (state && state.messages) || [];
  region(place, [isOffline() && state.unsent, troubled, slips, state && state.last, down.map((tender) => tender.kind), messages], () => [
    messages.slice(0, 2).map(fromHeadquarters),
    isOffline() && offline(state.unsent),
    down.map(outOfOrder),
    troubled.map(([name, lamp]) => trouble(name, lamp)),
    slips.slice(0, 2).map(unconfirmed),
  ]);
}

function offline(unsent) {
  return h(
    "section.alert.offline",
    { role: "status" },
    icon("cloud"),
    h(
      "div",
      {},
      h("h2", {}, t("No network, selling goes on")),
      h(
        "p",
        {},
        t("Cash, members and this shop's vouchers all work. {entries} entries, {amount} yuan are kept here and can't be lost.", {
          entries: unsent.entries,
          amount: yuan(unsent.amount_fen),
        }),
      ),
    ),
  );
}

function outOfOrder(tender) {
  const said = platformDown(tender.platform);
  return h("section.alert", { role: "status" }, icon("phone"), h("div", {}, h("h2", {}, said.title), h("p", {}, said.detail)));
}

function trouble(name, lamp) {
  return h(
    "section.alert",
    { role: "status" },
    icon(name.startsWith("scan") ? "scan" : "print"),
    h("div", {}, h("h2", {}, pick(lamp.title)), h("p", {}, pick(lamp.detail))),
  );
}

/** A message of headquarters stays, also over a reload, until somebody at this till has read it. */
function fromHeadquarters(message) {
  return h(
    "section.alert.ask",
    { role: "status", "data-message": message.message },
    icon("cloud"),
    h("div", {}, h("h2", {}, t("From headquarters")), h("p", {}, message.text)),
    h("div.row", {}, h("button.primary", { onclick: () => wasRead(message) }, t("Read it"))),
  );
}

async function wasRead(message) {
  await change(t("One moment"), `/messages/${encodeURIComponent(message.message)}/read`, {});
  refresh();
}

function unconfirmed(slip) {
  const about = slip.subject ? t("No. {number}", { number: shortNumber(slip.subject) }) : "";
  const amount = slip.amount_fen ? t("{amount} yuan", { amount: yuan(slip.amount_fen) }) : "";
  return h(
    "section.alert.ask",
    { role: "status" },
    icon("print"),
    h(
      "div",
      {},
      h("h2", {}, t("Have a look: did the slip come out?")),
      h("p", {}, [about, amount].filter(Boolean).join(" "), " ", t("Another one will say that it is a copy.")),
    ),
    h(
      "div.row",
      {},
      h("button.primary", { onclick: () => seen(slip, true) }, t("It is out")),
      h("button", { onclick: () => seen(slip, false) }, t("No, print again")),
    ),
  );
}

async function seen(slip, printed) {
  await change(t("One moment"), `/slips/${encodeURIComponent(slip.slip)}/confirm`, { printed });
  refresh();
}
