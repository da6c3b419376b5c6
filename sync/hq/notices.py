"""What was refused, and what boxes say of themselves: counted by day, so that somebody sees it, and no more.

A request that was refused left nothing behind but this. Whoever knocks a thousand times a minute writes once a minute:
the rest is counted in memory, and lost with the process.
"""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from agent.core.errors import TryLater
from agent.core.moment import platform_day
from sync.hq import registry, tables
from sync.hq.database import Database
from sync.hq.upserts import insert_of
from sync.hq.webhooks.alarms import Alarm, Values, tell

WRITTEN_EVERY_MS = 60_000
PLACES_REMEMBERED = 20_000
NOTICES_SHOWN = 50
ALARM_OF: Mapping[str, Alarm] = {
    "box.revoked": Alarm.REVOKED_BOX,
    "request.wrong_signature": Alarm.WRONG_KEY,
    Alarm.TRUNCATED: Alarm.TRUNCATED,
    Alarm.HQ_WENT_BACK: Alarm.HQ_WENT_BACK,
    "uplink.journal_damaged": Alarm.CHAIN_BROKEN,
}
"""Notices that somebody outside hears of, once a day."""
TROUBLES: Mapping[str, str] = {
    "hq.knows_more": Alarm.TRUNCATED.value,
    "uplink.journal_damaged": "uplink.journal_damaged",
}
"""What a box says of itself in its heartbeat that is noted; that it was told of a fork stands with the fork."""


@dataclass(frozen=True, slots=True)
class Notice:
    """What happened to a box's requests; `detail` needs no translation. Epoch 0 is one that nobody knows."""

    store: str
    epoch: int
    code: str
    detail: str = ""


@dataclass(slots=True)
class _Place:
    written_ms: int
    waiting: int = 0


class Notices:
    """Counts notices; several threads may use it."""

    def __init__(self) -> None:
        self._places: dict[tuple[str, int, str], _Place] = {}
        self._lock = threading.Lock()

    def note(self, database: Database, notice: Notice, now_ms: int) -> None:
        """Count a notice, and write what was counted when the last time is a minute ago.

        A busy database keeps it for the next time: what is answered to the box must not depend on it.
        """
        times = self._due(notice, now_ms)
        if not times:
            return
        try:
            with database.write() as connection:
                if registry.has_store(connection, notice.store):
                    write_notice(connection, notice, now_ms, times)
        except TryLater:
            self._give_back(notice, times)

    def _due(self, notice: Notice, now_ms: int) -> int:
        key = (notice.store, notice.epoch, notice.code)
        with self._lock:
            if len(self._places) > PLACES_REMEMBERED:
                self._places.clear()
            place = self._places.get(key)
            if place is not None and 0 <= now_ms - place.written_ms < WRITTEN_EVERY_MS:
                place.waiting += 1
                return 0
            self._places[key] = _Place(now_ms)
            return 1 + (place.waiting if place is not None else 0)

    def _give_back(self, notice: Notice, times: int) -> None:
        with self._lock:
            self._places[notice.store, notice.epoch, notice.code] = _Place(-WRITTEN_EVERY_MS, times)


def write_notice(connection: Connection, notice: Notice, now_ms: int, times: int = 1) -> None:
    """Write a notice into the row of its day, in the caller's transaction, and tell the alarm that it may be."""
    day = platform_day(now_ms).isoformat()
    known = tables.box_notice
    row = {"store": notice.store, "epoch": notice.epoch, "code": notice.code, "day": day}
    statement = insert_of(connection, known).values(
        **row, times=times, first_ms=now_ms, last_ms=now_ms, detail=notice.detail
    )
    later = {"times": known.c.times + times, "last_ms": now_ms, "detail": notice.detail}
    connection.execute(statement.on_conflict_do_update(index_elements=list(row), set_=later))
    alarm = ALARM_OF.get(notice.code)
    if alarm is not None:
        values: Values = {"epoch": notice.epoch, "day": day, "reason": notice.detail}
        tell(connection, alarm, f"{notice.epoch}.{day}", values, now_ms, notice.store)


def note_trouble(
    connection: Connection, store: str, epoch: int, heartbeat: Mapping[str, object], now_ms: int
) -> tuple[str, ...]:
    """Note what a box says of itself, and return it; only an honest one does, another that goes on selling forks."""
    trouble = heartbeat.get("trouble")
    code = TROUBLES.get(trouble) if isinstance(trouble, str) else None
    if code is None:
        return ()
    write_notice(connection, Notice(store, epoch, code), now_ms)
    return (code,)


def notices_of(connection: Connection, store: str) -> Sequence[Any]:
    """Return a store's notices (`code`, `epoch`, `day`, `times`, `first_ms`, `last_ms`, `detail`), newest first."""
    known = tables.box_notice
    query = select(known).where(known.c.store == store).order_by(known.c.last_ms.desc(), known.c.code)
    return connection.execute(query.limit(NOTICES_SHOWN)).all()
