// A code with two readings: asking is free, charging isn't. A person says which one it is.

import { during } from "./act.js";
import { post } from "./api.js";
import { ask } from "./dialog.js";
import { h } from "./dom.js";
import { amountOf, yuan } from "./money.js";
import { isChinese, mark, pick, t } from "./texts.js";

const KINDS = {
  item: mark("Article"),
  scale_item: mark("Article from the scales"),
  payment_code: mark("Payment code of a customer"),
  receipt: mark("Receipt"),
  lookup: mark("Order number, look it up"),
};

/** Ask which reading is meant; returns the box's answer to the one that was chosen, or null. */
export async function askReading(answer) {
  const index = await ask(answer.error ? pick(answer.error.title) : t("What is this code?"), (choose) =>
    h(
      "div.stack",
      {},
      answer.readings.map((reading, at) =>
        h("button.held", { onclick: () => choose(at) }, h("span", {}, t(KINDS[reading.kind] || reading.kind)), h("b", {}, described(reading))),
      ),
    ),
  );
  if (index === null) return null;
  return during(t("Reading the code"), () => post("/scan/choose", { choice: answer.choice, index }));
}

function described(reading) {
  const name = (!isChinese() && reading.item_en) || reading.item || reading.masked || reading.number || "";
  const weight = reading.weight_g ? amountOf(reading.weight_g, "g") : "";
  const amount = reading.amount_fen ? yuan(reading.amount_fen) : "";
  return [name, weight, amount].filter(Boolean).join(" ");
}
