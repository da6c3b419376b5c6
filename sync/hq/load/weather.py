"""Bad connections of simulated boxes: how many, of which kind; `sync.hq.load.line` makes them so."""

import random
from dataclasses import dataclass
from enum import StrEnum


class Fault(StrEnum):
    """What a connection does to one upload."""

    CUT = "cut"
    """Half of the body, then hung up."""
    LEFT = "left"
    """The whole request; nobody waits for the answer."""
    SLOW = "slow"
    """The body in small pieces; the answer is waited for."""
    STALLED = "stalled"
    """Half of the body, then silence on a connection that stays open while the box goes on over another."""


@dataclass(frozen=True, slots=True)
class Weather:
    """How many of a hundred uploads meet a fault, and how long a slow one takes."""

    percent: int = 0
    slow_s: float = 1.0

    def fault(self, chance: random.Random) -> Fault | None:
        """Return what happens to the next upload."""
        return chance.choice(list(Fault)) if chance.random() * 100 < self.percent else None
