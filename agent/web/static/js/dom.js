// Building elements. Text always goes in as text, never as markup.

/** Make an element: h("button.primary", {onclick}, "Pay"). Children that are null or false are left out. */
export function h(spec, props = {}, ...children) {
  const [tag, ...classes] = spec.split(".");
  const element = document.createElement(tag || "div");
  if (classes.length) element.className = classes.join(" ");
  for (const [name, value] of Object.entries(props)) put(element, name, value);
  element.append(...kids(children));
  return element;
}

function put(element, name, value) {
  if (value === undefined || value === null || value === false) return;
  if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
  else if (name === "class") element.className = `${element.className} ${value}`.trim();
  else if (name === "value" || name === "disabled" || name === "checked") element[name] = value;
  else element.setAttribute(name, value === true ? "" : value);
}

function kids(children) {
  return children.flat(3).filter((child) => child !== null && child !== undefined && child !== false);
}

const keys = new WeakMap();

/** Fill a place anew, but only when what it shows has changed: a touch in progress keeps its button. */
export function region(place, shown, render) {
  const key = JSON.stringify(shown);
  if (keys.get(place) === key) return;
  keys.set(place, key);
  place.replaceChildren(...kids([render()]));
}

/** Put the drawings into the page once: an icon drawn while the box restarts needs no file. */
export async function loadIcons() {
  const answer = await fetch("/static/icons/sprite.svg");
  const drawn = new DOMParser().parseFromString(await answer.text(), "image/svg+xml").documentElement;
  drawn.setAttribute("hidden", "");
  document.body.prepend(document.importNode(drawn, true));
}

/** Return an icon of the drawings. */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#icon-${name}`);
  svg.append(use);
  return svg;
}

export function byId(id) {
  return document.getElementById(id);
}
