"""What a platform may charge: contracts by merchant, method and day, and the fee that they allow for a line."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from agent.core.money import half_up

MILLION = 1_000_000
LINES_A_FEN = 10


class Rounding(StrEnum):
    """How a platform rounds a fee to the fen."""

    HALF_UP = "half_up"
    DOWN = "down"
    UP = "up"


@dataclass(frozen=True, slots=True)
class FeeContract:
    """A rate that was agreed: 0.60 % is `rate_ppm` 6000. `merchant` and `method` may be blank for any.

    It holds from `first_day` to `last_day` of the platform, both included; None is no bound.
    """

    rate_ppm: int
    merchant: str = ""
    method: str = ""
    first_day: date | None = None
    last_day: date | None = None
    rounding: Rounding = Rounding.HALF_UP
    gives_back: bool = True
    """Whether the fee of what is refunded comes back with it."""

    def covers(self, merchant: str, method: str, day: date) -> bool:
        """Tell whether this contract is the one for a line."""
        return (
            self.merchant in ("", merchant)
            and self.method in ("", method)
            and (self.first_day is None or self.first_day <= day)
            and (self.last_day is None or day <= self.last_day)
        )

    def fee_fen(self, settled_fen: int) -> int:
        """Return the fee for what moves on the merchant's account."""
        product = settled_fen * self.rate_ppm
        if self.rounding is Rounding.HALF_UP:
            return half_up(product, MILLION)
        return product // MILLION if self.rounding is Rounding.DOWN else -(-product // MILLION)


def contract_for(contracts: Iterable[FeeContract], merchant: str, method: str, day: date) -> FeeContract | None:
    """Return the most exact contract that covers a line, the latest of equals; None when none does."""
    covering = [one for one in contracts if one.covers(merchant, method, day)]
    return max(
        covering,
        key=lambda one: (one.merchant != "", one.method != "", one.first_day or date.min, one.rate_ppm),
        default=None,
    )


@dataclass(frozen=True, slots=True)
class FeeSum:
    """A day's fees: what the contracts say, what the bill says, and of how many lines."""

    lines: int = 0
    ours_fen: int = 0
    theirs_fen: int = 0

    @property
    def tolerance_fen(self) -> int:
        """Return what roundings may add up to over a day: a fen in ten lines, at least one."""
        return max(1, self.lines // LINES_A_FEN)

    @property
    def differs(self) -> bool:
        """Tell whether the sum is off by more than roundings, however right each line looks by itself."""
        return abs(self.theirs_fen - self.ours_fen) > self.tolerance_fen
