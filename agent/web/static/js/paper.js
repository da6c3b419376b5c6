// Paper as the emulated printer logged it: lines, codes, cuts, and the drawer's pulse.

import { h } from "./dom.js";
import { t } from "./texts.js";

const SLIPS_MAX = 12;

/** Put new lines on the paper; a cut ends a slip, and the newest slip stands on top. */
export function printOn(place, lines) {
  for (const line of lines) {
    let slip = place.firstElementChild;
    if (!slip || slip.dataset.cut) {
      slip = h("article.slip");
      place.prepend(slip);
    }
    if (line.kind === "cut") slip.dataset.cut = "yes";
    slip.append(mark(line));
  }
  while (place.children.length > SLIPS_MAX) place.lastElementChild.remove();
}

function mark(line) {
  if (line.kind === "line") return textLine(line);
  if (line.kind === "qr") return qr(line);
  if (line.kind === "image") return image(line);
  if (line.kind === "cut") return h("div.cut", { role: "separator", "aria-label": t("Cut") });
  if (line.kind === "pulse") return h("p.pulse", {}, t("Drawer opens"), " ", line.text || "");
  return h("p.remark", {}, line.kind === "barcode" ? `▌▍${line.data}▍▌` : line.text || "");
}

function textLine(line) {
  const look = [line.wide > 1 ? "wide" : "", line.tall > 1 ? "tall" : "", line.bold ? "bold" : "", line.align || ""];
  const big = line.wide > 1 || line.align === "center";
  return h("pre", { class: look.filter(Boolean).join(" ") }, (big ? line.text.trim() : line.text) || " ");
}

function qr(line) {
  const query = new URLSearchParams({ text: line.data, level: line.level || "M" });
  return h("img.qr", { src: `/desk/qr.svg?${query}`, alt: line.data, title: line.data });
}

function image(line) {
  const canvas = h("canvas.raster", { width: line.width, height: line.height });
  const bytes = Uint8Array.from(atob(line.data), (character) => character.charCodeAt(0));
  const stride = Math.ceil(line.width / 8);
  const context = canvas.getContext("2d");
  for (let y = 0; y < line.height; y += 1) {
    for (let x = 0; x < line.width; x += 1) {
      if (bytes[y * stride + (x >> 3)] & (0x80 >> (x & 7))) context.fillRect(x, y, 1, 1);
    }
  }
  return canvas;
}
