"""The file of a warm copy: a line that says whose entries follow, then entries, each with its hash; only appended.

A power cut may tear the last entry: what is torn is as if it had never been written, and the writer cuts it off.
"""

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from agent.core.canonical import canonical_bytes
from agent.core.chain import Entry, Identity
from agent.core.errors import Broken

FORMAT = "storebox-copy-1"
PATTERN = "storebox-*.copy"
HEADER_BYTES_MAX = 4096


@dataclass(frozen=True, slots=True)
class CopiedEpoch:
    """An epoch as a warm copy has it: a run of entries, from `first_seq` on."""

    whose: Identity
    first_seq: int
    rows: tuple[Entry, ...]

    @property
    def last_seq(self) -> int:
        """See OldEpoch."""
        return self.rows[-1].seq if self.rows else self.first_seq - 1

    def hash_at(self, seq: int) -> bytes | None:
        """See OldEpoch."""
        place = seq - self.first_seq
        return self.rows[place].hash if 0 <= place < len(self.rows) else None

    def entries(self, first_seq: int) -> Iterator[Entry]:
        """See OldEpoch."""
        return iter(self.rows[max(first_seq - self.first_seq, 0) :])


def name_of(whose: Identity, first_seq: int) -> str:
    """Return the name of the file that begins with an entry."""
    return f"storebox-{whose.store}-{whose.epoch}-{first_seq:09d}.copy"


def header(whose: Identity, first_seq: int) -> bytes:
    """Return the first line of a file."""
    fields = {"format": FORMAT, "store": whose.store, "box": whose.box, "epoch": whose.epoch, "first_seq": first_seq}
    return canonical_bytes(fields) + b"\n"


def row(entry: Entry) -> bytes:
    """Return one entry as it is appended."""
    body = entry.body.encode()
    head = b"%d %d %b %d %b\n" % (entry.seq, entry.at_ms, entry.kind.encode(), len(body), entry.hash.hex().encode())
    return head + body + b"\n"


def read(path: Path) -> tuple[CopiedEpoch, int]:
    """Return what a file holds and how many of its bytes are whole.

    Raises `Broken("late.unreadable")` when it is no warm copy.
    """
    data = path.read_bytes()
    end = data.find(b"\n", 0, HEADER_BYTES_MAX)
    try:
        fields = json.loads(data[: max(end, 0)])
        if fields["format"] != FORMAT:
            raise ValueError(fields["format"])
        whose = Identity(str(fields["store"]), str(fields["box"]), int(fields["epoch"]))
        first_seq = int(fields["first_seq"])
    except (ValueError, KeyError, TypeError) as error:
        raise Broken("late.unreadable", path=path.name[:80]) from error
    rows: list[Entry] = []
    place = end + 1
    while (found := _next(data, place)) is not None and found[0].seq == first_seq + len(rows):
        rows.append(found[0])
        place = found[1]
    return CopiedEpoch(whose, first_seq, tuple(rows)), place


def read_epochs(path: Path) -> Sequence[CopiedEpoch]:
    """Return what a file holds, as the epochs of a disk."""
    return [read(path)[0]]


def append(path: Path, data: bytes) -> None:
    """Append bytes and put them on the disk before returning."""
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(descriptor, view) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _next(data: bytes, place: int) -> tuple[Entry, int] | None:
    """Return the entry at a place and where the next begins; None at the end, torn or not."""
    line_end = data.find(b"\n", place)
    if line_end < 0:
        return None
    try:
        seq, at_ms, kind, size, digest = data[place:line_end].split(b" ")
        end = line_end + 1 + int(size)
        body = data[line_end + 1 : end].decode()
        found = Entry(int(seq), int(at_ms), kind.decode(), body, bytes.fromhex(digest.decode()))
    except ValueError:
        return None
    return (found, end + 1) if data[end : end + 1] == b"\n" and len(found.hash) == 32 else None
