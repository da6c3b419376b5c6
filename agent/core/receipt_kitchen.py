"""Slips for those who make the goods: the kitchen's slip of a sale, the label of one piece, and their stand-ins. Pure.

A cook reads from a metre away: the calling number is the largest thing, dishes are tall, no prices. A label is as
small as the piece allows.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from agent.core.receipt_parts import (
    Block,
    Document,
    Translate,
    centred,
    document,
    pair,
    rule,
    table_text,
    text,
)


@dataclass(frozen=True, slots=True)
class Dish:
    """One line of a kitchen slip; `quantity` as it is printed: `2`, `0.435kg`."""

    name: str
    quantity: str


@dataclass(frozen=True, slots=True)
class KitchenSlip:
    """What one station has to make of a sale. `place` is the table or whatever the order was held under."""

    sale: str
    calling: str
    till: str
    written_at: str
    dishes: tuple[Dish, ...]
    place: str = ""


@dataclass(frozen=True, slots=True)
class Label:
    """What is stuck on one piece: the `number`-th of `count` of its order. `quantity` when it is not a single piece."""

    calling: str
    name: str
    number: int
    count: int
    written_at: str
    place: str = ""
    quantity: str = ""


def kitchen_document(slip: KitchenSlip, translate: Translate, language: str = "zh-CN") -> Document:
    """Return the slip of a kitchen, bar or other station."""
    blocks = [centred(slip.calling, "double")]
    if slip.place:
        blocks.append(centred(_place(slip.place, translate), "tall"))
    blocks += [pair(slip.written_at, translate("Till {till}").format(till=slip.till)), rule()]
    for dish in slip.dishes:
        blocks.append(pair(dish.name, f"x{dish.quantity}", "tall"))
    blocks += [
        rule(),
        text(translate("{count} lines").format(count=len(slip.dishes))),
        text(translate("Sale {number}").format(number=slip.sale)),
    ]
    return document(f"{translate('Kitchen slip')} {slip.calling}", language, blocks)


def label_document(label: Label, translate: Translate, language: str = "zh-CN") -> Document:
    """Return one label: calling number and count, name, time and place."""
    name = f"{label.name} x{label.quantity}" if label.quantity else label.name
    blocks = [
        pair(label.calling, f"{label.number}/{label.count}", "tall"),
        text(name, size="tall"),
        pair(label.written_at, _place(label.place, translate) if label.place else ""),
    ]
    return document(f"{translate('Label')} {label.calling}", language, blocks)


def stand_in_document(slip: Mapping[str, Any], printer: str, may_come_twice: bool, translate: Translate) -> Document:
    """Return a station's slip as its deputy prints it: marked, with the name of the printer that did not answer.

    `may_come_twice`: bytes of the first slip left the box, so it may still come out; the marked one says so.
    """
    mark: list[Block] = [centred(translate("STAND-IN for {printer}").format(printer=printer), "tall")]
    if may_come_twice:
        mark.append(centred(translate("The first slip may still come out: make it once only")))
    return {**slip, "blocks": [*mark, rule(), *slip["blocks"]]}


def _place(place: str, translate: Translate) -> str:
    """A bare number is a table; whatever else somebody typed stands as it is."""
    return table_text(place, None, translate) if place.isascii() and place.isalnum() else place
