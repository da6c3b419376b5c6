// What the page knows. Whoever shows something of it listens; changes of one moment are told once.

export const model = {
  session: null,
  state: null,
  catalog: [],
  view: "sell",
  viewSale: null,
  selected: null,
  department: null,
  search: "",
  tab: "goods",
  notice: null,
  done: null,
  connected: true,
  busy: null,
};

const listeners = [];
let waiting = false;

export function listen(listener) {
  listeners.push(listener);
}

export function set(patch) {
  Object.assign(model, patch);
  if (waiting) return;
  waiting = true;
  queueMicrotask(() => {
    waiting = false;
    for (const listener of listeners) listener();
  });
}

export function basket() {
  return model.state ? model.state.basket : null;
}

export function may(act) {
  return model.state ? model.state.acts[act] || "no" : "no";
}

export function isOffline() {
  const hq = model.state && model.state.lamps.hq;
  return Boolean(hq && hq.state !== "ok" && hq.state !== "absent");
}
