"""Accounts' days as lists show them: the bill, its match, the bank."""

from datetime import date

from sqlalchemy import Connection, select

from agent.core.bill import BillType
from agent.core.canonical import parse
from sync.hq.books.bill_tables import account_day
from sync.hq.books.bills import KeptBill, bills_of
from sync.hq.books.fetching import WAITING


def account_days(
    connection: Connection, book: str | None, first: date, last: date, missing: bool = False
) -> list[dict[str, object]]:
    """Return a row for each day of an account, or of all; `missing` leaves out those whose bill is here."""
    newest: dict[tuple[str, str], KeptBill] = {}
    for one in bills_of(connection, book, first, last):
        if one.kind is BillType.TRADE:
            newest.setdefault((one.book, one.day.isoformat()), one)
    known = account_day.c
    query = select(account_day).where(known.day.between(first.isoformat(), last.isoformat()))
    if book is not None:
        query = query.where(known.store == book)
    if missing:
        query = query.where(known.bill_state.in_([state.value for state in WAITING]))
    rows = []
    for row in connection.execute(query.order_by(known.store, known.day)):
        kept, matched = newest.get((row.store, row.day)), parse(row.matched) if row.matched else {}
        body = matched if isinstance(matched, dict) else {}
        rows.append(
            {
                "account": row.store,
                "day": row.day,
                "bill": row.bill_state,
                "version": None if kept is None else kept.version,
                "sha256": None if kept is None else kept.sha256,
                "source": None if kept is None else kept.source.value,
                "matched": row.matched is not None and row.mark == 0,
                "classes": body.get("classes", {}),
                "alarms": body.get("alarms", []),
                "refused": row.refused,
                "fetch_code": row.fetch_code,
                "tries": row.tries,
                "payout": row.payout,
                "line": row.payout_line,
            }
        )
    return rows
