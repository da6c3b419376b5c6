"""The floor of durability: so many bytes written into a file that is there already, and flushed."""

import os
import time
from pathlib import Path
from types import TracebackType
from typing import Self

FILE_BYTES = 16 * 1024 * 1024
"""As large as the write-ahead log grows before it is used again."""


class DiskFloor:
    """Writes one run of bytes after the other through a preallocated file, as a log is written."""

    def __init__(self, folder: Path, size_bytes: int) -> None:
        self.size_bytes = size_bytes
        self._path = folder / f"floor-{size_bytes}"
        self._data = os.urandom(size_bytes)
        self._place = 0
        self._descriptor = -1

    def __enter__(self) -> Self:
        self._path.write_bytes(bytes(FILE_BYTES))
        self._descriptor = os.open(self._path, os.O_RDWR | os.O_CLOEXEC)
        os.fsync(self._descriptor)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._descriptor)
        self._path.unlink()

    def write(self) -> None:
        """Write and flush once."""
        if self._place + self.size_bytes > FILE_BYTES:
            self._place = 0
        os.pwrite(self._descriptor, self._data, self._place)
        os.fdatasync(self._descriptor)
        self._place += self.size_bytes

    def seconds(self) -> float:
        """Write and flush once; return how long it took."""
        began_s = time.perf_counter()
        self.write()
        return time.perf_counter() - began_s
