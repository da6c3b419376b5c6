// Everything that is not ringing up: one touch away, and out of sight.

import { change, logOut, refresh } from "./act.js";
import { ask } from "./dialog.js";
import { h, icon } from "./dom.js";
import { askDrawer } from "./drawer.js";
import { openLookup } from "./lookup.js";
import { model, set } from "./model.js";
import { say } from "./notice.js";
import { t } from "./texts.js";

export async function openMenu() {
  const shift = Boolean(model.state && model.state.shift);
  const day = Boolean(model.state && model.state.day && model.state.day.state === "open");
  const chosen = await ask(t("More"), (answer) =>
    h(
      "div.menu",
      {},
      entry(answer, "sales", "receipt", t("Receipts and refunds"), shift),
      entry(answer, "lookup", "search", t("The customer says: I paid"), shift),
      entry(answer, "open-drawer", "drawer", t("Open the drawer"), shift),
      entry(answer, "drawer", "cash", t("Cash in and out"), shift),
      entry(answer, "pending", "clock", t("Payments without a result"), shift, model.state ? model.state.pending.attempts + model.state.pending.refunds : 0),
      entry(answer, "x", "report", t("X report"), shift),
      entry(answer, "close-shift", "count", t("Count and close the shift"), shift),
      entry(answer, "close-day", "moon", t("Close the day"), day),
      entry(answer, "log-out", "exit", t("Log out"), true),
    ),
  );
  if (chosen === "log-out") await logOut();
  else if (chosen === "drawer") await askDrawer();
  else if (chosen === "open-drawer") await openDrawer();
  else if (chosen === "lookup") openLookup();
  else if (chosen) set({ view: chosen, viewSale: null, notice: null });
}

function entry(answer, id, picture, words, able, count = 0) {
  return h("button.menu-entry", { id: `menu-${id}`, disabled: !able, onclick: () => answer(id) }, icon(picture), words, count > 0 && h("b.badge", {}, count));
}

async function openDrawer() {
  const body = { movement: "no_sale", amount_fen: 0, reason: t("Change money") };
  if (await change(t("Opening"), "/drawer", body, { keyed: true })) say("good", t("The drawer is open"));
  refresh();
}
