"""Entries that came late: after the box that wrote them was replaced. They count like all others and are marked."""

from sqlalchemy import Connection, select

from agent.core.chain import Identity
from sync.hq import tables
from sync.hq.notices import Notice, write_notice

LATE = "upload.late"
"""What a store's page says of it."""


def note_late(
    connection: Connection, identity: Identity, brought_by: int, first_seq: int, last_seq: int, now_ms: int
) -> None:
    """Mark entries of an epoch as late; `brought_by` is the epoch of the box that brought them."""
    connection.execute(
        tables.late_run.insert().values(
            store=identity.store,
            epoch=identity.epoch,
            first_seq=first_seq,
            last_seq=last_seq,
            brought_by=brought_by,
            at_ms=now_ms,
        )
    )
    write_notice(connection, Notice(identity.store, identity.epoch, LATE, f"#{first_seq} → #{last_seq}"), now_ms)


def late_runs(connection: Connection, store: str) -> list[dict[str, int]]:
    """Return what came late of a store: `{epoch, first_seq, last_seq, brought_by, at_ms}`, oldest first."""
    known = tables.late_run
    query = select(known).where(known.c.store == store).order_by(known.c.epoch, known.c.first_seq)
    names = ("epoch", "first_seq", "last_seq", "brought_by", "at_ms")
    return [{name: int(getattr(row, name)) for name in names} for row in connection.execute(query)]
