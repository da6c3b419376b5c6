"""Copies of the store through SQLite's own backup, complete under their name or not there at all."""

import os
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from pysqlite3 import dbapi2 as sqlite3

from agent.core.errors import Broken
from agent.disk import sync_folder
from agent.store.connection import open_reader

KEPT = 7
PAGES_A_STEP = 1_000
_PATTERN = "backup-????-??-??.db"

Progress = Callable[[int, int], None]
"""Called with pages copied and pages in all."""


def back_up(
    path: Path, folder: Path, day: date, *, keep: int = KEPT, progress: Progress = lambda done, whole: None
) -> Path:
    """Copy the store to `folder/backup-DATE.db`, check the copy, and delete all but the newest `keep`.

    Trade goes on meanwhile. Raises `Broken("backup.damaged")` when the copy does not pass SQLite's check; older copies
    stay then.
    """
    folder.mkdir(parents=True, exist_ok=True)
    final = folder / f"backup-{day.isoformat()}.db"
    making = folder / f"{final.name}.making"
    making.unlink(missing_ok=True)
    try:
        _copy(path, making, progress)
        _check(making)
        _sync_file(making)
        os.replace(making, final)
    finally:
        making.unlink(missing_ok=True)
    for old in backups(folder)[keep:]:
        old.unlink()
    sync_folder(folder)
    return final


def copy_to(path: Path, target: Path, progress: Progress = lambda done, whole: None) -> None:
    """Copy the store to a file that nobody else uses, while trade goes on; one snapshot, not synced, not checked."""
    _copy(path, target, progress)


def backups(folder: Path) -> list[Path]:
    """Return the copies in a folder, newest first."""
    return sorted(folder.glob(_PATTERN), reverse=True)


def _copy(path: Path, target_path: Path, progress: Progress) -> None:
    source = open_reader(path)
    target = sqlite3.connect(str(target_path), isolation_level=None)

    def report(status: int, remaining: int, whole: int) -> None:
        progress(whole - remaining, whole)

    try:
        # Without a snapshot of its own the copy would begin anew at every commit and might never end.
        source.execute("BEGIN")
        source.execute("SELECT count(*) FROM meta").fetchone()
        source.backup(target, pages=PAGES_A_STEP, progress=report, sleep=0.01)
        target.execute("PRAGMA journal_mode=DELETE")
    finally:
        target.close()
        source.close()


def _check(copy: Path) -> None:
    connection: Any = sqlite3.connect(f"{copy.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)
    try:
        found = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
    except sqlite3.DatabaseError as error:
        raise Broken("backup.damaged", reason=str(error)[:120]) from error
    finally:
        connection.close()
    if found != "ok":
        raise Broken("backup.damaged", reason=str(found)[:120])


def _sync_file(copy: Path) -> None:
    descriptor = os.open(copy, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
