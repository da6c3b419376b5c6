"""The slip as a picture: the printable width in dots, one pixel a dot, black on white."""

from __future__ import annotations

from collections.abc import Sequence

import segno
from PIL import Image as Picture
from PIL import ImageDraw

from drivers.emulators import bars
from drivers.emulators.glyphs import Glyphs
from drivers.emulators.linebuffer import char_dots
from drivers.emulators.paper import (
    PLAIN,
    Barcode,
    Cut,
    Feed,
    Image,
    Line,
    Op,
    Qr,
    Span,
)

MAX_HEIGHT_DOTS = 60_000
"""No slip is longer: seven metres and a half; the rest of a longer one isn't drawn."""

CUT_HEIGHT_DOTS = 16
_TEXT_DOTS = 24


class SlipPainter:
    """Paints slips of one paper width; keeps its glyphs between slips."""

    def __init__(self, width_dots: int, glyphs: Glyphs | None = None) -> None:
        self._width = width_dots
        self._glyphs = glyphs or Glyphs()

    def paint(self, ops: Sequence[Op]) -> Picture.Image:
        """A picture (mode 1) of everything on the slip, from its first line to the cut."""
        heights = [self._height(op) for op in ops]
        height = min(max(1, sum(heights)), MAX_HEIGHT_DOTS)
        page = Picture.new("1", (self._width, height), 1)
        top = 0
        for op, feed in zip(ops, heights, strict=True):
            self._paint(page, op, top)
            top += feed
            if top >= height:
                break
        return page

    def _height(self, op: Op) -> int:
        match op:
            case Line() | Image():
                return op.feed_dots
            case Feed():
                return op.dots
            case Qr():
                return op.modules * op.module_dots
            case Barcode():
                return op.height_dots + _TEXT_DOTS * {"none": 0, "both": 2}.get(op.hri, 1)
            case Cut():
                return op.feed_dots + CUT_HEIGHT_DOTS
            case _:
                return 0

    def _paint(self, page: Picture.Image, op: Op, top: int) -> None:
        match op:
            case Line():
                self._paint_line(page, op, top)
            case Image():
                picture = Picture.frombytes("1", (op.width, op.height), op.rows, "raw", "1;I")
                page.paste(picture, (op.left_dots, top))
            case Qr():
                self._paint_qr(page, op, top)
            case Barcode():
                self._paint_barcode(page, op, top)
            case Cut():
                self._paint_cut(page, op, top)

    def _paint_line(self, page: Picture.Image, line: Line, top: int) -> None:
        tallest = max((span.style.tall for span in line.spans), default=1) * _TEXT_DOTS
        left = line.left_dots
        for span in line.spans:
            if span.text:
                self._paint_span(page, span, left, top + tallest)
            left += span.dots

    def _paint_span(self, page: Picture.Image, span: Span, left: int, bottom: int) -> None:
        for char in span.text:
            cell = self._glyphs.glyph(char, span.style, span.kanji)
            page.paste(cell, (left, bottom - cell.height))
            left += char_dots(char, span.style, span.kanji)

    def _paint_qr(self, page: Picture.Image, qr: Qr, top: int) -> None:
        code = segno.make_qr(qr.payload, error=qr.level, boost_error=False)
        draw = ImageDraw.Draw(page)
        dots = qr.module_dots
        for y, row in enumerate(code.matrix):
            for x, dark in enumerate(row):
                if dark:
                    left, upper = qr.left_dots + x * dots, top + y * dots
                    draw.rectangle((left, upper, left + dots - 1, upper + dots - 1), fill=0)

    def _paint_barcode(self, page: Picture.Image, code: Barcode, top: int) -> None:
        modules = bars.modules_of(code.payload, code.symbology)
        text = bars.readable(code.payload, code.symbology)
        if modules is None:
            self._paint_text(page, f"[{code.symbology} {text}]", self._width // 2, top)
            return
        width = len(modules) * code.module_dots
        slack = max(0, self._width - width)
        left = {"left": 0, "center": slack // 2, "right": slack}[code.align]
        if code.hri in ("above", "both"):
            self._paint_text(page, text, left + width // 2, top)
            top += _TEXT_DOTS
        draw = ImageDraw.Draw(page)
        for at, module in enumerate(modules):
            if module == "1":
                x = left + at * code.module_dots
                bottom = top + code.height_dots - 1
                draw.rectangle((x, top, x + code.module_dots - 1, bottom), fill=0)
        if code.hri in ("below", "both"):
            self._paint_text(page, text, left + width // 2, top + code.height_dots)

    def _paint_text(self, page: Picture.Image, text: str, middle: int, top: int) -> None:
        span = Span(text, PLAIN, False, 12 * len(text))
        self._paint_span(page, span, max(0, middle - span.dots // 2), top + _TEXT_DOTS)

    def _paint_cut(self, page: Picture.Image, cut: Cut, top: int) -> None:
        draw = ImageDraw.Draw(page)
        y = top + cut.feed_dots + CUT_HEIGHT_DOTS // 2
        bridge = range(self._width // 2 - 24, self._width // 2 + 24) if cut.partial else range(0)
        for x in range(0, self._width, 12):
            if x not in bridge:
                draw.line((x, y, x + 6, y), fill=0)
