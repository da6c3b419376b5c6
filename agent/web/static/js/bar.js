// The top line: where, who, how the parts are, what has not been sent.

import { h, icon, region } from "./dom.js";
import { openMenu } from "./menu.js";
import { model, tenderName } from "./model.js";
import { yuan } from "./money.js";
import { isChinese, mark, switchLanguage, t } from "./texts.js";

const NAMES = { printer: mark("Printer"), scanner: mark("Scanner"), hq: mark("HQ"), platform: mark("Wallets"), display: mark("Display"), scale: mark("Scale") };
const STATES = { ok: mark("works"), ready: mark("works"), degraded: mark("needs care"), down: mark("down"), lost: mark("down"), absent: mark("none") };

export function renderBar(place) {
  const state = model.state;
  const shown = [model.session, state && [state.lamps, state.unsent, state.store, state.shift], model.connected, model.busy];
  region(place, shown, () => [where(state), busyWords(), state && lamps(state), who()]);
}

function where(state) {
  const store = state ? `${state.store.name} ${state.store.branch}` : "";
  const till = model.session ? t("Till {till}", { till: model.session.till }) : "";
  return h("div.where", {}, icon("box"), h("b", {}, store), h("span", {}, till));
}

function busyWords() {
  if (!model.connected) return h("p.busy.broken", { role: "status" }, t("The box is coming back, one moment. Nothing is lost."));
  return h("p.busy", { role: "status" }, model.busy && `${model.busy}…`);
}

function lamps(state) {
  const known = ["printer", "scanner", "platform", "hq"].filter((name) => state.lamps[name]);
  const others = Object.keys(state.lamps).filter((name) => !known.includes(name));
  const unsent = state.unsent.entries;
  return h(
    "div.lamps",
    {},
    [...known, ...others].map((name) => lamp(name, state.lamps[name])),
    unsent > 0 && h("span.unsent", { title: t("Not yet at HQ") }, t("{entries} unsent", { entries: unsent }), state.unsent.amount_fen > 0 && h("b", {}, yuan(state.unsent.amount_fen))),
  );
}

function lamp(name, one) {
  const label = NAMES[name] ? t(NAMES[name]) : tenderName(name);
  const words = t(STATES[one.state] || "needs care");
  return h("span.lamp", { class: one.state, title: `${label}: ${words}`, role: "img", "aria-label": `${label}: ${words}` }, h("i"), h("span", {}, label));
}

function who() {
  const language = h("button.quiet", { onclick: switchLanguage, lang: isChinese() ? "en" : "zh-CN" }, isChinese() ? "EN" : "中文");
  if (!model.session) return h("div.who", {}, language);
  const menu = h("button.quiet", { id: "menu", onclick: openMenu, "aria-haspopup": "dialog" }, icon("menu"), t("More"));
  return h("div.who", {}, h("span", {}, model.session.name), language, menu);
}
