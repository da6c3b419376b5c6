"""What stands on the paper: plain marks in the order in which the head and the cutter made them.

Everything the emulator says about a slip is made of these: the paper log, the text, the picture.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

Align = Literal["left", "center", "right"]

CELL_DOTS = 12
"""Width of a half-width character of font A; a Chinese character takes two cells."""


@dataclass(frozen=True, slots=True)
class Style:
    """How characters are struck: multiples of the cell, weight, underline, white on black."""

    wide: int = 1
    tall: int = 1
    bold: bool = False
    underline: int = 0
    inverse: bool = False
    small: bool = False


PLAIN = Style()


@dataclass(frozen=True, slots=True)
class Span:
    """Characters of one style. `kanji` says that non-ASCII ones fill a 24-dot cell.

    A span without text is a gap (`ESC $`, `ESC \\`), back to the left below zero. `dots` is the width on the paper.
    """

    text: str
    style: Style
    kanji: bool
    dots: int


@dataclass(frozen=True, slots=True)
class Line:
    """One printed line; `left_dots` is where it begins, `feed_dots` how far the paper moved."""

    spans: tuple[Span, ...]
    align: Align
    left_dots: int
    width_dots: int
    feed_dots: int


@dataclass(frozen=True, slots=True)
class Feed:
    """Paper moved without printing."""

    dots: int


@dataclass(frozen=True, slots=True)
class Qr:
    """A symbol drawn by the printer itself (`GS ( k`)."""

    payload: bytes
    level: str
    module_dots: int
    modules: int
    left_dots: int


@dataclass(frozen=True, slots=True)
class Barcode:
    """A one-dimensional code (`GS k`); `hri` is where its text stands."""

    payload: bytes
    symbology: str
    height_dots: int
    module_dots: int
    hri: str
    align: Align


@dataclass(frozen=True, slots=True)
class Image:
    """Dots as sent: `rows` holds rows padded to bytes, most significant bit left, 1 is black."""

    width: int
    height: int
    rows: bytes
    left_dots: int
    feed_dots: int


@dataclass(frozen=True, slots=True)
class Cut:
    """The cutter went through after the paper moved by `feed_dots`; a slip ends here."""

    partial: bool
    feed_dots: int


@dataclass(frozen=True, slots=True)
class Pulse:
    """The drawer's coil was driven; `real_time` for `DLE DC4`."""

    pin: int
    on_ms: int
    off_ms: int
    real_time: bool


@dataclass(frozen=True, slots=True)
class Note:
    """Not on the paper: something a reader of the log has to know."""

    text: str


Op = Line | Feed | Qr | Barcode | Image | Cut | Pulse | Note


@dataclass(frozen=True, slots=True)
class Mark:
    """One thing that happened, when, and on which slip (0 until the first cut is done)."""

    at_ms: int
    job: int
    op: Op


OnMark = Callable[[Mark], None]


def cells(text: str, kanji: bool) -> int:
    """Half-width cells that a text takes at normal size."""
    return sum(2 if kanji and char > "\x7f" else 1 for char in text)


def line_text(line: Line) -> str:
    """A line as plain text, one character a cell, Chinese two.

    Enlarged lines keep their characters and are centred or pushed right as if they were of normal
    size, as in the printed layouts of the manual; trailing blanks are dropped.
    """
    if any(span.dots < 0 for span in line.spans):
        return _struck_over(line)
    parts: list[str] = []
    width = 0
    enlarged = False
    for span in line.spans:
        text = span.text or " " * (span.dots // CELL_DOTS)
        parts.append(text)
        width += cells(text, span.kanji)
        enlarged = enlarged or span.style.wide > 1 or span.style.small
    text = "".join(parts).rstrip()
    if not text:
        return ""
    left = line.left_dots // CELL_DOTS
    if enlarged and line.align != "left":
        slack = line.width_dots // CELL_DOTS - width
        left = max(0, slack if line.align == "right" else slack // 2)
    return " " * left + text


def _struck_over(line: Line) -> str:
    """The text of a line on which the head went back: in each cell what was struck there last."""
    here_dots = line.left_dots
    struck: dict[int, str] = {}
    for span in line.spans:
        for char in span.text:
            width = span.style.wide * (2 if span.kanji and char > "\x7f" else 1)
            at = here_dots // CELL_DOTS
            struck.update({at + cell: "" for cell in range(width)} if char != " " else {})
            if char != " ":
                struck[at] = char
            here_dots += width * CELL_DOTS
        if not span.text:
            here_dots += span.dots
    return "".join(struck.get(cell, " ") for cell in range(max(struck, default=-1) + 1))


def _line_fields(line: Line) -> dict[str, Any]:
    fields: dict[str, Any] = {"kind": "line", "text": line_text(line)}
    if line.align != "left":
        fields["align"] = line.align
    wide = max((span.style.wide for span in line.spans), default=1)
    tall = max((span.style.tall for span in line.spans), default=1)
    if wide > 1:
        fields["wide"] = wide
    if tall > 1:
        fields["tall"] = tall
    if any(span.style.bold for span in line.spans):
        fields["bold"] = True
    return fields


def _payload_fields(payload: bytes) -> dict[str, Any]:
    try:
        return {"data": payload.decode("utf-8")}
    except UnicodeDecodeError:
        return {"data": payload.hex(), "encoding": "hex"}


def _op_fields(op: Op) -> dict[str, Any] | None:
    match op:
        case Line():
            return _line_fields(op)
        case Qr():
            size = {"level": op.level, "module_dots": op.module_dots, "modules": op.modules}
            return {"kind": "qr", **_payload_fields(op.payload), **size}
        case Barcode():
            return {"kind": "barcode", **_payload_fields(op.payload), "symbology": op.symbology}
        case Image():
            data = base64.b64encode(op.rows).decode("ascii")
            return {"kind": "image", "data": data, "width": op.width, "height": op.height}
        case Cut():
            return {"kind": "cut", "text": "partial" if op.partial else "full"}
        case Pulse():
            times = {"pin": op.pin, "on_ms": op.on_ms, "off_ms": op.off_ms}
            text = f"pin {op.pin}, {op.on_ms} ms" + (", real time" if op.real_time else "")
            return {"kind": "pulse", "text": text, **times}
        case Note():
            return {"kind": "note", "text": op.text}
        case Feed():
            return None


def as_fields(mark: Mark) -> dict[str, Any] | None:
    """The mark as one JSON object of the paper log, or None for a bare feed (not logged)."""
    fields = _op_fields(mark.op)
    return None if fields is None else {"at_ms": mark.at_ms, "job": mark.job, **fields}
