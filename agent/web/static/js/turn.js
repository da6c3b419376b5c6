// What was scanned or typed reaches the box in its order: a call waits for the answer to the one before it.

let last = Promise.resolve();

/** Run a call when those before it are through, however they ended. Returns what it returns. */
export function inTurn(call) {
  const turn = last.then(call);
  last = turn.catch(() => null);
  return turn;
}
