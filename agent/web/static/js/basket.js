// What the customer buys: lines, what can be done with a line, the sum, and the way to paying.

import { change, changeBasket, refresh, removeFromBasket } from "./act.js";
import { askReason } from "./dialog.js";
import { doneCard } from "./done.js";
import { h, icon, region } from "./dom.js";
import { holdBasket, showHeld } from "./held.js";
import { askDiscount, askPrice, askQuantity } from "./line.js";
import { basket, itemOf, model, set } from "./model.js";
import { amountOf, yuan } from "./money.js";
import { renderNotice } from "./notice.js";
import { nameOf, t } from "./texts.js";
import { inTurn } from "./turn.js";

export function basketPlaces() {
  return { list: h("div.basket-list"), notice: h("div.basket-notice", { "aria-live": "assertive" }), foot: h("div.basket-foot") };
}

export function renderBasket(places) {
  const present = basket();
  region(places.list, [present, model.selected, model.done], () => list(present));
  renderNotice(places.notice);
  region(places.foot, [present, model.state.held, model.state.last], () => [sums(present), actions(present)]);
}

function list(present) {
  if (!present || !present.lines.length) {
    if (model.done) return doneCard(model.done);
    return h("div.nothing", {}, icon("basket"), h("p", {}, t("Scan the first article")));
  }
  const lines = h("ol.lines", {}, present.lines.map((line) => lineRow(line, present.state === "open")));
  requestAnimationFrame(() => {
    const wanted = lines.querySelector(".chosen") || lines.lastElementChild;
    if (wanted) wanted.scrollIntoView({ block: "nearest" });
  });
  return lines;
}

function lineRow(line, open) {
  const chosen = open && model.selected === line.line;
  const off = line.list_fen - line.total_fen;
  const unit = line.price_fen === null ? "" : ` × ${yuan(line.price_fen)}${line.unit === "g" ? "/kg" : ""}`;
  const head = h(
    "button.line-head",
    {
      disabled: !open,
      "aria-expanded": String(chosen),
      onclick: () => set({ selected: chosen ? null : line.line }),
    },
    h("span.line-name", {}, nameOf(itemOf(line))),
    h("span.line-amount", {}, yuan(line.total_fen)),
    h("span.line-detail", {}, `${amountOf(line.quantity, line.unit)}${unit}`),
    off > 0 && h("span.line-off", {}, `-${yuan(off)}`),
  );
  return h("li.line", { class: chosen ? "chosen" : "" }, head, chosen && lineActions(line));
}

function lineActions(line) {
  const pieces = line.unit === "pc" && line.price_fen !== null;
  return h(
    "div.line-actions",
    {},
    pieces && h("button", { "aria-label": t("One less"), onclick: () => oneLess(line) }, icon("minus")),
    pieces && h("button", { "aria-label": t("One more"), onclick: () => oneMore(line) }, icon("plus")),
    line.price_fen !== null && h("button", { onclick: () => askQuantity(line) }, t("Quantity")),
    h("button", { onclick: () => askPrice(line) }, t("Price")),
    h("button", { onclick: () => askDiscount(line) }, t("Discount")),
    h("button.bad", { "aria-label": t("Remove"), onclick: () => removeLine(line) }, icon("bin")),
  );
}

/** One more or one less of a line as it is when its turn comes, not as it was when the key was pressed. */
function step(line, by) {
  return inTurn(() => {
    const present = basket() && basket().lines.find((one) => one.line === line.line);
    if (!present) return null;
    if (present.quantity + by < 1) return removeLine(present);
    const quantity = present.quantity + by;
    return changeBasket(t("One moment"), `/basket/lines/${present.line}/quantity`, { quantity });
  });
}

export function oneMore(line) {
  return step(line, 1);
}

export function oneLess(line) {
  return step(line, -1);
}

export function removeLine(line) {
  set({ selected: null });
  return removeFromBasket(t("Removing"), `/basket/lines/${line.line}`);
}

function sums(present) {
  if (!present || !present.lines.length) return null;
  const off = present.list_fen - present.total_fen;
  const wholeSale = present.discounts.reduce((sum, one) => sum + one.amount_fen, 0);
  return h(
    "div.sums",
    {},
    off > 0 && h("p", {}, h("span", {}, t("Before discounts")), h("span", {}, yuan(present.list_fen))),
    off > 0 &&
      h(
        "p.off",
        {},
        h("span", {}, t("Discounts")),
        wholeSale > 0 && present.state === "open" && h("button.link", { onclick: clearDiscounts }, t("Take back")),
        h("span", {}, `-${yuan(off)}`),
      ),
    present.tendered_fen > 0 && h("p", {}, h("span", {}, t("Paid so far")), h("span", {}, `-${yuan(present.tendered_fen)}`)),
    h(
      "p.total",
      {},
      h("span", {}, present.tendered_fen > 0 ? t("Still due") : t("Total"), h("small", {}, pieces(present))),
      h("output", { id: "total" }, yuan(present.due_fen)),
    ),
  );
}

function pieces(present) {
  const count = present.lines.reduce((sum, line) => sum + (line.unit === "g" ? 1 : line.quantity), 0);
  return t("{count} pcs", { count });
}

function clearDiscounts() {
  return removeFromBasket(t("One moment"), "/basket/discount");
}

function actions(present) {
  const filled = Boolean(present && present.lines.length);
  const open = filled && present.state === "open";
  const held = model.state.held;
  return h(
    "div.basket-actions",
    {},
    h(
      "div.row.even",
      {},
      open && h("button", { onclick: holdBasket }, t("Hold")),
      !filled && h("button", { onclick: showHeld, disabled: !held }, t("Recall"), held > 0 && h("b.badge", {}, held)),
      open && h("button", { onclick: () => askDiscount(null) }, t("Discount all")),
      open && h("button.bad", { onclick: cancelSale }, t("Give up")),
      !filled && h("button", { onclick: () => set({ view: "sales", viewSale: null }) }, t("Refund")),
      !filled && h("button", { onclick: reprintLast, disabled: !model.state.last }, t("Print last again")),
    ),
    filled && payButton(present),
  );
}

function payButton(present) {
  if (present.state === "open") {
    return h("button.primary.pay", { id: "pay", onclick: askTotal }, h("span", {}, t("Take payment")), h("b", {}, yuan(present.due_fen)));
  }
  const fixed = present.tendered_fen > 0 || Boolean(present.attempt);
  return h("button.tall", { id: "back", onclick: backToRinging, disabled: fixed }, icon("back"), t("Back to the goods"));
}

export async function askTotal() {
  set({ selected: null, totalling: true });
  try {
    return await inTurn(() => changeBasket(t("Adding up"), "/basket/total", {}));
  } finally {
    set({ totalling: false });
  }
}

export function backToRinging() {
  return changeBasket(t("One moment"), "/basket/back", {});
}

async function cancelSale() {
  const reasons = [t("Customer left"), t("Rung up wrongly"), t("Practice")];
  const reason = await askReason(t("Why is this sale given up?"), reasons);
  if (reason && (await change(t("Giving up"), "/basket/cancel", { reason }))) refresh();
}

async function reprintLast() {
  const last = model.state.last;
  if (last) await change(t("Printing"), `/sales/${encodeURIComponent(last.sale)}/reprint`);
}
