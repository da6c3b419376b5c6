// The live stream: what other hands, the scanner and the platforms do at this till.

import { refresh, showBasket } from "./act.js";
import { takeAnswer } from "./lookup.js";
import { model, set } from "./model.js";
import { isOwnScan, scanAnswer } from "./scan.js";
import { sayError } from "./notice.js";

/** What no event tells (entries that HQ has taken meanwhile) is looked at now and then. */
const LOOK_EVERY_MS = 10_000;
let source = null;

export function startLive() {
  stopLive();
  source = new EventSource("/api/v1/live");
  source.onopen = () => {
    set({ connected: true });
    refresh();
  };
  source.onerror = () => {
    set({ connected: false });
    if (source && source.readyState === EventSource.CLOSED) {
      stopLive();
      setTimeout(() => model.session && startLive(), 1500);
      refresh();
    }
  };
  source.onmessage = (message) => take(JSON.parse(message.data));
}

export function stopLive() {
  if (source) source.close();
  source = null;
}

function take(event) {
  if (event.kind === "scan") {
    if (!isOwnScan()) scanAnswer(event);
  } else if (event.kind === "notice") {
    if (event.error) sayError(event.error);
  } else if (event.kind === "lookup") {
    takeAnswer(event);
  } else {
    refresh();
  }
  if (event.kind === "scan" && event.basket && !isOwnScan()) showBasket(event.basket);
}

setInterval(() => source && !document.hidden && refresh(), LOOK_EVERY_MS);
addEventListener("pagehide", stopLive);
addEventListener("pageshow", (event) => event.persisted && model.session && startLive());
