"""A till's shift: float, blind count by denomination, over and short, what the drawer should hold."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from agent.core.errors import Refused
from agent.core.events import TradeEvent

DENOMINATIONS_FEN = (10_000, 5_000, 2_000, 1_000, 500, 200, 100, 50, 20, 10, 5, 2, 1)
"""Notes and coins of the renminbi, in fen."""


@dataclass(frozen=True, slots=True)
class DrawerSums:
    """What moved a drawer in a shift, all in fen."""

    float_fen: int
    sales_fen: int
    refunds_fen: int
    paid_in_fen: int
    paid_out_fen: int
    drops_fen: int

    @property
    def expected_fen(self) -> int:
        """Return what the drawer should hold."""
        in_fen = self.float_fen + self.sales_fen + self.paid_in_fen
        return in_fen - self.refunds_fen - self.paid_out_fen - self.drops_fen


@dataclass(frozen=True, slots=True)
class Count:
    """A blind count against what was expected."""

    counted_fen: int
    over_fen: int
    short_fen: int


def counted(denominations: Mapping[str, int]) -> int:
    """Return the sum of a count, `{"10000": 3}` = three notes of 100 yuan; refuses unknown notes and pieces."""
    total_fen = 0
    for denomination, pieces in denominations.items():
        known = denomination.isdecimal() and int(denomination) in DENOMINATIONS_FEN
        if not known or type(pieces) is not int or not 0 <= pieces <= 100_000:
            raise Refused("count.bad_denomination", denomination=str(denomination)[:20])
        total_fen += int(denomination) * pieces
    return total_fen


def compared(counted_fen: int, expected_fen: int) -> Count:
    """Return over and short of a count; an expected sum below zero (more paid out than taken) counts as it is."""
    difference_fen = counted_fen - expected_fen
    return Count(counted_fen, max(difference_fen, 0), max(-difference_fen, 0))


@dataclass(frozen=True, slots=True)
class ShiftCounted(TradeEvent):
    """A count that differed, before the shift was closed: on disk before whoever counted is told the difference."""

    KIND: ClassVar[str] = "shift.counted"
    counted_fen: int
    over_fen: int
    short_fen: int
