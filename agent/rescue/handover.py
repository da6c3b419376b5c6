"""The unsent journal on a stick, when nothing else works: no box that runs, no network, a disk that dies.

The file says in one line of JSON whose it is; then comes zlib data of entries, sealed for headquarters when its key
list names a key for it, and signed by the box when its key can still be read.
"""

import errno
import logging
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pysqlite3 import dbapi2 as sqlite3

from agent.core.chain import Identity, genesis
from agent.core.errors import Broken, Refused, StoreboxError
from agent.disk import write_whole
from agent.rescue.sources import copy_journal
from agent.store.connection import open_reader
from agent.store.journal import epochs, identity, identity_of
from agent.store.outgoing import watermark
from agent.store.salvage import readable_entries
from sync.enrol import Enrolment, device_key, load_enrolment
from sync.handover import Run, handover_bytes
from sync.keylist import KeyRing

log = logging.getLogger("storebox.rescue")

JOURNAL = "journal.db"


@dataclass(frozen=True, slots=True)
class HandedOver:
    """What went onto the stick: `runs` by epoch, `missing` the numbers that could not be read."""

    file: Path
    runs: tuple[dict[str, int], ...]
    missing: int
    sealed: bool
    signed: bool


def hand_over(state: Path, folder: Path, now_ms: int) -> HandedOver:
    """Write what headquarters has not acknowledged into a file of `folder`; nothing of the box is changed.

    Raises `Refused`: `handover.no_journal`, `handover.nothing_unsent`, `handover.no_rights`;
    `Broken("handover.no_room")`.
    """
    path = state / JOURNAL
    if not path.exists():
        raise Refused("handover.no_journal", path=str(state))
    scratch = folder / ".storebox-handover"
    try:
        runs = _unsent(path, scratch)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    if not any(run.entries for run in runs):
        raise Refused("handover.nothing_unsent")
    whose = runs[-1].whose
    enrolment, signer = _who(state)
    ring = enrolment.key_ring() if enrolment is not None else None
    data, sealed = handover_bytes(whose, runs, signer, _sealing_key(ring, whose, now_ms), now_ms)
    file = folder / f"storebox-{whose.store}-{whose.epoch}-{now_ms // 1000}.handover"
    _write(file, data)
    missing = sum(run.missing for run in runs)
    told = tuple(_told(run) for run in runs if run.entries)
    return HandedOver(file, told, missing, sealed, signer is not None)


def _unsent(path: Path, scratch: Path) -> list[Run]:
    """Read the live file when it opens, else what a copy of it still gives."""
    live = _live(path)
    if live is not None:
        return live
    try:
        scratch.mkdir(parents=True, exist_ok=True)
        copied = scratch / JOURNAL
        copy_journal(path, copied)
        connection = sqlite3.connect(str(copied), isolation_level=None)
        try:
            return _runs(connection)
        finally:
            connection.close()
    except OSError as error:
        raise _not_written(error, scratch.parent) from error
    except sqlite3.Error as error:
        raise Broken("late.unreadable", path=path.name) from error


def _live(path: Path) -> list[Run] | None:
    """Return what the journal itself gives; None when it does not open where it lies."""
    try:
        connection = open_reader(path)
        try:
            return _runs(connection)
        finally:
            connection.close()
    except (sqlite3.Error, StoreboxError, OSError) as error:
        log.warning("the journal does not open where it lies, a copy is read: %s", error)
        return None


def _runs(connection: Any) -> list[Run]:
    """Return the unsent entries of each epoch; where receipts can't be read, all of them."""
    found = []
    for epoch in epochs(connection):
        whose = identity(connection) if epoch == identity(connection).epoch else identity_of(connection, epoch)
        first_seq, previous = _from(connection, whose)
        found.append(Run.of(whose, first_seq, previous, readable_entries(connection, epoch, first_seq)))
    return found


def _from(connection: Any, whose: Identity) -> tuple[int, bytes]:
    try:
        mark = watermark(connection, whose.epoch)
    except (sqlite3.DatabaseError, ValueError):
        return 1, genesis(whose)
    return (mark.next_seq, mark.head) if mark.head is not None else (1, genesis(whose))


def _who(state: Path) -> tuple[Enrolment | None, Any]:
    """Return who the box is and its key, as far as either can still be read."""
    try:
        enrolment = load_enrolment(state)
    except (StoreboxError, OSError):
        return None, None
    if enrolment is None:
        return None, None
    try:
        return enrolment, device_key(state, enrolment)
    except (StoreboxError, OSError):
        return enrolment, None


def _sealing_key(ring: KeyRing | None, whose: Identity, now_ms: int) -> tuple[str, bytes] | None:
    return None if ring is None else ring.named_key_for("handover", whose.store, now_ms)


def _told(run: Run) -> dict[str, int]:
    return {"epoch": run.whose.epoch, "first_seq": run.entries[0].seq, "entries": len(run.entries)}


def _write(file: Path, data: bytes) -> None:
    """Write a file onto the stick, whole or not at all; who finds it on another machine may read it."""
    try:
        write_whole(file, data, 0o644)
    except OSError as error:
        raise _not_written(error, file.parent) from error


def _not_written(error: OSError, folder: Path) -> StoreboxError:
    if error.errno in (errno.EACCES, errno.EPERM):
        return Refused("handover.no_rights", path=str(folder))
    return Broken("handover.no_room", path=str(folder))
