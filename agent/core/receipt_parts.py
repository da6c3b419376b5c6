"""What slips share: the shop's head, lines of goods, marks for copies, and the blocks of documents. Pure.

Texts are translated through a callable whose message ids are English; values are filled in after translation.
"""

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from agent.core.money import yuan

Block = dict[str, object]
Document = dict[str, object]
Translate = Callable[[str], str]

SIGNATURE_CELLS = 31


@dataclass(frozen=True, slots=True)
class Shop:
    """Whose slip it is; every text as it is printed."""

    store: str
    name: str
    branch: str
    address: str
    phone: str
    complaints: str = "12315"

    @property
    def full_name(self) -> str:
        """Return brand and branch in one line."""
        return f"{self.name} {self.branch}".rstrip()


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of the staff: a short name and the staff number."""

    name: str
    number: str

    def __str__(self) -> str:
        return f"{self.name}({self.number})"


@dataclass(frozen=True, slots=True)
class Marks:
    """What has to stand on top of a slip that isn't an ordinary original. `copy` counts reprints, 0 is the original."""

    copy: int = 0
    practice: bool = False
    clock_unset: bool = False


ORIGINAL = Marks()
"""An ordinary first slip."""


@dataclass(frozen=True, slots=True)
class Reduction:
    """A discount by the name that the customer reads."""

    name: str
    amount_fen: int


@dataclass(frozen=True, slots=True)
class SlipLine:
    """One line of goods, in pieces (`pc`) or grams (`g`); `price_fen` is of a piece or a kilogram, None without one."""

    name: str
    quantity: int
    unit: str
    price_fen: int | None
    list_fen: int
    reductions: tuple[Reduction, ...] = ()


def document(title: str, language: str, blocks: Sequence[Block]) -> Document:
    """Return the document of these blocks with a cut at its end."""
    return {"title": title, "language": language, "blocks": [*blocks, {"kind": "cut"}]}


def with_kick(slip: Document, pin: int = 2, milliseconds: int = 120) -> Document:
    """Return the document with a drawer pulse in front, so that the drawer opens before the slip is out."""
    blocks = slip["blocks"]
    front: list[object] = [{"kind": "kick", "pin": pin, "milliseconds": milliseconds}]
    return {**slip, "blocks": front + blocks if isinstance(blocks, list) else front}


def for_customers(slip: Document) -> Document:
    """Mark a document as one that customers get: it is printed under the shop's logo, where there is one.

    A mark and no picture, because the spool keeps each document and the picture is larger than all else on it.
    """
    return {**slip, "logo": True}


def with_logo(slip: Mapping[str, object], picture: Mapping[str, object] | None) -> Document:
    """Return the document as it goes to the printer: a customer's slip has the picture on top, below a copy's mark."""
    blocks = slip["blocks"]
    if picture is None or not slip.get("logo") or not isinstance(blocks, list):
        return dict(slip)
    place = next((place for place, block in enumerate(blocks) if not block.get("copy_mark")), len(blocks))
    return {**slip, "blocks": [*blocks[:place], picture, *blocks[place:]]}


def as_copy(slip: Mapping[str, object], copy: int, translate: Translate) -> Document:
    """Return the document of copy `copy` of a slip: the same under a line that says so, first of all.

    A copy of a copy carries one mark, the new one. It never opens the drawer.
    """
    blocks = slip["blocks"]
    kept = [one for one in blocks if _is_of_a_copy(one)] if isinstance(blocks, list) else []
    marked = [{**block, "copy_mark": True} for block in marks(Marks(copy=copy), translate)]
    return {**{key: value for key, value in slip.items() if key != "drawer"}, "blocks": [*marked, *kept]}


def _is_of_a_copy(block: Mapping[str, object]) -> bool:
    return not block.get("copy_mark") and block["kind"] != "kick"


def text(content: str, *, align: str = "left", size: str = "normal", indent: int = 0) -> Block:
    """Return a paragraph; defaults are left out of the block."""
    block: Block = {"kind": "text", "text": content}
    if align != "left":
        block["align"] = align
    if size != "normal":
        block["size"] = size
    if indent:
        block["indent"] = indent
    return block


def centred(content: str, size: str = "normal") -> Block:
    """Return a centred paragraph."""
    return text(content, align="center", size=size)


def pair(left: str, right: str, size: str = "normal") -> Block:
    """Return left and right text on one line where they fit; without a right text a paragraph."""
    if not right:
        return text(left, size=size)
    block: Block = {"kind": "pair", "left": left, "right": right}
    if size != "normal":
        block["size"] = size
    return block


def both(left: str, right: str) -> Block:
    """Return two texts that stand behind each other where they fit on one line, else on lines of their own."""
    return {"kind": "pair", "left": left, "right": right, "align": "left"}


def money(left: str, amount_fen: int, size: str = "normal") -> Block:
    """Return a label with an amount in the right column."""
    return pair(left, yuan(amount_fen), size)


def rule(char: str = "-") -> Block:
    """Return a full line."""
    return {"kind": "rule", "char": char}


def either(narrow: Sequence[Block], wide: Sequence[Block]) -> Block:
    """Return blocks for paper below 42 cells and from 42 cells on."""
    return {"kind": "either", "narrow": list(narrow), "wide": list(wide)}


def qr(data: str, *, caption: str = "", millimetres: int = 28) -> Block:
    """Return a QR code of level M."""
    block: Block = {"kind": "qr", "data": data, "level": "M", "millimetres": millimetres}
    if caption:
        block["caption"] = caption
    return block


def cells(content: str) -> int:
    """Return how many half-width cells a text takes: two for a Chinese character, and for all else that is no letter
    but stands in a Chinese font (`·`, `×`, `“`: of ambiguous width elsewhere)."""
    return sum(2 if _is_wide(character) else 1 for character in content)


def _is_wide(character: str) -> bool:
    width = unicodedata.east_asian_width(character)
    return width in "WF" or (width == "A" and not unicodedata.category(character).startswith("L"))


def column(left: str, right: str, width: int) -> str:
    """Return both texts in one column of `width` cells, the right one at its end, at least one cell apart."""
    return left + " " * max(width - cells(left) - cells(right), 1) + right


def signature(label: str, width: int = SIGNATURE_CELLS) -> Block:
    """Return a line to sign on that ends at `width` cells, with room for at least 8."""
    return text(f"{label} {'_' * max(width - cells(label) - 1, 8)}")


def quantity_text(quantity: int, unit: str) -> str:
    """Write a quantity: `3`, `0.435kg`."""
    return f"{quantity // 1000}.{quantity % 1000:03d}kg" if unit == "g" else str(quantity)


def pieces(lines: Sequence[SlipLine]) -> int:
    """Return how many articles are sold: pieces, and one for each weighed line."""
    return sum(min(line.quantity, 1) if line.unit == "g" else line.quantity for line in lines)


def item_head(translate: Translate) -> list[Block]:
    """Return the heading of the table of goods."""
    narrow = pair(translate("Item / qty x price"), translate("Amount"))
    return [either([narrow], [_columns_head(translate)]), rule()]


def wide_item_head(translate: Translate) -> list[Block]:
    """Return the heading of the four columns of wide paper alone; on narrow paper two lines speak for themselves."""
    return [either([], [_columns_head(translate), rule()])]


def _columns_head(translate: Translate) -> Block:
    return {
        "kind": "item_head",
        "name": translate("Item"),
        "quantity": translate("Qty"),
        "price": translate("Price"),
        "amount": translate("Amount"),
    }


def item(line: SlipLine) -> Block:
    """Return one line of goods without its reductions."""
    return {
        "kind": "item",
        "name": line.name,
        "quantity": quantity_text(line.quantity, line.unit),
        "price": "" if line.price_fen is None else yuan(line.price_fen),
        "amount": yuan(line.list_fen),
    }


def items(lines: Sequence[SlipLine]) -> list[Block]:
    """Return the lines of goods, each with its reductions below it."""
    blocks: list[Block] = []
    for line in lines:
        blocks.append(item(line))
        blocks += [money(f"    {one.name}", -one.amount_fen) for one in line.reductions]
    return blocks


def marks(shown: Marks, translate: Translate) -> list[Block]:
    """Return what a copy, a practice slip and a slip with an unset clock have to say on top."""
    blocks: list[Block] = []
    if shown.copy:
        blocks.append(centred(translate("COPY {copy}").format(copy=shown.copy), "tall"))
    if shown.practice:
        blocks.append(centred(translate("PRACTICE - not a receipt"), "tall"))
    if shown.clock_unset:
        blocks.append(centred(translate("Clock not set")))
    return blocks


def table_text(table: str | None, guests: int | None, translate: Translate, gap: str = " ") -> str:
    """Return table and guests, `Table B12 3 guests`; empty when there is neither."""
    parts = []
    if table:
        parts.append(translate("Table {table}").format(table=table))
    if guests:
        parts.append(translate("{guests} guests").format(guests=guests))
    return gap.join(parts)
