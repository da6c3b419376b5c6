"""The pull: rows of the ledger in the order store, day, epoch, number, with a place to go on from after each page.

What one row is, the row maker decides: `pull_tenders` one a tender, `pull_postings` one a posting.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import Connection, and_, or_, select, tuple_

from agent.core.moment import PLATFORM_ZONE, at
from sync.hq import tables
from sync.hq.projection import readable
from sync.hq.pull_columns import Rows
from sync.hq.pull_place import Place, Tally, place_of

PAGE_ENTRIES = 1000
Row = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Selection:
    """What is asked for; None is no bound. Days are ISO dates, both included."""

    stores: Sequence[str]
    first_day: str | None = None
    last_day: str | None = None
    closed_only: bool = True
    rows: Rows = Rows.TENDERS
    after: str | None = None

    @property
    def asked(self) -> str:
        """Return the question without its place, to tell a cursor of another one."""
        return f"{self.rows} {self.first_day} {self.last_day} {self.closed_only} {len(self.stores)} {self.stores[:1]}"


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """An entry as it is kept, its body parsed; an unreadable body is empty."""

    store: str
    epoch: int
    seq: int
    at_ms: int
    kind: str
    day: str
    body: Mapping[str, object]

    @property
    def place(self) -> dict[str, object]:
        """Return what names the entry."""
        return {"store": self.store, "epoch": self.epoch, "seq": self.seq}

    @property
    def at(self) -> str:
        """Return when it was, in China, with offset."""
        return at(self.at_ms, PLATFORM_ZONE).isoformat(timespec="seconds")


@dataclass(frozen=True, slots=True)
class Made:
    """The rows of one entry; `difference_fen` is what should be nothing, None when the entry can't be read."""

    rows: Sequence[Row]
    difference_fen: int | None
    sales_fen: int | None = None
    refunds_fen: int | None = None


class RowMaker(Protocol):
    """Makes the rows of entries; `kinds` are those that have any."""

    kinds: Sequence[str]

    def page(self, connection: Connection, store: str, page: Sequence[LedgerEntry]) -> None:
        """Look up what the rows of a page need."""

    def made(self, entry: LedgerEntry, state: str) -> Made:
        """Return the rows of an entry; `state` is that of its day."""


def pull_rows(connection: Connection, selection: Selection, maker: RowMaker, tally: Tally) -> Iterator[Row | Place]:
    """Yield the rows of a selection, count them in `tally`, and after each page yield the place where it ended."""
    place = place_of(selection.after, selection.asked) if selection.after else None
    for store in selection.stores:
        if place is not None and store < place.store:
            continue
        here = place if place is not None and place.store == store else None
        bounds = here.bounds if here is not None else _bounds(connection, store)
        closed = _closed_days(connection, store, bounds)
        for page in _pages(connection, store, selection, maker, bounds, here):
            maker.page(connection, store, page)
            for entry in page:
                yield from _counted(entry, closed, selection, maker, tally)
            last = page[-1]
            yield Place(store, last.day, last.epoch, last.seq, bounds, tally, selection.asked)


def resumed_tally(selection: Selection) -> Tally:
    """Return the tally to go on with: an empty one, or what the cursor says was counted before."""
    return place_of(selection.after, selection.asked).tally if selection.after else Tally()


def _bounds(connection: Connection, store: str) -> dict[int, int]:
    known = tables.cursor.c
    query = select(known.epoch, known.next_seq).where(known.store == store)
    return {row.epoch: row.next_seq for row in connection.execute(query)}


def _closed_days(connection: Connection, store: str, bounds: Mapping[int, int]) -> frozenset[str]:
    known = tables.closed_day.c
    query = select(known.day, known.epoch, known.seq).where(known.store == store)
    return frozenset(row.day for row in connection.execute(query) if row.seq < bounds.get(row.epoch, 0))


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
        select(entry.epoch, entry.seq, entry.at_ms, entry.kind, entry.day, entry.body)
        .order_by(entry.day, entry.epoch, entry.seq)
        .limit(PAGE_ENTRIES)
    )
    place: tuple[object, ...] = ("", 0, 0) if here is None else (here.day, here.epoch, here.seq)
    while page := connection.execute(
        query.where(wanted & (tuple_(entry.day, entry.epoch, entry.seq) > tuple_(*place)))
    ).all():
        yield [
            LedgerEntry(store, row.epoch, row.seq, row.at_ms, row.kind, row.day, readable(row.body) or {})
            for row in page
        ]
        last = page[-1]
        place = (last.day, last.epoch, last.seq)


def _counted(
    entry: LedgerEntry, closed: frozenset[str], selection: Selection, maker: RowMaker, tally: Tally
) -> Iterator[Row]:
    state = "closed" if entry.day in closed else "open"
    made = maker.made(entry, state)
    if made.difference_fen is None:
        tally.unreadable.append(entry.place)
        return
    if made.difference_fen:
        tally.unbalanced.append({**entry.place, "difference_fen": made.difference_fen})
    amount_fen = sum(_fen(row) for row in made.rows)
    if selection.closed_only and state == "open":
        _hide(tally, f"{entry.store} {entry.day}", len(made.rows), amount_fen)
        return
    tally.rows += len(made.rows)
    tally.total_fen += amount_fen
    if made.sales_fen is not None:
        tally.sales += 1
        tally.sales_fen += made.sales_fen
    if made.refunds_fen is not None:
        tally.refunds += 1
        tally.refunds_fen += made.refunds_fen
    yield from made.rows


def _hide(tally: Tally, day: str, rows: int, amount_fen: int) -> None:
    tally.hidden_rows += rows
    tally.hidden_fen += amount_fen
    if rows and day not in tally.hidden_days[-1:] and day not in tally.hidden_days:
        tally.hidden_days.append(day)


def _fen(row: Row) -> int:
    amount_fen = row["amount_fen"]
    return amount_fen if isinstance(amount_fen, int) else 0
