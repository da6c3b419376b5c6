"""Which lines of a sale go to which printer besides the receipt: kitchen slips and labels, by department. Pure.

Separate from the documents so that the rule can be read without their layout.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from agent.core.events import SaleLine

LABELS_MAX = 60
"""More pieces than this for one printer get one label a line, with the quantity on it: nobody sticks a hundred."""


class StationSlip(StrEnum):
    """What a printer away from the till gets of a sale; also the slip's purpose in the journal."""

    KITCHEN = "kitchen"
    LABEL = "label"


@dataclass(frozen=True, slots=True)
class Route:
    """Lines of these departments, all without any, go to a printer as this kind of slip."""

    slip: StationSlip
    printer: str
    departments: frozenset[str] = frozenset()

    def takes(self, department: str) -> bool:
        """Tell whether lines of a department go here."""
        return not self.departments or department in self.departments


@dataclass(frozen=True, slots=True)
class Routed:
    """The lines that one printer gets as one kind of slip, in the order of the sale."""

    slip: StationSlip
    printer: str
    lines: tuple[SaleLine, ...]


def routed(routes: Sequence[Route], lines: Iterable[SaleLine], departments: Mapping[str, str]) -> list[Routed]:
    """Return what each printer gets; a line goes to a printer once, however many routes lead there.

    `departments` gives the department of an article by its number, for lines that carry none. Lines of nothing
    (quantity 0) are left out, and so are printers that get no line.
    """
    goods = [line for line in lines if line.quantity > 0]
    places = list(dict.fromkeys((route.slip, route.printer) for route in routes))
    found = []
    for slip, printer in places:
        here = [route for route in routes if (route.slip, route.printer) == (slip, printer)]
        taken = tuple(
            line
            for line in goods
            if any(route.takes(line.department or departments.get(line.sku, "")) for route in here)
        )
        if taken:
            found.append(Routed(slip, printer, taken))
    return found


@dataclass(frozen=True, slots=True)
class Piece:
    """What one label stands on: an article, and how many of it when it is not a single piece."""

    line: SaleLine
    several: bool


def pieces_of(lines: Sequence[SaleLine]) -> list[Piece]:
    """Return one entry a label: each piece, one for what is weighed, one a line when there are too many pieces."""
    total = sum(line.quantity if line.unit == "pc" else 1 for line in lines)
    if total > LABELS_MAX:
        return [Piece(line, True) for line in lines]
    return [Piece(line, line.unit != "pc") for line in lines for _ in range(line.quantity if line.unit == "pc" else 1)]
