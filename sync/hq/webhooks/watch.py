"""Alarms that no request brings: gaps that nobody fills, large differences, what is wrong in the morning."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from pathlib import Path

from sqlalchemy import Connection, Text, cast, exists, select

from agent.core.moment import PLATFORM_ZONE, at
from agent.core.reconcile.workflow import DifferenceState
from sync.hq import registry, tables
from sync.hq.books.difference_settings import limits_of
from sync.hq.books.difference_tables import difference
from sync.hq.books.morning import Problem, morning
from sync.hq.database import Database
from sync.hq.webhooks.alarms import Alarm, tell
from sync.hq.webhooks.tables import told

GAP_AFTER_MS = 10 * 60_000
"""A box that follows the number which is wanted fills a gap with its next request."""
GAPS_MAX = DIFFERENCES_MAX = 200
"""In one run; the rest is told of in the next."""
MORNING_BEGINS, MORNING_ENDS = time(9, 30), time(12, 0)
"""When somebody is there to call a store, and its yesterday can still be put right."""
_ALARM_OF: Mapping[Problem, Alarm] = {
    Problem.NOT_CLOSED: Alarm.NOT_CLOSED,
    Problem.NOT_DEPOSITED: Alarm.NOT_DEPOSITED,
    Problem.NOT_COMPLETE: Alarm.NOT_COMPLETE,
}


def watch(database: Database, state: Path, now_ms: int) -> bool:
    """Tell of all that is due; returns whether anything was new."""
    above_fen = limits_of(state).second_person_above_fen
    with database.write() as connection:
        new = tell_gaps(connection, now_ms) + tell_differences(connection, above_fen, now_ms)
    if is_morning(now_ms):
        with database.write() as connection:
            new += tell_morning(connection, now_ms)
    return new > 0


def tell_differences(connection: Connection, above_fen: int, now_ms: int) -> int:
    """Tell of differences that need a second person and nobody settled, each once; returns how many are new."""
    row = difference.c
    known = exists().where(
        (told.c.store == row.store) & (told.c.kind == Alarm.DIFFERENCE.value) & (told.c.subject == row.difference)
    )
    where = (row.state == DifferenceState.OPEN.value) & (row.stake_fen > above_fen) & ~known
    new = 0
    for one in connection.execute(select(difference).where(where).limit(DIFFERENCES_MAX)).all():
        values = {
            "number": one.difference,
            "day": one.bill_day,
            "line_class": one.line_class,
            "amount_fen": one.stake_fen,
            "limit_fen": above_fen,
        }
        new += tell(connection, Alarm.DIFFERENCE, one.difference, values, now_ms, one.store)
    return new


def tell_gaps(connection: Connection, now_ms: int) -> int:
    """Tell of gaps that stand for ten minutes, each once; returns how many are new."""
    known = tables.alarm.c
    subject = cast(known.epoch, Text).concat(".").concat(cast(known.seq, Text))
    said = exists().where(
        (told.c.store == known.store) & (told.c.kind == Alarm.GAP.value) & (told.c.subject == subject)
    )
    where = (known.code == "upload.gap") & (known.at_ms <= now_ms - GAP_AFTER_MS) & tables.stands() & ~said
    new = 0
    for row in connection.execute(select(tables.alarm).where(where).order_by(known.at_ms).limit(GAPS_MAX)).all():
        values = {"epoch": row.epoch, "seq": row.seq, "reason": row.detail}
        new += tell(connection, Alarm.GAP, f"{row.epoch}.{row.seq}", values, now_ms, row.store)
    return new


def is_morning(now_ms: int) -> bool:
    """Tell whether it is the time to look at yesterday."""
    return MORNING_BEGINS <= _now(now_ms).time() < MORNING_ENDS


def tell_morning(connection: Connection, now_ms: int) -> int:
    """Tell what is wrong with the stores' yesterday, each problem of a store's day once; returns how many are new."""
    today = _now(now_ms).date()
    day = today - timedelta(days=1)
    stores = [store for store, _ in registry.store_names(connection)]
    new = 0
    for row in morning(connection, stores, day, today, now_ms):
        for problem in _problems(row):
            new += tell(connection, _ALARM_OF[problem], day.isoformat(), _values(row, day), now_ms, str(row["store"]))
    return new


def _values(row: Mapping[str, object], day: date) -> dict[str, int | str | None]:
    values: dict[str, int | str | None] = {"day": day.isoformat()}
    for name in ("phone", "safe_since"):
        if isinstance(said := row.get(name), str) and said:
            values["since" if name == "safe_since" else name] = said
    return values


def _problems(row: Mapping[str, object]) -> list[Problem]:
    found = row["problems"]
    return [Problem(one) for one in found] if isinstance(found, list) else []


def _now(now_ms: int) -> datetime:
    return at(now_ms, PLATFORM_ZONE)
