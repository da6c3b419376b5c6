"""Root's part of a stick: what storebox-stick@.service runs when one is plugged in.

It looks at the files on top of the stick by their first bytes, whatever they are called, and copies offline packets
into the box's folder, where the box itself opens them; beside them, once, the journal or the warm copy of a dead box,
when the stick or the disk has one. Nothing is started from a stick, no link on it is followed, and where the box keeps
no such folder (it has its store) nothing is copied.
"""

import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from agent.core.errors import Refused
from agent.rescue.sources import copy_journal, files_of
from agent.setup.packets import FOLDER, PACKETS_MAX, SUFFIX, is_packet, read_packet
from agent.setup.takeover import OLD
from sync.packet import MAGIC

FILES_MAX = 1000
"""So many files of a stick are looked at."""
ROOM_TIMES = 3
"""An old box's records are copied where the disk has this many times their size: what is taken over is written anew."""
_FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Carried:
    """What was copied: `packets` by number, `records` the files of a dead box."""

    packets: int = 0
    records: int = 0


def carry_in(stick: Path, state: Path) -> Carried:
    """Copy packets and records of a mounted stick for the box in `state`.

    Packets of the same stick are copied again, which is how a technician asks for another try. Raises `Refused`
    `late.no_room` where the records do not fit, after the packets; `OSError` when the disk can't be written.
    """
    with _folder_of(state) as folder:
        if folder is None:
            return Carried()
        packets = 0
        for path in _packets_on(stick):
            _write(folder, f"{sha256(path.name.encode()).hexdigest()[:16]}{SUFFIX}", read_packet(path))
            packets += 1
        return Carried(packets, _carry_records(stick, folder))


def _carry_records(stick: Path, folder: int) -> int:
    """Copy journals and warm copies into a folder of their own, which the box may move on; returns how many files."""
    found = _records_on(stick)
    if not found:
        return 0
    name = OLD + _fingerprint(stick, found)
    if name in os.listdir(folder):
        return len(found)
    space = os.statvfs(folder)
    size = sum(path.stat().st_size for path in found)
    if space.f_bavail * space.f_frsize < ROOM_TIMES * size:
        raise Refused("late.no_room", mib=ROOM_TIMES * size // 2**20 + 1)
    draft = f".{name}.{secrets.token_hex(4)}"
    os.mkdir(draft, 0o700, dir_fd=folder)
    inside = os.open(draft, _FOLDER_FLAGS, dir_fd=folder)
    try:
        # Opened by its descriptor and root's alone until it is whole: the box's user can put no link into it.
        place = Path(f"/proc/self/fd/{inside}")
        for number, path in enumerate(found):
            copy_journal(path, place / f"{number}-{path.name}")
        for one in place.iterdir():
            one.chmod(0o666)
        os.fchmod(inside, 0o777)
        os.fsync(inside)
    finally:
        os.close(inside)
    os.rename(draft, name, src_dir_fd=folder, dst_dir_fd=folder)
    os.fsync(folder)
    return len(found)


def _records_on(stick: Path) -> list[Path]:
    """Return the journals and warm copies of a stick; none that a link leads to."""
    try:
        found = files_of(stick)
    except Refused:
        return []
    whole = stick.resolve()
    return [path for path in found if path.is_file() and path.resolve() == whole / path.relative_to(stick)]


def _fingerprint(stick: Path, found: Sequence[Path]) -> str:
    facts = [(str(path.relative_to(stick)), path.stat().st_size, path.stat().st_mtime_ns) for path in found]
    return sha256(repr(facts).encode()).hexdigest()[:16]


def _packets_on(stick: Path) -> Iterator[Path]:
    """Yield the packets on top of a stick, in the order of their names."""
    names: list[str] = []
    with os.scandir(stick) as entries:
        for entry in entries:
            if len(names) >= FILES_MAX:
                break
            if entry.is_file(follow_symlinks=False):
                names.append(entry.name)
    found = (stick / name for name in sorted(names))
    for count, path in enumerate(path for path in found if is_packet(path)):
        if count >= PACKETS_MAX:
            return
        yield path


@contextmanager
def _folder_of(state: Path) -> Iterator[int | None]:
    """Give the box's folder, opened step by step without following a link of the box's user; None where it is not."""
    opened: list[int] = []
    try:
        try:
            opened.append(os.open(state, _FOLDER_FLAGS))
            for part in FOLDER.parts:
                opened.append(os.open(part, _FOLDER_FLAGS, dir_fd=opened[-1]))
        except OSError:
            yield None
        else:
            yield opened[-1]
    finally:
        for descriptor in opened:
            os.close(descriptor)


def _write(folder: int, name: str, data: bytes) -> None:
    """Write a file whole or not at all. The folder is the box's own alone, so that it may be readable by all."""
    if not data.startswith(MAGIC):
        return
    draft = f".{name}.root"
    with suppress(FileNotFoundError):  # of a copy that a power cut ended
        os.unlink(draft, dir_fd=folder)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(draft, flags, 0o644, dir_fd=folder)
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(descriptor, 0o644)
        file.write(data)
        file.flush()
        os.fsync(descriptor)
    os.replace(draft, name, src_dir_fd=folder, dst_dir_fd=folder)
    os.fsync(folder)
