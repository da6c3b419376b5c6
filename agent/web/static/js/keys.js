// The keyboard: typing goes to the field, numbers to the cash keypad, Enter onward, Escape back.

import { askTotal, backToRinging, oneLess, oneMore, removeLine } from "./basket.js";
import { clearField, fieldText, focusField, takeField } from "./catalog.js";
import { isAsking } from "./dialog.js";
import { leave } from "./frame.js";
import { basket, model, set } from "./model.js";
import { say } from "./notice.js";
import { payKey } from "./pay.js";
import { isPaying, sendScan } from "./scan.js";
import { t } from "./texts.js";

const CODE_LENGTH_MIN = 10; // nobody counts cash with as many keys
const CODE_GAP_MS = 300;
const CODE_AGE_MS = 500;
const AMOUNT_AGE_MS = 10_000;
let typed = ""; // in one go
let sinceEnter = ""; // letters and digits, also slowly
let typedAt = 0;

export function listenToKeys() {
  addEventListener("keydown", pressOnce, true);
  addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isAsking() || !model.state) return;
    const screen = document.body.dataset.screen;
    if (screen === "sell") onSell(event);
    else if (event.key === "Escape" && screen !== "login" && screen !== "opening") leave();
  });
}

/** A key that is held down, by a book or a tired finger, confirms once: not the next question too, and no money. */
function pressOnce(event) {
  if (!event.repeat || event.key !== "Enter") return;
  event.preventDefault();
  event.stopPropagation();
}

let early = [];

/** Keys that come while the total is being asked for belong to its screen, which is not there yet. */
export function giveEarlyKeys() {
  if (model.totalling || !early.length) return;
  const events = early;
  early = [];
  if (isPaying() && events[0].key !== "Enter") events.forEach(onPay);
}

function onSell(event) {
  if (model.totalling) {
    event.preventDefault();
    early.push(event);
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

const isCode = (text) => text.length >= CODE_LENGTH_MIN || /[A-Za-z]/.test(text);

/**
 * While paying: a long quick number, or letters, with Enter is a code of a keyboard scanner; digits of an amount are cash.
 * What counts is when a key was pressed, not when a busy page got round to it. A code that came in pieces is neither: its
 * digits must never become cash that nobody gave.
 */
function onPay(event) {
  const now = event.timeStamp;
  if (/^[0-9A-Za-z]$/.test(event.key)) {
    typed = now - typedAt < CODE_GAP_MS ? typed + event.key : event.key;
    sinceEnter = now - typedAt < AMOUNT_AGE_MS ? sinceEnter + event.key : event.key;
    typedAt = now;
  } else if (event.key === "Enter" && isCode(sinceEnter)) {
    event.preventDefault();
    payKey("Delete");
    if (isCode(typed) && now - typedAt < CODE_AGE_MS) sendScan(typed);
    else say("warn", t("The code was not read whole"), t("Nothing was charged. Please scan it again."));
    typed = sinceEnter = "";
    return;
  } else if (["Enter", "Backspace", "Delete", "Escape"].includes(event.key)) typed = sinceEnter = "";
  if (event.key === "Escape") {
    backToRinging();
    return;
  }
  if (event.key === "Enter" && event.target.tagName === "BUTTON" && event.target.id !== "pay") return;
  if (payKey(event.key)) event.preventDefault();
}
