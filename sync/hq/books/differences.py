"""Differences at headquarters: kept as matching finds them, each act a chained note of the account's book.

A row is the fold of its notes (`agent.core.reconcile.workflow`); `changed_differences` compares. The book is the
merchant account's, whoever's store the line belongs to: an assignment adds the store's day and moves nothing. What
people do with them is in `difference_desk`, how they are looked for in `difference_list`.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, or_, select

from agent.core.canonical import canonical, parse
from agent.core.errors import Refused
from agent.core.events_matching import BillMatched
from agent.core.reconcile import workflow
from agent.core.reconcile.differences import Changes
from agent.core.reconcile.workflow import Difference, DifferenceAct, DifferenceState
from sync.hq.books.difference_tables import difference
from sync.hq.books.marks import mark_store_days
from sync.hq.books.notes import hold, notes_of, write_note
from sync.hq.books.tables import note
from sync.hq.upserts import insert_of

MATCHING = "job:matching"


def record(connection: Connection, changes: Changes, book: str, at_ms: int, actor: str = MATCHING) -> None:
    """Write what a match changes into an account's book, in the caller's transaction.

    The same changes again add nothing: what is known is not found twice, and what a person settled stays settled
    until a match tells something else of it.
    """
    hold(connection, book)
    if changes.matched is not None:
        body = changes.matched.body()
        write_note(connection, book, at_ms, actor, BillMatched.KIND, changes.matched.bill_day, body)
    for found in changes.found:
        known = _row(connection, book, found.difference)
        if workflow.is_news(known, found.body()):
            write(connection, book, known, found.difference, DifferenceAct.FOUND, at_ms, actor, found.body())
    for settled in changes.settled:
        known = _row(connection, book, settled.difference)
        if known is not None and known.state is not DifferenceState.SETTLED:
            write(connection, book, known, settled.difference, DifferenceAct.SETTLED, at_ms, actor, settled.body())


def open_bodies(connection: Connection, book: str, bill_day: str | date) -> dict[str, dict[str, Any]]:
    """Return number -> body of the differences of a bill's day that are not settled, for `changes(known=…)`."""
    row = difference.c
    query = select(row.difference, row.found).where((row.store == book) & (row.bill_day == str(bill_day)))
    rows = connection.execute(query.where(row.state != DifferenceState.SETTLED))
    return {one.difference: _object(one.found) for one in rows}


def last_matched(connection: Connection, book: str, bill_day: str | date) -> dict[str, Any] | None:
    """Return the body of a bill day's last `bill.matched`, for `changes(last=…)`; None when there is none."""
    one = note.c
    mine = (one.store == book) & (one.subject == str(bill_day)) & (one.kind == BillMatched.KIND)
    body = connection.execute(select(one.body).where(mine).order_by(one.number.desc()).limit(1)).scalar()
    return None if body is None else _object(body)


def open_count(connection: Connection, store: str, business_day: str | date) -> int:
    """Return how many differences of a store's day are not settled, those assigned to it included."""
    return _count(connection, of_day(store, str(business_day)))


def open_count_of_bill(connection: Connection, book: str, bill_day: str | date) -> int:
    """Return how many differences of a merchant account's bill are not settled, whoever's store they are of."""
    return _count(connection, (difference.c.store == book) & (difference.c.bill_day == str(bill_day)))


def of_day(store: str, business_day: str) -> ColumnElement[bool]:
    """Return the condition that a difference belongs to a store's day: by its line, or assigned to it."""
    row = difference.c
    by_line = (row.line_store == store) & (row.line_day == business_day)
    return or_(by_line, (row.assigned_store == store) & (row.assigned_day == business_day))


def find(connection: Connection, number: str) -> tuple[str, Difference]:
    """Return the book and the difference of a number; refuses with `difference.unknown`."""
    row = connection.execute(select(difference).where(difference.c.difference == number)).first()
    if row is None:
        raise Refused("difference.unknown", difference=number[:20])
    return row.store, difference_of(row)


def changed_differences(connection: Connection, book: str) -> list[str]:
    """Return the numbers of differences whose row is not what the book's notes tell; none when all is as noted."""
    told: dict[str, Difference] = {}
    for one in notes_of(connection, book):
        if one.kind in list(DifferenceAct):
            act = DifferenceAct(one.kind)
            told[one.subject] = workflow.evolve(told.get(one.subject), one.subject, act, one.at_ms, one.actor, one.body)
    rows = connection.execute(select(difference).where(difference.c.store == book))
    kept = {row.difference: dict(row._mapping) for row in rows}
    made = {number: _columns(book, one) for number, one in told.items()}
    return sorted(number for number in {*made, *kept} if made.get(number) != kept.get(number))


def difference_of(row: Any) -> Difference:
    """Return a row of the table as a difference."""
    return Difference(
        number=row.difference,
        state=DifferenceState(row.state),
        found=_object(row.found),
        version=row.version,
        found_at_ms=row.found_at_ms,
        changed_at_ms=row.changed_at_ms,
        assigned_store=row.assigned_store,
        assigned_day=row.assigned_day,
        assigned_person=row.assigned_person,
        settlement=row.settlement,
        reason=row.reason,
        settled_by=row.settled_by,
        approved_by=row.approved_by,
    )


def write(
    connection: Connection, book: str, known: Difference | None, number: str, act: DifferenceAct, at_ms: int,
    actor: str, body: Mapping[str, Any],
) -> Difference:  # fmt: skip
    """Note an act, bring the row up to date, let its days be computed again; refuses with `difference.wrong_state`."""
    after = workflow.evolve(known, number, act, at_ms, actor, body)
    write_note(connection, book, at_ms, actor, act, number, body)
    values = _columns(book, after)
    statement = insert_of(connection, difference).values(**values)
    changed = {name: value for name, value in values.items() if name not in ("store", "difference")}
    connection.execute(statement.on_conflict_do_update(index_elements=["store", "difference"], set_=changed))
    mark_store_days(connection, {*_days_of(known), *_days_of(after)})
    return after


def _days_of(known: Difference | None) -> list[tuple[str, str]]:
    """Return the stores' days that a difference counts to."""
    if known is None:
        return []
    days = ((known.line_store, known.line_day), (known.assigned_store, known.assigned_day))
    return [(store, day) for store, day in days if store is not None and day is not None]


def _count(connection: Connection, where: ColumnElement[bool]) -> int:
    query = select(func.count()).select_from(difference).where(where & (difference.c.state != DifferenceState.SETTLED))
    return int(connection.execute(query).scalar_one())


def _row(connection: Connection, book: str, number: str) -> Difference | None:
    where = (difference.c.store == book) & (difference.c.difference == number)
    row = connection.execute(select(difference).where(where)).first()
    return None if row is None else difference_of(row)


def _columns(book: str, one: Difference) -> dict[str, object]:
    return {
        "store": book,
        "difference": one.number,
        "bill_day": one.found["bill_day"],
        "state": one.state.value,
        "line_class": one.found["line_class"],
        "owner": one.found["owner"],
        "stake_fen": one.stake_fen,
        "line_store": one.line_store,
        "line_day": one.line_day,
        "assigned_store": one.assigned_store,
        "assigned_day": one.assigned_day,
        "assigned_person": one.assigned_person,
        "settlement": one.settlement,
        "reason": one.reason,
        "settled_by": one.settled_by,
        "approved_by": one.approved_by,
        "version": one.version,
        "found_at_ms": one.found_at_ms,
        "changed_at_ms": one.changed_at_ms,
        "found": canonical(one.found),
    }


def _object(text: str) -> dict[str, Any]:
    value = parse(text)
    return value if isinstance(value, dict) else {}
