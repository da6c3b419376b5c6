// Asking for one number, with keypad and keyboard.

import { ask } from "./dialog.js";
import { h } from "./dom.js";
import { keypad, withKeys } from "./keypad.js";
import { fenOf } from "./money.js";
import { mark, t } from "./texts.js";

/** Ask for an amount (in fen) or a whole number; null when nothing was given. */
export function askNumber(title, { kind = "money", unit = mark("yuan"), start = "", hint = "" } = {}) {
  return ask(title, (answer) => {
    const shown = h("output.typed", { "aria-live": "polite" });
    const paint = (text) => shown.replaceChildren(text || "0", h("small", {}, t(unit)));
    const done = () => {
      const value = kind === "money" ? fenOf(pad.text()) : Number(pad.text() || NaN);
      if (value !== null && !Number.isNaN(value)) answer(value);
    };
    const pad = keypad({ kind, onChange: paint, onEnter: done });
    paint("");
    if (start) pad.set(start);
    const take = h("button.primary.tall", { onclick: done }, t("Take this"));
    return withKeys(
      h("div.stack", { tabindex: "-1", autofocus: true }, hint && h("p", {}, hint), shown, pad.element, take),
      pad,
    );
  });
}
