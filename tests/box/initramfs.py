"""The first root of the emulated machine: a busybox, an `init`, modules; an archive in cpio's "newc" format.

The format is Documentation/driver-api/early-userspace/buffer-format.rst of the kernel.
"""

from __future__ import annotations

import stat
from collections.abc import Iterable
from dataclasses import dataclass

_TRAILER = "TRAILER!!!"


@dataclass(frozen=True, slots=True)
class File:
    """One file or, without content, one folder."""

    path: str
    content: bytes | None = None
    executable: bool = False


def archive(files: Iterable[File]) -> bytes:
    """The files as one archive, in this order; a folder has to stand before what is in it."""
    entries = [_entry(number, entry) for number, entry in enumerate(files, 1)]
    return b"".join([*entries, _record(0, 0, _TRAILER, b"")])


def _entry(number: int, entry: File) -> bytes:
    if entry.content is None:
        return _record(number, stat.S_IFDIR | 0o755, entry.path, b"")
    mode = 0o755 if entry.executable else 0o644
    return _record(number, stat.S_IFREG | mode, entry.path, entry.content)


def _record(number: int, mode: int, path: str, content: bytes) -> bytes:
    name = path.encode() + b"\0"
    links = 1
    fields = (number, mode, 0, 0, links, 0, len(content), 0, 0, 0, 0, len(name), 0)
    header = b"070701" + b"".join(b"%08X" % field for field in fields)
    return _padded(header + name) + _padded(content)


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)
