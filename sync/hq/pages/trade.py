"""The takings of a store's day, folded from its entries as they arrive: a page that refreshes reads only what is new.

A body is evidence and may be anything; what can't be read here counts nothing and stays an entry all the same.
"""

import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from sqlalchemy import Connection, select

from sync.hq import tables
from sync.hq.projection import readable

KINDS = ("sale.completed", "sale.refunded")
HOUR_MS = 3_600_000
CHINA_HOURS = 8
DAYS_KEPT = 20_000
"""Folded days that are kept in memory: each store's newest, and those that somebody looks at."""


@dataclass(slots=True)
class Trade:
    """What a day's sales and refunds add up to; refunds are taken off tenders and hours."""

    sales: int = 0
    sales_fen: int = 0
    refunds: int = 0
    refunds_fen: int = 0
    tenders_fen: Counter[str] = field(default_factory=Counter)
    hours_fen: Counter[int] = field(default_factory=Counter)
    last_at_ms: int = 0

    @property
    def net_fen(self) -> int:
        """Return sales without what was refunded."""
        return self.sales_fen - self.refunds_fen

    def take(self, kind: str, at_ms: int, body: Mapping[str, object]) -> None:
        """Add an entry."""
        total_fen = _fen(body.get("total_fen"))
        sign = 1 if kind == "sale.completed" else -1
        if sign == 1:
            self.sales, self.sales_fen = self.sales + 1, self.sales_fen + total_fen
        else:
            self.refunds, self.refunds_fen = self.refunds + 1, self.refunds_fen + total_fen
        # Whole hours, since a box's clock may name a moment that no calendar holds.
        self.hours_fen[(at_ms // HOUR_MS + CHINA_HOURS) % 24] += sign * total_fen
        self.last_at_ms = max(self.last_at_ms, at_ms)
        tenders = body.get("tenders")
        for tender in tenders if isinstance(tenders, list) else ():
            if isinstance(tender, dict):
                self.tenders_fen[str(tender.get("kind"))[:40]] += sign * _fen(tender.get("amount_fen"))


@dataclass(slots=True)
class _Folded:
    trade: Trade = field(default_factory=Trade)
    next_seq: dict[int, int] = field(default_factory=dict)


class Trades:
    """Folded days of stores, shared by the threads of one process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._days: dict[tuple[str, str], _Folded] = {}

    def of(self, connection: Connection, store: str, day: str, cursors: Mapping[int, int]) -> Trade:
        """Return what a day adds up to; `cursors` are the store's next numbers by epoch, of this very snapshot.

        Who restores an older copy of the database starts headquarters anew, as for everything else.
        """
        with self._lock:
            if len(self._days) > DAYS_KEPT:
                self._days.clear()
            folded = self._days.setdefault((store, day), _Folded())
            # A snapshot that is older than another reader's reads nothing: what is folded is newer than its own.
            if any(folded.next_seq.get(epoch, 1) < limit for epoch, limit in cursors.items()):
                _read_on(connection, store, day, folded, cursors)
            trade = folded.trade
            return replace(trade, tenders_fen=trade.tenders_fen.copy(), hours_fen=trade.hours_fen.copy())


def cursors_of(connection: Connection, store: str) -> dict[int, int]:
    """Return the next number that is wanted of each epoch of a store."""
    known = tables.cursor.c
    return {
        row.epoch: row.next_seq
        for row in connection.execute(select(known.epoch, known.next_seq).where(known.store == store))
    }


def _read_on(connection: Connection, store: str, day: str, folded: _Folded, cursors: Mapping[int, int]) -> None:
    entry = tables.entry.c
    for epoch, limit in cursors.items():
        begin = folded.next_seq.get(epoch, 1)
        if begin >= limit:
            continue
        query = select(entry.kind, entry.at_ms, entry.body).where(
            (entry.store == store) & (entry.day == day) & (entry.epoch == epoch) & (entry.seq >= begin)
        )
        for row in connection.execute(query.where(entry.kind.in_(KINDS)).order_by(entry.seq)):
            folded.trade.take(row.kind, row.at_ms, readable(row.body) or {})
        folded.next_seq[epoch] = limit


def _fen(value: object) -> int:
    return value if type(value) is int else 0
