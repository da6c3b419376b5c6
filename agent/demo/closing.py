"""Closes the demo's shop as its people would: each drawer counted, the shifts closed, then the business day.

Through the local API, so the slips are printed and every rule of the shop holds. The count is exact: nobody is short.
"""

from typing import Any

import requests

from agent.core.shift import DENOMINATIONS_FEN
from agent.demo.folder import TILLS
from agent.demo.opening import CASHIERS, MANAGER, Seat


def close_for_the_day(url: str) -> str | None:
    """Close shifts and day where they are open; returns the date of the last business day, None before any.

    Raises `requests.HTTPError` when the box refuses it, as with a basket that is not paid.
    """
    first = TILLS[0].till
    manager = Seat(url, MANAGER, first)
    day: dict[str, Any] | None = manager.state()["day"]
    manager.leave()
    if day is None or day["state"] != "open":
        return None if day is None else str(day["day"])
    for till in TILLS:
        _close_shift(url, till.till)
    manager = Seat(url, MANAGER, first)
    manager.post("/day/close", {})
    manager.leave()
    return str(day["day"])


def _close_shift(url: str, till: str) -> None:
    cashier = Seat(url, CASHIERS[till], till)
    if cashier.state()["shift"] is None:
        return
    try:
        cashier.post("/shift/close", {"denominations": {}})
    except requests.HTTPError as error:
        # Counts are blind: what the drawer holds is told by the first count's difference.
        told = error.response.json()["error"]
        if told["code"] != "count.differs":
            raise
        amount_fen = int(told["values"]["short_fen"]) - int(told["values"]["over_fen"])
        cashier.post("/shift/close", {"denominations": counted(amount_fen), "recounted": True})


def counted(amount_fen: int) -> dict[str, int]:
    """Return an amount as pieces by denomination in fen, the largest first."""
    pieces: dict[str, int] = {}
    for denomination in DENOMINATIONS_FEN:
        count, amount_fen = divmod(amount_fen, denomination)
        if count:
            pieces[str(denomination)] = count
    return pieces
