"""Rows of the pull, one a tender or refund tender.

The amounts of all rows add up to sales minus refunds: what cash rounding takes off is a row of its own, and tenders
that don't add up to their sale are named in the manifest.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated

from msgspec import Meta, MsgspecError, Struct
from msgspec.json import Decoder
from sqlalchemy import Connection

from agent.core.canonical import LARGEST_INTEGER
from sync.hq.projection import readable
from sync.hq.pull import UNREADABLE, LedgerEntry, Made, Row, Told
from sync.hq.pull_dates import SettlementDays, platform_day
from sync.hq.pull_orders import PlatformOrder, platform_orders

SALE, REFUND = "sale.completed", "sale.refunded"
ROUNDING = "rounding"
_UNKNOWN = PlatformOrder(None, None, None, None)
_Fen = Annotated[int, Meta(ge=-LARGEST_INTEGER, le=LARGEST_INTEGER)]


class Tender(Struct, gc=False):
    """What a row needs of a tender."""

    amount_fen: _Fen
    kind: str | None = None
    attempt: str | None = None


class Trade(Struct, gc=False):
    """What the rows need of a sale or refund; goods and discounts are not even read."""

    total_fen: _Fen
    tenders: list[Tender]
    sale: str | None = None
    till: str | None = None
    rounding_fen: _Fen = 0


_decode = Decoder(Trade).decode


class TenderRows:
    """A `RowMaker` of tenders."""

    kinds: Sequence[str] = (SALE, REFUND)

    def __init__(self) -> None:
        self._settled: SettlementDays | None = None
        self._orders: Mapping[str, PlatformOrder] = {}

    def read(self, body: str) -> Trade | None:
        """Return what the rows need of a body."""
        try:
            return _decode(body)
        except (MsgspecError, UnicodeError, RecursionError):
            return _of_odd_body(readable(body) or {})

    def begin(self, connection: Connection, store: str) -> None:
        """Look up when the bank paid the store's money."""
        self._settled = SettlementDays(connection, store) or None

    def page(self, connection: Connection, store: str, page: Sequence[LedgerEntry]) -> None:
        """Look up the platform orders that the tenders of a page name."""
        trades = [entry.body for entry in page if entry.body is not None]
        numbers = [one.attempt for trade in trades for one in trade.tenders if one.attempt is not None]
        self._orders = platform_orders(connection, store, numbers)

    def made(self, entry: LedgerEntry, told: Told) -> Made:
        """Return a row for each tender, and one for the rounding."""
        trade: Trade = entry.body
        lines, total_fen = trade.tenders, trade.total_fen
        if trade.rounding_fen:
            lines = [*lines, Tender(trade.rounding_fen, ROUNDING)]
        sale = entry.kind == SALE
        sign = 1 if sale else -1
        paid_fen = sum([line.amount_fen for line in lines]) * sign
        if abs(paid_fen) > LARGEST_INTEGER:
            return UNREADABLE
        rows = [self._row(entry, told, number, line, sign) for number, line in enumerate(lines, 1)]
        difference_fen = total_fen * sign - paid_fen
        return Made(rows, paid_fen, difference_fen, total_fen if sale else None, None if sale else total_fen)

    def _row(self, entry: LedgerEntry, told: Told, number: int, line: Tender, sign: int) -> Row:
        trade: Trade = entry.body
        attempt, order, at_platform, settled = line.attempt, _UNKNOWN, None, None
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
            trade.till,
            "sale" if sign > 0 else "refund",
            trade.sale,
            line.kind or "",
            order.platform,
            attempt,
            order.transaction,
            sign * line.amount_fen,
            told.day.state,
            settled,
            told.posting_period,
            told.day.day_state,
        )


def _of_odd_body(body: Mapping[str, object]) -> Trade | None:
    """Return what can be read of a body whose texts are none or whose numbers are missing; None without its money."""
    tenders, total_fen, rounding_fen = body.get("tenders"), _fen(body, "total_fen"), _fen(body, "rounding_fen")
    if not isinstance(tenders, list) or total_fen is None:
        return None
    lines = []
    for one in tenders:
        amount_fen = _fen(one, "amount_fen") if isinstance(one, dict) else None
        if amount_fen is None:
            return None
        lines.append(Tender(amount_fen, _text(one, "kind"), _text(one, "attempt")))
    return Trade(total_fen, lines, _text(body, "sale"), _text(body, "till"), rounding_fen or 0)


def _platform_day(entry: LedgerEntry, order: PlatformOrder) -> str | None:
    """Return the platform's date: of the payment by its own time; of a refund by when the box gave it."""
    if entry.kind == SALE and order.platform_at_ms is not None:
        return platform_day(order.platform_at_ms)
    return platform_day(entry.at_ms)


def _fen(fields: Mapping[str, object], name: str) -> int | None:
    value = fields.get(name)
    return value if type(value) is int and abs(value) <= LARGEST_INTEGER else None


def _text(fields: Mapping[str, object], name: str) -> str | None:
    """Return a text that UTF-8 holds."""
    value = fields.get(name)
    return value if isinstance(value, str) and not any("\ud800" <= one <= "\udfff" for one in value) else None
