// Before anything sells: the store's day, then the till's shift with its counted float.

import { change, refresh } from "./act.js";
import { h, icon } from "./dom.js";
import { keypad, withKeys } from "./keypad.js";
import { model } from "./model.js";
import { fenOf } from "./money.js";
import { t } from "./texts.js";

const FLOAT = "storebox.float";

export function openingScreen() {
  const day = model.state.day;
  return !day || day.state !== "open" ? dayCard(day) : shiftCard();
}

function dayCard(day) {
  return h(
    "section.opening",
    {},
    icon("sun"),
    h("h1", {}, t("The day is not open yet")),
    h("p", {}, day ? t("Last day: {day}, closed.", { day: day.day }) : t("This is the first day of this box.")),
    h("button.primary.pay", { id: "open-day", onclick: openDay }, t("Open the day")),
  );
}

async function openDay() {
  if (await change(t("Opening the day"), "/day/open", {}, { keyed: true })) await refresh();
}

function shiftCard() {
  const shown = h("output.typed", { "aria-live": "polite" });
  const paint = (text) => shown.replaceChildren(text || "0", h("small", {}, t("yuan")));
  const open = async () => {
    const float_fen = fenOf(pad.text() || "0");
    localStorage.setItem(FLOAT, pad.text());
    if (await change(t("Opening the shift"), "/shift/open", { float_fen }, { keyed: true })) await refresh();
  };
  const pad = keypad({ kind: "money", onChange: paint, onEnter: open });
  pad.set(localStorage.getItem(FLOAT) || "500");
  const card = h(
    "section.opening",
    { tabindex: "-1", autofocus: true },
    h("h1", {}, t("How much change is in the drawer?")),
    h("p", {}, t("Count it; a shift begins with what is really there.")),
    shown,
    pad.element,
    h("button.primary.pay", { id: "open-shift", onclick: open }, t("Begin the shift")),
  );
  requestAnimationFrame(() => card.focus());
  return withKeys(card, pad);
}
