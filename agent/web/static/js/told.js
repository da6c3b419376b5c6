// What this tab has told of, by till: a sale that was completed, a payment that ended. A reload tells nothing again.

import { model } from "./model.js";

const KEPT = "storebox.told";
const NUMBERS_MAX = 50;
const NEWS_FOR_MS = 10 * 60_000;

function read() {
  return JSON.parse(sessionStorage.getItem(KEPT) || "{}");
}

/** Remember a number; tells whether it is `known`, `new`, or the `first` that this tab sees of its kind. */
export function remember(what, number) {
  const all = read();
  const key = `${model.session.till} ${what}`;
  const known = all[key];
  if (known && known.includes(number)) return "known";
  all[key] = [...(known || []), number].slice(-NUMBERS_MAX);
  sessionStorage.setItem(KEPT, JSON.stringify(all));
  return known ? "new" : "first";
}

/** Tell whether a state brings news of an end: of a number not seen before, and not older than some minutes. What was
    over before this tab looked for the first time is no news. */
export function isNews(what, number, atMs) {
  return remember(what, number) === "new" && number !== null && model.state.now_ms - atMs < NEWS_FOR_MS;
}
