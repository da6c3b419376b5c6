"""The pull: rows of the ledger in the order store, day, epoch, number, with a place to go on from after each page.

What one row is, the row maker decides: `pull_tenders` one a tender, `pull_postings` one a posting. A row is a tuple in
the order of its columns: a pull has millions of them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from sqlalchemy import Connection, and_, or_, select, tuple_

from sync.hq import tables
from sync.hq.pull_columns import Rows
from sync.hq.pull_dates import Periods, moment
from sync.hq.pull_days import BusinessDay, Days, DayStates
from sync.hq.pull_place import Place, Tally, place_of

PAGE_ENTRIES = 1000
"""Larger pages outlive the collector's young generations, which costs more than their queries save."""
Row = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Selection:
    """What is asked for; None is no bound. Days are ISO dates, both included."""

    stores: Sequence[str]
    first_day: str | None = None
    last_day: str | None = None
    days: DayStates = DayStates.MATCHED
    rows: Rows = Rows.TENDERS
    after: str | None = None
    chain: bool = False
    """Whether it is all stores, and what concerns no one store too."""

    @property
    def asked(self) -> str:
        """Return the question without its place, to tell a cursor of another one."""
        ends = f"{self.stores[:1]} {self.stores[-1:]}"
        return f"{self.rows} {self.first_day} {self.last_day} {self.days} {len(self.stores)} {ends}"


class LedgerEntry(NamedTuple):
    """An entry as it is kept; `body` is what the row maker reads of it, None for one that it can't read."""

    store: str
    epoch: int
    seq: int
    at_ms: int
    kind: str
    day: str
    received_at_ms: int
    body: Any

    @property
    def place(self) -> dict[str, object]:
        """Return what names the entry."""
        return {"store": self.store, "epoch": self.epoch, "seq": self.seq}


class Told(NamedTuple):
    """What all rows of an entry say alike."""

    day: BusinessDay
    at: str
    posting_period: str


class Made(NamedTuple):
    """The rows of one entry; `difference_fen` is what should be nothing, None when the entry can't be read."""

    rows: Sequence[Row]
    amount_fen: int
    difference_fen: int | None
    sales_fen: int | None = None
    refunds_fen: int | None = None


UNREADABLE = Made((), 0, None)


class RowMaker(Protocol):
    """Makes the rows of entries; `kinds` are those that have any."""

    kinds: Sequence[str]

    def read(self, body: str) -> object | None:
        """Return what the rows need of a body, None for one that can't be read."""

    def begin(self, connection: Connection, store: str) -> None:
        """Look up what the rows of a store need."""

    def page(self, connection: Connection, store: str, page: Sequence[LedgerEntry]) -> None:
        """Look up what the rows of a page need."""

    def made(self, entry: LedgerEntry, told: Told) -> Made:
        """Return the rows of an entry."""


def pull_rows(
    connection: Connection, selection: Selection, maker: RowMaker, tally: Tally
) -> Iterator[list[Row] | Place]:
    """Yield the rows of a selection by pages, counted in `tally`, and after each page the place where it ended."""
    place = place_of(selection.after, selection.asked) if selection.after else None
    for store in selection.stores:
        if place is not None and store < place.store:
            continue
        here = place if place is not None and place.store == store else None
        bounds = here.bounds if here is not None else _bounds(connection, store)
        maker.begin(connection, store)
        if here is None:
            _note_without_day(connection, store, maker, bounds, tally)
        kept = here.business_day if here is not None else None
        days = Days(connection, store, bounds, selection.days, kept)
        counter = _Counter(maker, days, Periods(connection, store), tally)
        for page in _pages(connection, store, selection, maker, bounds, here):
            maker.page(connection, store, page)
            yield counter.rows(page)
            last = page[-1]
            yield Place(store, last.day, last.epoch, last.seq, bounds, tally, selection.asked, days.of(last.day))


def resumed_tally(selection: Selection) -> Tally:
    """Return the tally to go on with: an empty one, or what the cursor says was counted before."""
    return place_of(selection.after, selection.asked).tally if selection.after else Tally()


def _bounds(connection: Connection, store: str) -> dict[int, int]:
    known = tables.cursor.c
    query = select(known.epoch, known.next_seq).where(known.store == store)
    return {row.epoch: row.next_seq for row in connection.execute(query)}


def _note_without_day(
    connection: Connection, store: str, maker: RowMaker, bounds: Mapping[int, int], tally: Tally
) -> None:
    """Count entries that name no day: no day's rows can have them, whatever days are asked for."""
    entry = tables.entry.c
    mine = (entry.store == store) & entry.day.is_(None) & entry.kind.in_(maker.kinds)
    for row in connection.execute(select(entry.epoch, entry.seq).where(mine).order_by(entry.epoch, entry.seq)):
        if row.seq < bounds.get(row.epoch, 0):
            tally.note_unreadable({"store": store, "epoch": row.epoch, "seq": row.seq})


def _pages(
    connection: Connection,
    store: str,
    selection: Selection,
    maker: RowMaker,
    bounds: Mapping[int, int],
    here: Place | None,
) -> Iterator[Sequence[LedgerEntry]]:
    entry = tables.entry.c
    within = [and_(entry.epoch == epoch, entry.seq < limit) for epoch, limit in bounds.items()]
    if not within:
        return
    wanted = (entry.store == store) & entry.kind.in_(maker.kinds) & entry.day.is_not(None) & or_(*within)
    if selection.first_day is not None:
        wanted &= entry.day >= selection.first_day
    if selection.last_day is not None:
        wanted &= entry.day <= selection.last_day
    query = (
        select(entry.epoch, entry.seq, entry.at_ms, entry.kind, entry.day, entry.received_at_ms, entry.body)
        .order_by(entry.day, entry.epoch, entry.seq)
        .limit(PAGE_ENTRIES)
    )
    place: tuple[object, ...] = ("", 0, 0) if here is None else (here.day, here.epoch, here.seq)
    while page := connection.execute(
        query.where(wanted & (tuple_(entry.day, entry.epoch, entry.seq) > tuple_(*place)))
    ).all():
        yield [
            LedgerEntry(store, epoch, seq, at_ms, kind, day, received_at_ms, maker.read(body))
            for epoch, seq, at_ms, kind, day, received_at_ms, body in page
        ]
        last = page[-1]
        place = (last.day, last.epoch, last.seq)


class _Counter:
    """Makes the rows of pages and counts them."""

    def __init__(self, maker: RowMaker, days: Days, periods: Periods, tally: Tally) -> None:
        self._maker = maker
        self._days = days
        self._periods = periods
        self._tally = tally

    def rows(self, page: Sequence[LedgerEntry]) -> list[Row]:
        """Return the rows of a page that are shown."""
        rows: list[Row] = []
        for entry in page:
            rows += self._of(entry)
        return rows

    def _of(self, entry: LedgerEntry) -> Sequence[Row]:
        tally, day, at = self._tally, self._days.of(entry.day), moment(entry.at_ms)
        made = UNREADABLE
        if day is not None and at is not None and entry.body is not None:
            told = Told(day, at, self._periods.of(entry.day, entry.received_at_ms))
            made = self._maker.made(entry, told)
        if day is None or made.difference_fen is None:
            tally.note_unreadable(entry.place)
            return ()
        if made.difference_fen:
            tally.note_unbalanced({**entry.place, "difference_fen": made.difference_fen})
        if not day.shown:
            tally.hide(entry.store, day, len(made.rows), made.amount_fen)
            return ()
        tally.rows += len(made.rows)
        tally.total_fen += made.amount_fen
        if made.sales_fen is not None:
            tally.sales += 1
            tally.sales_fen += made.sales_fen
        if made.refunds_fen is not None:
            tally.refunds += 1
            tally.refunds_fen += made.refunds_fen
        return made.rows
