// Receipts of today: find one, print it again, give money back.

import { change, during } from "./act.js";
import { get } from "./api.js";
import { h, icon } from "./dom.js";
import { filled, frame } from "./frame.js";
import { shortNumber } from "./held.js";
import { model, set } from "./model.js";
import { clock, halfWidth, yuan } from "./money.js";
import { refundForm } from "./refund.js";
import { t } from "./texts.js";

export function salesScreen() {
  const detail = h("div.sale-detail", {}, h("p.empty", {}, t("Choose a receipt, or scan its code.")));
  const open = (sale) => detail.replaceChildren(saleDetail(sale, open));
  const list = filled(
    () => during(t("Looking for receipts"), () => get("/sales?limit=60")),
    (sales) => h("div.sale-list", {}, sales.map((sale) => saleRow(sale, open)), !sales.length && h("p.empty", {}, t("Nothing was sold yet."))),
  );
  if (model.viewSale) open(model.viewSale);
  return frame(t("Receipts and refunds"), h("div.two", {}, h("div.stack", {}, finder(open), list), detail));
}

function finder(open) {
  const field = h("input", { type: "search", placeholder: t("Receipt number, or scan it"), "aria-label": t("Receipt number, or scan it"), autocomplete: "off" });
  const submit = (event) => {
    event.preventDefault();
    if (field.value.trim()) open(halfWidth(field.value));
  };
  return h("form.scan", { onsubmit: submit }, icon("search"), field);
}

function saleRow(sale, open) {
  const whole = sale.refunded_fen >= sale.total_fen && sale.total_fen > 0;
  return h(
    "button.sale-row",
    { onclick: () => open(sale.sale) },
    h("b", {}, sale.calling || shortNumber(sale.sale)),
    h("span", {}, clock(sale.at_ms)),
    h("small", {}, sale.refunded_fen ? givenBack(sale, whole) : shortNumber(sale.sale)),
    h("span.amount", {}, yuan(sale.total_fen)),
  );
}

function givenBack(sale, whole) {
  if (sale.portal_fen) return t("{amount} refunded in the portal", { amount: yuan(sale.portal_fen) });
  return whole ? t("all given back") : t("{amount} given back", { amount: yuan(sale.refunded_fen) });
}

function saleDetail(number, open) {
  return filled(
    () => during(t("Looking for the receipt"), () => get(`/sales/${encodeURIComponent(number)}`)),
    (sale) => [
      h(
        "header.sale-head",
        {},
        h("h2", {}, sale.calling || "", h("small", {}, sale.sale)),
        h("p", {}, t("{time}, till {till}, {total} yuan", { time: clock(sale.at_ms), till: sale.till, total: yuan(sale.total_fen) })),
        h("button", { onclick: () => printAgain(sale.sale) }, icon("print"), t("Print again")),
      ),
      sale.portal.map((one) => h("p.note", { role: "note" }, t("{amount} yuan went back in the merchant's portal on {day}. It is not paid a second time.", { amount: yuan(one.amount_fen), day: new Date(one.at_ms).toLocaleDateString() }))),
      refundForm(sale, () => {
        set({ viewSale: sale.sale });
        open(sale.sale);
      }),
    ],
  );
}

function printAgain(sale) {
  return change(t("Printing"), `/sales/${encodeURIComponent(sale)}/reprint`);
}
