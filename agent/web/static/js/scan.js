// Codes: from the till's scanner (by the live stream), from a keyboard scanner and by hand (by the field).

import { refresh, showBasket, during } from "./act.js";
import { post } from "./api.js";
import { checkAge, addItem } from "./adding.js";
import { askReading } from "./choose.js";
import { finish } from "./done.js";
import { openLookup, showLookup } from "./lookup.js";
import { basket, model, set } from "./model.js";
import { say, sayError } from "./notice.js";
import { proofTaken } from "./proof.js";
import { t } from "./texts.js";
import { inTurn } from "./turn.js";

let own = 0;

/** The answer to a scan that this page sent comes back to it directly; the stream's copy is then not news. */
export function isOwnScan() {
  return own > 0;
}

export async function sendScan(text) {
  own += 1;
  try {
    const answer = await inTurn(() => during(t("Reading the code"), () => post("/scan", { text })));
    if (answer) scanAnswer(answer);
  } finally {
    setTimeout(() => (own -= 1), 400);
  }
}

const OPENS = { close_shift: "close-shift", open_shift: "sell" };

export function scanAnswer(answer) {
  if (answer.action === "refused") return refusedScan(answer);
  if (answer.action === "line" || answer.action === "total") showBasket(answer.basket);
  else if (answer.action === "ask_price" || answer.action === "ask_quantity") addItem(itemOf(answer));
  else if (answer.action === "paid" && answer.completed) finish(answer.completed);
  else if (answer.action === "ask") chooseReading(answer);
  else if (answer.action === "lookup") lookedUp(answer);
  else if (answer.action === "proof") proofTaken(answer);
  else if (answer.action === "open") openPage(answer.page);
  else if (answer.action === "drilling") say("good", t("The drill goes on; its slip says what to do"));
  else if (answer.action === "drill_skipped") say("good", t("This step of the drill is left out"));
  else if (answer.action === "examining") say("good", t("Looking at the box; its slip comes out by itself"));
  else if (answer.action === "reprint") say("good", t("A copy is printing"));
  else if (answer.action === "drawer") say("good", t("The drawer is open"));
  else refresh();
  return undefined;
}

async function chooseReading(question) {
  const answer = await askReading(question);
  if (answer) scanAnswer(answer);
}

function lookedUp(answer) {
  if (answer.lookup) return showLookup(answer.lookup);
  return set({ view: "sales", viewSale: answer.sale, notice: null });
}

function openPage(page) {
  if (page === "lookup") openLookup();
  else set({ view: OPENS[page] || "sell", notice: null });
}

function itemOf(answer) {
  return model.catalog.find((item) => item.sku === answer.sku) || { ...answer, price_fen: null, unit: "pc", flags: [] };
}

function refusedScan(answer) {
  if (answer.code === "item.age_check") return checkAge(() => sendScan(lastText(answer)));
  if (answer.code === "staff.nobody_logged_in" && !model.session) return undefined;
  sayError(answer.error);
  return undefined;
}

function lastText(answer) {
  const item = model.catalog.find((one) => one.name === (answer.values || {}).name);
  return item ? item.sku : "";
}

/** Take what was typed: an item's number or code, the only tile left by the search, else any code. */
export function takeTyped(text, matching) {
  const exact = model.catalog.find((item) => item.sku === text || item.barcodes.includes(text));
  if (exact) return addItem(exact);
  const looksLikeCode = /^[\x21-\x7e]{6,}$/.test(text);
  if (!looksLikeCode && matching.length === 1) return addItem(matching[0]);
  return sendScan(text);
}

export function isPaying() {
  const present = basket();
  return Boolean(present && present.state === "paying");
}
