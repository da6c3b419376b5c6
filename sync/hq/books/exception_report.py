"""Cashiers who stand out, over the stores and days that are asked for (`agent.core.cashier_exceptions`)."""

from collections.abc import Sequence

from sqlalchemy import Connection, select

from agent.core.cashier_exceptions import CashierException, CashierFigures, CashierTally, exceptions
from sync.hq import tables
from sync.hq.projection import readable

PAGE_ENTRIES = 1000


def cashier_figures(connection: Connection, store: str, first_day: str, last_day: str) -> list[CashierFigures]:
    """Return the figures of a store's cashiers over business days, both included."""
    entry = tables.entry
    where = (entry.c.store == store) & entry.c.day.between(first_day, last_day) & entry.c.kind.in_(CashierTally.KINDS)
    query = select(entry.c.kind, entry.c.body).where(where).order_by(entry.c.epoch, entry.c.seq)
    tally = CashierTally(store)
    for row in connection.execute(query.execution_options(yield_per=PAGE_ENTRIES)):
        tally.add(row.kind, readable(row.body) or {})
    return tally.figures()


def exception_report(
    connection: Connection, stores: Sequence[str], first_day: str, last_day: str
) -> list[CashierException]:
    """Return who stands out; all cashiers of the stores that are asked for are each other's peers."""
    return exceptions([one for store in stores for one in cashier_figures(connection, store, first_day, last_day)])
