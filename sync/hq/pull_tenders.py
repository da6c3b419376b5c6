"""Rows of the pull, one a tender or refund tender.

The amounts of all rows add up to sales minus refunds: what cash rounding takes off is a row of its own, and tenders
that don't add up to their sale are named in the manifest.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from agent.core.moment import platform_day
from sync.hq import tables
from sync.hq.pull import LedgerEntry, Made, Row

SALE, REFUND = "sale.completed", "sale.refunded"
ROUNDING = "rounding"
ORDERS_A_QUERY = 500


@dataclass(frozen=True, slots=True)
class PlatformOrder:
    """What became of an order at its platform."""

    platform: str | None
    transaction: str | None
    platform_at_ms: int | None


class TenderRows:
    """A `RowMaker` of tenders."""

    kinds: Sequence[str] = (SALE, REFUND)

    def __init__(self) -> None:
        self._orders: Mapping[str, PlatformOrder] = {}

    def page(self, connection: Connection, store: str, page: Sequence[LedgerEntry]) -> None:
        """Look up the platform orders that the tenders of a page name."""
        self._orders = _orders(connection, store, page)

    def made(self, entry: LedgerEntry, state: str) -> Made:
        """Return a row for each tender, and one for the rounding."""
        tenders, total_fen = _tenders(entry.body), entry.body.get("total_fen")
        if tenders is None or not isinstance(total_fen, int):
            return Made((), None)
        sale = entry.kind == SALE
        rows = [self._row(entry, state, number, line) for number, line in enumerate(_lines(entry, tenders), 1)]
        paid_fen = sum(line["amount_fen"] for line in _lines(entry, tenders))  # type: ignore[misc]
        difference_fen = (total_fen - paid_fen) * (1 if sale else -1)
        return Made(rows, difference_fen, total_fen if sale else None, None if sale else total_fen)

    def _row(self, entry: LedgerEntry, state: str, number: int, line: Mapping[str, object]) -> Row:
        attempt = _text(line, "attempt")
        order = self._orders.get(attempt) if attempt else None
        amount_fen = line["amount_fen"]
        sign = 1 if entry.kind == SALE else -1
        return {
            "store": entry.store,
            "epoch": entry.epoch,
            "seq": entry.seq,
            "line": number,
            "day": entry.day,
            "platform_day": _platform_day(entry, attempt, order),
            "at": entry.at,
            "till": _text(entry.body, "till"),
            "kind": "sale" if entry.kind == SALE else "refund",
            "sale": _text(entry.body, "sale"),
            "tender": _text(line, "kind") or "",
            "platform": order.platform if order is not None else None,
            "out_trade_no": attempt,
            "transaction": order.transaction if order is not None else None,
            "amount_fen": sign * amount_fen if isinstance(amount_fen, int) else 0,
            "state": state,
        }


def _orders(connection: Connection, store: str, page: Sequence[LedgerEntry]) -> Mapping[str, PlatformOrder]:
    numbers = {tender["attempt"] for entry in page for tender in _tenders(entry.body) or () if _text(tender, "attempt")}
    found: dict[str, PlatformOrder] = {}
    known = tables.platform_order
    ordered = sorted(str(number) for number in numbers)
    for begin in range(0, len(ordered), ORDERS_A_QUERY):
        some = known.c.attempt.in_(ordered[begin : begin + ORDERS_A_QUERY])
        for row in connection.execute(select(known).where((known.c.store == store) & some)):
            found[row.attempt] = PlatformOrder(row.platform, row.transaction, row.platform_at_ms)
    return found


def _tenders(body: Mapping[str, object]) -> list[Mapping[str, object]] | None:
    """Return the tenders of a body, or None when they can't be read."""
    tenders = body.get("tenders")
    if not isinstance(tenders, list) or not all(isinstance(tender, dict) for tender in tenders):
        return None
    if not all(type(tender.get("amount_fen")) is int for tender in tenders):
        return None
    return tenders


def _lines(entry: LedgerEntry, tenders: Sequence[Mapping[str, object]]) -> list[Mapping[str, object]]:
    rounding_fen = entry.body.get("rounding_fen")
    if type(rounding_fen) is int and rounding_fen:
        return [*tenders, {"kind": ROUNDING, "amount_fen": rounding_fen}]
    return [*tenders]


def _platform_day(entry: LedgerEntry, attempt: str | None, order: PlatformOrder | None) -> str | None:
    """Return the platform's date: of the payment by its own time; of a refund by when the box gave it."""
    if attempt is None:
        return None
    if entry.kind == SALE and order is not None and order.platform_at_ms is not None:
        return platform_day(order.platform_at_ms).isoformat()
    return platform_day(entry.at_ms).isoformat()


def _text(fields: Mapping[str, object], name: str) -> str | None:
    value = fields.get(name)
    return value if isinstance(value, str) else None
