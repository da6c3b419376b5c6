"""What the books read of entries after they arrived: accounts and their days, what is outstanding, facts that are late.

Runs behind the uploads and holds none of them up: an epoch's cursor says what is there, `seen_entry` what was read.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import Connection, delete, func, select, update

from agent.core.moment import is_moment, platform_day
from sync.hq import tables
from sync.hq.books.accounts import Accounts, book_of
from sync.hq.books.acquirers import Acquirer, tenders_of
from sync.hq.books.bill_tables import outstanding, seen_entry, store_account_day, store_day
from sync.hq.books.day_states import DayState, Outstanding
from sync.hq.books.marks import know_account_days, mark_account_days, mark_store_days
from sync.hq.books.note_kinds import BookNote
from sync.hq.books.notes import notes_of
from sync.hq.database import Database
from sync.hq.matching.facts import UNNAMED
from sync.hq.projection import NAME_CHARACTERS_MAX, is_name, readable
from sync.hq.upserts import insert_unless_there

ENTRIES_A_STEP = 200
"""SQLite has one writer: a step holds it for some tens of milliseconds."""
PHONE = "phone"
NUMBERS_A_QUERY = 400
ATTEMPTS = ("attempt.started", "attempt.ended", "attempt.contradicted")
REFUNDS = ("refund.started", "refund.ended")
SALES = ("sale.completed", "sale.refunded")
KINDS = (*ATTEMPTS, *REFUNDS, *SALES, "attempt.parked", "day.closed")
_LATE = (*ATTEMPTS, *REFUNDS, *SALES)
"""Entries of money: behind the close of their day they are late."""
Body = Mapping[str, Any]


@dataclass(slots=True)
class Arrived:
    """What one step read."""

    days: set[tuple[str, str]] = field(default_factory=set)
    late: dict[tuple[str, str], int] = field(default_factory=dict)
    moved: dict[str, set[tuple[str, date]]] = field(default_factory=dict)
    """By attempt, the business day of an entry and the platform day on which its money may have moved."""
    begun: list[dict[str, object]] = field(default_factory=list)
    ended: list[tuple[str, Outstanding, str]] = field(default_factory=list)
    tenders: set[tuple[str, str, date]] = field(default_factory=set)
    """Kinds of tenders, the business day and the day on which they were taken."""


def read_arrivals(
    database: Database, accounts: Accounts, acquirers: Sequence[Acquirer] = (), entries_max: int = ENTRIES_A_STEP
) -> int:
    """Read the next entries of one epoch that has new ones, and return how many numbers it went on; 0 is the end."""
    with database.read() as connection:
        place = _next_place(connection)
        if place is None:
            return 0
        store, epoch, first, end = place
        last = min(end, first + entries_max)
        rows = _entries(connection, store, epoch, first, last)
        closes = _closes(connection, store, {row.day for row in rows if row.day})
    arrived = Arrived()
    for row in rows:
        _take(arrived, store, row, readable(row.body) or {}, closes)
    with database.write() as connection:
        if _goes_on(connection, store, epoch, first, last):
            _write(connection, accounts, acquirers, store, arrived)
    return last - first


def _next_place(connection: Connection) -> tuple[str, int, int, int] | None:
    cursor, seen = tables.cursor.c, seen_entry.c
    read = func.coalesce(seen.next_seq, 1)
    joined = tables.cursor.outerjoin(seen_entry, (seen.store == cursor.store) & (seen.epoch == cursor.epoch))
    query = select(cursor.store, cursor.epoch, read, cursor.next_seq).select_from(joined)
    row = connection.execute(query.where(cursor.next_seq > read).order_by(cursor.store, cursor.epoch).limit(1)).first()
    return None if row is None else (row[0], row[1], row[2], row[3])


def _goes_on(connection: Connection, store: str, epoch: int, first: int, last: int) -> bool:
    """Note how far an epoch was read; False when somebody else read these entries meanwhile."""
    start = {"store": store, "epoch": epoch, "next_seq": 1}
    insert_unless_there(connection, seen_entry, ("store", "epoch"), start)
    mine = tables.of_epoch(seen_entry, store, epoch) & (seen_entry.c.next_seq == first)
    return connection.execute(update(seen_entry).where(mine).values(next_seq=last)).rowcount == 1


def _entries(connection: Connection, store: str, epoch: int, first: int, end: int) -> Sequence[Any]:
    known = tables.entry.c
    place = tables.of_epoch(tables.entry, store, epoch) & (known.seq >= first) & (known.seq < end)
    query = select(known.epoch, known.seq, known.at_ms, known.kind, known.day, known.body)
    return connection.execute(query.where(place & known.kind.in_(KINDS)).order_by(known.seq)).all()


def _closes(connection: Connection, store: str, days: set[str]) -> dict[str, tuple[int, int]]:
    known = tables.closed_day.c
    query = select(known.day, known.epoch, known.seq).where((known.store == store) & known.day.in_(sorted(days)))
    return {row.day: (row.epoch, row.seq) for row in connection.execute(query)}


def _take(arrived: Arrived, store: str, row: Any, body: Body, closes: Mapping[str, tuple[int, int]]) -> None:
    if row.day is None:
        return
    place = (store, row.day)
    arrived.days.add(place)
    if row.kind in _LATE and row.day in closes and (row.epoch, row.seq) > closes[row.day]:
        arrived.late[place] = arrived.late.get(place, 0) + 1
    if row.kind in ATTEMPTS or row.kind in REFUNDS:
        _take_order(arrived, store, row, body)
    elif row.kind in SALES:
        _take_tenders(arrived, store, row, body)


def _take_order(arrived: Arrived, store: str, row: Any, body: Body) -> None:
    attempt = body.get("attempt")
    if not is_name(attempt):
        return
    moments = (row.at_ms, body.get("platform_at_ms"))
    moved = {(row.day, day) for at_ms in moments if (day := _platform_day(at_ms)) is not None}
    arrived.moved.setdefault(attempt, set()).update(moved)
    kind = Outstanding.ATTEMPT if row.kind in ATTEMPTS else Outstanding.REFUND
    number = attempt if kind is Outstanding.ATTEMPT else body.get("out_refund_no")
    if not is_name(number):
        return
    if row.kind.endswith(".started"):
        arrived.begun.append(_outstanding(store, kind, number, row.day, body.get("amount_fen")))
    elif row.kind.endswith(".ended"):
        arrived.ended.append((store, kind, number))


def _take_tenders(arrived: Arrived, store: str, row: Any, body: Body) -> None:
    """Keep the kinds of tenders, and those that were taken provisionally; one that carries an attempt ends with it."""
    on = _platform_day(row.at_ms)
    for count, tender in tenders_of(body):
        if on is not None:
            arrived.tenders.add((tender["kind"], row.day, on))
        if row.kind == "sale.completed" and tender.get("provisional") is True and not tender.get("attempt"):
            number = f"{str(body.get('sale'))[:NAME_CHARACTERS_MAX]}#{count}"
            arrived.begun.append(_outstanding(store, Outstanding.TENDER, number, row.day, tender["amount_fen"]))


def _outstanding(store: str, kind: Outstanding, number: str, day: str, amount_fen: object) -> dict[str, object]:
    known_fen = amount_fen if type(amount_fen) is int else 0
    return {
        "store": store,
        "kind": kind.value,
        "number": number,
        "day": day,
        "amount_fen": known_fen,
        "source": "",
    }


def _platform_day(at_ms: object) -> date | None:
    """Return the platform's day of a moment; None for what is none, or lies outside of the calendar."""
    return platform_day(at_ms) if type(at_ms) is int and is_moment(at_ms) else None


def _write(
    connection: Connection, accounts: Accounts, acquirers: Sequence[Acquirer], store: str, arrived: Arrived
) -> None:
    begun = [row for row in arrived.begun if not _is_confirmed(connection, row)]
    if begun:
        insert_unless_there(connection, outstanding, ("store", "kind", "number"), begun)
    for attempt, day in _days_begun(connection, store, sorted(arrived.moved)).items():
        arrived.moved[attempt].update({(day, platform_day) for _, platform_day in arrived.moved[attempt]})
    arrived.days.update(_end(connection, arrived))
    touched: set[tuple[str, date]] = set()
    linked: set[tuple[str, str, str]] = set()
    for attempt, book in _books(connection, accounts, store, sorted(arrived.moved)).items():
        for day, on in sorted(arrived.moved[attempt]):
            touched.add((book, on))
            linked.add((day, book, on.isoformat()))
            arrived.days.add((store, day))
    for kind, day, on in sorted(arrived.tenders):
        for acquirer in acquirers:
            if acquirer.pays(store, kind):
                touched.add((acquirer.book, on))
                linked.add((day, acquirer.book, on.isoformat()))
    rows = [{"store": store, "day": day, "account": of, "platform_day": on} for day, of, on in sorted(linked)]
    if rows:
        insert_unless_there(connection, store_account_day, ("store", "day", "account", "platform_day"), rows)
    know_account_days(connection, touched)
    mark_account_days(connection, touched)
    mark_store_days(connection, arrived.days)
    _note_late(connection, arrived.late)


def _is_confirmed(connection: Connection, row: Mapping[str, object]) -> bool:
    """Tell whether a provisional tender was confirmed before: the tables may be made again from the entries."""
    if row["kind"] != Outstanding.TENDER.value:
        return False
    kinds = {one.kind for one in notes_of(connection, str(row["store"]), str(row["number"]))}
    return BookNote.TENDER_CONFIRMED in kinds


def _days_begun(connection: Connection, store: str, attempts: Sequence[str]) -> dict[str, str]:
    """Return the business day on which orders began that have no end yet."""
    known, found = outstanding.c, dict[str, str]()
    for begin in range(0, len(attempts), NUMBERS_A_QUERY):
        some = attempts[begin : begin + NUMBERS_A_QUERY]
        mine = (known.store == store) & (known.kind == Outstanding.ATTEMPT.value) & known.number.in_(some)
        found.update({row.number: row.day for row in connection.execute(select(known.number, known.day).where(mine))})
    return found


def _end(connection: Connection, arrived: Arrived) -> set[tuple[str, str]]:
    """Take away what came to its end, and return the days that it was of."""
    known, days = outstanding.c, set[tuple[str, str]]()
    for store, kind, number in arrived.ended:
        mine = (known.store == store) & (known.kind == kind.value) & (known.number == number)
        day = connection.execute(select(known.day).where(mine)).scalar()
        if day is not None:
            connection.execute(delete(outstanding).where(mine))
            days.add((store, day))
    return days


def _books(connection: Connection, accounts: Accounts, store: str, numbers: Sequence[str]) -> dict[str, str]:
    """Return each order's account; one that headquarters made is written with its merchant's number from now on.

    An order that a customer's phone has not paid yet is of no account, nor one whose beginning is not here.
    """
    found: dict[str, str] = {}
    order, wish = tables.platform_order, tables.wish_order
    for begin in range(0, len(numbers), NUMBERS_A_QUERY):
        some = numbers[begin : begin + NUMBERS_A_QUERY]
        same = (wish.c.store == order.c.store) & (wish.c.out_trade_no == order.c.attempt)
        query = (
            select(order.c.attempt, order.c.platform, order.c.merchant, wish.c.merchant.label("file"))
            .select_from(order.outerjoin(wish, same))
            .where((order.c.store == store) & order.c.attempt.in_(some))
        )
        told = order.c.merchant.is_not(None) & (order.c.platform != PHONE)
        for row in connection.execute(query.where(told)).all():
            merchant = row.merchant
            if merchant in UNNAMED:
                merchant = accounts.number(store, row.platform, row.file or "") or merchant
                if merchant not in UNNAMED:
                    mine = (order.c.store == store) & (order.c.attempt == row.attempt)
                    connection.execute(update(order).where(mine).values(merchant=merchant))
            book = book_of(row.platform or "", merchant or "hq")
            if book is not None:
                found[row.attempt] = book
    return found


def _note_late(connection: Connection, late: Mapping[tuple[str, str], int]) -> None:
    """Count late facts of days that were computed as closed before."""
    known = store_day.c
    for (store, day), count in late.items():
        mine = (known.store == store) & (known.day == day) & (known.state != DayState.OPEN.value)
        connection.execute(update(store_day).where(mine).values(late=known.late + count))
