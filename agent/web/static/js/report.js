// Figures of a shift or a day, in the order in which one checks them.

import { h } from "./dom.js";
import { model } from "./model.js";
import { yuan } from "./money.js";
import { mark, nameOf, t } from "./texts.js";

export function reportTable(report) {
  return h(
    "div.report",
    {},
    report.cash && cash(report),
    group(t("Trade"), [
      [t("Sales"), report.sales, report.sales_fen],
      [t("Refunds"), report.refunds, minus(report.refunds_fen)],
      report.rounding_fen ? [t("Rounding"), "", -report.rounding_fen] : null,
      [t("Net"), "", report.net_fen, true],
    ]),
    group(
      t("Money by kind"),
      report.tenders.map((tender) => [tenderName(tender.kind), tender.count, tender.amount_fen]),
    ),
    group(t("Discounts"), report.discounts.map((one) => [discountName(one.reason), one.count, minus(one.amount_fen)])),
    group(t("Counted acts"), acts(report.operations)),
    report.unfinished && report.unfinished.length > 0 && unfinishedList(report.unfinished),
  );
}

function cash(report) {
  const one = report.cash;
  const off = (report.over_fen || 0) - (report.short_fen || 0);
  return group(t("Drawer"), [
    [t("Float"), "", one.float_fen],
    [t("Cash sales"), "", one.sales_fen],
    [t("Cash refunds"), "", -one.refunds_fen],
    one.paid_in_fen ? [t("Cash in"), "", one.paid_in_fen] : null,
    one.paid_out_fen ? [t("Cash out"), "", -one.paid_out_fen] : null,
    one.drops_fen ? [t("Cash to the safe"), "", -one.drops_fen] : null,
    [t("Should be"), "", one.expected_fen],
    report.counted_fen === undefined ? null : [t("Counted"), "", report.counted_fen],
    report.counted_fen === undefined ? null : [difference(off), "", Math.abs(off), true],
  ]);
}

function difference(off) {
  if (off === 0) return t("It is right");
  return off < 0 ? t("Short") : t("Over");
}

function group(title, rows) {
  const present = rows.filter(Boolean);
  if (!present.length) return null;
  return h(
    "table.figures",
    {},
    h("caption", {}, title),
    h(
      "tbody",
      {},
      present.map(([name, count, fen, strong]) =>
        h("tr", { class: strong ? "strong" : "" }, h("th", { scope: "row" }, name), h("td", {}, count), h("td", {}, amount(fen))),
      ),
    ),
  );
}

function minus(fen) {
  return fen === null ? null : -fen;
}

/** Sums that would give the drawer's content away stay hidden until it was counted. */
function amount(fen) {
  if (fen === undefined) return "";
  return fen === null ? h("small", {}, t("after the count")) : yuan(fen);
}

function tenderName(kind) {
  const found = model.state && model.state.tenders.find((tender) => tender.kind === kind);
  return found ? nameOf(found) : kind;
}

function discountName(reason) {
  return reason === "price_override" ? t("Price changed") : reason;
}

function acts(operations) {
  const names = {
    cancelled: t("Sales given up"),
    line_removed: t("Lines removed"),
    price_changed: t("Price changed"),
    reprint: t("Copies printed"),
    no_sale: t("Drawer opened"),
    approved: t("Second person asked"),
    count_off: t("Counts that differed"),
  };
  return Object.entries(names)
    .filter(([name]) => operations[name])
    .map(([name, words]) => [words, operations[name], undefined]);
}

const WHAT = {
  shift: mark("Shift still open"),
  attempt: mark("Payment without a result"),
  refund: mark("Refund on its way"),
  slip: mark("Slip nobody saw"),
  basket: mark("Set aside, not paid"),
  unsent: mark("Entries not yet at HQ"),
  unsealed: mark("Entries not yet sealed"),
  difference: mark("Bills do not agree"),
};

function nameOfThing(thing) {
  if (thing.what === "shift") return `${t("Till {till}", { till: thing.name })} · ${thing.staff}`;
  if (thing.what === "unsent") return t("{entries} entries", { entries: thing.name });
  return thing.what === "difference" ? t("{lines} lines", { lines: thing.name }) : thing.name;
}

export function unfinishedList(things) {
  return h(
    "ul.unfinished",
    {},
    things.map((thing) =>
      h("li", {}, h("span", {}, t(WHAT[thing.what] || thing.what)), h("code", {}, nameOfThing(thing)), h("b", {}, thing.amount_fen ? yuan(thing.amount_fen) : "")),
    ),
  );
}
