// Texts in the page's language: gettext's domain `web`, fetched once.

import { loadIcons } from "./dom.js";

const KEPT = "storebox.language";
let messages = {};
let present = "zh-CN";

export function language() {
  return present;
}

export function isChinese() {
  return present.startsWith("zh");
}

/** Fetch texts and drawings; asks again for as long as the box is not there. */
export async function loadTexts() {
  present = kept() || document.documentElement.lang || "zh-CN";
  document.documentElement.lang = present;
  for (;;) {
    try {
      const answer = await fetch(`/texts/${present}.json`);
      if (answer.ok) {
        messages = await answer.json();
        await loadIcons();
        return;
      }
    } catch (error) {
      console.warn("texts", error);
    }
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

function kept() {
  const value = localStorage.getItem(KEPT);
  return value === "en" || value === "zh-CN" ? value : null;
}

/** Change the language; everything that counts is on the box, so the page simply starts again. */
export function switchLanguage() {
  localStorage.setItem(KEPT, isChinese() ? "en" : "zh-CN");
  location.reload();
}

/** Return a text with its values in place: t("Change {amount}", {amount: "3.00"}). */
export function t(msgid, values = {}) {
  const text = messages[msgid] || msgid;
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

/** Return the sentence of an error in the page's language: {zh, en}. */
export function pick(pair) {
  if (!pair) return "";
  return isChinese() ? typeset(pair.zh || "") : pair.en || pair.zh || "";
}

const FULL = { ",": "\uff0c", ":": "\uff1a", ";": "\uff1b", "?": "\uff1f", "!": "\uff01", "(": "\uff08", ")": "\uff09" };

/** Set punctuation beside Chinese characters in full width: sentences that also go on paper carry it narrow. */
function typeset(text) {
  return text.replace(/(?<=[\u3400-\u9fff)])[,:;?!()]|[,:;?!()](?=[\u3400-\u9fff])/g, (mark) => FULL[mark]);
}

/** Return names as one text: all of them, or with `choice` one or the other. */
export function listed(names, choice = false) {
  const between = isChinese() ? "\u3001" : ", ";
  if (!choice || names.length < 2) return names.join(between);
  return `${names.slice(0, -1).join(between)}${isChinese() ? "\u6216\u8005" : " or "}${names[names.length - 1]}`;
}

/** Mark a text for translation where it is only kept; `t` translates it later. */
export const mark = (msgid) => msgid;

export function nameOf(thing) {
  return (!isChinese() && thing.name_en) || thing.name;
}
