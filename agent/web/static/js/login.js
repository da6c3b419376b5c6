// Who works here: a tile a person, a PIN, a till.

import { during } from "./act.js";
import { get, post, useSession } from "./api.js";
import { h } from "./dom.js";
import { keypad, withKeys } from "./keypad.js";
import { model, set } from "./model.js";
import { noticeCard } from "./notice.js";
import { t } from "./texts.js";

const TILL = "storebox.till";
let staff = null;

export async function loginScreen(place, onDone) {
  const people = await during(t("One moment"), () => get("/people"));
  if (!people || model.session) return;
  const tills = place.dataset.tills.split(" ");
  const asked = new URLSearchParams(location.search).get("till") || localStorage.getItem(TILL);
  let till = tills.includes(asked) ? asked : tills[0];
  if (!people.some((one) => one.staff === staff)) staff = people.length ? people[0].staff : null;

  const dots = h("output.pin", { "aria-label": t("PIN") });
  const names = h("div.people", { role: "radiogroup", "aria-label": t("Who are you?") });
  const counters = h("div.tills", { role: "radiogroup", "aria-label": t("Which till?") });
  const refusal = h("div", { "aria-live": "assertive" });
  const pad = keypad({
    kind: "pin",
    lengthMax: 8,
    onChange: (text) => (dots.textContent = "●".repeat(text.length)),
    onEnter: () => enter(),
  });

  async function enter() {
    if (pad.text().length < 4 || !staff) return;
    const pin = pad.text();
    pad.clear();
    const session = await during(t("Logging in"), () => post("/session", { staff, pin, till }));
    if (!session) {
      refusal.replaceChildren(model.notice ? noticeCard(model.notice) : "");
      return;
    }
    localStorage.setItem(TILL, till);
    useSession(session);
    set({ session, notice: null });
    onDone();
  }

  function paint() {
    names.replaceChildren(
      ...people.map((one) => choice("person", one.name, one.staff === staff, () => (staff = one.staff))),
    );
    counters.replaceChildren(
      ...(tills.length > 1 ? tills.map((one) => choice("till", t("Till {till}", { till: one }), one === till, () => (till = one))) : []),
    );
  }

  function choice(kind, words, chosen, choose) {
    const pressed = () => {
      choose();
      paint();
      screen.focus();
    };
    return h(`button.${kind}`, { type: "button", role: "radio", "aria-checked": String(chosen), onclick: pressed }, words);
  }

  paint();
  const form = h(
    "div.pin-form",
    {},
    h("div.stack", {}, h("h1", {}, t("Who are you?")), names, counters),
    h("div.stack", {}, dots, pad.element, h("button.primary.tall", { id: "log-in", onclick: enter }, t("Log in")), refusal),
  );
  const screen = withKeys(h("div.login", { tabindex: "-1" }, form), pad);
  place.replaceChildren(screen);
  screen.focus();
}
