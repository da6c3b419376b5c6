// One plain sentence at a time: what happened (where the money is), the small line, what to do.

import { h, icon, region } from "./dom.js";
import { model, set } from "./model.js";
import { pick, t } from "./texts.js";

const TONE_OF = { refused: "warn", try_later: "warn", unknown_outcome: "warn", credentials: "warn", broken: "bad" };

export function say(tone, title, detail = "", { remedy = "", aloud = "", help = "", code = "", values = {}, acts = [] } = {}) {
  set({ notice: { tone, title, detail, remedy, aloud, help, code, values, acts } });
}

export function sayError(error) {
  say(TONE_OF[error.family] || "warn", pick(error.title), pick(error.detail), {
    remedy: pick(error.remedy),
    help: error.help,
    code: error.code,
    values: error.values,
  });
}

export function sayLineBroken() {
  say("warn", t("The line broke for a moment"), t("Look at the list: is the last thing in it? If not, do it again."));
}

export function renderNotice(place) {
  region(place, model.notice, () => model.notice && noticeCard(model.notice));
}

/** What can be done about it: another view, or something on this one; either way the notice is read. */
function actButton(act) {
  const done = () => {
    set({ notice: null, ...(act.view && { view: act.view }) });
    if (act.run) act.run();
  };
  return h("button.notice-act", { onclick: done }, act.words);
}

export function noticeCard(notice) {
  return h(
    "section.notice",
    { class: notice.tone },
    h(
      "div.notice-words",
      {},
      h("h2", {}, notice.title),
      notice.detail && h("p", {}, notice.detail),
      notice.remedy && h("p.remedy", {}, notice.remedy),
      notice.aloud && h("p.aloud", {}, h("span", {}, t("Say:")), notice.aloud),
      notice.acts.length > 0 && h("div.row.notice-acts", {}, notice.acts.map(actButton)),
    ),
    h(
      "div.notice-side",
      {},
      h("button.quiet.round", { "aria-label": t("Close"), onclick: () => set({ notice: null }) }, icon("close")),
      notice.help && h("small.help-code", {}, notice.help),
    ),
  );
}
