// The desk's scanner: codes typed, pasted, dropped or chosen as a picture, and samples at a touch.

import { byId, h, icon } from "./dom.js";
import { mark, nameOf, t } from "./texts.js";

const PICTURE_BYTES = 180000;
const SIDES = [1600, 1100, 800, 600];
const KINDS = ["image/png", "image/jpeg"];
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
  DOCTOR: mark("Check the box"),
};

/** Build the scanner. `scan(text)` and `show(base64)` send to the box; `samples()` asks for what may be scanned. */
export function scanner({ scan, show, samples, phone, proof }) {
  const place = byId("scanner");
  place.append(h("h2", {}, icon("scan"), t("Scanner")), typed(scan), pictures(show), byId("said"), ownPhone(proof), h("div", { id: "samples" }));
  takeDrops(place, show);
  takePastes(show);
  return samples().then((found) => byId("samples").append(...groups(found, scan, samples, phone)));
}

/** The customer's own phone, while the till shows a code for it: open the code there, then hold the proof up. */
function ownPhone(proof) {
  const open = h("a.chip", { id: "open-order", target: "_blank", rel: "noopener" }, t("Scan the till's code with it"));
  const hold = h("button.chip", { id: "show-proof", onclick: () => proof(open.href) }, t("Show its proof to the scanner"));
  return h("section.group", { id: "own-phone-group", hidden: true }, h("h3", {}, t("The customer's own phone")), h("div.chips", {}, open, hold));
}

/** Say what code for customers' own phones the till shows; the last one stays, for its proof is shown later. */
export function paintOrder(address) {
  if (!address) return;
  byId("own-phone-group").hidden = false;
  if (byId("open-order").href !== address) byId("open-order").href = address;
}

/** Say whether pictures can be read here; where they can't, one sentence stands in the button's place. */
export function paintReader(reads) {
  byId("choose").hidden = byId("picture-hint").hidden = !reads;
  byId("no-reader").hidden = reads;
}

function typed(scan) {
  const field = h("input", { type: "text", id: "code", placeholder: t("Any code"), "aria-label": t("Any code"), autocomplete: "off" });
  const submit = (event) => {
    event.preventDefault();
    if (field.value.trim()) scan(field.value.trim());
    field.value = "";
    field.focus();
  };
  return h("form.row", { onsubmit: submit }, field, h("button.primary", {}, icon("scan"), t("Scan")));
}

function pictures(show) {
  const file = h("input", { type: "file", id: "picture", accept: KINDS.join(), tabindex: "-1", "aria-label": t("A picture of a code") });
  file.addEventListener("change", () => {
    if (file.files.length) showFile(file.files[0], show);
    file.value = "";
  });
  const choose = h("button", { id: "choose", type: "button", onclick: () => file.click() }, icon("search"), t("A picture of a code"));
  const hint = h("small", { id: "picture-hint" }, t("Or drop one here, or paste it."));
  const none = h("p.busy", { id: "no-reader", hidden: true }, t("Pictures of codes cannot be read here: pip install 'storebox[desk]'."));
  return h("div.row.show", {}, file, choose, hint, none);
}

function takeDrops(place, show) {
  for (const kind of ["dragenter", "dragover"]) {
    place.addEventListener(kind, (event) => {
      event.preventDefault();
      place.classList.add("aimed");
    });
  }
  place.addEventListener("dragleave", (event) => {
    if (!place.contains(event.relatedTarget)) place.classList.remove("aimed");
  });
  place.addEventListener("drop", (event) => {
    event.preventDefault();
    place.classList.remove("aimed");
    const [file] = event.dataTransfer.files;
    if (file) showFile(file, show);
  });
}

/** A pasted picture is shown to the scanner wherever the cursor is; pasted text waits in the field for a second look. */
function takePastes(show) {
  document.addEventListener("paste", (event) => {
    const [file] = event.clipboardData.files;
    const field = byId("code");
    if (file) {
      event.preventDefault();
      showFile(file, show);
    } else if (event.target !== field) {
      event.preventDefault();
      field.value = event.clipboardData.getData("text").trim();
      field.focus();
    }
  });
}

async function showFile(file, show) {
  show(await small(file));
}

/** Return a picture as Base64, made smaller where it has to be: a telephone's photograph is more than a scanner sees. */
async function small(blob) {
  let sent = blob;
  for (const side of SIDES) {
    if (KINDS.includes(sent.type) && sent.size <= PICTURE_BYTES) break;
    sent = await shrunk(blob, side);
  }
  return base64(sent);
}

async function shrunk(blob, side) {
  const whole = await createImageBitmap(blob);
  const factor = Math.min(1, side / Math.max(whole.width, whole.height));
  return drawn(whole, whole.width * factor, whole.height * factor, "image/jpeg");
}

/** Return an image of the page as Base64, for the scanner. */
export async function ofPage(image) {
  return base64(await drawn(image, image.naturalWidth, image.naturalHeight, "image/png"));
}

function drawn(source, width, height, type) {
  const canvas = h("canvas", { width: Math.round(width), height: Math.round(height) });
  const context = canvas.getContext("2d");
  context.fillStyle = "#fff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(source, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve) => canvas.toBlob(resolve, type, 0.8));
}

async function base64(blob) {
  const bytes = new Uint8Array(await blob.arrayBuffer());
  let text = "";
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return btoa(text);
}

function walletCode(suffix) {
  const digits = [...crypto.getRandomValues(new Uint8Array(14))].map((byte) => byte % 10).join("");
  return `29${digits}${suffix}`;
}

function groups(found, scan, samples, phone) {
  const sample = (text, code) => h("button.chip", { onclick: () => scan(code()) }, text);
  const last = async () => {
    const now = await samples();
    if (now.receipt) scan(now.receipt);
  };
  return [
    group(t("Goods"), found.items.map((one) => sample(nameOf(one), () => one.code))),
    group(t("A customer's phone"), phones(found.phones, phone)),
    group(t("A stranger's phone"), WALLET.map(([suffix, text]) => sample(t(text), () => walletCode(suffix)))),
    group(t("Command card"), Object.entries(COMMANDS).map(([word, text]) => sample(t(text), () => `X1${word}`))),
    group(t("Receipt"), [h("button.chip", { id: "scan-receipt", onclick: last }, t("the last one"))]),
  ];
}

function phones(people, phone) {
  const names = { wechat: t("WeChat Pay"), alipay: t("Alipay") };
  const chip = (one, platform) =>
    h("button.chip", { onclick: () => phone(one.customer, platform) }, `${nameOf(one)} · ${names[platform]}`);
  const telephone = (one) =>
    h("a.chip.telephone", { href: one.page, target: "_blank", rel: "noopener", title: t("Open this telephone: passwords are typed there") }, icon("phone"), nameOf(one));
  return people.flatMap((one) => [...Object.keys(names).map((platform) => chip(one, platform)), telephone(one)]);
}

function group(title, chips) {
  return h("section.group", {}, h("h3", {}, title), h("div.chips", {}, chips));
}
