"""Root's part of a stick: what storebox-stick@.service runs when one is plugged in.

It looks at the files on top of the stick by their first bytes, whatever they are called, and copies offline packets
into the box's folder, where the box itself opens them. Nothing is started from a stick, no link on it is followed, and
where the box keeps no such folder (it has its store) nothing is copied.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path

from agent.setup.packets import FOLDER, PACKETS_MAX, SUFFIX, is_packet, read_packet
from sync.packet import MAGIC

FILES_MAX = 1000
"""So many files of a stick are looked at."""


def carry_in(stick: Path, state: Path) -> int:
    """Copy the packets of a mounted stick for the box in `state`; returns how many.

    The same stick again copies again, which is how a technician asks for another try. Raises `OSError` when the disk
    can't be written.
    """
    with _folder_of(state) as folder:
        if folder is None:
            return 0
        count = 0
        for path in _packets_on(stick):
            _write(folder, f"{sha256(path.name.encode()).hexdigest()[:16]}{SUFFIX}", read_packet(path))
            count += 1
        return count


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
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    opened: list[int] = []
    try:
        try:
            opened.append(os.open(state, flags))
            for part in FOLDER.parts:
                opened.append(os.open(part, flags, dir_fd=opened[-1]))
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
