// Doing something: words when it takes a moment, the second person's PIN when it is needed, one sentence when refused.

import { ApiError, LineBroken, get, money, post, remove, useSession } from "./api.js";
import { askApproval } from "./approval.js";
import { model, set } from "./model.js";
import { sayError, sayLineBroken } from "./notice.js";
import { t } from "./texts.js";

const WORDS_AFTER_MS = 200;
let busyCount = 0;

/** Run a call; its words show when it takes longer than a blink. Returns what it returned, or null when refused. */
export async function during(words, call) {
  busyCount += 1;
  const timer = setTimeout(() => set({ busy: words }), WORDS_AFTER_MS);
  try {
    return await call();
  } catch (error) {
    return refused(error);
  } finally {
    clearTimeout(timer);
    busyCount -= 1;
    if (busyCount === 0) set({ busy: null });
  }
}

function refused(error) {
  if (error instanceof LineBroken) {
    sayLineBroken();
    refresh();
    return null;
  }
  if (!(error instanceof ApiError)) throw error;
  if (error.code === "session.missing") {
    useSession(null);
    set({ session: null, state: null, view: "sell", done: null, selected: null });
  }
  sayError(error.error);
  return null;
}

/** Send a change; when a second person is needed, ask for the PIN and send it again, with the same key. `of` is what the
    money is of: the same sum for another sale is another wish. */
export async function change(words, path, body = {}, { keyed = false, of = null } = {}) {
  let full = body;
  for (;;) {
    const outcome = await during(words, () => sendOnce(path, full, of ? { ...body, of } : body, keyed));
    if (!outcome) return null;
    if (!outcome.needs) return outcome.answer;
    const approval = await askApproval(outcome.needs);
    if (!approval) return null;
    full = { ...body, approval };
  }
}

async function sendOnce(path, full, wish, keyed) {
  try {
    return { answer: keyed ? await money(path, full, wish) : await post(path, full) };
  } catch (error) {
    if (error instanceof ApiError && asksForApproval(error, full)) return { needs: error.error };
    throw error;
  }
}

function asksForApproval(error, body) {
  if (error.code === "approval.needed") return true;
  return Boolean(body.approval) && /^(approval|staff)\./.test(error.code) && error.code !== "approval.impossible";
}

/** Change the basket, and show the answer at once. */
export async function changeBasket(words, path, body) {
  const basket = await change(words, path, body);
  if (basket) showBasket(basket);
  return basket;
}

export async function removeFromBasket(words, path) {
  const basket = await during(words, () => remove(path));
  if (basket) showBasket(basket);
  return basket;
}

let shown = 0;

/** Show what an answer said of the till, and whatever else of the model changes with it. */
export function showState(changed, others = {}) {
  shown += 1;
  set({ state: { ...model.state, ...changed }, ...others });
}

export function showBasket(basket) {
  const kept = basket.sale ? basket : null;
  showState({ basket: kept }, { done: kept ? null : model.done, notice: null });
}

let fetching = false;
let again = false;

/** Fetch the till's state; wishes that come meanwhile become one more fetch, and so does a basket shown meanwhile:
    what was read before it may be older, and what is pressed next would act on it. */
export async function refresh() {
  if (!model.session) return;
  if (fetching) {
    again = true;
    return;
  }
  fetching = true;
  const before = shown;
  try {
    const state = await get("/state");
    if (shown === before) set({ state, connected: true });
    else again = true;
  } catch (error) {
    refused(error);
  } finally {
    fetching = false;
    if (again) {
      again = false;
      refresh();
    }
  }
}

export function logOut() {
  return during(t("Logging out"), async () => {
    await remove("/session");
    useSession(null);
    set({ session: null, state: null, view: "sell", done: null, notice: null });
  });
}
