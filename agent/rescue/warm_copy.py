"""A copy of every unsent entry on a second disk or a stick, as soon as it is written; behind the trade, never before.

Files are only appended to and flushed; when headquarters has all of a file and the next has begun, it is deleted. A
disk that is not there is an alarm and nothing more; when it comes back what it lacks is appended.
"""

import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from agent.core.chain import Identity
from agent.core.errors import Broken
from agent.rescue import copy_file
from agent.store.connection import Readers
from agent.store.journal import entries, identity, last_seq
from agent.store.outgoing import watermark
from sync.threads import StepThread

log = logging.getLogger("storebox.rescue")

LOOK_EVERY_S = 1.0
AGAIN_S = 15.0
FILE_BYTES_MAX = 8 * 1024 * 1024
ENTRIES_A_STEP = 500
Publish = Callable[[str, dict[str, Any]], None]


class WarmCopy:
    """The thread that keeps the copy, and what is wrong with it (`code`, None when nothing is)."""

    def __init__(
        self, readers: Readers, state: Path, folder: Path, publish: Publish, *, same_disk_allowed: bool = False
    ) -> None:
        """`same_disk_allowed` is for trials: a copy beside the journal dies with it."""
        self.code: str | None = None
        self._readers = readers
        self._state = state
        self._folder = folder
        self._publish = publish
        self._same_disk_allowed = same_disk_allowed
        self._file: Path | None = None
        self._next_seq = 0
        self._thread = StepThread("warm copy", self.step)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End after the present flush."""
        self._thread.stop()

    def step(self) -> float:
        """Copy what is new; returns seconds until the next look."""
        try:
            self._check_place()
            more = self._copy()
        except Broken as error:
            return self._failed(error)
        except OSError as error:
            return self._failed(Broken("copy.not_written", path=str(self._folder), reason=error.strerror or "?"))
        if self.code is not None:
            log.info("the warm copy is whole again")
            self.code = None
        return 0.0 if more else LOOK_EVERY_S

    def _check_place(self) -> None:
        if not self._folder.is_dir():
            raise Broken("copy.absent", path=str(self._folder))
        same = self._folder.stat().st_dev == self._state.stat().st_dev
        if same and not self._same_disk_allowed:
            raise Broken("copy.same_disk", path=str(self._folder))

    def _copy(self) -> bool:
        """Append the next entries; whether there are more."""
        connection = self._readers.get()
        whose = identity(connection)
        if self._file is None or not self._file.exists():
            self._open(connection, whose)
        last = last_seq(connection, whose.epoch)
        if self._next_seq > last:
            return False
        found = entries(connection, whose.epoch, self._next_seq, ENTRIES_A_STEP)
        if self._file is None or (self._file.exists() and self._file.stat().st_size > FILE_BYTES_MAX):
            self._file = self._folder / copy_file.name_of(whose, found[0].seq)
            copy_file.append(self._file, copy_file.header(whose, found[0].seq))
            self._forget(connection, whose)
        copy_file.append(self._file, b"".join(copy_file.row(one) for one in found))
        self._next_seq = found[-1].seq + 1
        return self._next_seq <= last

    def _open(self, connection: Any, whose: Identity) -> None:
        """Go on with the newest file of this epoch, its torn end cut off; else begin at what is unsent."""
        self._file = None
        self._next_seq = watermark(connection, whose.epoch).next_seq
        newest = max(self._folder.glob(f"storebox-{whose.store}-{whose.epoch}-*.copy"), default=None)
        if newest is None:
            return
        try:
            found, whole_bytes = copy_file.read(newest)
        except Broken:
            newest.unlink()
            return
        if found.last_seq + 1 >= self._next_seq and found.last_seq <= last_seq(connection, whose.epoch):
            os.truncate(newest, whole_bytes)
            self._file, self._next_seq = newest, found.last_seq + 1

    def _forget(self, connection: Any, whose: Identity) -> None:
        """Delete files of which headquarters has every entry; the one that is written stays."""
        next_seq = watermark(connection, whose.epoch).next_seq
        for path in self._folder.glob(f"storebox-{whose.store}-{whose.epoch}-*.copy"):
            if path != self._file and copy_file.read(path)[0].last_seq < next_seq:
                path.unlink()

    def _failed(self, error: Broken) -> float:
        """Tell once of each trouble, and look again later."""
        self._file = None
        if error.code != self.code:
            log.error("warm copy: %s", error)
            self._publish("notice", {"code": error.code, "values": dict(error.values)})
        self.code = error.code
        return AGAIN_S
