"""Which characters a printer has, how wide each is on paper, and its bytes. Pure.

Separate from layout and encoder because both must agree on it: a character that the printer lacks is replaced
*before* its width is counted, and a width is a fact of the encoding (a Chinese printer prints `×` on two cells,
as every character of its double-byte font).
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from itertools import groupby

MISSING = "□"
"""U+25A1 is in GB2312, so every Chinese font has it."""

MISSING_ASCII = "?"
REPERTOIRES = ("none", "gb2312", "gbk", "gb18030")

_BLANKS = (
    "\t\n\v\f\r\x85\u00a0\u1680\u2028\u2029\u202f\u205f"
    "\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
)
_SUBSTITUTES = str.maketrans({"¥": "￥", "\u3000": "  ", "・": "·", "‑": "-", "−": "-", **dict.fromkeys(_BLANKS, " ")})
"""What shops type and fonts lack: the yen sign of Latin-1 for U+FFE5, odd spaces and breaks, points and hyphens."""

_ONLY_IN_GB18030 = "€"
"""Two bytes (A2 E3) that GBK leaves empty."""

_REMEMBERED = 32768
_CATEGORIES_WITHOUT_SHAPE = frozenset({"Cf", "Mn", "Me"})
_CATEGORIES_WITHOUT_GLYPH = frozenset({"Cc", "Cn", "Co", "Cs"})
"""Encodings number them all, private and unassigned ones too; no font of a printer draws any."""


@dataclass(frozen=True, slots=True)
class CodePage:
    """A single-byte table of the printer: Python's codec for it and its number in `ESC t n`."""

    codec: str
    number: int


@dataclass(frozen=True, slots=True)
class Run:
    """Neighbouring characters with one encoding; `page` None means ASCII and double-byte Chinese."""

    page: CodePage | None
    data: bytes


@dataclass(frozen=True, slots=True)
class _Shape:
    """One character: what stands on paper for it, and of that the table, the cells and the bytes."""

    printed: str
    page: CodePage | None
    cells: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Charset:
    """The characters of one printer model."""

    repertoire: str = "gbk"
    pages: tuple[CodePage, ...] = ()
    _known: dict[str, _Shape] = field(default_factory=dict, init=False, repr=False, compare=False)

    def clean(self, text: str) -> str:
        """The text as it will stand on paper: composed, without invisible characters, unknown ones as `□`.

        No character of the result is a control character; every one has a width and bytes.
        """
        composed = unicodedata.normalize("NFC", text).translate(_SUBSTITUTES)
        return "".join([self._shape(char).printed for char in composed])

    def width(self, text: str) -> int:
        """Cells that cleaned text takes at normal size."""
        return sum([self._shape(char).cells for char in text])

    def runs(self, text: str) -> list[Run]:
        """The bytes of cleaned text, split where the printer has to change its table."""
        runs: list[Run] = []
        for page, shapes in groupby(map(self._shape, text), key=lambda shape: shape.page):
            runs.append(Run(page, b"".join(shape.data for shape in shapes)))
        return runs

    def _shape(self, char: str) -> _Shape:
        # Remembered because a receipt asks for each of its characters several times.
        shape = self._known.get(char)
        if shape is None:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            shape = self._known[char] = self._find(char)
        return shape

    def _find(self, char: str) -> _Shape:
        if unicodedata.category(char) in _CATEGORIES_WITHOUT_SHAPE:
            return _Shape("", None, 0, b"")
        found = _look_up(self.repertoire, self.pages, char)
        if found is not None:
            return _Shape(char, *found)
        return self._shape(MISSING if self.repertoire != "none" else MISSING_ASCII)


CHINESE = Charset()
"""What layout assumes when nobody names a printer."""


def _look_up(repertoire: str, pages: tuple[CodePage, ...], char: str) -> tuple[CodePage | None, int, bytes] | None:
    """Table, cells and bytes of one character; None when the printer lacks it."""
    if " " <= char <= "~":
        return None, 1, char.encode("ascii")
    chinese = _chinese(repertoire, char)
    latin = unicodedata.category(char).startswith("L") and char < "\u0250"
    if chinese and not (latin and pages):
        return None, 2, chinese
    for page in pages:
        data = _single(page.codec, char)
        if data:
            return page, 1, data
    return (None, 2, chinese) if chinese else None


def _chinese(repertoire: str, char: str) -> bytes:
    """The bytes of a character in a double-byte font, empty when it is not in the repertoire."""
    if repertoire == "none" or ord(char) < 0xA0 or unicodedata.category(char) in _CATEGORIES_WITHOUT_GLYPH:
        return b""
    data = _try_encode("gb18030", char)
    if len(data) != 2:
        return data if repertoire == "gb18030" and _is_han_of_four_bytes(char) else b""
    if repertoire == "gb2312":
        return data if _is_gb2312(data) else b""
    return b"" if repertoire == "gbk" and char in _ONLY_IN_GB18030 else data


def _is_han_of_four_bytes(char: str) -> bool:
    """Whether GB 18030-2000 asks fonts for a character beyond its two-byte area: the Han of Extension A, and no more.

    Four bytes encode all of Unicode, emoji too, which a printer would answer with blanks or rubbish.
    """
    return "\u3400" <= char <= "\u4db5"


def _is_gb2312(data: bytes) -> bool:
    # Judged by bytes: codecs of GB2312 and GBK disagree about the code points of two of them, not about the font.
    try:
        data.decode("gb2312")
    except UnicodeDecodeError:
        return False
    return True


def _single(codec: str, char: str) -> bytes:
    data = _try_encode(codec, char)
    return data if len(data) == 1 and data[0] >= 0x80 else b""


def _try_encode(codec: str, char: str) -> bytes:
    try:
        return char.encode(codec)
    except UnicodeEncodeError:
        return b""
