// The live stream: what other hands, the scanner and the platforms do at this till.

import { refresh, showBasket } from "./act.js";
import { takeAnswer } from "./lookup.js";
import { listen, model, set } from "./model.js";
import { isOwnScan, scanAnswer } from "./scan.js";
import { sayError } from "./notice.js";

/** What no event tells (entries that HQ has taken meanwhile) is looked at now and then. */
const LOOK_EVERY_MS = 10_000;
let source = null;

export function startLive() {
  stopLive();
  source = new EventSource("/api/v1/live");
  lost = false;
  source.onopen = () => {
    lost = false;
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

const look = () => source && !document.hidden && refresh();
setInterval(look, LOOK_EVERY_MS);
document.addEventListener("visibilitychange", look); // a page that slept shows what was, until it has looked

/** A stream may hang on a line that is gone for good, and look open: after an outage it is opened anew. */
let lost = false;
listen(() => {
  if (!model.connected) lost = true;
  else if (lost && source) startLive();
});
addEventListener("pagehide", stopLive);
addEventListener("pageshow", (event) => event.persisted && model.session && startLive());
