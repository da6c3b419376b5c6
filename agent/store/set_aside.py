"""Setting a damaged journal aside: a new epoch begins from what still holds, the old file is kept as it is."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from pysqlite3 import dbapi2 as sqlite3

from agent.core.chain import Identity
from agent.core.errors import Broken, Refused
from agent.disk import sync_folder
from agent.store.backup import backups
from agent.store.chaincheck import ChainCheck
from agent.store.connection import open_reader, open_writer
from agent.store.failures import is_damage
from agent.store.faults import Fault
from agent.store.journal import enrol, identity
from agent.store.migrations import meta_value
from agent.store.ports import Views
from agent.store.rebuild import rebuild_in

COPIED = ("receipt", "answer", "draft", "spool", "counter", "staff", "session", "api_key", "document")
"""Tables that go on in the new file, as far as they can still be read."""
OF_A_COPY = ("receipt", "counter", "staff", "api_key", "document")
"""Those of last night's copy: what hung in the air then was printed and sold since."""
_ROWS = "SELECT seq, at_ms, CAST(kind AS BLOB), CAST(body AS BLOB), hash FROM journal ORDER BY seq"
_INTO_PAST = "INSERT INTO past(epoch, box, seq, at_ms, kind, body, hash, late) VALUES(?, ?, ?, ?, ?, ?, ?, 0)"


@dataclass(frozen=True, slots=True)
class SetAside:
    """What was done: where the old file is, how many entries go on, and the first that could not be carried over.

    `source` is the copy that they go on from when the file itself can't be opened any more.
    """

    kept: Path
    entries: int
    fault: Fault | None
    lost_tables: tuple[str, ...]
    source: Path | None = None


def set_aside(
    path: Path,
    *,
    views: Views,
    epoch: int,
    at_ms: int,
    day: date,
    public_key: bytes | None = None,
    restored: Mapping[str, object] | None = None,
    box: Identity | None = None,
) -> SetAside:
    """Begin `epoch` in a new file from the sound beginning of the old one; no process may have it open.

    A file that does not even open goes on from the newest copy of it (`backup-DATE.db`), or from nothing; `box` says
    whose it is then.

    Entries up to the first bad one become past, still to be sent to HQ; the rest stays in the old file, whose name
    is returned. Nothing is deleted. Called again after a power cut it ends what it began.

    With `restored`, the place where headquarters' history ends, no entry goes on from the old file: history comes back
    from headquarters, and what the old file has beyond it is imported late (`agent.rescue`).
    """
    ended = finish(path)
    if ended is not None:
        return ended
    new_path = _new(path)
    for leftover in (new_path, _beside(new_path, "-wal"), _beside(new_path, "-shm")):
        leftover.unlink(missing_ok=True)
    source = path if epoch_in(path) is not None else _newest_copy(path)
    if source is None:
        if box is None:
            raise Broken("store.damaged")
        enrol(new_path, box, views=views, at_ms=at_ms, public_key=public_key, previous=restored)
        return SetAside(_exchange(path, new_path, epoch - 1, day), 0, Fault("store.damaged"), COPIED)
    old = open_reader(source)
    try:
        whose = identity(old)
        if epoch <= whose.epoch:
            raise Refused("journal.epoch_not_new", epoch=epoch)
        sound = ChainCheck(whose, meta_value(old, "public_key"))
        _walk(old, sound)
        previous = restored or {"epoch": whose.epoch, "next_seq": sound.next_seq, "head": sound.head.hex()}
        new_identity = Identity(whose.store, whose.box, epoch)
        enrol(new_path, new_identity, views=views, at_ms=at_ms, public_key=public_key, previous=previous)
        lost = _fill(new_path, old, sound, views, COPIED if source == path else OF_A_COPY, history=restored is None)
    finally:
        old.close()
    kept = _exchange(path, new_path, whose.epoch, day)
    if source == path:
        return SetAside(kept, sound.entries, sound.fault, lost)
    return SetAside(kept, sound.entries, sound.fault or Fault("store.damaged"), lost, source)


def finish(path: Path) -> SetAside | None:
    """End an exchange that a power cut broke off when the old file had lost its name; None when there is none.

    Whoever opens the journal to write asks first: without its name it would look like a box that has none yet.
    """
    new_path = _new(path)
    return _ended(path, new_path) if new_path.exists() and not path.exists() else None


def epoch_in(path: Path) -> int | None:
    """Return the epoch of a journal: 0 where its making was cut off, None where a damaged file gives nothing away."""
    try:
        reader = open_reader(path)
        try:
            begun = reader.execute("SELECT 1 FROM sqlite_schema WHERE name = 'meta'").fetchone()
            return identity(reader).epoch if begun and meta_value(reader, "store") else 0
        finally:
            reader.close()
    except sqlite3.DatabaseError as error:
        if is_damage(error):
            return None
        raise


def _newest_copy(path: Path) -> Path | None:
    return next((copy for copy in backups(path.parent) if epoch_in(copy)), None)


def _walk(old: Any, sound: ChainCheck) -> None:
    """Find the first bad entry; `sound` says afterwards where it is."""
    try:
        for row in old.execute(_ROWS):
            if not sound.take(row):
                return
    except sqlite3.DatabaseError:
        sound.fault = Fault("store.damaged", sound.whose.epoch, sound.next_seq)


def _fill(
    new_path: Path, old: Any, sound: ChainCheck, views: Views, kept: tuple[str, ...], *, history: bool
) -> tuple[str, ...]:
    connection = open_writer(new_path)
    tables = ("past", *kept) if history else tuple(table for table in kept if table != "receipt")
    try:
        connection.execute("BEGIN IMMEDIATE")
        lost = tuple(table for table in tables if not _copied(connection, old, table))
        if not history:
            rebuild_in(connection, views)
            connection.execute("COMMIT")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            return lost
        rows = old.execute("SELECT seq, at_ms, kind, body, hash FROM journal WHERE seq < ?", (sound.next_seq,))
        connection.executemany(_INTO_PAST, ((sound.whose.epoch, sound.whose.box, *row) for row in rows))
        rebuild_in(connection, views)
        connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        connection.close()
    return lost


def _copied(connection: Any, old: Any, table: str) -> bool:
    """Copy a table; return whether all of it could be read."""
    columns = [str(row[1]) for row in old.execute(f"PRAGMA table_info({table})")]
    names, marks = ", ".join(columns), ", ".join("?" * len(columns))
    if not columns:
        return False
    rows = _readable(old.execute(f"SELECT {names} FROM {table}"))
    complete = True
    for row in rows:
        if row is None:
            complete = False
        else:
            connection.execute(f"INSERT INTO {table}({names}) VALUES({marks})", row)
    return complete


def _readable(cursor: Any) -> Iterator[tuple[Any, ...] | None]:
    """Yield rows while they can be read, then None if the rest cannot."""
    try:
        yield from cursor
    except sqlite3.DatabaseError:
        yield None


def _exchange(path: Path, new_path: Path, epoch: int, day: date) -> Path:
    """Give the old file another name and the new one the old name.

    The old file gets its second name before it loses its first, and the first stays empty until the old WAL is gone:
    a power cut on the way leaves no file that could be traded on, and `_ended` goes on from there.
    """
    kept = _free_name(path.with_name(f"set-aside-{epoch}-{day.isoformat()}.db"))
    for suffix in ("-wal", ""):
        if _beside(path, suffix).exists():
            os.link(_beside(path, suffix), _beside(kept, suffix))
    sync_folder(path.parent)
    path.unlink()
    sync_folder(path.parent)
    _put_in_place(path, new_path)
    return kept


def _put_in_place(path: Path, new_path: Path) -> None:
    for suffix in ("-wal", "-shm"):
        _beside(path, suffix).unlink(missing_ok=True)
    sync_folder(path.parent)
    os.replace(new_path, path)
    sync_folder(path.parent)


def _ended(path: Path, new_path: Path) -> SetAside:
    """Finish an exchange that a power cut broke off."""
    _put_in_place(path, new_path)
    reader = open_reader(path)
    try:
        entries = reader.execute("SELECT count(*) FROM past").fetchone()[0]
    finally:
        reader.close()
    kept = max(path.parent.glob("set-aside-*.db"), key=lambda found: found.stat().st_ctime_ns)
    return SetAside(kept, int(entries), None, ())


def _free_name(wished: Path) -> Path:
    number, free = 1, wished
    while free.exists():
        number += 1
        free = wished.with_stem(f"{wished.stem}-{number}")
    return free


def _new(path: Path) -> Path:
    return path.with_name(f"{path.name}.new")


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)
