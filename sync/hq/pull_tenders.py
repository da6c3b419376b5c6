"""Rows of the pull, one a tender or refund tender.

The amounts of all rows add up to sales minus refunds: what cash rounding takes off is a row of its own, and tenders
that don't add up to their sale are named in the manifest.
"""

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection

from sync.hq.pull import UNREADABLE, LedgerEntry, Made, Row, Told
from sync.hq.pull_dates import SettlementDays, platform_day
from sync.hq.pull_orders import PlatformOrder, platform_orders

SALE, REFUND = "sale.completed", "sale.refunded"
ROUNDING = "rounding"
_UNKNOWN = PlatformOrder(None, None, None, None)
_Line = Mapping[str, object]


class TenderRows:
    """A `RowMaker` of tenders."""

    kinds: Sequence[str] = (SALE, REFUND)

    def __init__(self) -> None:
        self._settled: SettlementDays | None = None
        self._orders: Mapping[str, PlatformOrder] = {}

    def begin(self, connection: Connection, store: str) -> None:
        """Look up when the bank paid the store's money."""
        self._settled = SettlementDays(connection, store) or None

    def page(self, connection: Connection, store: str, page: Sequence[LedgerEntry]) -> None:
        """Look up the platform orders that the tenders of a page name."""
        numbers = [
            attempt for entry in page for line in _tenders(entry.body) or () if (attempt := _text(line, "attempt"))
        ]
        self._orders = platform_orders(connection, store, numbers)

    def made(self, entry: LedgerEntry, told: Told) -> Made:
        """Return a row for each tender, and one for the rounding."""
        body = entry.body
        lines, total_fen = _tenders(body), body.get("total_fen")
        if lines is None or not isinstance(total_fen, int):
            return UNREADABLE
        rounding_fen = body.get("rounding_fen")
        if type(rounding_fen) is int and rounding_fen:
            lines = [*lines, {"kind": ROUNDING, "amount_fen": rounding_fen}]
        sale = entry.kind == SALE
        sign = 1 if sale else -1
        paid_fen: int = sum(line["amount_fen"] for line in lines) * sign  # type: ignore[misc]
        rows = [self._row(entry, told, number, line, sign) for number, line in enumerate(lines, 1)]
        difference_fen = total_fen * sign - paid_fen
        return Made(rows, paid_fen, difference_fen, total_fen if sale else None, None if sale else total_fen)

    def _row(self, entry: LedgerEntry, told: Told, number: int, line: _Line, sign: int) -> Row:
        body, day = entry.body, told.day
        attempt, order, at_platform, settled = _text(line, "attempt"), _UNKNOWN, None, None
        if attempt is not None:
            order = self._orders.get(attempt, _UNKNOWN)
            at_platform = _platform_day(entry, order)
            if self._settled is not None:
                settled = self._settled.of(entry.day, at_platform, order.platform, order.merchant)
        return (
            entry.store,
            entry.epoch,
            entry.seq,
            number,
            entry.day,
            at_platform,
            told.at,
            _text(body, "till"),
            "sale" if sign > 0 else "refund",
            _text(body, "sale"),
            _text(line, "kind") or "",
            order.platform,
            attempt,
            order.transaction,
            sign * line["amount_fen"],  # type: ignore[operator]
            day.state,
            settled or None,
            told.posting_period,
            day.day_state,
        )


def _tenders(body: Mapping[str, object]) -> Sequence[_Line] | None:
    """Return the tenders of a body, or None when they can't be read."""
    tenders = body.get("tenders")
    if not isinstance(tenders, list):
        return None
    for tender in tenders:
        if not isinstance(tender, dict) or type(tender.get("amount_fen")) is not int:
            return None
    return tenders


def _platform_day(entry: LedgerEntry, order: PlatformOrder) -> str | None:
    """Return the platform's date: of the payment by its own time; of a refund by when the box gave it."""
    if entry.kind == SALE and order.platform_at_ms is not None:
        return platform_day(order.platform_at_ms)
    return platform_day(entry.at_ms)


def _text(fields: Mapping[str, object], name: str) -> str | None:
    value = fields.get(name)
    return value if isinstance(value, str) else None
