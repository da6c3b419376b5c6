"""A trade bill from anywhere, as a file: whose it is, whether it is the one that was announced, and its lines.

Read by the platforms' own readers. Known are WeChat Pay's text, plain, packed by gzip or saved again in GBK by an
office program, and Alipay's ZIP. The bytes are never changed: `sha256` is of the file as it came.
"""

import codecs
import gzip
import hashlib
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from agent.core.bill import BillLine
from agent.core.errors import Refused
from sync.platforms.bill_lines import plain_stream_of

PIECE_BYTES = 1024 * 1024
_ZIP, _HEAD_BYTES = b"PK\x03\x04", 64
_WECHAT = "交易时间"
_BOM = codecs.BOM_UTF8
_HASHES = {40: "sha1", 64: "sha256"}


@dataclass(frozen=True, slots=True)
class BillFile:
    """A file that is a platform's bill by its first bytes; `encoding` is that of WeChat's text."""

    path: Path
    platform: str
    sha256: str
    encoding: str = "utf-8"

    def lines(self) -> Iterator[BillLine]:
        """Yield the lines; raises `Refused` (`platform.bill_unreadable`) for what is none and what is cut off."""
        with self.path.open("rb") as raw:
            yield from self._read(raw)

    @contextmanager
    def plain(self) -> Iterator[tuple[BinaryIO, str]]:
        """Open the bill's unpacked text and tell its encoding; raises `Refused` for an archive without one."""
        with self.path.open("rb") as raw:
            if self.platform == "alipay":
                from sync.platforms.alipay.bill_rows import opened
                from sync.platforms.alipay.bills import TITLE

                with opened(raw, TITLE) as text:
                    yield text, "gb18030"
            else:
                yield plain_stream_of(raw), self.encoding

    def _read(self, raw: BinaryIO) -> Iterator[BillLine]:
        if self.platform == "alipay":
            from sync.platforms.alipay.bills import read as read_alipay

            return read_alipay(raw)
        from sync.platforms.wechat.bills import read as read_wechat

        return read_wechat(raw if self.encoding == "utf-8" else cast(BinaryIO, _Recoded(raw, self.encoding)))


def open_bill(path: Path, expected: str | None = None) -> BillFile:
    """Recognise a bill; `expected` is the hash that the platform announced, SHA-1 of the plain text or SHA-256, in hex.

    Refuses a file that is nobody's bill (`bill.unknown_form`) and one with another hash (`bill.hash_differs`).
    """
    digest = _digest(path, "sha256", packed=False)
    if expected:
        _check_hash(path, expected.lower(), digest)
    with path.open("rb") as raw:
        if raw.read(4) == _ZIP:
            return BillFile(path, "alipay", digest)
    for encoding in ("utf-8", "gb18030"):
        if _begins(path, encoding):
            return BillFile(path, "wechat", digest, encoding)
    raise Refused("bill.unknown_form", file=path.name[-80:])


def _check_hash(path: Path, expected: str, digest: str) -> None:
    name = _HASHES.get(len(expected), "")
    found = digest
    if expected != found:
        # What is announced is the hash of the plain text; the file may be kept packed.
        found = _digest(path, name, packed=True) if name else digest
    if expected != found:
        raise Refused("bill.hash_differs", expected=expected[:64], found=found)


def _digest(path: Path, name: str, *, packed: bool) -> str:
    found = hashlib.new(name, usedforsecurity=False)
    try:
        with path.open("rb") as raw:
            stream = plain_stream_of(raw) if packed else raw
            while piece := stream.read(PIECE_BYTES):
                found.update(piece)
    except (OSError, EOFError, zlib.error) as error:
        raise Refused("bill.unknown_form", file=path.name[-80:]) from error
    return found.hexdigest()


def _begins(path: Path, encoding: str) -> bool:
    """Tell whether the text begins with WeChat's first column."""
    try:
        with path.open("rb") as raw:
            head = plain_stream_of(raw).read(_HEAD_BYTES).removeprefix(_BOM)
    except (OSError, EOFError, zlib.error, gzip.BadGzipFile):
        return False
    return head.startswith(_WECHAT.encode(encoding))


class _Recoded:
    """A text file read as UTF-8 whatever it is kept in, piece by piece; what is no such text reads as broken UTF-8."""

    def __init__(self, raw: BinaryIO, encoding: str) -> None:
        self._stream = plain_stream_of(raw)
        self._decoder = codecs.getincrementaldecoder(encoding)(errors="surrogateescape")
        self._rest = b""

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes, at most `size`."""
        while not self._rest:
            piece = self._stream.read(PIECE_BYTES)
            self._rest = self._decoder.decode(piece, final=not piece).encode("utf-8", "surrogateescape")
            if not piece:
                break
        wanted, self._rest = (self._rest, b"") if size < 0 else (self._rest[:size], self._rest[size:])
        return wanted
