"""Months by legal entity: closed by one who may, reopened by two; its book is `@entity:NAME`.

What arrives after a closing is posted into the open month (`agent.core.settlement.periods`); a closing takes nothing
away from a month that was there before.
"""

from datetime import date

from sqlalchemy import Connection, insert, select, update

from agent.core.errors import Refused
from agent.core.moment import platform_day
from agent.core.settlement.periods import ClosedMonth, checked_month, month_of, posting_period
from sync.hq import tables
from sync.hq.books.money_tables import closed_month
from sync.hq.books.note_kinds import MoneyNote
from sync.hq.books.notes import hold, write_note
from sync.hq.people.rights import Act, Person, require, require_second


def entity_book(entity: str) -> str:
    """Return the book of a legal entity; a blank name is the one of a chain that has no more."""
    return f"@entity:{entity}"


def close_month(connection: Connection, entity: str, month: str, person: Person, now_ms: int) -> None:
    """Close a month of an entity, once it is over.

    Refuses with `period.entity_unknown`, `period.no_month`, `period.not_over`, `period.closed_already`, and as
    `require` does.
    """
    _require(connection, entity, person)
    if checked_month(month) >= month_of(platform_day(now_ms)):
        raise Refused("period.not_over", month=month)
    book = entity_book(entity)
    hold(connection, book)
    if any(one.month == month and one.covers(now_ms) for one in closed_months(connection, entity)):
        raise Refused("period.closed_already", entity=entity, month=month)
    connection.execute(insert(closed_month).values(store=book, month=month, closed_at_ms=now_ms))
    write_note(connection, book, now_ms, person.name, MoneyNote.PERIOD_CLOSED, month, {})


def ask_to_reopen(connection: Connection, entity: str, month: str, person: Person, reason: str, now_ms: int) -> None:
    """Ask that a closed month be reopened; it stays closed until another person approves. Asked again, it is his.

    Refuses with `period.not_closed`, and as `require` does.
    """
    _require(connection, entity, person)
    closed_at_ms, _ = _closing(connection, entity, month)
    where = (closed_month.c.store == entity_book(entity)) & (closed_month.c.month == checked_month(month))
    where &= closed_month.c.closed_at_ms == closed_at_ms
    connection.execute(update(closed_month).where(where).values(asked_by=person.name))
    note = (MoneyNote.PERIOD_REOPENING_ASKED, month, {"reason": reason})
    write_note(connection, entity_book(entity), now_ms, person.name, *note)


def reopen_month(connection: Connection, entity: str, month: str, second: Person, now_ms: int) -> None:
    """Reopen a month that another person asked for.

    Refuses with `period.not_closed`, `period.not_asked`, and as `require_second` does.
    """
    _require(connection, entity, second)
    closed_at_ms, asked_by = _closing(connection, entity, month)
    if asked_by is None:
        raise Refused("period.not_asked", entity=entity, month=month)
    require_second(asked_by, second)
    where = (closed_month.c.store == entity_book(entity)) & (closed_month.c.month == month)
    where &= closed_month.c.closed_at_ms == closed_at_ms
    connection.execute(update(closed_month).where(where).values(reopened_at_ms=max(now_ms, closed_at_ms)))
    note = (MoneyNote.PERIOD_REOPENED, month, {"asked_by": asked_by})
    write_note(connection, entity_book(entity), now_ms, second.name, *note)


def closed_months(connection: Connection, entity: str) -> list[ClosedMonth]:
    """Return every closing of an entity's months, reopened ones too, in order."""
    query = select(closed_month).where(closed_month.c.store == entity_book(entity))
    rows = connection.execute(query.order_by(closed_month.c.month, closed_month.c.closed_at_ms))
    return [ClosedMonth(row.month, row.closed_at_ms, row.reopened_at_ms) for row in rows]


def posting_period_of(connection: Connection, store: str, business_day: date, arrived_ms: int) -> str:
    """Return the month into which a fact of a store is posted."""
    entity = connection.execute(select(tables.store.c.entity).where(tables.store.c.store == store)).scalar()
    return posting_period(business_day, arrived_ms, closed_months(connection, entity or ""))


def _closing(connection: Connection, entity: str, month: str) -> tuple[int, str | None]:
    """Hold the entity's book and return the closing that is in force, with who asked to reopen."""
    checked_month(month)
    hold(connection, entity_book(entity))
    where = (closed_month.c.store == entity_book(entity)) & (closed_month.c.month == month)
    row = connection.execute(select(closed_month).where(where & closed_month.c.reopened_at_ms.is_(None))).first()
    if row is None:
        raise Refused("period.not_closed", entity=entity, month=month)
    return row.closed_at_ms, row.asked_by


def _require(connection: Connection, entity: str, person: Person) -> None:
    """Require the right, and every store of the entity in the person's scope; an entity without stores is none."""
    require(person, Act.PERIOD)
    query = select(tables.store.c.store).where(tables.store.c.entity == entity)
    stores = connection.execute(query).scalars().all()
    if not stores:
        raise Refused("period.entity_unknown", entity=entity[:40])
    for store in stores:
        require(person, Act.PERIOD, store)
