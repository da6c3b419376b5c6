"""What may stand in a document: checks blocks of plain data and gives them types. Pure.

Separate from layout so that a document can be refused when it is queued, long before a printer sees it.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from drivers.base import DeviceError

MAX_BLOCKS = 5000
MAX_DEPTH = 8
MAX_TEXT_CHARACTERS = 20_000
MAX_QR_BYTES = 2331
"""What version 40 holds at level M (ISO/IEC 18004, table 7)."""
MAX_IMAGE_HEIGHT = 4096
WIDE_FROM_CELLS = 42

Block = Mapping[str, object]


class DocumentError(DeviceError):
    """The document cannot be printed on any printer; `code` is `document.…`."""


@dataclass(frozen=True, slots=True)
class Qr:
    """A QR code with a wished width."""

    data: str
    level: str
    millimetres: int


@dataclass(frozen=True, slots=True)
class Barcode:
    """A one-dimensional code; EAN-13 data has its check digit."""

    data: str
    symbology: str


@dataclass(frozen=True, slots=True)
class Image:
    """Black dots: rows of `(width + 7) // 8` bytes, the leftmost dot in the highest bit, 1 is black."""

    width: int
    height: int
    rows: bytes


@dataclass(frozen=True, slots=True)
class Feed:
    """Blank lines."""

    lines: int


@dataclass(frozen=True, slots=True)
class Cut:
    """Feed to the cutter and cut."""


@dataclass(frozen=True, slots=True)
class Kick:
    """A pulse to the cash drawer."""

    pin: int
    milliseconds: int


Thing = Qr | Barcode | Image | Feed | Cut | Kick


def blocks_of(document: Mapping[str, object]) -> Sequence[Block]:
    """The document's blocks; raises DocumentError when there is no list of them."""
    return block_list(document.get("blocks"), "blocks")


def block_list(value: object, name: str) -> Sequence[Block]:
    """Check that a field is a list of blocks."""
    if not isinstance(value, list) or not all(isinstance(block, Mapping) for block in value):
        raise DocumentError("document.bad_field", f"{name}: expected a list of blocks")
    if len(value) > MAX_BLOCKS:
        raise DocumentError("document.too_long", f"{name}: {len(value)} blocks, at most {MAX_BLOCKS}")
    return value


def text(block: Block, name: str, default: str = "") -> str:
    """A field of text."""
    value = _characters(block, name, default)
    if len(value) > MAX_TEXT_CHARACTERS:
        raise _bad(block, name, f"at most {MAX_TEXT_CHARACTERS} characters")
    return value


def whole(block: Block, name: str, default: int, low: int, high: int) -> int:
    """A field of a whole number in a range."""
    value = block.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise _bad(block, name, f"a whole number from {low} to {high}")
    return value


def flag(block: Block, name: str) -> bool:
    """A field of true or false, false by default."""
    value = block.get(name, False)
    if not isinstance(value, bool):
        raise _bad(block, name, "true or false")
    return value


def choice(block: Block, name: str, default: str, allowed: Sequence[str]) -> str:
    """A field of one word of several."""
    value = text(block, name, default)
    if value not in allowed:
        raise _bad(block, name, f"one of {', '.join(allowed)}")
    return value


def qr(block: Block) -> Qr:
    """Check a `qr` block."""
    data = text(block, "data")
    if not 0 < _utf8_length(data) <= MAX_QR_BYTES:
        raise _bad(block, "data", f"1 to {MAX_QR_BYTES} bytes")
    return Qr(data, choice(block, "level", "M", "LMQH"), whole(block, "millimetres", 28, 5, 100))


def barcode(block: Block) -> Barcode:
    """Check a `barcode` block."""
    symbology = choice(block, "symbology", "code128", ("ean13", "code128"))
    data = text(block, "data")
    if symbology == "ean13" and not is_ean13(data):
        raise _bad(block, "data", "13 digits with their check digit")
    if symbology == "code128" and not (0 < len(data) <= 60 and all(" " <= char <= "~" for char in data)):
        raise _bad(block, "data", "1 to 60 printable ASCII characters")
    return Barcode(data, symbology)


def is_ean13(data: str) -> bool:
    """Whether these are 13 digits and the last one checks the others (GS1 General Specifications, 7.9)."""
    if len(data) != 13 or not (data.isascii() and data.isdigit()):
        return False
    digits = [int(char) for char in data]
    return (sum(digits[0::2]) + 3 * sum(digits[1::2])) % 10 == 0


def image(block: Block) -> Image:
    """Check an `image` block."""
    width = whole(block, "width", 0, 1, 4096)
    height = whole(block, "height", 0, 1, MAX_IMAGE_HEIGHT)
    try:
        rows = base64.b64decode(_characters(block, "rows"), validate=True)
    except (binascii.Error, ValueError) as error:
        raise _bad(block, "rows", "base64") from error
    if len(rows) != (width + 7) // 8 * height:
        raise _bad(block, "rows", f"{(width + 7) // 8} bytes for each of {height} rows")
    return Image(width, height, rows)


def _characters(block: Block, name: str, default: str = "") -> str:
    value = block.get(name, default)
    if not isinstance(value, str):
        raise _bad(block, name, "text")
    return value


def _utf8_length(data: str) -> int:
    try:
        return len(data.encode("utf-8"))
    except UnicodeEncodeError:
        return 0


def _bad(block: Block, name: str, expected: str) -> DocumentError:
    kind = block.get("kind")
    return DocumentError("document.bad_field", f"{kind}.{name}: expected {expected}, got {str(block.get(name))[:40]!r}")
