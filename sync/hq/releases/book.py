"""Which release a store should have, and what stores have. Functions over an open transaction.

A new release begins in the test ring. Two stores that turn it away stop it for everybody: a person looks first.
"""

from dataclasses import dataclass
from enum import IntEnum

from sqlalchemy import Column, Connection, delete, func, select, update

from agent.core.canonical import LARGEST_INTEGER
from agent.core.chain import Identity
from agent.core.errors import Refused
from agent.core.release import Manifest
from sync.hq import registry
from sync.hq.releases.tables import box_release, release, release_permit, store_ring
from sync.hq.upserts import insert_of
from sync.hq.webhooks.alarms import Alarm, Values, tell

PAUSED_AFTER = 2
"""So many stores turn a release away until it is paused by itself."""


class Ring(IntEnum):
    """How far a release is let out, and which stores come first."""

    TEST = 0
    FEW = 1
    ALL = 2


@dataclass(frozen=True, slots=True)
class Asked:
    """What a box says of itself when it asks."""

    sequence: int
    version: str
    arch: str
    turned_away: int | None


@dataclass(frozen=True, slots=True)
class Named:
    """The release that a box should have; `below` is set where a permit lets it go back."""

    version: str
    sequence: int
    sha256: str
    size: int
    below: int | None = None


def add(connection: Connection, manifest: Manifest, sha256: str, size: int, by: str, now_ms: int) -> bool:
    """Add a release in the test ring; returns whether it is new. Refuses another bundle of the same sequence."""
    where = (release.c.sequence == manifest.sequence) & (release.c.arch == manifest.arch)
    known = connection.execute(select(release.c.sha256).where(where)).scalar()
    if known is not None:
        if known != sha256:
            raise Refused("release.other_bundle", sequence=manifest.sequence)
        return False
    connection.execute(
        release.insert().values(
            sequence=manifest.sequence,
            arch=manifest.arch,
            version=manifest.version,
            sha256=sha256,
            size=size,
            min_from=manifest.min_from,
            not_after=manifest.not_after,
            ring=Ring.TEST,
            added_at_ms=now_ms,
            added_by=by,
        )
    )
    return True


def let_out(connection: Connection, sequence: int, ring: Ring) -> None:
    """Let a release out as far as a ring, of every machine that it is for; a pause of it ends."""
    values = {"ring": int(ring), "paused_at_ms": None, "paused_reason": None}
    if not connection.execute(update(release).where(release.c.sequence == sequence).values(**values)).rowcount:
        raise Refused("release.unknown", sha256=str(sequence))


def pause(connection: Connection, sequence: int, reason: str, now_ms: int) -> None:
    """Offer a release to nobody until it is let out again; boxes that have it keep it."""
    where = (release.c.sequence == sequence) & release.c.paused_at_ms.is_(None)
    values = {"paused_at_ms": now_ms, "paused_reason": reason[:200]}
    if connection.execute(update(release).where(where).values(**values)).rowcount:
        return
    if connection.execute(select(release.c.sequence).where(release.c.sequence == sequence)).first() is None:
        raise Refused("release.unknown", sha256=str(sequence))


def put_in_ring(connection: Connection, store: str, ring: Ring) -> None:
    """Put a store into a ring."""
    if not registry.has_store(connection, store):
        raise Refused("store.unknown", store=store[:10])
    upsert = insert_of(connection, store_ring).values(store=store, ring=int(ring))
    connection.execute(upsert.on_conflict_do_update(index_elements=["store"], set_={"ring": int(ring)}))


def permit(connection: Connection, store: str, sequence: int, by: str, now_ms: int) -> int:
    """Let a store go back to an older release; returns the sequence up to which nothing else is offered to it."""
    if not registry.has_store(connection, store):
        raise Refused("store.unknown", store=store[:10])
    if connection.execute(select(release.c.sequence).where(release.c.sequence == sequence)).first() is None:
        raise Refused("release.unknown", sha256=str(sequence))
    newest = connection.execute(select(func.max(release.c.sequence))).scalar() or 0
    running = connection.execute(select(box_release.c.sequence).where(box_release.c.store == store)).scalar() or 0
    below = max(int(newest), int(running))
    values = {"sequence": sequence, "below": below, "made_at_ms": now_ms, "made_by": by}
    upsert = insert_of(connection, release_permit).values(store=store, **values)
    connection.execute(upsert.on_conflict_do_update(index_elements=["store"], set_=values))
    return below


def end_permit(connection: Connection, store: str) -> None:
    """Take a permit away: the store gets again what its ring gets."""
    connection.execute(delete(release_permit).where(release_permit.c.store == store))


def note_asked(connection: Connection, sender: Identity, asked: Asked, now_ms: int) -> None:
    """Note what a box runs; pause a release that proved bad in so many stores."""
    values = {
        "box": sender.box,
        "epoch": sender.epoch,
        "sequence": asked.sequence,
        "version": asked.version,
        "arch": asked.arch,
        "turned_away": asked.turned_away,
        "asked_at_ms": now_ms,
    }
    upsert = insert_of(connection, box_release).values(store=sender.store, **values)
    connection.execute(upsert.on_conflict_do_update(index_elements=["store"], set_=values))
    known = select(release.c.version).where(release.c.sequence == asked.turned_away)
    version = connection.execute(known).scalar()
    if asked.turned_away is None or version is None:
        return
    bad = select(func.count()).select_from(box_release).where(box_release.c.turned_away == asked.turned_away)
    count = connection.execute(bad).scalar() or 0
    told: Values = {"box": sender.box, "number": str(version), "seq": asked.turned_away, "count": count}
    tell(connection, Alarm.RELEASE_TURNED_AWAY, str(asked.turned_away), told, now_ms, sender.store)
    if count >= PAUSED_AFTER:
        pause(connection, asked.turned_away, f"turned away by {count} stores", now_ms)


def named_for(connection: Connection, store: str, asked: Asked) -> Named | None:
    """Return the release that a store's box should have and has not, None when it may stay as it is."""
    permitted = connection.execute(select(release_permit).where(release_permit.c.store == store)).first()
    fits = release.c.arch.in_((asked.arch, "all"))
    if permitted is not None and permitted.sequence < asked.sequence <= permitted.below:
        row = connection.execute(select(release).where(fits & (release.c.sequence == permitted.sequence))).first()
        if row is not None:
            return Named(row.version, row.sequence, row.sha256, row.size, permitted.below)
    floor = max(asked.sequence, 0 if permitted is None else permitted.below)
    own = connection.execute(select(store_ring.c.ring).where(store_ring.c.store == store)).scalar()
    ring = int(Ring.ALL) if own is None else int(own)
    where = fits & (release.c.sequence > floor) & (release.c.sequence <= LARGEST_INTEGER) & (release.c.ring >= ring)
    where = where & release.c.paused_at_ms.is_(None) & (release.c.min_from <= asked.sequence)
    row = connection.execute(select(release).where(where).order_by(release.c.sequence.desc()).limit(1)).first()
    return None if row is None else Named(row.version, row.sequence, row.sha256, row.size)


def releases(connection: Connection) -> list[dict[str, object]]:
    """Return every release, newest first, with how many stores run it and how many turned it away."""
    have, bad = (_counted(connection, column) for column in (box_release.c.sequence, box_release.c.turned_away))
    rows = connection.execute(select(release).order_by(release.c.sequence.desc(), release.c.arch))
    return [
        {**row._asdict(), "stores": have.get(row.sequence, 0), "turned_away": bad.get(row.sequence, 0)} for row in rows
    ]


def _counted(connection: Connection, column: Column[int]) -> dict[int, int]:
    rows = connection.execute(select(column, func.count()).group_by(column))
    return {int(row[0]): int(row[1]) for row in rows if row[0] is not None}


def who_has_what(connection: Connection) -> list[dict[str, object]]:
    """Return for each store what its box said last, its ring, and its permit."""
    query = (
        select(box_release, store_ring.c.ring, release_permit.c.sequence.label("permit"))
        .join(store_ring, store_ring.c.store == box_release.c.store, isouter=True)
        .join(release_permit, release_permit.c.store == box_release.c.store, isouter=True)
        .order_by(box_release.c.store)
    )
    return [{**row._asdict(), "ring": Ring.ALL if row.ring is None else row.ring} for row in connection.execute(query)]
