// The weight of an article: from the till's scale while it stands still, or typed. The box reads the scale itself.

import { glance } from "./api.js";
import { ask } from "./dialog.js";
import { h } from "./dom.js";
import { keypad, withKeys } from "./keypad.js";
import { amountOf } from "./money.js";
import { askNumber } from "./numbers.js";
import { nameOf, pick, t } from "./texts.js";

const LOOK_EVERY_MS = 250;
const SAME = "scale.same_weighing";

/** Ask for a weight: `{quantity}` in grams, `{from_scale, again}` for what lies on the scale, or null. */
export async function askWeight(item) {
  const title = t("How many grams? {name}", { name: nameOf(item) });
  const first = await look();
  if (first && first.scale) return ask(title, (answer) => fromScale(first, answer));
  const quantity = await askNumber(title, { kind: "whole", unit: "g" });
  return quantity ? { quantity } : null;
}

async function look() {
  try {
    return await glance("/scale");
  } catch (error) {
    console.warn("scale", error);
    return null;
  }
}

function wordsOf(now) {
  if (!now.code) return t("The weight is stable");
  return now.title ? `${pick(now.title)} ${pick(now.detail)}` : "";
}

function fromScale(first, answer) {
  let now = first;
  const weight = h("output.typed", { id: "scale-weight", "aria-live": "polite" });
  const why = h("p", { role: "status" });
  const take = h("button.primary.tall", { id: "take-weight", onclick: () => taken() });
  const typed = h("output.typed");
  const ready = () => now.scale && (!now.code || now.code === SAME);
  const taken = () => ready() && end({ from_scale: true, again: now.code === SAME });
  const done = (text) => (Number(text) > 0 ? end({ quantity: Number(text) }) : taken());
  const typedAs = (text) => {
    typed.replaceChildren(text || "0", h("small", {}, "g"));
    if (text) typing.open = true;
  };
  const pad = keypad({ kind: "whole", onChange: typedAs, onEnter: done });
  const paint = () => {
    weight.replaceChildren(now.weight_g === null ? "—" : amountOf(now.weight_g, "g"));
    why.replaceChildren(wordsOf(now));
    take.replaceChildren(now.code === SAME ? t("Sell this weighing once more") : t("Take the weight"));
    take.disabled = !ready();
  };
  // One look after the other: on a slow line the older answer would come last, and a broken one would pile them up.
  const lookAgain = async () => {
    if (!weight.isConnected) return;
    now = (await look()) || { ...now, weight_g: null, code: "scale.silent", title: null };
    paint();
    setTimeout(lookAgain, LOOK_EVERY_MS);
  };
  setTimeout(lookAgain, LOOK_EVERY_MS);
  const end = answer;
  paint();
  pad.clear();
  const typing = h("details", {}, h("summary", {}, t("Type the weight")), typed, pad.element, h("button.tall", { onclick: () => done(pad.text()) }, t("Take this")));
  return withKeys(h("div.stack", { tabindex: "-1", autofocus: true }, weight, why, take, typing), pad);
}
