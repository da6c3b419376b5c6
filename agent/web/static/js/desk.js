// The demo's desk: the printer's paper, a scanner to type into, and switches for faults.

import { byId, h, icon } from "./dom.js";
import { printOn } from "./paper.js";
import { loadTexts, mark, nameOf, pick, t } from "./texts.js";

const EVERY_MS = 400;
const SWITCHES = {
  network: [mark("Network"), mark("to HQ and the wallets")],
  paper: [mark("Paper"), mark("in the printer")],
  printer: [mark("Printer cable"), mark("pulled out when off")],
  scanner: [mark("Scanner cable"), mark("pulled out when off")],
  power: [mark("Power"), mark("off kills the program at once; it comes back by itself")],
};
const WALLET = [
  ["01", mark("pays at once")],
  ["75", mark("types a password for 5 s")],
  ["81", mark("has too little money")],
  ["82", mark("pays, but the answer gets lost")],
  ["88", mark("takes 20 s")],
];
const COMMANDS = {
  SUBTOTAL: mark("Total"),
  CASH: mark("Exact cash"),
  HOLD: mark("Hold"),
  RECALL: mark("Recall"),
  CANCEL: mark("Give up"),
  REPRINT: mark("Print last again"),
  XREPORT: mark("X report"),
  NOSALE: mark("Open the drawer"),
  HELP: mark("Print the command card"),
};
const words = h("p.busy", { role: "status" });
const said = h("p.busy", { role: "status" });
let last = 0;

/** The box said no, in words. */
class Refusal extends Error {}

async function call(path, body) {
  const options = { cache: "no-store" };
  if (body) Object.assign(options, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
  const answer = await fetch(path, options);
  const data = await answer.json();
  if (data && data.error) throw new Refusal(pick(data.error.title));
  return data;
}

async function follow() {
  try {
    const lines = await call(`/desk/paper?after=${last}`);
    if (lines.length) last = lines[lines.length - 1].n;
    printOn(byId("paper"), lines);
    paintSwitches(await call("/desk/state"));
    words.textContent = "";
  } catch (error) {
    console.warn("desk", error);
    words.textContent = t("The box is coming back, one moment. Nothing is lost.");
  }
  setTimeout(follow, EVERY_MS);
}

function scan(text) {
  call("/desk/scan", { text }).catch(tell);
}

function tell(error) {
  console.warn("desk", error);
  said.textContent = error instanceof Refusal ? error.message : t("The code was not read. Please scan again.");
  setTimeout(() => (said.textContent = ""), 4000);
}

function scanner() {
  const field = h("input", { type: "text", id: "code", placeholder: t("Any code"), "aria-label": t("Any code"), autocomplete: "off" });
  const submit = (event) => {
    event.preventDefault();
    if (field.value.trim()) scan(field.value.trim());
    field.value = "";
  };
  return h("form.row", { onsubmit: submit }, field, h("button.primary", {}, icon("scan"), t("Scan")));
}

function walletCode(suffix) {
  const digits = [...crypto.getRandomValues(new Uint8Array(14))].map((byte) => byte % 10).join("");
  return `29${digits}${suffix}`;
}

function samples(found) {
  const item = (one) => sample(nameOf(one), () => one.code);
  return [
    group(t("Goods"), found.items.map(item)),
    group(t("A customer's phone"), WALLET.map(([suffix, text]) => sample(t(text), () => walletCode(suffix)))),
    group(t("Command card"), Object.entries(COMMANDS).map(([word, text]) => sample(t(text), () => `X1${word}`))),
    group(t("Receipt"), [h("button.chip", { id: "scan-receipt", onclick: scanReceipt }, t("the last one"))]),
  ];
}

async function scanReceipt() {
  const found = await call("/desk/samples");
  if (found.receipt) scan(found.receipt);
}

function sample(text, code) {
  return h("button.chip", { onclick: () => scan(code()) }, text);
}

function group(title, chips) {
  return h("section.group", {}, h("h3", {}, title), h("div.chips", {}, chips));
}

function people(known) {
  return known.map((one) => h("span.pin-note", {}, one.name, h("b", {}, one.pin)));
}

function paintSwitches(state) {
  if (state.people && !byId("people").children.length) {
    byId("people").append(h("h2", {}, t("Who may log in, and the PIN")), h("div.chips", {}, people(state.people)));
    byId("people").hidden = false;
  }
  for (const [name, on] of Object.entries(state)) {
    const button = byId(`switch-${name}`);
    if (button) button.setAttribute("aria-checked", String(Boolean(on)));
  }
}

function switches() {
  return Object.entries(SWITCHES).map(([name, [title, detail]]) => {
    const button = h("button.switch", { id: `switch-${name}`, role: "switch", "aria-checked": "true" }, h("i"));
    button.addEventListener("click", async () => {
      const on = button.getAttribute("aria-checked") !== "true";
      button.setAttribute("aria-checked", String(on));
      try {
        paintSwitches(await call("/desk/switch", { switch: name, on }));
      } catch (error) {
        if (name !== "power") tell(error);
      }
    });
    return h("label.switch-row", {}, h("span", {}, h("b", {}, t(title)), h("small", {}, t(detail))), button);
  });
}

async function start() {
  await loadTexts();
  byId("scanner").append(h("h2", {}, icon("scan"), t("Scanner")), scanner(), said, h("div", { id: "samples" }));
  byId("switches").append(h("h2", {}, t("Let something go wrong")), words, ...switches());
  byId("samples").append(...samples(await call("/desk/samples")));
  byId("paper-title").append(icon("print"), t("Paper"));
  follow();
}

start();
