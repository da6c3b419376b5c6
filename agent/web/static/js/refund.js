// Giving money back: which units, why, which way. The box does the sum; here it is only foretold.

import { change, refresh } from "./act.js";
import { h } from "./dom.js";
import { isOffline, isPlatformUp, itemOf, model } from "./model.js";
import { yuan } from "./money.js";
import { say } from "./notice.js";
import { mark, nameOf, t } from "./texts.js";

const REASONS = [mark("Didn't want it"), mark("Not good"), mark("Wrong article"), mark("Charged too much")];

export function refundForm(sale, after) {
  const rows = sale.lines.map((line) => unitRow(line, sale.refunded[line.line] || 0, () => paint()));
  const wallet = sale.tenders.some((tender) => tender.attempt);
  const inCash = h("input", { type: "checkbox" });
  const other = h("input", { type: "text", maxlength: "60", placeholder: t("Another reason"), oninput: () => choose(null) });
  const reasons = h("div.reasons.tight");
  const button = h("button.primary.pay", { id: "refund", onclick: () => refund() });
  let reason = null;

  function choose(word) {
    reason = word;
    if (word) other.value = "";
    paint();
  }

  function paint() {
    const fen = rows.reduce((sum, row) => sum + row.fen(), 0);
    reasons.replaceChildren(
      ...REASONS.map((word) => h("button.choice", { "aria-pressed": String(reason === word), onclick: () => choose(word) }, t(word))),
    );
    button.replaceChildren(h("span", {}, t("Give back")), h("b", {}, yuan(fen)));
    button.disabled = !fen || !(reason || other.value.trim());
  }

  async function refund() {
    const lines = {};
    for (const row of rows) if (row.units()) lines[row.line.line] = row.units();
    const body = { lines, reason: reason ? t(reason) : other.value.trim(), in_cash: inCash.checked };
    const answer = await change(t("Giving back"), `/sales/${encodeURIComponent(sale.sale)}/refunds`, body, { keyed: true });
    if (!answer) return;
    after();
    tell(answer);
    refresh();
  }

  const all = h("button.link", { onclick: () => rows.forEach((row) => row.all()) }, t("All of it"));
  paint();
  if (rows.every((row) => row.left === 0)) return h("p.empty", {}, t("Everything of this sale was given back."));
  return h(
    "div.refund",
    {},
    h("div.row.between", {}, h("h3", {}, t("What comes back?")), all),
    h("ol.units", {}, rows.map((row) => row.element)),
    h("h3", {}, t("Why?")),
    reasons,
    other,
    wallet && h("label.check", {}, inCash, t("Give cash instead of paying back to the phone")),
    button,
  );
}

function unitRow(line, before, changed) {
  const whole = line.unit === "pc" ? Math.max(line.quantity, 1) : 1;
  const left = whole - before;
  let units = 0;
  const shown = h("output", {}, "0");
  const put = (next) => {
    units = Math.max(0, Math.min(left, next));
    shown.textContent = units;
    changed();
  };
  const share = (count) => Math.floor((line.total_fen * count) / whole);
  const element = h(
    "li.unit",
    { class: left ? "" : "gone" },
    h("span.line-name", {}, nameOf(itemOf(line)), h("small", {}, left ? t("{left} of {whole}, {amount} yuan", { left, whole, amount: yuan(line.total_fen) }) : t("given back"))),
    h("button", { disabled: !left, "aria-label": t("One less"), onclick: () => put(units - 1) }, "−"),
    shown,
    h("button", { disabled: !left, "aria-label": t("One more"), onclick: () => put(units + 1) }, "+"),
  );
  return { line, left, element, units: () => units, fen: () => share(before + units) - share(before), all: () => put(left) };
}

function tell(answer) {
  const cash = answer.tenders.filter((tender) => tender.kind === "cash").reduce((sum, tender) => sum + tender.amount_fen, 0);
  if (cash === answer.total_fen) {
    say("good", t("Give the customer {amount} yuan cash", { amount: yuan(cash) }), t("The refund slip is printing. Let the customer sign it."));
    return;
  }
  const kinds = answer.tenders.filter((tender) => tender.attempt).map((tender) => tender.kind);
  const waits = isOffline() ? t("No network.") : kinds.some((kind) => !isPlatformUp(kind)) ? t("The platform does not answer.") : "";
  if (waits) return queued(answer, waits);
  say("good", t("Refund accepted, the money is on its way"), t("To the phone in minutes, to a bank card in 1 to 3 working days. Don't give cash as well. No. {number}", { number: answer.refund }), {
    aloud: t("It is refunded. A bank card takes a little longer; please keep this slip."),
    acts: [seeQueue()],
  });
}

/** It can't go out now: registered, in its place of the queue, and told of here when it has gone. */
function queued(answer, why) {
  const ahead = Math.max(0, model.state.pending.refunds);
  say("warn", t("Refund registered, it goes out by itself"), `${why} ${t("{ahead} before it. It is told here when it has gone out.", { ahead })}`, {
    aloud: t("Your refund is registered; it goes back the way you paid as soon as the network is there. You need not come again."),
    acts: [seeQueue()],
  });
}

function seeQueue() {
  return { words: t("See how it stands"), view: "pending" };
}
