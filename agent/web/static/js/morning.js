// The desk's next morning: let the bill differ, close the shop, and see what the platforms' bills made of the day.

import { byId, h, region } from "./dom.js";
import { mark, pick, t } from "./texts.js";

const PHASES = {
  idle: "",
  closing: mark("Counting the drawers and closing the shop"),
  sending: mark("Headquarters get the last entries"),
  matching: mark("The bills are here and are being matched"),
};
const STATES = {
  open: mark("not closed yet"),
  closed: mark("closed, being matched"),
  provisional: mark("provisional"),
  matched: mark("matched"),
  settled: mark("settled by the bank"),
};
const PLANTED = {
  refund: mark("{amount} refunded in the merchant's portal; no till knows"),
  payment: mark("{amount} paid to a printed code; no till knows"),
};
let planted = [];

/** Build the card. `plant(what)` and `begin()` ask the demo and return promises; `yuan(fen)` writes an amount. */
export function morning({ plant, begin, yuan }) {
  const sow = async (what) => {
    const done = await plant(what);
    if (done) planted = [...planted, { what, amount: yuan(done.amount_fen) }];
  };
  byId("morning").append(
    h("h2", {}, t("The next morning")),
    h("p.hint", {}, t("The shop closes; the platforms' bills come and are matched, on the box and at headquarters.")),
    h("h3", {}, t("Let a bill differ")),
    h(
      "div.chips",
      {},
      h("button.chip", { id: "plant-refund", onclick: () => sow("refund") }, t("Refund the last payment in the portal")),
      h("button.chip", { id: "plant-payment", onclick: () => sow("payment") }, t("Someone pays a printed code")),
    ),
    h("ul.planted", { id: "planted" }),
    h("button.primary", { id: "next-morning", onclick: begin }, t("Close, and on to the next morning")),
    h("div", { id: "bills", role: "status" }),
  );
}

/** Show how far the morning has come and what came of it. */
export function paintMorning(state) {
  const now = state.morning || { phase: "idle" };
  const busy = now.phase in PHASES && now.phase !== "idle";
  byId("next-morning").disabled = busy;
  region(byId("planted"), planted, () => planted.map((one) => h("li", {}, t(PLANTED[one.what], { amount: one.amount }))));
  region(byId("bills"), [now, state.headquarters], () => (now.phase === "done" ? came(now, state) : [h("p", {}, busy ? t(PHASES[now.phase]) : now.why ? pick(now.why) : "")]));
}

function came(now, state) {
  const link = h("a", { href: now.day ? `${state.headquarters}/stores/${state.store}/days/${now.day}` : state.headquarters, target: "_blank", rel: "noopener" }, t("See it at headquarters"));
  return [
    h("p.day-state", { id: "day-state", class: now.state }, h("b", {}, t("{day} is {state}", { day: now.day || "", state: t(STATES[now.state] || now.state) }))),
    now.differences > 0 && h("p", {}, t("{count} lines do not agree:", { count: now.differences })),
    h("ul", { id: "reasons" }, now.reasons.map((one) => h("li", {}, pick(one)))),
    h("p", {}, link),
  ];
}
