"""Looks for planted texts in a file, in every writing that a program could have given them."""

import base64
import binascii
import gzip
import io
import json
import re
import urllib.parse
import zipfile
import zlib
from collections.abc import Iterator, Mapping

_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{16,}={0,2}")
_HEX = re.compile(rb"(?:[0-9a-fA-F]{2}){8,}")
DEPTH_MAX = 3


def found_in(data: bytes, planted: Mapping[str, str]) -> set[str]:
    """Return the names of the planted texts that stand in `data`, in whatever writing and packing."""
    found: set[str] = set()
    for piece in unpacked(data):
        folded = piece.lower()
        for name, text in planted.items():
            if any(writing.lower() in folded for writing in writings(text)):
                found.add(name)
    return found


def writings(text: str) -> set[bytes]:
    """Return the ways to write a text: encodings, escapes, Base64 at each offset, hex."""
    raw = {text.encode()}
    for encoding in ("gb18030", "utf-16-le", "utf-16-be"):
        raw.add(text.encode(encoding))
    written = set(raw)
    written |= {json.dumps(text)[1:-1].encode(), urllib.parse.quote(text, safe="").encode()}
    written.add(urllib.parse.quote_plus(text).encode())
    for each in raw:
        written.add(binascii.hexlify(each))
        for offset in range(3):
            code = base64.b64encode(b"\0" * offset + each)
            core = code[(offset * 8 + 5) // 6 : -4]
            if len(core) >= 6:
                written |= {core, core.replace(b"+", b"-").replace(b"/", b"_")}
    return written


def unpacked(data: bytes, depth: int = 0) -> Iterator[bytes]:
    """Yield the data, and what is packed in it: ZIP members, gzip and zlib streams, Base64 and hex of those."""
    yield data
    if depth == DEPTH_MAX:
        return
    if data.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for name in archive.namelist():
                yield name.encode()
                yield from unpacked(archive.read(name), depth + 1)
    for start in (match.start() for match in re.finditer(rb"\x1f\x8b\x08|\x78[\x01\x5e\x9c\xda]", data)):
        for window in (zlib.MAX_WBITS | 32,):
            worker = zlib.decompressobj(window)
            try:
                yield from unpacked(worker.decompress(data[start:]), depth + 1)
            except zlib.error:
                continue
    for pattern, decode in ((_BASE64, _of_base64), (_HEX, binascii.unhexlify)):
        for match in pattern.finditer(data):
            decoded = decode(match[0])
            if decoded.startswith((gzip.compress(b"")[:3], b"\x78\x9c", b"\x78\xda")):
                yield from unpacked(decoded, depth + 1)


def _of_base64(text: bytes) -> bytes:
    bare = text.rstrip(b"=").replace(b"-", b"+").replace(b"_", b"/")
    bare = bare[: len(bare) - (len(bare) % 4 == 1)]
    return base64.b64decode(bare + b"=" * (-len(bare) % 4))
