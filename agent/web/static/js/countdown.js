// Seconds that are left for a payment: counted on a clock that nobody sets, never negative, never more than a moment ago.

const KEPT_MAX = 20;
const ends = new Map();

/** Return the whole seconds left of what the box said to have `secondsLeft`; the same number never gets more again. */
export function counted(number, secondsLeft, now = performance.now()) {
  const said = now + Math.max(0, secondsLeft) * 1000;
  const end = Math.min(ends.get(number) ?? Infinity, said);
  ends.delete(number);
  ends.set(number, end);
  if (ends.size > KEPT_MAX) ends.delete(ends.keys().next().value);
  return left(number, now);
}

/** Return the whole seconds left of a number that was counted before, 0 of any other. */
export function left(number, now = performance.now()) {
  return Math.max(0, Math.ceil(((ends.get(number) ?? now) - now) / 1000));
}
