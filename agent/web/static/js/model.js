// What the page knows. Whoever shows something of it listens; changes of one moment are told once.

import { nameOf } from "./texts.js";

export const model = {
  session: null,
  state: null,
  catalog: [],
  view: "sell",
  viewSale: null,
  lookup: null,
  selected: null,
  department: null,
  search: "",
  tab: "goods",
  notice: null,
  done: null,
  connected: true,
  busy: null,
  totalling: false,
};

const listeners = [];
let waiting = false;

export function listen(listener) {
  listeners.push(listener);
}

export function set(patch) {
  Object.assign(model, patch);
  if (waiting) return;
  waiting = true;
  queueMicrotask(() => {
    waiting = false;
    for (const listener of listeners) listener();
  });
}

export function basket() {
  return model.state ? model.state.basket : null;
}

/** Return the catalogue's item of a line, or the line itself: its name in both languages. */
export function itemOf(line) {
  return model.catalog.find((item) => item.sku === line.sku && item.name === line.name) || line;
}

export function isOffline() {
  const hq = model.state && model.state.lamps.hq;
  return Boolean(hq && hq.state !== "ok" && hq.state !== "absent");
}

/** Return what the shop calls a way of paying, in the page's language. */
export function tenderName(kind) {
  const tender = model.state && model.state.tenders.find((one) => one.kind === kind);
  return tender ? nameOf(tender) : kind;
}

/** Tell whether a platform answers, as far as the box knows. */
export function isPlatformUp(platform) {
  const lamp = model.state && model.state.lamps[platform];
  return !lamp || lamp.state === "ok";
}

/** Return the names of what can pay while a platform is down: the wallets that answer, and cash. */
export function othersThan(platform) {
  const able = model.state.tenders.filter((tender) => tender.proof === "count" || (tender.platform && tender.platform !== platform && isPlatformUp(tender.platform)));
  able.sort((one, other) => (one.proof === "count") - (other.proof === "count"));
  return able.map(nameOf);
}
