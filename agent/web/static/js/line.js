// What can be changed on a line, or on the whole sale.

import { changeBasket } from "./act.js";
import { ask, askReason } from "./dialog.js";
import { h } from "./dom.js";
import { askNumber } from "./numbers.js";
import { mark, t } from "./texts.js";

export async function askQuantity(line) {
  const grams = line.unit === "g";
  const title = grams ? t("How many grams? {name}", { name: line.name }) : t("How many? {name}", { name: line.name });
  const quantity = await askNumber(title, { kind: "whole", unit: grams ? "g" : mark("pcs") });
  if (quantity) await changeBasket(t("One moment"), `/basket/lines/${line.line}/quantity`, { quantity });
}

export async function askPrice(line) {
  const price = await askNumber(t("At which price? {name}", { name: line.name }));
  if (price !== null) await changeBasket(t("One moment"), `/basket/lines/${line.line}/price`, { price_fen: price });
}

const PERCENTS = [5, 10, 20, 30, 50];

/** Ask for a discount on a line, or on the whole sale when `line` is null. */
export async function askDiscount(line) {
  const wish = await ask(line ? t("How much less? {name}", { name: line.name }) : t("How much less in all?"), howMuch);
  if (!wish) return;
  const amount = wish.own ? await askNumber(t("How many yuan less?")) : null;
  if (wish.own && !amount) return;
  const reason = await askReason(t("Why is it less?"), [t("Regular guest"), t("Damaged"), t("Short-dated"), t("Waited long")]);
  if (!reason) return;
  const path = line ? `/basket/lines/${line.line}/discount` : "/basket/discount";
  const body = wish.own ? { reason, amount_fen: amount } : { reason, percent: wish.percent };
  await changeBasket(t("One moment"), path, body);
}

function howMuch(answer) {
  return h(
    "div.reasons",
    {},
    PERCENTS.map((percent) => h("button.choice", { onclick: () => answer({ percent }) }, t("{percent} percent less", { percent, left: (100 - percent) / 10 }))),
    h("button.choice", { onclick: () => answer({ own: true }) }, t("An amount")),
  );
}
