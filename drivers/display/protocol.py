"""From two rows of text to the bytes of an ESC/POS customer display. Pure.

Source: Epson's command mode of customer displays (DM-D series), as in the manuals of its compatibles (XP8200, CD5220,
VFD2300): `ESC @` initialise, `US MD1` 1F 01 overwrite, `US C 0` no cursor, `CLR` 0C, `US $ x y` 1F 24 column and row,
both from 1. Chinese displays show GB2312 or GBK on two cells a character.
"""

from __future__ import annotations

from dataclasses import dataclass

from drivers.printer.charset import Charset

ROWS = 2
CELLS = 20
BEGIN = b"\x1b@\x1f\x01\x1fC\x00\x0c"
"""Reset, overwrite mode, no cursor, clear."""

_MORE = "."
CHARSETS: dict[str, Charset] = {
    "ascii": Charset("none"),
    "gb2312": Charset("gb2312"),
    "gbk": Charset("gbk"),
    "gb18030": Charset("gb18030"),
}
"""By the words of the till's `display_charset`."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row: what may be cut at the left, what must be read whole at the right."""

    left: str
    right: str = ""


Screen = tuple[Row, Row]
EMPTY: Screen = (Row(""), Row(""))


def cells_of(row: Row, charset: Charset) -> str:
    """The row as CELLS cells of text the display has: the right side whole, the left cut at a character.

    A left side that is cut ends in a point, so that nobody takes half a name for a name; a right side wider than the
    display keeps its end, where the amount is.
    """
    right = _last_cells(charset.clean(row.right), CELLS, charset)
    room = CELLS - charset.width(right) - (1 if right else 0)
    left = _first_cells(charset.clean(row.left), max(room, 0), charset)
    blanks = CELLS - charset.width(left) - charset.width(right)
    return left + " " * blanks + right


def encode(screen: Screen, charset: Charset) -> bytes:
    """The bytes that overwrite both rows; without clearing, so that nothing flickers."""
    parts = []
    for number, row in enumerate(screen, 1):
        parts.append(bytes((0x1F, 0x24, 1, number)))
        parts += [run.data for run in charset.runs(cells_of(row, charset))]
    return b"".join(parts)


def _first_cells(text: str, room: int, charset: Charset) -> str:
    text = text.strip()
    if charset.width(text) <= room:
        return text
    kept = ""
    for character in text:
        if charset.width(kept + character + _MORE) > room:
            break
        kept += character
    return kept + _MORE if room else ""


def _last_cells(text: str, room: int, charset: Charset) -> str:
    text = text.strip()
    while charset.width(text) > room:
        text = text[1:]
    return text
