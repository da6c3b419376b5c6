// A keypad for fingers and keyboard alike.

import { h, icon } from "./dom.js";
import { t } from "./texts.js";

/**
 * Make a keypad. `kind` is "money", "whole" or "pin"; `onChange(text)` after each key, `onEnter(text)` on Enter.
 * Returns {element, press(key), text(), clear(), set(text)}.
 */
export function keypad({ kind = "money", onChange = () => {}, onEnter = () => {}, lengthMax = 9 } = {}) {
  let text = "";
  const change = (next) => {
    text = next;
    onChange(text);
  };
  const press = (key) => {
    if (key === "Enter") onEnter(text);
    else if (key === "Backspace") change(text.slice(0, -1));
    else if (key === "Delete") change("");
    else if (key === "." && kind === "money" && !text.includes(".")) change(`${text || "0"}.`);
    else if (/^[0-9]$/.test(key) && fits(text + key)) change(kind === "pin" ? text + key : trimmed(text + key));
    else return false;
    return true;
  };
  const fits = (next) => next.length <= lengthMax && !/\.\d{3}/.test(next);
  const trimmed = (next) => next.replace(/^0+(?=\d)/, "");
  const button = (key, face, label) =>
    h("button.key", { type: "button", "aria-label": label || key, onclick: () => press(key) }, face || key);
  const element = h(
    "div.keypad",
    { role: "group" },
    [..."123456789"].map((digit) => button(digit)),
    kind === "money" ? button(".") : button("Delete", t("Clear"), t("Clear")),
    button("0"),
    button("Backspace", icon("back"), t("Back")),
  );
  return { element, press, text: () => text, clear: () => change(""), set: change };
}

/** Let the keyboard work a keypad inside a dialog or a view. */
export function withKeys(element, pad) {
  element.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.tagName === "INPUT") return;
    if (event.key === "Enter" && event.target.tagName === "BUTTON" && event.target.classList.contains("primary")) return;
    if (pad.press(event.key)) event.preventDefault();
  });
  return element;
}
