"""Lines of a bill, from bytes or from a file: one at a time, each of a bounded length. Shared by every reader."""

import gzip
import io
from collections.abc import Iterator
from typing import BinaryIO, cast

from agent.core.bill import BillSource
from agent.core.errors import Refused

LINE_BYTES_MAX = 64 * 1024
"""The longest line of a platform has a few hundred bytes; a file without line ends is no bill."""
_GZIP = b"\x1f\x8b"


def stream_of(source: BillSource) -> BinaryIO:
    """Return the file that is read, for bytes one over them without a copy."""
    return io.BytesIO(source) if isinstance(source, bytes) else source


def plain_stream_of(source: BillSource) -> BinaryIO:
    """Return the file of a bill's text, which may be kept packed by gzip; needs no seeking."""
    stream = io.BufferedReader(cast(io.RawIOBase, _Readable(stream_of(source))))
    return cast(BinaryIO, gzip.GzipFile(fileobj=stream)) if stream.peek(2).startswith(_GZIP) else stream


def lines_of(stream: BinaryIO) -> Iterator[bytes]:
    """Yield lines with their ends; refuses (`platform.bill_unreadable`) a line that never ends and a broken gzip."""
    while True:
        try:
            line = stream.readline(LINE_BYTES_MAX)
        except (EOFError, gzip.BadGzipFile, OSError) as error:
            raise unreadable("GZIP") from error
        if not line:
            return
        if len(line) == LINE_BYTES_MAX and not line.endswith(b"\n"):
            raise unreadable("-")
        yield line


def unreadable(column: str) -> Refused:
    """Return the refusal of what is no bill, naming the column or part where that showed."""
    return Refused("platform.bill_unreadable", column=column[:60])


class _Readable(io.RawIOBase):
    """Whatever can be read, as the raw file below a buffer: foreign files have no `peek`."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def readable(self) -> bool:
        """Say that this is a file for reading."""
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        """Fill a buffer with what comes next."""
        piece = self._stream.read(len(buffer))
        buffer[: len(piece)] = piece
        return len(piece)
