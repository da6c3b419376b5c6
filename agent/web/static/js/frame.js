// The frame of a screen beside selling: its name, the way back, its content.

import { h, icon } from "./dom.js";
import { set } from "./model.js";
import { t } from "./texts.js";

export function frame(title, ...content) {
  const back = h("button.quiet", { id: "back-to-selling", onclick: leave }, icon("back"), t("Back to selling"));
  return h("section.frame", {}, h("header", {}, back, h("h1", {}, title)), h("div.frame-body", {}, content));
}

export function leave() {
  set({ view: "sell", viewSale: null, notice: null });
}

/** Return a place that fills itself when its data is there; words stand in until then. */
export function filled(load, render) {
  const place = h("div.filled", {}, h("p.empty", {}, t("One moment")));
  load().then((data) => {
    if (data !== null) place.replaceChildren(...[render(data)].flat());
  });
  return place;
}
