// The cashier's page: starts everything, and decides which screen is seen.

import { refresh } from "./act.js";
import { renderAlerts } from "./alerts.js";
import { ApiError, get, useSession } from "./api.js";
import { renderBar } from "./bar.js";
import { basketPlaces, renderBasket } from "./basket.js";
import { leaveField, renderTiles, scanField } from "./catalog.js";
import { closeShiftScreen } from "./closing.js";
import { closeDayScreen } from "./dayend.js";
import { watchSale } from "./done.js";
import { byId, h, region } from "./dom.js";
import { watchEnds } from "./ends.js";
import { giveEarlyKeys, listenToKeys } from "./keys.js";
import { startLive, stopLive } from "./live.js";
import { loginScreen } from "./login.js";
import { lookupScreen, lookupShown } from "./lookup.js";
import { basket, listen, model, set } from "./model.js";
import { renderNotice } from "./notice.js";
import { openingScreen } from "./opening.js";
import { renderPay } from "./pay.js";
import { pendingScreen } from "./pending.js";
import { salesScreen } from "./sales.js";
import { loadTexts, t } from "./texts.js";
import { watchAttempt } from "./wallet.js";
import { xScreen } from "./xreport.js";

const SCREENS = { sales: salesScreen, pending: pendingScreen, lookup: lookupScreen, x: xScreen, "close-shift": closeShiftScreen, "close-day": closeDayScreen };
let sell = null;
let lastState = null;

function render() {
  renderBar(byId("bar"));
  const main = byId("main");
  const screen = screenNow();
  document.body.dataset.screen = screen;
  if (screen === "login") {
    region(byId("alerts"), null, () => null);
    region(byId("notice"), null, () => null);
    region(main, ["login"], () => null);
    return;
  }
  renderAlerts(byId("alerts"));
  if (screen === "sell") region(byId("notice"), null, () => null);
  else renderNotice(byId("notice"));
  if (screen === "sell") renderSell(main);
  else if (screen === "opening") region(main, ["opening", model.state.day], openingScreen);
  else region(main, [screen, screen === "lookup" ? lookupShown() : model.viewSale], SCREENS[screen]);
}

function screenNow() {
  if (!model.session || !model.state) return "login";
  const working = model.state.shift && model.state.day;
  if (model.view !== "sell" && (working || model.view === "close-day" || model.view === "close-shift")) return model.view;
  return working ? "sell" : "opening";
}

function renderSell(main) {
  region(main, ["sell"], () => {
    sell = {
      basket: basketPlaces(),
      goods: h("div.goods"),
      pay: h("div.pay-place"),
      scan: scanField(),
    };
    const bought = h("section.basket", { "aria-label": t("What the customer buys") }, Object.values(sell.basket));
    return [bought, h("section.work", {}, h("div.goods-place", {}, sell.scan, sell.goods), sell.pay), tabs()];
  });
  const present = basket();
  const paying = Boolean(present && present.state === "paying");
  const mode = paying ? "pay" : "ring";
  if (paying && main.dataset.mode !== mode) leaveField();
  main.dataset.mode = mode;
  main.dataset.tab = model.tab;
  renderBasket(sell.basket);
  renderTiles(sell.goods);
  if (paying) renderPay(sell.pay, present);
  else region(sell.pay, null, () => null);
  giveEarlyKeys();
}

function tabs() {
  const tab = (name, words) => h("button.tab", { "data-tab": name, onclick: () => set({ tab: name }) }, words);
  return h("nav.tabs", {}, tab("goods", t("Goods")), tab("basket", t("Basket")));
}

async function enter() {
  set({ catalog: await get("/catalog") });
  await refresh();
  startLive();
}

async function start() {
  await loadTexts();
  listen(render);
  listen(onState);
  listenToKeys();
  try {
    const session = await get("/session");
    useSession(session);
    set({ session });
    await enter();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    set({ session: null });
    await loginScreen(byId("main"), enter);
  }
}

let hadSession = false;

function onState() {
  if (model.state !== lastState) {
    lastState = model.state;
    if (lastState) {
      watchAttempt();
      watchEnds();
      watchSale();
    }
  }
  if (hadSession && !model.session) {
    stopLive();
    loginScreen(byId("main"), enter);
  }
  hadSession = Boolean(model.session);
}

start();
