"""From a document to lines of cells: wrapping, columns, alignment. Pure.

Separate from the encoder so that pages, tests and previews show the very lines that the paper will carry. The
rules are those of receipts: amounts stand in a right column and are never pushed, a long name gets lines of its
own, no number is broken, no line begins with closing punctuation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from drivers.printer import document as plain
from drivers.printer.charset import CHINESE, Charset
from drivers.printer.document import Block, DocumentError, Thing
from drivers.printer.wrap import wrap

SIZES = ("normal", "tall", "wide", "double")
WIDE_SIZES = frozenset({"wide", "double"})
TALL_SIZES = frozenset({"tall", "double"})
ALIGNMENTS = ("left", "center", "right")
MIN_CELLS = 16

_QUANTITY_CELLS, _PRICE_CELLS, _AMOUNT_CELLS = 5, 9, 11


@dataclass(frozen=True, slots=True)
class Line:
    """One line of paper: cleaned text with its padding, or a thing that is not text.

    `text` at a wide size counts each cell twice; no line is wider than the paper.
    """

    text: str = ""
    size: str = "normal"
    bold: bool = False
    thing: Thing | None = None


def lines(document: Mapping[str, object], cells: int, charset: Charset = CHINESE) -> list[Line]:
    """Lay a document out on paper of `cells` half-width cells.

    Characters that `charset` lacks have become `□`. Raises DocumentError `document.unknown_block`,
    `document.bad_field` or `document.too_long`, so what passes once can be printed on paper of any width.
    """
    if cells < MIN_CELLS:
        raise ValueError(f"{cells} cells are no paper")
    return list(_Layout(cells, charset).blocks(plain.blocks_of(document), plain.MAX_DEPTH))


class _Layout:
    """The paper's width and characters, which every block needs."""

    def __init__(self, cells: int, charset: Charset) -> None:
        self.cells = cells
        self.charset = charset
        self.kinds: dict[str, Callable[[Block], Iterator[Line]]] = {
            "text": self.text,
            "pair": self.pair,
            "item": self.item,
            "item_head": self.item_head,
            "rule": self.rule,
            "ruler": self.ruler,
            "qr": self.qr,
            "barcode": lambda block: iter([Line(thing=plain.barcode(block))]),
            "image": lambda block: iter([Line(thing=plain.image(block))]),
            "feed": lambda block: iter([Line(thing=plain.Feed(plain.whole(block, "lines", 1, 0, 100)))]),
            "cut": lambda block: iter([Line(thing=plain.Cut())]),
            "kick": self.kick,
        }

    def blocks(self, blocks: object, depth: int) -> Iterator[Line]:
        """Every line of these blocks; `either` may stand in `either`, `depth` levels deep."""
        for block in plain.block_list(blocks, "blocks"):
            kind = block.get("kind")
            if kind == "either":
                if not depth:
                    raise DocumentError("document.too_deep", f"more than {plain.MAX_DEPTH} levels of either")
                yield from self.either(block, depth - 1)
            elif isinstance(kind, str) and kind in self.kinds:
                yield from self.kinds[kind](block)
            else:
                raise DocumentError("document.unknown_block", f"no block is called {str(kind)[:40]!r}")

    def either(self, block: Block, depth: int) -> Iterator[Line]:
        """Both sides are checked, so that a document cannot fail on the other paper only."""
        narrow = list(self.blocks(block.get("narrow", []), depth))
        wide = list(self.blocks(block.get("wide", []), depth))
        yield from wide if self.is_wide else narrow

    @property
    def is_wide(self) -> bool:
        return self.cells >= plain.WIDE_FROM_CELLS

    def text(self, block: Block) -> Iterator[Line]:
        size, bold = _style(block)
        align = plain.choice(block, "align", "left", ALIGNMENTS)
        cells = self._cells(size)
        indent = min(plain.whole(block, "indent", 0, 0, 80), cells // 2)
        for paragraph in plain.text(block, "text").split("\n"):
            for line in wrap(self._clean(paragraph), cells - indent, self._width):
                yield Line(" " * indent + self._align(line, align, cells - indent), size, bold)

    def pair(self, block: Block) -> Iterator[Line]:
        size, bold = _style(block)
        left = self._clean(plain.text(block, "left"))
        right = self._clean(plain.text(block, "right"))
        side_by_side = (
            self._behind if plain.choice(block, "align", "right", ("left", "right")) == "left" else self._pair
        )
        for line in side_by_side(left, right, self._cells(size)):
            yield Line(line, size, bold)

    def item(self, block: Block) -> Iterator[Line]:
        name, quantity, price, amount = self._columns(block)
        if not self.is_wide:
            yield from map(Line, wrap(name, self.cells, self._width))
            detail = f"  {quantity} x {price}" if price else f"  {quantity}"
            yield from map(Line, self._pair(detail.rstrip(), amount, self.cells))
            return
        yield from map(Line, self._table_row(name, quantity, price, amount))

    def item_head(self, block: Block) -> Iterator[Line]:
        name, quantity, price, amount = self._columns(block)
        if self.is_wide:
            yield from map(Line, self._table_row(name, quantity, price, amount))
        else:
            yield from map(Line, self._pair(f"{name}/{quantity}x{price}", amount, self.cells))

    def rule(self, block: Block) -> Iterator[Line]:
        yield Line(plain.choice(block, "char", "-", "-=") * self.cells)

    def ruler(self, block: Block) -> Iterator[Line]:
        """Digits that count the cells of a full line."""
        yield Line(("1234567890" * (self.cells // 10 + 1))[: self.cells])

    def qr(self, block: Block) -> Iterator[Line]:
        yield Line(thing=plain.qr(block))
        caption = self._clean(plain.text(block, "caption"))
        if caption:
            for line in wrap(caption, self.cells, self._width):
                yield Line(self._align(line, "center", self.cells))

    def kick(self, block: Block) -> Iterator[Line]:
        pin = plain.whole(block, "pin", 2, 2, 5)
        if pin not in (2, 5):
            raise DocumentError("document.bad_field", f"kick.pin: expected 2 or 5, got {pin}")
        yield Line(thing=plain.Kick(pin, plain.whole(block, "milliseconds", 100, 2, 500)))

    def _columns(self, block: Block) -> tuple[str, str, str, str]:
        name, quantity, price, amount = (
            self._clean(plain.text(block, field)) for field in ("name", "quantity", "price", "amount")
        )
        return name, quantity, price, amount

    def _table_row(self, name: str, quantity: str, price: str, amount: str) -> Iterator[str]:
        """Four columns; what does not fit its column takes the narrow form on lines of its own."""
        texts, widths = (quantity, price, amount), (_QUANTITY_CELLS, _PRICE_CELLS, _AMOUNT_CELLS)
        name_cells = self.cells - sum(widths)
        if any(self._width(text) >= cells for text, cells in zip(texts, widths, strict=True)):
            yield from wrap(name, self.cells, self._width)
            yield from self._pair(f"  {quantity} x {price}" if price else f"  {quantity}", amount, self.cells)
            return
        if self._width(name) > name_cells:
            yield from wrap(name, self.cells, self._width)
            name = ""
        columns = "".join(self._align(text, "right", cells) for text, cells in zip(texts, widths, strict=True))
        yield self._align(name, "left", name_cells, pad=True) + columns

    def _pair(self, left: str, right: str, cells: int) -> Iterator[str]:
        """One line where both fit; else the left text on lines of its own, indented alike, and the right text at the
        end of the last of several lines, or below a single one."""
        above = self._indented(left, cells) if left else []
        if above and right:
            gap = cells - self._width(above[-1]) - self._width(right)
            if gap >= 1:
                yield from above[:-1]
                yield above[-1] + " " * gap + right
                return
        yield from above
        if right or not left:
            for line in wrap(right, cells, self._width):
                yield self._align(line, "right", cells)

    def _behind(self, left: str, right: str, cells: int) -> Iterator[str]:
        """Both on one line, two cells apart, where they fit; else each on lines of its own."""
        if left and right and self._width(left) + 2 + self._width(right) <= cells:
            yield f"{left}  {right}"
            return
        for text in (left, right):
            yield from self._indented(text, cells) if text else ()

    def _indented(self, text: str, cells: int) -> list[str]:
        """Wrap a text whose own blanks in front indent all of its lines."""
        indent = min(len(text) - len(text.lstrip(" ")), cells // 2)
        return [f"{' ' * indent}{line}" for line in wrap(text[indent:], cells - indent, self._width)]

    def _align(self, text: str, align: str, cells: int, *, pad: bool = False) -> str:
        room = max(0, cells - self._width(text))
        before = {"left": 0, "center": room // 2, "right": room}[align]
        return " " * before + text + (" " * (room - before) if pad else "")

    def _cells(self, size: str) -> int:
        return self.cells // 2 if size in WIDE_SIZES else self.cells

    def _clean(self, text: str) -> str:
        return self.charset.clean(text)

    def _width(self, text: str) -> int:
        return self.charset.width(text)


def _style(block: Block) -> tuple[str, bool]:
    return plain.choice(block, "size", "normal", SIZES), plain.flag(block, "bold")
