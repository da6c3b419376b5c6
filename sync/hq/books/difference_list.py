"""Differences as they are looked for: sums of stores, the list of the desk, histories."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, Connection, func, or_, select

from agent.core.reconcile.workflow import Difference, DifferenceState
from sync.hq.books.difference_tables import difference
from sync.hq.books.differences import difference_of, of_day
from sync.hq.books.notes import Note, notes_of

LISTED_MAX = 500


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the desk's list is asked for: blank is all, no state what is not settled; `owner` a role or a person's name.

    `stores` is the scope of who asks, None for all.
    """

    state: DifferenceState | None = None
    store: str = ""
    day: str = ""
    line_class: str = ""
    owner: str = ""
    book: str = ""
    stores: Collection[str] | None = None


@dataclass(frozen=True, slots=True)
class OpenSum:
    """How many differences are not settled, and the money in question."""

    count: int = 0
    stake_fen: int = 0


NOTHING_OPEN = OpenSum()


def open_sums(connection: Connection, stores: Collection[str] | None) -> Mapping[str, OpenSum]:
    """Return store -> sum of what is not settled; one that two stores have to do with counts for the assigned one.

    Those without a store stand under "" when `stores` is None.
    """
    store = func.coalesce(difference.c.assigned_store, difference.c.line_store, "").label("of_store")
    query = select(store, func.count().label("lines"), func.sum(difference.c.stake_fen).label("stake_fen"))
    query = query.where(_OPEN).group_by(store)
    found = {row.of_store: OpenSum(row.lines, int(row.stake_fen)) for row in connection.execute(query)}
    return found if stores is None else {one: found[one] for one in stores if one in found}


def open_sum_of_day(connection: Connection, store: str, business_day: str | date) -> OpenSum:
    """Return what of a store's day is not settled."""
    query = select(func.count(), func.coalesce(func.sum(difference.c.stake_fen), 0))
    count, stake_fen = connection.execute(query.where(_OPEN & of_day(store, str(business_day)))).one()
    return OpenSum(int(count), int(stake_fen))


def listed(connection: Connection, wanted: Wanted) -> Iterator[tuple[str, Difference]]:
    """Yield book and difference, those with most money first; at most `LISTED_MAX`."""
    row = difference.c
    query = select(difference).order_by(row.stake_fen.desc(), row.line_day, row.difference).limit(LISTED_MAX)
    for condition in _conditions(wanted):
        query = query.where(condition)
    for one in connection.execute(query):
        yield one.store, difference_of(one)


def books_of(connection: Connection) -> list[str]:
    """Return the books of the merchant accounts that had a difference."""
    return list(connection.execute(select(difference.c.store).distinct().order_by(difference.c.store)).scalars())


def history(connection: Connection, book: str, number: str) -> list[Note]:
    """Return what was noted of a difference, oldest first."""
    return list(notes_of(connection, book, number))


def _conditions(wanted: Wanted) -> Iterator[ColumnElement[bool]]:
    row = difference.c
    yield _OPEN if wanted.state is None else row.state == wanted.state
    if wanted.stores is not None:
        yield or_(row.line_store.in_(wanted.stores), row.assigned_store.in_(wanted.stores))
    if wanted.store:
        yield or_(row.line_store == wanted.store, row.assigned_store == wanted.store)
    if wanted.day:
        yield or_(row.line_day == wanted.day, row.assigned_day == wanted.day, row.bill_day == wanted.day)
    if wanted.line_class:
        yield row.line_class == wanted.line_class
    if wanted.owner:
        yield or_(row.owner == wanted.owner, row.assigned_person == wanted.owner)
    if wanted.book:
        yield row.store == wanted.book


_OPEN = difference.c.state != DifferenceState.SETTLED
