"""Where the counters stood, read from entries: a restored box goes on counting instead of giving a number twice.

Numbers of sales, drawer slips and refunds without a receipt carry the epoch and begin anew with it.
"""

import json
import re
from typing import Any

_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
_SHIFT = re.compile(r"(\d{4}-\d{2}-\d{2})-([A-Z0-9]{1,10})-(\d{1,9})")
_REPORT_SLIP = re.compile(r"(.+)-[A-Z](\d{1,9})-P0")
_REFUND = re.compile(r"R(\d{1,9})[A-Z2-7]{4}")


def count_up(counters: dict[str, int], kind: str, body: str) -> None:
    """Raise the counters that an entry used; what can't be read raises none."""
    if kind not in _RULES:
        return
    try:
        found = _RULES[kind](json.loads(body))
    except (ValueError, KeyError, TypeError, AttributeError):
        return
    for name, value in found.items():
        counters[name] = max(counters.get(name, 0), value)


def _sale_completed(body: Any) -> dict[str, int]:
    calling = body["calling"]
    if not calling:
        return {}
    return {f"calling {body['day']}": _LETTERS.index(calling[0]) * 999 + int(calling[1:])}


def _shift_opened(body: Any) -> dict[str, int]:
    found = _SHIFT.fullmatch(body["shift"])
    return {f"shift {found[1]} {found[2]}": int(found[3])} if found else {}


def _shift_closed(body: Any) -> dict[str, int]:
    return {f"z {body['till']}": int(body["z_number"])}


def _slip_queued(body: Any) -> dict[str, int]:
    found = _REPORT_SLIP.fullmatch(body["slip"])
    if found is None or body["purpose"] not in ("x", "z", "day", "bill"):
        return {}
    name = f"phone slip {found[1]}" if body["purpose"] == "bill" else f"slip {found[1]}"
    return {name: int(found[2])}


def _contradicted(body: Any) -> dict[str, int]:
    attempt, transaction = body["attempt"], body["transaction"]
    found = {f"contradicted {attempt} {body['code']} {transaction}": 1}
    if body["booked"]:
        found[f"booked {attempt} {transaction}"] = 1
    return found


def _refund_started(body: Any) -> dict[str, int]:
    sale, _, end = body["out_refund_no"].rpartition("_")
    found = _REFUND.fullmatch(end)
    return {f"refund {sale.replace('_', '-')}": int(found[1])} if found else {}


_RULES = {
    "sale.completed": _sale_completed,
    "shift.opened": _shift_opened,
    "shift.closed": _shift_closed,
    "slip.queued": _slip_queued,
    "attempt.contradicted": _contradicted,
    "refund.started": _refund_started,
}
