// Counting blind, by denomination, and closing the shift.

import { refresh, change } from "./act.js";
import { askReason } from "./dialog.js";
import { h } from "./dom.js";
import { frame, leave } from "./frame.js";
import { model, set } from "./model.js";
import { halfWidth, yuan } from "./money.js";
import { say } from "./notice.js";
import { reportTable } from "./report.js";
import { t } from "./texts.js";

const NOTES_FEN = [10000, 5000, 2000, 1000, 500, 100, 50, 10];

export function closeShiftScreen() {
  const place = h("div.count");
  counting(place, false);
  return frame(t("Count and close the shift"), place);
}

function counting(place, recounted) {
  const total = h("output.typed", { id: "counted", "aria-live": "polite" }, "0.00");
  const rows = NOTES_FEN.map((note) => noteRow(note, () => paint()));
  const paint = () => (total.textContent = yuan(rows.reduce((sum, row) => sum + row.fen(), 0)));
  const close = async (event) => {
    event.preventDefault();
    const denominations = {};
    for (const row of rows) if (row.pieces()) denominations[row.note] = row.pieces();
    await closeShift(place, denominations, recounted);
  };
  place.replaceChildren(
    h(
      "form.counting",
      { onsubmit: close },
      h("p.hint", {}, recounted ? t("Count everything once more.") : t("Count every note and coin in the drawer. What should be there is shown afterwards.")),
      h("div.denominations", {}, rows.map((row) => row.element)),
      h("div.counted", {}, h("span", {}, t("Counted")), total),
      h("button.primary.pay", { id: "close-shift" }, t("Close the shift")),
    ),
  );
  const first = place.querySelector("input");
  requestAnimationFrame(() => first.focus());
}

function noteRow(note, changed) {
  const sum = h("output", {}, "0.00");
  const pieces = () => Math.max(0, Math.min(100000, parseInt(halfWidth(field.value), 10) || 0));
  const paint = () => {
    sum.textContent = yuan(pieces() * note);
    changed();
  };
  const field = h("input", { type: "text", inputmode: "numeric", maxlength: "5", "aria-label": face(note), name: `n${note}`, oninput: paint });
  const step = (by) => () => {
    field.value = String(Math.max(0, pieces() + by));
    paint();
  };
  const element = h(
    "label.denomination",
    {},
    h("b", {}, face(note)),
    h("button", { type: "button", tabindex: "-1", "aria-label": t("One less"), onclick: step(-1) }, "−"),
    field,
    h("button", { type: "button", tabindex: "-1", "aria-label": t("One more"), onclick: step(1) }, "+"),
    sum,
  );
  return { note, element, pieces, fen: () => pieces() * note };
}

function face(note) {
  return note >= 100 ? t("{yuan} yuan", { yuan: note / 100 }) : t("{jiao} jiao", { jiao: note / 10 });
}

async function closeShift(place, denominations, recounted) {
  const body = { denominations, recounted };
  let report = await change(t("Closing the shift"), "/shift/close", body, { keyed: true });
  if (!report && model.notice && model.notice.code === "count.differs") {
    sayDifference(model.notice);
    counting(place, true);
    return;
  }
  if (!report && model.notice && model.notice.code === "count.reason_missing") {
    const reason = await askReason(model.notice.title, [t("Wrong change given"), t("Counted wrongly before"), t("False note"), t("Not known")]);
    if (!reason) return;
    report = await change(t("Closing the shift"), "/shift/close", { ...body, reason }, { keyed: true });
  }
  if (report) showZ(place, report);
}

function sayDifference(notice) {
  const { over_fen: over, short_fen: short } = notice.values;
  const title = short ? t("{amount} yuan short, count again", { amount: yuan(short) }) : t("{amount} yuan over, count again", { amount: yuan(over) });
  const detail = t("What is over stays in the drawer, what is short is reported as it is. After the second count comes the reason.");
  say("warn", title, detail, { help: notice.help });
}

function showZ(place, report) {
  const z = h("section.z", {}, h("h2", {}, t("Z report no. {number}", { number: report.z_number })), reportTable(report), h("button.primary.tall", { id: "z-done", onclick: afterZ }, t("Done")));
  place.replaceChildren(z);
  say("good", t("The shift is closed"), t("The Z report is printing."));
}

async function afterZ() {
  leave();
  set({ done: null });
  await refresh();
}
