// The demo's desk: the printers' paper, a scanner to show codes to, and switches for faults.

import { byId, h, region } from "./dom.js";
import { faults, paintFaults, wrongs } from "./faults.js";
import { yuan } from "./money.js";
import { morning, paintMorning } from "./morning.js";
import { Paper } from "./papers.js";
import { ofPage, paintOrder, paintReader, scanner } from "./scanner.js";
import { isChinese, loadTexts, nameOf, pick, switchLanguage, t } from "./texts.js";
import { inTurn } from "./turn.js";

const EVERY_MS = 300;
const SAID_MS = 5000;
const ORDER_EVERY_MS = 1000;
const papers = new Map();
let place = "";
let fading = 0;
let lookAgain = 0;
let presses = 0; // of switches, and how many of them the box has answered
let answered = 0;

/** The box said no, in words. */
class Refusal extends Error {}

async function call(path, body) {
  const options = { cache: "no-store" };
  if (body) Object.assign(options, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
  const answer = await fetch(path, options);
  const data = await answer.json();
  if (data && data.error) throw new Refusal(`${pick(data.error.title)} ${pick(data.error.remedy)}`);
  return data;
}

async function follow() {
  const asked = place;
  try {
    const [since, settled] = [presses, presses === answered];
    const state = await call(`/desk/state?place=${encodeURIComponent(asked)}`);
    if (asked === place && settled && since === presses) paint(state); // an older state would turn a switch back
    if (state.till && performance.now() > lookAgain) await followOrder(state.till);
    byId("words").textContent = "";
  } catch (error) {
    console.warn("desk", error);
    byId("words").textContent = t("The box is coming back, one moment. Nothing is lost.");
  }
  setTimeout(follow, EVERY_MS);
}

/** Show the address in the code that a till shows for the customer's own phone, as its display does. */
async function followOrder(till) {
  lookAgain = performance.now() + ORDER_EVERY_MS;
  const shown = await call(`/api/v1/display/${encodeURIComponent(till)}`);
  if (shown.payment && shown.payment.phase === "waiting_phone") paintOrder(shown.payment.qr);
}

function paint(state) {
  place = state.place;
  for (const one of state.places) {
    if (!papers.has(one.place)) papers.set(one.place, new Paper(one.place, showSlip));
    papers.get(one.place).place.classList.toggle("alone", !one.till);
    papers.get(one.place).show(state.papers[one.place] || []);
  }
  const here = papers.get(place);
  if (byId("paper").firstElementChild !== here.place) {
    byId("paper").replaceChildren(here.place);
    here.toEnd();
    requestAnimationFrame(() => here.toEnd()); // pictures have their height only now
  }
  const unseen = Object.fromEntries([...papers].map(([name, paper]) => [name, paper.unseen]));
  region(byId("places"), [state.places, place, unseen], () => state.places.map((one) => tab(one, unseen[one.place])));
  region(byId("slot"), [wrongs(state), unseen[place]], () => slot(wrongs(state), here));
  paintFaults(state);
  paintMorning(state);
  paintReader(state.reads);
  region(byId("people"), [state.people, state.headquarters], () => people(state));
}

function tab(one, unseen) {
  const chosen = one.place === place;
  const count = unseen && !chosen ? h("span.count", { "aria-label": t("{n} new slips", { n: unseen }) }, String(unseen)) : null;
  const title = t("{name}, {width} mm", { name: nameOf(one), width: one.width_mm });
  return h("button.place", { id: `place-${one.place}`, role: "tab", "aria-selected": String(chosen), onclick: () => goTo(one.place) }, title, count);
}

async function goTo(name) {
  place = name;
  paint(await call(`/desk/state?place=${encodeURIComponent(name)}`));
}

/** The printer's slot says what is wrong with it, and that paper came while one read further up. */
function slot(found, here) {
  const more = here.unseen ? h("button.link", { onclick: () => here.toEnd() }, t("{n} new slips", { n: here.unseen })) : null;
  const lamp = found.length ? h("b.wrong", {}, found.join(" · ")) : h("span", {}, t("Ready"));
  return [h("i.lamp", { class: found.length ? "bad" : "good" }), lamp, more];
}

/** A scanner reads one code after another. */
function underScanner(path, body, said) {
  const shown = { ...body, place };
  inTurn(() => call(path, shown)).then((seen) => say(said(seen)), tell);
}

function scan(text) {
  underScanner("/desk/scan", { text }, () => t("Scanned: {text}", { text }));
}

function show(picture) {
  underScanner("/desk/show", { picture }, (seen) => t("Scanned: {text}", { text: seen.text }));
}

function phone(customer, platform) {
  underScanner("/desk/phone", { customer, platform }, () => t("A fresh payment code was scanned"));
}

function proof(address) {
  underScanner("/desk/proof", { address }, () => t("The proof on the phone was scanned"));
}

function plant(what) {
  return call("/desk/plant", { what }).catch(tell);
}

function nextMorning() {
  call("/desk/morning", {}).catch(tell);
}

function showSlip(image) {
  ofPage(image).then(show, tell);
}

function send(body) {
  const press = (presses += 1);
  const sent = call("/desk/switch", { ...body, place }).then(
    (state) => press === presses && paint(state),
    (error) => {
      if (body.switch !== "power") tell(error);
    },
  );
  sent.finally(() => (answered += 1));
}

function say(text, bad = false) {
  const said = byId("said");
  said.textContent = text;
  said.classList.toggle("bad", bad);
  clearTimeout(fading);
  fading = setTimeout(() => (said.textContent = ""), SAID_MS);
}

function tell(error) {
  console.warn("desk", error);
  say(error instanceof Refusal ? error.message : t("The code was not read. Please scan again."), true);
}

function people(state) {
  const tills = [h("h2", {}, t("Who may log in, and the PIN")), h("div.chips", {}, state.people.map(person))];
  if (!state.headquarters) return tills;
  const link = h("a", { id: "headquarters", href: state.headquarters, target: "_blank", rel: "noopener" }, t("Headquarters' pages"));
  const chips = state.office.map((one) => h("span.pin-note", {}, one.name, h("b", {}, one.password)));
  return [...tills, h("h2", {}, link), h("div.chips", {}, chips)];
}

function person(one) {
  return h("span.pin-note", {}, one.name, h("b", {}, one.pin));
}

async function start() {
  await loadTexts();
  byId("language").append(isChinese() ? "English" : "中文");
  byId("language").lang = isChinese() ? "en" : "zh-CN";
  byId("language").addEventListener("click", switchLanguage);
  faults(send);
  morning({ plant, begin: nextMorning, yuan });
  await scanner({ scan, show, samples: () => call("/desk/samples"), phone, proof });
  follow();
}

start();
