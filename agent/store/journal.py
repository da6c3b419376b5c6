"""Reading the journal and the epochs before it, and beginning a new one."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from agent.core.chain import HASH_VERSION, Entry, Identity, first_fault, genesis
from agent.core.errors import Broken, Refused
from agent.core.ids import checked_id
from agent.disk import sync_folder
from agent.store.connection import open_writer
from agent.store.migrations import meta_value, migrate, set_meta
from agent.store.ports import Views
from agent.store.rebuild import rebuild_in, set_position
from agent.store.unit import Tip, Unit

_PAGE = 500


def identity(connection: Any) -> Identity:
    """Return whose journal this is and its present epoch; raises `Broken("store.not_enrolled")`."""
    store, box, epoch = (meta_value(connection, key) for key in ("store", "box", "epoch"))
    if store is None or box is None or epoch is None:
        raise Broken("store.not_enrolled")
    return Identity(store, box, int(epoch))


def identity_of(connection: Any, epoch: int) -> Identity:
    """Return whose journal an epoch is; raises `Broken("journal.unknown_epoch")` when nothing of it is here."""
    present = identity(connection)
    if epoch == present.epoch:
        return present
    row = connection.execute("SELECT box FROM past WHERE epoch = ? ORDER BY seq LIMIT 1", (epoch,)).fetchone()
    if row is None:
        raise Broken("journal.unknown_epoch", epoch=epoch)
    return Identity(present.store, str(row[0]), epoch)


def epochs(connection: Any) -> list[int]:
    """Return every epoch that has entries here, oldest first; the last is the present one."""
    present = identity(connection).epoch
    # One step a value through the primary key: `DISTINCT` would read all of the past.
    rows = connection.execute(
        "WITH RECURSIVE found(epoch) AS (SELECT min(epoch) FROM past UNION ALL"
        " SELECT (SELECT min(epoch) FROM past WHERE epoch > found.epoch) FROM found WHERE epoch IS NOT NULL)"
        " SELECT epoch FROM found WHERE epoch IS NOT NULL"
    )
    return [*(int(row[0]) for row in rows), present]


def last_seq(connection: Any, epoch: int) -> int:
    """Return the number of the last entry of an epoch, 0 when it has none here."""
    if epoch == identity(connection).epoch:
        row = connection.execute("SELECT max(seq) FROM journal").fetchone()
    else:
        row = connection.execute("SELECT max(seq) FROM past WHERE epoch = ?", (epoch,)).fetchone()
    return int(row[0] or 0)


def entries(
    connection: Any, epoch: int, first_seq: int, limit: int = _PAGE, bytes_max: int | None = None
) -> list[Entry]:
    """Return entries of an epoch from `first_seq`: at least one when there is one, then within both bounds."""
    if epoch == identity(connection).epoch:
        cursor = connection.execute(
            "SELECT seq, at_ms, kind, body, hash FROM journal WHERE seq >= ? ORDER BY seq LIMIT ?", (first_seq, limit)
        )
    else:
        cursor = connection.execute(
            "SELECT seq, at_ms, kind, body, hash FROM past WHERE epoch = ? AND seq >= ? ORDER BY seq LIMIT ?",
            (epoch, first_seq, limit),
        )
    found: list[Entry] = []
    size_bytes = 0
    for row in cursor:
        entry = Entry(*row)
        size_bytes += len(entry.body.encode())
        if found and bytes_max is not None and size_bytes > bytes_max:
            break
        found.append(entry)
    return found


def entry(connection: Any, epoch: int, seq: int) -> Entry | None:
    """Return one entry, or None; of a history that is on its way from headquarters also what came first."""
    found = entries(connection, epoch, seq, 1)
    if found and found[0].seq == seq:
        return found[0]
    row = connection.execute(
        "SELECT seq, at_ms, kind, body, hash FROM past_first WHERE epoch = ? AND seq = ?", (epoch, seq)
    ).fetchone()
    return None if row is None else Entry(*row)


def every_entry(connection: Any, epoch: int, first_seq: int = 1) -> Iterator[Entry]:
    """Yield the entries of an epoch in pages, so that no read lasts long."""
    page = entries(connection, epoch, first_seq)
    while page:
        yield from page
        page = entries(connection, epoch, page[-1].seq + 1)


def head_before(connection: Any, epoch: int, seq: int) -> bytes:
    """Return the hash before entry `seq`, genesis for 1; raises `Broken("journal.no_such_place")`."""
    if seq == 1:
        return genesis(identity_of(connection, epoch))
    previous = entry(connection, epoch, seq - 1)
    if previous is None:
        raise Broken("journal.no_such_place", epoch=epoch, seq=seq)
    return previous.hash


def enrol(
    path: Path,
    whose: Identity,
    *,
    views: Views,
    at_ms: int,
    public_key: bytes | None = None,
    previous: Mapping[str, object] | None = None,
) -> None:
    """Begin a journal: make the file and write `box.enrolled`, its first entry.

    `previous` names the place where the epoch before ended, `{"epoch", "next_seq", "head"}`. Raises
    `Refused("store.already_enrolled")` when the file has an identity; a file whose making was cut off is finished.
    """
    checked_id(whose.store, "store")
    checked_id(whose.box, "box")
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = open_writer(path, create=True)
    try:
        migrate(connection, views)
        connection.execute("BEGIN IMMEDIATE")
        if meta_value(connection, "store") is not None:
            raise Refused("store.already_enrolled", path=str(path))
        _begin(connection, whose, views, at_ms, public_key, previous)
        connection.execute("COMMIT")
    finally:
        connection.close()
    sync_folder(path.parent)


def import_past(unit: Unit, box: str, epoch: int, found: Sequence[Entry], *, late: bool = False) -> int:
    """Add entries of an earlier epoch that continue what `past` has of it; return how many were new.

    Entries that are here already are skipped when they are the same. Views do not follow by themselves: rebuild them
    when the last entry is in. Raises `Broken` for a gap, a hash that does not follow, or an entry that differs.
    """
    if epoch >= unit.identity.epoch:
        raise Refused("journal.not_past", epoch=epoch)
    connection = unit.connection
    have = last_seq(connection, epoch)
    for known in found:
        if known.seq <= have and entry(connection, epoch, known.seq) != known:
            raise Broken("journal.fork", epoch=epoch, seq=known.seq)
    new = [one for one in found if one.seq > have]
    whose = Identity(unit.identity.store, box, epoch)
    fault = first_fault(head_before(connection, epoch, have + 1) if have else genesis(whose), have + 1, new)
    if fault is not None:
        raise Broken(fault.code, epoch=epoch, seq=fault.seq)
    connection.executemany(
        "INSERT INTO past(epoch, box, seq, at_ms, kind, body, hash, late) VALUES(?, ?, ?, ?, ?, ?, ?, ?)",
        [(epoch, box, one.seq, one.at_ms, one.kind, one.body, one.hash, int(late)) for one in new],
    )
    return len(new)


def _begin(
    connection: Any,
    whose: Identity,
    views: Views,
    at_ms: int,
    public_key: bytes | None,
    previous: Mapping[str, object] | None,
) -> None:
    key_hex = public_key.hex() if public_key is not None else None
    values = {"store": whose.store, "box": whose.box, "epoch": str(whose.epoch), "hash_version": str(HASH_VERSION)}
    for name, value in values.items():
        set_meta(connection, name, value)
    if key_hex is not None:
        set_meta(connection, "public_key", key_hex)
    rebuild_in(connection, views)
    unit = Unit(connection, whose, at_ms, Tip(0, genesis(whose), at_ms, 0, None), views, None)
    seq = unit.append(
        "box.enrolled",
        {
            "store": whose.store,
            "box": whose.box,
            "epoch": whose.epoch,
            "public_key": key_hex,
            "previous": dict(previous) if previous is not None else None,
        },
    )
    set_position(connection, whose.epoch, seq)
