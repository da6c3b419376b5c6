// Baskets set aside: one touch to hold, two to recall.

import { change, changeBasket, during, refresh } from "./act.js";
import { get } from "./api.js";
import { ask } from "./dialog.js";
import { h } from "./dom.js";
import { clock, yuan } from "./money.js";
import { say } from "./notice.js";
import { t } from "./texts.js";

export async function holdBasket() {
  if (!(await change(t("Holding"), "/basket/hold", { label: "" }))) return;
  say("good", t("Set aside. Next, please"));
  refresh();
}

export async function showHeld() {
  const held = await during(t("One moment"), () => get("/held"));
  if (!held) return;
  const sale = await ask(t("Which one?"), (answer) =>
    h(
      "div.stack",
      {},
      held.map((one) =>
        h(
          "button.held",
          { onclick: () => answer(one.sale) },
          h("span", {}, one.label || t("No. {number}", { number: shortNumber(one.sale) })),
          h("small", {}, t("{count} lines, {time}", { count: one.lines, time: clock(one.at_ms) })),
          h("b", {}, yuan(one.total_fen)),
        ),
      ),
      !held.length && h("p", {}, t("Nothing is set aside.")),
    ),
  );
  if (sale) await changeBasket(t("One moment"), `/held/${encodeURIComponent(sale)}/recall`, {});
  refresh();
}

export function shortNumber(sale) {
  return sale.split("-").pop().replace(/^0+/, "") || sale;
}
