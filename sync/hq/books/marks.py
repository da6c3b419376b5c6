"""Marks: what must be matched or computed again, counted, so that a mark that is set meanwhile is not lost."""

from collections.abc import Iterable
from datetime import date

from sqlalchemy import Connection, update

from agent.core.reconcile.statement import StatementState
from sync.hq.books.bill_settings import due_ms
from sync.hq.books.bill_tables import account_day, store_day
from sync.hq.books.day_states import DayState
from sync.hq.upserts import insert_unless_there

AccountDay = tuple[str, date]
StoreDay = tuple[str, str]


def know_account_days(connection: Connection, days: Iterable[AccountDay]) -> None:
    """Make rows for account days that have none: their bill is asked for when it is due."""
    rows = [
        {
            "store": book,
            "day": day.isoformat(),
            "bill_state": StatementState.NOT_DUE.value,
            "tries": 0,
            "next_fetch_ms": due_ms(book.removeprefix("@").partition(":")[0], day),
            "mark": 0,
        }
        for book, day in sorted(days)
    ]
    if rows:
        insert_unless_there(connection, account_day, ("store", "day"), rows)


def mark_account_days(connection: Connection, days: Iterable[AccountDay]) -> None:
    """Let account days be matched again; one that is not known changes nothing."""
    known = account_day.c
    for book, day in sorted(days):
        mine = (known.store == book) & (known.day == day.isoformat())
        connection.execute(update(account_day).where(mine).values(mark=known.mark + 1))


def mark_store_days(connection: Connection, days: Iterable[StoreDay]) -> None:
    """Let days of stores be computed again."""
    known = store_day.c
    wanted = sorted(set(days))
    rows = [
        {
            "store": store,
            "day": day,
            "state": DayState.OPEN.value,
            "reasons": "[]",
            "addenda": 0,
            "late": 0,
            "mark": 0,
            "at_ms": 0,
        }
        for store, day in wanted
    ]
    if rows:
        insert_unless_there(connection, store_day, ("store", "day"), rows)
    for store, day in wanted:
        mine = (known.store == store) & (known.day == day)
        connection.execute(update(store_day).where(mine).values(mark=known.mark + 1))
