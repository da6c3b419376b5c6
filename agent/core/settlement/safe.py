"""Cash between till and bank: what an entry moves into the store's safe, and how long it has been there."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class SafeBalance:
    """What should lie in a safe; `since` is the day from which the oldest of it is, None when nothing waits."""

    amount_fen: int
    since: date | None


def cash_to_safe_fen(kind: str, body: Mapping[str, object]) -> int:
    """Return what an entry brings into the safe: drops and counted drawers in, floats out (negative); else 0.

    A float that stays in its drawer over night is counted in with the one shift and out with the next.
    """
    if kind == "shift.closed":
        return _fen(body, "counted_fen")
    if kind == "shift.opened":
        return -_fen(body, "float_fen")
    if kind == "drawer.moved" and body.get("movement") == "drop":
        return _fen(body, "amount_fen")
    return 0


def safe_balance(moved: Iterable[tuple[date, int]], deposited_fen: int) -> SafeBalance:
    """Return what waits in the safe: all that was moved into it by day, less what slips took out, oldest first."""
    by_day: dict[date, int] = {}
    for day, amount_fen in moved:
        by_day[day] = by_day.get(day, 0) + amount_fen
    left_fen, since = -deposited_fen, None
    for day in sorted(by_day):
        left_fen += by_day[day]
        if left_fen <= 0:
            since = None
        elif since is None:
            since = day
    return SafeBalance(left_fen, since)


def _fen(body: Mapping[str, object], name: str) -> int:
    value = body.get(name)
    return value if type(value) is int else 0
