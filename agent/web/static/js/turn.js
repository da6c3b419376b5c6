// What is pressed, typed or scanned takes effect in its order: each step waits for the end of the one before.

let last = Promise.resolve();

/** Run a step after those before it have ended, so that it sees what they left: keys come faster than answers. */
export function inTurn(step) {
  const turn = last.then(step);
  last = turn.catch(() => null);
  return turn;
}
