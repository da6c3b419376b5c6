// Money is whole fen; only here it becomes yuan, and back.

export function yuan(fen) {
  const sign = fen < 0 ? "-" : "";
  const whole = Math.abs(fen);
  const left = String(Math.floor(whole / 100)).replace(/\B(?=(\d{3})+$)/g, ",");
  return `${sign}${left}.${String(whole % 100).padStart(2, "0")}`;
}

/** Return what was typed with the digits and points of a Chinese keyboard as plain ones. */
export function halfWidth(text) {
  return text.normalize("NFKC").replace(/\u3002/g, ".").trim();
}

/** Return fen of what a person typed ("36", "36.5"), or null. */
export function fenOf(text) {
  const found = /^(\d{1,8})(?:\.(\d{0,2}))?$/.exec(halfWidth(text));
  if (!found) return null;
  return Number(found[1]) * 100 + Number((found[2] || "").padEnd(2, "0"));
}

export function amountOf(quantity, unit) {
  return unit === "g" ? `${(quantity / 1000).toFixed(3)} kg` : String(quantity);
}

export function clock(ms) {
  const at = new Date(ms);
  return `${String(at.getHours()).padStart(2, "0")}:${String(at.getMinutes()).padStart(2, "0")}`;
}
