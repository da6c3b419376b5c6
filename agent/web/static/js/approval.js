// The second person: chooses his name, types his PIN.

import { during } from "./act.js";
import { get } from "./api.js";
import { ask } from "./dialog.js";
import { h } from "./dom.js";
import { keypad, withKeys } from "./keypad.js";
import { model } from "./model.js";
import { mark, pick, t } from "./texts.js";

const RANK = ["cashier", "shift_lead", "store_manager", "hq"];
const ACTS = {
  accept_difference: mark("accept the difference"),
  cancel_sale: mark("give up this sale"),
  change_price: mark("change a price"),
  close_day: mark("close the day"),
  close_other_shift: mark("close somebody else's shift"),
  comp: mark("on the house"),
  discount: mark("this discount"),
  drop_cash: mark("cash to the safe"),
  force_close_day: mark("close the day by force"),
  open_day: mark("open the day"),
  park_payment: mark("take other money first"),
  pay_in: mark("cash in"),
  pay_out: mark("cash out"),
  refund: mark("this refund"),
  refund_other_day: mark("a refund of another day"),
  refund_wallet_in_cash: mark("cash for a phone payment"),
  reprint_again: mark("another copy"),
  staff_meal: mark("a staff meal"),
  take_card_reference: mark("this card payment"),
  take_static_code: mark("this counter code payment"),
};

function actName(error) {
  const act = error.values && error.values.act;
  return act && ACTS[act] ? t(ACTS[act]) : t("this");
}

/** Ask for a second person; returns {staff, pin} or null. `error` is the box's refusal so far. */
export async function askApproval(error) {
  const people = await during(t("One moment"), () => get("/people"));
  if (!people || !model.session) return null;
  const needed = (error.values && error.values.needed) || "cashier";
  const able = people.filter(
    (one) => one.staff !== model.session.staff && RANK.indexOf(one.role) >= RANK.indexOf(needed),
  );
  const first = error.code === "approval.needed";
  const title = first ? t("A lead must agree: {act}", { act: actName(error) }) : pick(error.title);
  return ask(title, (answer) => form(able, first && able.length ? "" : pick(error.detail), answer), { wide: true });
}

let lastStaff = null;

function form(people, detail, answer) {
  if (!people.length) return h("p", {}, t("Nobody who may agree is known to this box."), " ", detail);
  let chosen = people.find((one) => one.staff === lastStaff) || people[0];
  const dots = h("output.pin", { "aria-label": t("PIN") });
  const done = () => {
    if (pad.text().length < 4) return;
    lastStaff = chosen.staff;
    answer({ staff: chosen.staff, pin: pad.text() });
  };
  const pad = keypad({
    kind: "pin",
    lengthMax: 8,
    onChange: (text) => (dots.textContent = "●".repeat(text.length)),
    onEnter: done,
  });
  const names = h("div.people", { role: "radiogroup" });
  const paint = () =>
    names.replaceChildren(
      ...people.map((one) =>
        h(
          "button.person",
          {
            type: "button",
            role: "radio",
            "aria-checked": String(one === chosen),
            onclick: () => {
              chosen = one;
              paint();
              element.focus();
            },
          },
          one.name,
        ),
      ),
    );
  paint();
  const side = h("div.stack", {}, detail && h("p.warn-text", {}, detail), names, dots);
  const agree = h("button.primary.tall", { onclick: done }, t("Agree"));
  const element = h("div.pin-form", { tabindex: "-1", autofocus: true }, side, h("div.stack", {}, pad.element, agree));
  return withKeys(element, pad);
}
