"""What an old disk holds, whatever is left of it: a journal's file with its log, or a warm copy. Only read.

A journal is copied first and the copy is opened: SQLite writes beside a file that it opens, and the disk may be mounted
read-only, or be evidence.
"""

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from pysqlite3 import dbapi2 as sqlite3

from agent.core.chain import Entry, Identity
from agent.core.errors import Broken, Refused
from agent.rescue import copy_file
from agent.store.journal import entry as entry_of
from agent.store.journal import epochs, identity, identity_of, last_seq
from agent.store.salvage import readable_entries

_MAGIC = b"SQLite format 3\0"
_NAMES = ("journal.db", "set-aside-*.db", "backup-*.db")
_BLOCK_BYTES = 64 * 1024


class OldEpoch(Protocol):
    """One epoch as an old disk has it."""

    @property
    def whose(self) -> Identity:
        """Return whose entries these are."""

    @property
    def last_seq(self) -> int:
        """Return the number of the last entry that the disk shows."""

    def hash_at(self, seq: int) -> bytes | None:
        """Return the hash of an entry as it is stored, None when it can't be read."""

    def entries(self, first_seq: int) -> Iterator[Entry]:
        """Yield entries from a number on, as far as they can be read."""


@dataclass(frozen=True, slots=True)
class JournalEpoch:
    """An epoch in a journal's file."""

    connection: Any
    whose: Identity

    @property
    def last_seq(self) -> int:
        """See OldEpoch."""
        return last_seq(self.connection, self.whose.epoch)

    def hash_at(self, seq: int) -> bytes | None:
        """See OldEpoch."""
        try:
            found = entry_of(self.connection, self.whose.epoch, seq)
        except sqlite3.DatabaseError:
            return None
        return None if found is None else found.hash

    def entries(self, first_seq: int) -> Iterator[Entry]:
        """See OldEpoch."""
        return readable_entries(self.connection, self.whose.epoch, first_seq)


def files_of(path: Path) -> list[Path]:
    """Return the journals and warm copies at a path: a file, a state folder, or a disk with one of them on it.

    Raises `Refused("late.nothing_there")`; `("late.no_rights")` for a folder that may not be read: it is not empty.
    """
    if path.is_file():
        return [path]
    found: list[Path] = []
    places = (path, path / "var/lib/storebox", path / "storebox") if path.is_dir() else ()
    for place in places:
        if place.is_dir() and not os.access(place, os.R_OK | os.X_OK):
            raise Refused("late.no_rights", path=str(place)[-120:])
        for pattern in (*_NAMES[:2], copy_file.PATTERN):
            found.extend(sorted(place.glob(pattern)))
    if not found:
        raise Refused("late.nothing_there", path=str(path)[-120:])
    return found


@contextmanager
def opened(path: Path, scratch: Path) -> Iterator[Sequence[OldEpoch]]:
    """Give the epochs of one file; a journal is copied into `scratch`, which is empty again afterwards.

    Raises `Broken("late.unreadable")` for a file that is neither a journal nor a warm copy, or opens no more.
    """
    try:
        with path.open("rb") as file:
            start = file.read(len(_MAGIC))
    except OSError as error:
        raise Broken("late.unreadable", path=path.name[:80]) from error
    if start != _MAGIC:
        yield copy_file.read_epochs(path)
        return
    scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
    copied = scratch / "old.db"
    try:
        copy_journal(path, copied)
        connection = _connection(copied)
        try:
            yield _epochs(connection, path)
        finally:
            connection.close()
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def copy_journal(path: Path, target: Path) -> int:
    """Copy a journal and its log, block by block; a block that can't be read becomes zeroes. Returns how many did."""
    lost = 0
    for suffix in ("", "-wal"):
        source = path.with_name(path.name + suffix)
        if source.exists():
            lost += _copied(source, target.with_name(target.name + suffix))
    return lost


def _copied(source: Path, target: Path) -> int:
    lost = 0
    descriptor = os.open(source, os.O_RDONLY | os.O_CLOEXEC)
    try:
        size = os.fstat(descriptor).st_size
        with target.open("wb") as file:
            for offset in range(0, size, _BLOCK_BYTES):
                length = min(_BLOCK_BYTES, size - offset)
                try:
                    block = os.pread(descriptor, length, offset)
                except OSError:
                    block, lost = b"", lost + 1
                file.write(block.ljust(length, b"\0"))
    finally:
        os.close(descriptor)
    return lost


def _connection(copied: Path) -> Any:
    connection = sqlite3.connect(f"{copied.absolute().as_uri()}?mode=rw", uri=True, isolation_level=None)
    connection.execute("PRAGMA trusted_schema=OFF")
    return connection


def _epochs(connection: Any, path: Path) -> list[OldEpoch]:
    try:
        identity(connection)
        return [JournalEpoch(connection, identity_of(connection, epoch)) for epoch in epochs(connection)]
    except (sqlite3.DatabaseError, ValueError) as error:
        raise Broken("late.unreadable", path=path.name[:80]) from error
