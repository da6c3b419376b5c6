"""Differences at headquarters: kept as matching finds them, each act a chained note of the account's book.

A row is the fold of its notes (`agent.core.reconcile.workflow`); `changed_differences` compares. The book is the
merchant account's, whoever's store the line belongs to: an assignment adds the store's day and moves nothing. What
people do with them is in `difference_desk`, how they are looked for in `difference_list`.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, or_, select

from agent.core.canonical import canonical, parse
from agent.core.errors import Refused
from agent.core.events_matching import BillMatched
from agent.core.reconcile import workflow
from agent.core.reconcile.differences import Changes
from agent.core.reconcile.workflow import Difference, DifferenceAct, DifferenceState, Limits
from sync.hq.books.difference_tables import difference
from sync.hq.books.marks import mark_store_days
from sync.hq.books.notes import hold, notes_of, write_note, write_notes
from sync.hq.books.tables import note
from sync.hq.upserts import insert_of
from sync.hq.webhooks.alarms import Alarm, tell

MATCHING = "job:matching"
NUMBERS_A_QUERY = 400
USUAL_LIMITS = Limits()
Step = tuple[Difference | None, str, DifferenceAct, Mapping[str, Any]]
"""A difference as it was, its number, what happens and the note's body."""


def record(
    connection: Connection,
    changes: Changes,
    book: str,
    at_ms: int,
    actor: str = MATCHING,
    limits: Limits = USUAL_LIMITS,
) -> None:
    """Write what a match changes into an account's book, in the caller's transaction; a new one above the limit alarms.

    The same changes again add nothing: what is known is not found twice, and what a person settled stays settled
    until a match tells something else of it.
    """
    hold(connection, book)
    if changes.matched is not None:
        body = changes.matched.body()
        write_note(connection, book, at_ms, actor, BillMatched.KIND, changes.matched.bill_day, body)
    known = _rows(
        connection, book, [*(one.difference for one in changes.found), *(one.difference for one in changes.settled)]
    )
    steps: list[Step] = []
    for found in changes.found:
        before = known.get(found.difference)
        if workflow.is_news(before, found.body()):
            steps.append((before, found.difference, DifferenceAct.FOUND, found.body()))
    for settled in changes.settled:
        before = known.get(settled.difference)
        if before is not None and before.state is not DifferenceState.SETTLED:
            steps.append((before, settled.difference, DifferenceAct.SETTLED, settled.body()))
    for one in _write_all(connection, book, steps, at_ms, actor):
        if one.state is DifferenceState.OPEN and one.stake_fen > limits.second_person_above_fen:
            _tell(connection, book, one, limits, at_ms)


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
    (after,) = _write_all(connection, book, [(known, number, act, body)], at_ms, actor)
    return after


def _write_all(
    connection: Connection, book: str, steps: Sequence[Step], at_ms: int, actor: str
) -> Sequence[Difference]:
    """Do many steps, of different differences, with a few statements."""
    moved = [workflow.evolve(known, number, act, at_ms, actor, body) for known, number, act, body in steps]
    if not moved:
        return moved
    write_notes(connection, book, at_ms, actor, [(act.value, number, body) for _, number, act, body in steps])
    statement = insert_of(connection, difference)
    changed = {one.name: statement.excluded[one.name] for one in difference.c if not one.primary_key}
    upsert = statement.on_conflict_do_update(index_elements=["store", "difference"], set_=changed)
    connection.execute(upsert, [_columns(book, one) for one in moved])
    concerned = [one for known, *_ in steps if known is not None for one in _days_of(known)]
    mark_store_days(connection, {*concerned, *(day for one in moved for day in _days_of(one))})
    return moved


def _tell(connection: Connection, book: str, one: Difference, limits: Limits, at_ms: int) -> None:
    """Tell of a difference of much money, each once."""
    values: dict[str, int | str | None] = {
        "number": one.number,
        "amount_fen": one.stake_fen,
        "limit_fen": limits.second_person_above_fen,
        "day": str(one.found["bill_day"]),
        "line_class": str(one.found["line_class"]),
    }
    tell(connection, Alarm.DIFFERENCE, one.number, values, at_ms, book)


def _days_of(known: Difference) -> list[tuple[str, str]]:
    """Return the stores' days that a difference counts to."""
    days = ((known.line_store, known.line_day), (known.assigned_store, known.assigned_day))
    return [(store, day) for store, day in days if store is not None and day is not None]


def _count(connection: Connection, where: ColumnElement[bool]) -> int:
    query = select(func.count()).select_from(difference).where(where & (difference.c.state != DifferenceState.SETTLED))
    return int(connection.execute(query).scalar_one())


def _rows(connection: Connection, book: str, numbers: Sequence[str]) -> dict[str, Difference]:
    found: dict[str, Difference] = {}
    for begin in range(0, len(numbers), NUMBERS_A_QUERY):
        some = difference.c.difference.in_(numbers[begin : begin + NUMBERS_A_QUERY])
        rows = connection.execute(select(difference).where((difference.c.store == book) & some))
        found.update({row.difference: difference_of(row) for row in rows})
    return found


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
