// The desk's faults: a switch for what is well or not, a choice for what can go wrong in several ways.

import { byId, h, icon } from "./dom.js";
import { mark, t } from "./texts.js";

const SHOP = {
  network: [mark("Network"), mark("to HQ and the wallets")],
  power: [mark("Box power"), mark("comes back by itself")],
  scanner: [mark("Scanner cable"), mark("pulled out when off")],
};
const PRINTER = {
  printer: [mark("Printer cable"), mark("pulled out when off")],
  printer_power: [mark("Printer power"), mark("off loses its buffer")],
  cover: [mark("Cover"), mark("open when off")],
  cutter: [mark("Cutter"), mark("off: jams at a cut")],
  flow: [mark("Takes bytes"), mark("off: XOFF for ever")],
};
const CHOICES = {
  paper: [mark("Paper"), { ok: mark("enough"), low: mark("nearly out"), out: mark("out") }],
  drawer: [mark("Drawer"), { none: mark("no sensor"), closed: mark("closed"), open: mark("open") }],
  answers: [mark("Printer's answers"), { clear: mark("true"), silence: mark("no answer"), garbage: mark("garbage"), late: mark("3 s late") }],
};
const WELL = { paper: ["ok"], drawer: ["none", "closed", "open"], answers: ["clear"] };

/** Build the switches. `send({switch, on|to})` tells the box and paints what came of it. */
export function faults(send) {
  const place = byId("faults");
  place.append(
    h("h2", {}, t("Let something go wrong")),
    byId("words"),
    section("shop", t("Shop"), switches(SHOP, send)),
    section("printer", t("Printer"), [...switches(PRINTER, send), h("div.many", {}, choices(CHOICES, send))]),
  );
}

function section(name, title, rows) {
  return h("section.faults", { id: `faults-${name}` }, h("h3", {}, title), rows);
}

function switches(described, send) {
  return Object.entries(described).map(([name, [title, detail]]) => {
    const turn = () => {
      const on = button.getAttribute("aria-checked") !== "true";
      button.setAttribute("aria-checked", String(on));
      send({ switch: name, on });
    };
    const button = h("button.switch", { id: `switch-${name}`, role: "switch", "aria-checked": "true", onclick: turn }, h("i"));
    return h("label.switch-row", { id: `row-${name}` }, h("span", {}, h("b", {}, t(title)), h("small", {}, t(detail))), button);
  });
}

function choices(described, send) {
  return Object.entries(described).map(([name, [title, values]]) => {
    const buttons = Object.entries(values).map(([to, text]) =>
      h("button.choice-of", { id: `choice-${name}-${to}`, role: "radio", "aria-checked": "false", onclick: () => send({ switch: name, to }) }, t(text)),
    );
    return h("div.choice-row", { id: `row-${name}`, role: "radiogroup", "aria-label": t(title) }, h("b", {}, t(title)), h("span.choices", {}, buttons));
  });
}

/** Show what the emulators say of themselves. */
export function paintFaults(state) {
  for (const [name, value] of Object.entries(state)) {
    const button = byId(`switch-${name}`);
    if (button && value !== null) button.setAttribute("aria-checked", String(Boolean(value)));
    for (const one of document.querySelectorAll(`[id^="choice-${name}-"]`)) {
      one.setAttribute("aria-checked", String(one.id === `choice-${name}-${value}`));
    }
  }
  for (const id of ["row-scanner", "row-drawer", "scanner"]) byId(id).hidden = !state.till;
}

const WRONG = {
  printer: mark("Cable pulled out"),
  printer_power: mark("Printer off"),
  cover: mark("Cover open"),
  cutter: mark("Cutter jams"),
  flow: mark("Takes no bytes"),
};

/** Return in words what is wrong with the printer that is looked at; none when it is well. */
export function wrongs(state) {
  const chosen = Object.entries(CHOICES)
    .filter(([name]) => !WELL[name].includes(state[name]))
    .map(([name, [title, values]]) => t("{what}: {how}", { what: t(title), how: t(values[state[name]]) }));
  const off = Object.entries(WRONG).filter(([name]) => state[name] === false);
  return [...chosen, ...off.map(([, text]) => t(text))];
}
