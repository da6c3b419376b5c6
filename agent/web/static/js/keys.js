// The keyboard: typing goes to the field, numbers to the cash keypad, Enter onward, Escape back.

import { askTotal, backToRinging, oneLess, oneMore, removeLine } from "./basket.js";
import { clearField, fieldText, focusField, takeField } from "./catalog.js";
import { isAsking } from "./dialog.js";
import { leave } from "./frame.js";
import { basket, model, set } from "./model.js";
import { payKey, typedCode } from "./pay.js";
import { isPaying, sendScan } from "./scan.js";

const CODE_LENGTH_MIN = 10;
let typed = "";
let typedAt = 0;

export function listenToKeys() {
  addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isAsking() || !model.state) return;
    const screen = document.body.dataset.screen;
    if (screen === "sell") onSell(event);
    else if (event.key === "Escape" && screen !== "login" && screen !== "opening") leave();
  });
}

let early = [];

/** Keys that come while the total is being asked for belong to the cash keypad, which is not there yet. */
export function giveEarlyKeys() {
  if (model.totalling || !early.length) return;
  const keys = early;
  early = [];
  if (isPaying() && keys[0] !== "Enter") for (const key of keys) payKey(key);
}

function onSell(event) {
  if (model.totalling) {
    event.preventDefault();
    early.push(event.key);
    return;
  }
  const inField = event.target.tagName === "INPUT";
  if (isPaying()) {
    if (!inField) onPay(event);
    return;
  }
  if (event.key === "Escape") {
    clearField();
    set({ selected: null, notice: null });
  } else if (inField && fieldText()) {
    return;
  } else if (event.key === "Enter" && event.target.tagName !== "BUTTON") {
    event.preventDefault();
    if (fieldText()) takeField();
    else if (basket() && basket().lines.length) askTotal();
  } else if (onLine(event.key)) {
    event.preventDefault();
  } else if (event.key.length === 1 && event.key !== " ") {
    focusField();
  }
}

function onLine(key) {
  const lines = basket() ? basket().lines : [];
  if (!lines.length) return false;
  const at = lines.findIndex((line) => line.line === model.selected);
  if (key === "ArrowUp") set({ selected: lines[at > 0 ? at - 1 : lines.length - 1].line });
  else if (key === "ArrowDown") set({ selected: lines[(at + 1) % lines.length].line });
  else if (at >= 0 && key === "+") oneMore(lines[at]);
  else if (at >= 0 && key === "-") oneLess(lines[at]);
  else if (at >= 0 && key === "Delete") removeLine(lines[at]);
  else return false;
  return true;
}

/**
 * While paying: a long quick number with Enter is a payment code of a keyboard scanner, anything else is cash.
 * What counts is when a key was pressed, not when a busy page got round to it.
 */
function onPay(event) {
  if (event.key === "Escape") {
    backToRinging();
    return;
  }
  const now = event.timeStamp;
  if (/^[0-9A-Za-z]$/.test(event.key)) {
    typed = now - typedAt < 100 ? typed + event.key : event.key;
    typedAt = now;
  }
  if (event.key === "Enter" && typed.length >= CODE_LENGTH_MIN && now - typedAt < 500) {
    event.preventDefault();
    sendScan(typed);
    typed = "";
    if (typedCode()) payKey("Delete");
    return;
  }
  if (event.key === "Enter" && event.target.tagName === "BUTTON" && event.target.id !== "pay") return;
  if (payKey(event.key)) event.preventDefault();
}
