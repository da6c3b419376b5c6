"""What headquarters knows of one store: epochs, newest entries, alarms, forks, seals, days."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, select

from sync.hq import tables
from sync.hq.projection import readable

NEWEST_ENTRIES = 40
FORKS_SHOWN = 20
ALARMS_SHOWN = 50
DAYS_SHOWN = 14


@dataclass(frozen=True, slots=True)
class EpochFacts:
    """One incarnation of the store's box."""

    epoch: int
    box: str
    source: str
    enrolled_at_ms: int
    complete_up_to: int
    head: str
    sealed_up_to: int
    seals: int
    wrong_seals: int
    revoked_at_ms: int | None
    revoked_reason: str | None


@dataclass(frozen=True, slots=True)
class EntryFacts:
    """One entry of the timeline; `body` is empty when it can't be read."""

    epoch: int
    seq: int
    at_ms: int
    received_at_ms: int
    kind: str
    body: Mapping[str, object]


def epochs_of(connection: Connection, store: str) -> Sequence[EpochFacts]:
    """Return a store's epochs, the present one first."""
    seals: dict[int, tuple[int, int, int]] = {}
    known = tables.seal.c
    query = select(known.epoch, known.valid, func.count().label("times"), func.max(known.seq).label("last"))
    for row in connection.execute(query.where(known.store == store).group_by(known.epoch, known.valid)):
        good, wrong, last = seals.get(row.epoch, (0, 0, 0))
        seals[row.epoch] = (row.times, wrong, row.last - 1) if row.valid else (good, row.times, last)
    epoch, cursor = tables.epoch, tables.cursor
    both = (cursor.c.store == epoch.c.store) & (cursor.c.epoch == epoch.c.epoch)
    query_epochs = select(epoch, cursor.c.next_seq, cursor.c.head).join(cursor, both).where(epoch.c.store == store)
    return [
        EpochFacts(
            epoch=row.epoch,
            box=row.box,
            source=row.source,
            enrolled_at_ms=row.enrolled_at_ms,
            complete_up_to=row.next_seq - 1,
            head=row.head,
            sealed_up_to=seals.get(row.epoch, (0, 0, 0))[2],
            seals=seals.get(row.epoch, (0, 0, 0))[0],
            wrong_seals=seals.get(row.epoch, (0, 0, 0))[1],
            revoked_at_ms=row.revoked_at_ms,
            revoked_reason=row.revoked_reason,
        )
        for row in connection.execute(query_epochs.order_by(epoch.c.epoch.desc()))
    ]


def newest_entries(connection: Connection, store: str, epochs: Sequence[EpochFacts]) -> Sequence[EntryFacts]:
    """Return the newest entries, the newest first; of the epoch before when the present one has few."""
    found: list[EntryFacts] = []
    known = tables.entry.c
    for epoch in epochs:
        missing = NEWEST_ENTRIES - len(found)
        if missing <= 0:
            break
        where = tables.of_epoch(tables.entry, store, epoch.epoch) & (known.seq > epoch.complete_up_to - missing)
        columns = select(known.epoch, known.seq, known.at_ms, known.received_at_ms, known.kind, known.body)
        for row in connection.execute(columns.where(where).order_by(known.seq.desc())):
            body = readable(row.body) or {}
            found.append(EntryFacts(row.epoch, row.seq, row.at_ms, row.received_at_ms, row.kind, body))
    return found


def alarms_of(connection: Connection, store: str) -> Sequence[Any]:
    """Return a store's alarms (`code`, `seq`, `epoch`, `at_ms`, `detail`), the newest first; `stands`: not over."""
    known = tables.alarm
    query = (
        select(known, tables.stands().label("stands"))
        .where(known.c.store == store)
        .order_by(known.c.at_ms.desc())
        .limit(ALARMS_SHOWN)
    )
    return connection.execute(query).all()


def forks_of(connection: Connection, store: str) -> Sequence[Any]:
    """Return the other histories that are kept as evidence, without their text, the newest first."""
    known = tables.fork.c
    columns = select(
        known.epoch, known.sha256, known.first_seq, known.differs_at, known.box, known.received_at_ms
    ).where(known.store == store)
    return connection.execute(columns.order_by(known.received_at_ms.desc()).limit(FORKS_SHOWN)).all()


def closed_days(connection: Connection, store: str) -> Sequence[str]:
    """Return the newest closed days, the newest first."""
    known = tables.closed_day.c
    query = select(known.day).where(known.store == store).order_by(known.day.desc()).limit(DAYS_SHOWN)
    return list(connection.execute(query).scalars())


def is_closed(connection: Connection, store: str, day: str) -> bool:
    """Tell whether the store closed the business day."""
    known = tables.closed_day.c
    return connection.execute(select(known.seq).where((known.store == store) & (known.day == day))).first() is not None
