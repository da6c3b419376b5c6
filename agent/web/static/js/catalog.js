// Tiles by department, with search; the field takes keyboard scanners and typing.

import { addItem } from "./adding.js";
import { h, icon, region } from "./dom.js";
import { model, set } from "./model.js";
import { halfWidth, yuan } from "./money.js";
import { takeTyped } from "./scan.js";
import { nameOf, t } from "./texts.js";

let field = null;

export function matching() {
  const words = halfWidth(model.search).toLowerCase().split(/\s+/).filter(Boolean);
  if (!words.length) return model.catalog.filter((item) => !model.department || item.department === model.department);
  return model.catalog.filter((item) => {
    const text = halfWidth([item.sku, item.name, item.name_en, ...item.barcodes].join(" ")).toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

/** Make the field once: it keeps its focus and text whatever happens around it. */
export function scanField() {
  field = h("input", {
    type: "text",
    id: "scan-field",
    autocomplete: "off",
    spellcheck: "false",
    enterkeyhint: "done",
    placeholder: t("Scan, or type a number or a name"),
    "aria-label": t("Scan, or type a number or a name"),
    oninput: () => set({ search: field.value.trim() }),
  });
  const submit = (event) => {
    event.preventDefault();
    takeField();
  };
  return h("form.scan", { onsubmit: submit }, icon("scan"), field);
}

export function takeField() {
  const text = halfWidth(field.value);
  const found = matching();
  field.value = "";
  set({ search: "" });
  if (text) takeTyped(text, found);
}

export function focusField() {
  if (field && field.offsetParent !== null) field.focus();
}

/** Let go of the keyboard at once: a browser takes it from a hidden field only with its next frame, and keys are faster. */
export function leaveField() {
  if (field) field.blur();
}

export function fieldText() {
  return field ? field.value : "";
}

export function clearField() {
  if (!field) return;
  field.value = "";
  set({ search: "" });
}

export function renderTiles(place) {
  const shown = [model.search, model.department, model.catalog.length];
  region(place, shown, () => [departments(), tiles(matching())]);
}

function departments() {
  const names = [...new Set(model.catalog.map((item) => item.department))].filter(Boolean);
  const chip = (name, label) =>
    h(
      "button.chip",
      {
        "aria-pressed": String(model.department === name && !model.search),
        onclick: () => {
          clearField();
          set({ department: name });
        },
      },
      label,
    );
  return h("nav.departments", { "aria-label": t("Departments") }, chip(null, t("All")), names.map((name) => chip(name, name)));
}

function tiles(items) {
  if (!items.length) return h("p.empty", {}, t("Nothing by that name. Press Enter to look it up as a code."));
  return h("div.tiles", {}, items.map(tile));
}

function tile(item) {
  const price = item.price_fen === null ? t("Ask price") : yuan(item.price_fen);
  return h(
    "button.tile",
    { onclick: () => addItem(item) },
    h("span.tile-name", {}, nameOf(item)),
    h("span.tile-price", {}, price, item.unit === "g" && h("small", {}, ` /kg`)),
  );
}
