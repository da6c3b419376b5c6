"""The list for the morning: every store's yesterday, and whom to call about what."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from enum import StrEnum

from sqlalchemy import Connection, Table, delete, insert, select

from agent.core.errors import Refused
from sync.hq import registry, tables
from sync.hq.books.deposits import cash_places
from sync.hq.books.money_tables import closed_store_day
from sync.hq.books.note_kinds import MoneyNote
from sync.hq.books.notes import hold, write_note
from sync.hq.manifest import store_state

UNSEEN_AFTER_MS = 2 * 3_600_000
UNSENT_MAX = 500
"""A box that trades tells of entries which it sends at that moment; more than an upload takes is a backlog."""
DEPOSIT_WITHIN_DAYS = 1
"""Cash of a day goes to the bank on the next; what is older then is told of."""


class StoreDay(StrEnum):
    """What became of a store's business day."""

    CLOSED = "closed"
    OPEN = "open"
    """It traded, and its close is not here."""
    DECLARED = "declared"
    """Closed on that day, and said so."""
    SILENT = "silent"
    """Nothing is here of that day: closed, dead or cut off."""


class Problem(StrEnum):
    """Why a store is called."""

    NOT_CLOSED = "not_closed"
    NOT_DEPOSITED = "not_deposited"
    NOT_COMPLETE = "not_complete"


def declare_closed(
    connection: Connection, store: str, days: Sequence[date], reason: str, actor: str, now_ms: int
) -> None:
    """Declare that a store does not trade on these days; again, with another reason, it counts. Noted.

    Refuses with `store.unknown`.
    """
    if not registry.has_store(connection, store):
        raise Refused("store.unknown", store=store[:10])
    hold(connection, store)
    for day in days:
        mine = (closed_store_day.c.store == store) & (closed_store_day.c.day == day.isoformat())
        connection.execute(delete(closed_store_day).where(mine))
        connection.execute(insert(closed_store_day).values(store=store, day=day.isoformat(), reason=reason))
        write_note(connection, store, now_ms, actor, MoneyNote.DAY_DECLARED_CLOSED, day.isoformat(), {"reason": reason})


def morning(
    connection: Connection, stores: Sequence[str], day: date, today: date, now_ms: int
) -> list[dict[str, object]]:
    """Return one row a store for a business day: its state, its problems and its telephone.

    A day that is closed here is complete by the chain; one that is not counts as incomplete when its box has many
    entries unsent, was not seen for two hours, or its chain has an alarm.
    """
    cash = cash_places(connection, stores, today)
    known = {row.store: row for row in connection.execute(select(tables.store))}
    rows: list[dict[str, object]] = []
    for store in stores:
        state, place = store_day(connection, store, day), cash[store]
        box = store_state(connection, store)
        problems = [Problem.NOT_CLOSED] if state in (StoreDay.OPEN, StoreDay.SILENT) else []
        since = place.safe.since
        if place.late or (since is not None and day - since >= timedelta(days=DEPOSIT_WITHIN_DAYS)):
            problems.append(Problem.NOT_DEPOSITED)
        if box["alarms"] or (state is not StoreDay.DECLARED and _behind(box, now_ms)):
            problems.append(Problem.NOT_COMPLETE)
        rows.append(
            {
                "store": store,
                "name": known[store].name,
                "phone": known[store].phone,
                "day": day.isoformat(),
                "state": state.value,
                "problems": [one.value for one in problems],
                "complete_up_to": box["complete_up_to"],
                "last_seen_ms": box["last_seen_ms"],
                "safe_fen": place.safe.amount_fen,
                "safe_since": None if since is None else since.isoformat(),
                "in_transit_fen": place.in_transit_fen,
                "in_transit_days": place.oldest_days,
                "late_slips": [one.deposit.reference for one in place.late],
            }
        )
    return rows


def store_day(connection: Connection, store: str, day: date) -> StoreDay:
    """Return what is known here of a store's business day."""
    text = day.isoformat()

    def has(table: Table) -> bool:
        where = (table.c.store == store) & (table.c.day == text)
        return connection.execute(select(table.c.store).where(where).limit(1)).first() is not None

    if has(tables.closed_day):
        return StoreDay.CLOSED
    if has(tables.entry):
        return StoreDay.OPEN
    return StoreDay.DECLARED if has(closed_store_day) else StoreDay.SILENT


def _behind(box: Mapping[str, object], now_ms: int) -> bool:
    seen_ms, beat = box["last_seen_ms"], box["heartbeat"]
    unsent = beat.get("unsent_entries") if isinstance(beat, dict) else None
    return (
        not isinstance(seen_ms, int)
        or now_ms - seen_ms > UNSEEN_AFTER_MS
        or (type(unsent) is int and unsent > UNSENT_MAX)
    )
