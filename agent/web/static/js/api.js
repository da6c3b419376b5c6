// The one way to the box. Requests that move money carry a key, and are sent again with it after a broken line.

import { set, model } from "./model.js";

const RETRY_FOR_MS = 120_000;
const READ_WITHIN_MS = 10_000;
const CHANGE_WITHIN_MS = 30_000;
const INTENT_FOR_MS = 600_000;
const INTENTS = "storebox.intents";
let csrf = "";

/** What the box answered instead of doing it. */
export class ApiError extends Error {
  constructor(status, error) {
    super(error.code);
    this.status = status;
    this.code = error.code;
    this.error = error;
  }
}

/** The line to the box is broken, and what was asked must not be sent twice. */
export class LineBroken extends Error {}

export function useSession(session) {
  csrf = (session && session.csrf) || "";
}

export function get(path) {
  return request("GET", path, undefined, { again: true });
}

/** Ask once: what is looked at again and again anyway is not asked for over and over when the line is broken. */
export function glance(path) {
  return request("GET", path, undefined, {});
}

export function post(path, body = {}) {
  return request("POST", path, body, {});
}

export function remove(path) {
  return request("DELETE", path, undefined, {});
}

/** Send what moves money. The same wish keeps its key until the box gave a definite answer, even over a reload; but not for
    longer than somebody tries again: pressed much later it is meant anew, and the old answer would be the wrong one. */
export async function money(path, body, wish = body) {
  const intent = `${path} ${JSON.stringify(wish)}`;
  const key = keyOf(intent);
  const forget = () => forgetKey(intent);
  try {
    const answer = await request("POST", path, body, { key, again: true });
    forget();
    return answer;
  } catch (error) {
    if (error instanceof ApiError && error.status < 500) forget();
    throw error;
  }
}

function intents() {
  const kept = Object.entries(JSON.parse(sessionStorage.getItem(INTENTS) || "{}"));
  return Object.fromEntries(kept.filter(([, one]) => Math.abs(Date.now() - one.at_ms) < INTENT_FOR_MS));
}

function keyOf(intent) {
  const known = intents();
  if (!known[intent]) {
    const random = crypto.getRandomValues(new Uint8Array(16));
    const key = [...random].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    known[intent] = { key, at_ms: Date.now() };
    sessionStorage.setItem(INTENTS, JSON.stringify(known));
  }
  return known[intent].key;
}

function forgetKey(intent) {
  const known = intents();
  delete known[intent];
  sessionStorage.setItem(INTENTS, JSON.stringify(known));
}

async function request(method, path, body, { key, again }) {
  const until = performance.now() + RETRY_FOR_MS;
  for (let wait = 150; ; wait = Math.min(wait * 2, 2000)) {
    try {
      const answer = await send(method, path, body, key);
      if (!model.connected) set({ connected: true });
      return answer;
    } catch (error) {
      if (error instanceof ApiError) {
        if (error.code === "request.csrf" && (await renewSession())) continue;
        throw error;
      }
      set({ connected: false });
      if (!again || performance.now() > until) throw new LineBroken(path);
    }
    await new Promise((resolve) => setTimeout(resolve, wait));
  }
}

async function send(method, path, body, key) {
  const headers = { Accept: "application/json" };
  if (method !== "GET") headers["X-Storebox-CSRF"] = csrf;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (key) headers["Idempotency-Key"] = key;
  const answer = await fetch(`/api/v1${path}`, {
    method,
    headers,
    body: body === undefined ? undefined : JSON.stringify(body),
    credentials: "same-origin",
    cache: "no-store",
    // A network that swallows everything breaks no line: without an end of its own the wait would be for minutes.
    signal: AbortSignal.timeout?.(method === "GET" ? READ_WITHIN_MS : CHANGE_WITHIN_MS),
  });
  const data = await answer.json();
  if (data && data.error && data.error.family) throw new ApiError(answer.status, data.error);
  return data;
}

let renewedAt = -Infinity;

async function renewSession() {
  if (performance.now() - renewedAt < 5000) return false;
  renewedAt = performance.now();
  useSession(await send("GET", "/session"));
  return true;
}
