"""How many bytes a commit writes to SQLite's write-ahead log, read from the log itself.

The log is a header and frames, a page each; frames of the present round carry the header's salt, older ones another
(https://www.sqlite.org/fileformat2.html#walformat). SQLite locks the index beside the log and never the log, so that
opening and closing it here drops no lock.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import BinaryIO

HEADER_BYTES = 32
FRAME_HEADER_BYTES = 24
_HEADER = struct.Struct(">4sIII8sII")
_FRAME = struct.Struct(">II8sII")


@dataclass(frozen=True, slots=True)
class WalPlace:
    """How far a log has been written in its present round."""

    salt: bytes
    frames: int
    page_bytes: int

    @property
    def end(self) -> int:
        """Return the offset behind the last frame."""
        return HEADER_BYTES + self.frames * (FRAME_HEADER_BYTES + self.page_bytes)


def wal_place(journal: Path) -> WalPlace:
    """Return how far the log of a database has been written; a log that is not there has no frames."""
    log = journal.with_name(journal.name + "-wal")
    if not log.exists() or log.stat().st_size < HEADER_BYTES:
        return WalPlace(b"", 0, 0)
    with log.open("rb") as file:
        _, _, page_bytes, _, salt, _, _ = _HEADER.unpack(file.read(HEADER_BYTES))
        return WalPlace(salt, _frames(file, salt, page_bytes), page_bytes)


def _frames(file: BinaryIO, salt: bytes, page_bytes: int) -> int:
    """Count the frames up to the last commit."""
    count = committed = 0
    while True:
        file.seek(HEADER_BYTES + count * (FRAME_HEADER_BYTES + page_bytes))
        header = file.read(FRAME_HEADER_BYTES)
        if len(header) < FRAME_HEADER_BYTES:
            return committed
        _, pages_after_commit, frame_salt, _, _ = _FRAME.unpack(header)
        if frame_salt != salt:
            return committed
        count += 1
        if pages_after_commit:
            committed = count


def written_bytes(before: WalPlace, after: WalPlace) -> int | None:
    """Return the bytes written between two places; None when the log began anew meanwhile."""
    if before.salt != after.salt or after.frames < before.frames:
        return None
    return after.end - before.end


def bytes_of_commit(journal: Path, prepare: Callable[[], object], commit: Callable[[], object], samples: int) -> int:
    """Return the median of what one commit writes to the log; `prepare` runs before each and does not count."""
    found: list[int] = []
    while len(found) < samples:
        prepare()
        before = wal_place(journal)
        commit()
        count = written_bytes(before, wal_place(journal))
        if count:
            found.append(count)
    return int(median(found))
