// A question in front of everything else. Escape and "Not now" answer null.

import { h, icon } from "./dom.js";
import { t } from "./texts.js";

/** Show a dialog; `fill(answer)` returns its content and calls `answer` once with the result. */
export function ask(title, fill, { wide = false } = {}) {
  return new Promise((resolve) => {
    const dialog = h("dialog", { class: wide ? "wide" : "" });
    const answer = (value) => {
      dialog.close();
      dialog.remove();
      resolve(value);
    };
    dialog.addEventListener("cancel", (event) => {
      event.preventDefault();
      answer(null);
    });
    // A browser may close a dialog without asking first (Escape or a tablet's back key before anything was touched).
    dialog.addEventListener("close", () => answer(null));
    dialog.append(
      h(
        "header",
        {},
        h("h2", {}, title),
        h("button.quiet.round", { "aria-label": t("Not now"), onclick: () => answer(null) }, icon("close")),
      ),
      fill(answer),
    );
    document.body.append(dialog);
    dialog.showModal();
    const first = dialog.querySelector("[autofocus]");
    if (first) first.focus();
  });
}

export function isAsking() {
  return document.querySelector("dialog[open]") !== null;
}

/** Let somebody choose one of several words; `other` adds a field for words of one's own. */
export function reasonPicker(reasons, onPick, { other = true } = {}) {
  const field = h("input", { type: "text", maxlength: "60", placeholder: t("Another reason") });
  const own = (event) => {
    event.preventDefault();
    if (field.value.trim()) onPick(field.value.trim());
  };
  return h(
    "div.reasons",
    {},
    reasons.map((reason) => h("button.choice", { type: "button", onclick: () => onPick(reason) }, reason)),
    other && h("form.row", { onsubmit: own }, field, h("button", { type: "submit" }, t("Take this"))),
  );
}

export function askReason(title, reasons) {
  return ask(title, (answer) => reasonPicker(reasons, answer));
}

export function confirmThat(title, detail, yes) {
  return ask(title, (answer) =>
    h(
      "div.stack",
      {},
      detail && h("p", {}, detail),
      h("button.primary.tall", { autofocus: true, onclick: () => answer(true) }, yes),
    ),
  );
}
