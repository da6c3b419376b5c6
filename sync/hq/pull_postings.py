"""Rows of the pull, one a posting of the double entry (`agent.core.ledger`); debits are positive."""

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection

from agent.core.canonical import LARGEST_INTEGER
from agent.core.ledger import KINDS, postings
from sync.hq.projection import readable_quickly
from sync.hq.pull import UNREADABLE, LedgerEntry, Made, Told
from sync.hq.pull_dates import SettlementDays, platform_day
from sync.hq.pull_orders import PlatformOrder, platform_orders

_REFERENCES = ("refund", "sale", "out_refund_no", "attempt", "shift")
_PAID, _BOOKED = "attempt.ended", "attempt.contradicted"
_AT_PLATFORM = frozenset({_PAID, _BOOKED, "refund.ended", "refund.found"})
"""Entries whose postings move a platform's account."""
_UNKNOWN = PlatformOrder(None, None, None, None)


class PostingRows:
    """A `RowMaker` of postings."""

    kinds: Sequence[str] = KINDS

    def __init__(self) -> None:
        self._settled: SettlementDays | None = None
        self._orders: Mapping[str, PlatformOrder] = {}

    def read(self, body: str) -> Mapping[str, object] | None:
        """Return the whole body."""
        return readable_quickly(body)

    def begin(self, connection: Connection, store: str) -> None:
        """Look up when the bank paid the store's money."""
        self._settled = SettlementDays(connection, store) or None

    def page(self, connection: Connection, store: str, page: Sequence[LedgerEntry]) -> None:
        """Look up the platform orders of a page, whose accounts say when the bank paid."""
        if self._settled is None:
            return
        numbers = [
            attempt
            for entry in page
            if entry.body and entry.kind in _AT_PLATFORM
            if (attempt := _text(entry.body, "attempt"))
        ]
        self._orders = platform_orders(connection, store, numbers)

    def made(self, entry: LedgerEntry, told: Told) -> Made:
        """Return a row for each account that an entry moves."""
        try:
            moved = postings(entry.kind, entry.body)
        except (KeyError, TypeError, AttributeError):
            return UNREADABLE
        for amount_fen in moved.values():
            if type(amount_fen) is not int or abs(amount_fen) > LARGEST_INTEGER:
                return UNREADABLE
        place = (entry.store, entry.epoch, entry.seq)
        named = (entry.day, told.at, _text(entry.body, "till"), entry.kind, _reference(entry.body))
        dates = (*self._dates(entry), told.posting_period, told.day.day_state)
        rows = [
            (*place, number, *named, account, amount_fen, told.day.state, *dates)
            for number, (account, amount_fen) in enumerate(moved.items(), 1)
        ]
        sum_fen = sum(moved.values())
        return Made(rows, sum_fen, sum_fen)

    def _dates(self, entry: LedgerEntry) -> tuple[str | None, str | None]:
        """Return platform day and settlement day."""
        if entry.kind not in _AT_PLATFORM:
            return None, None
        at_ms = entry.body.get("platform_at_ms") if entry.kind == _PAID else entry.at_ms
        day = platform_day(at_ms if type(at_ms) is int else entry.at_ms)
        if self._settled is None:
            return day, None
        order = self._orders.get(_text(entry.body, "attempt") or "", _UNKNOWN)
        return day, self._settled.of(entry.day, day, order.platform, order.merchant)


def _reference(body: Mapping[str, object]) -> str | None:
    return next((found for name in _REFERENCES if (found := _text(body, name))), None)


def _text(fields: Mapping[str, object], name: str) -> str | None:
    value = fields.get(name)
    return value if isinstance(value, str) else None
