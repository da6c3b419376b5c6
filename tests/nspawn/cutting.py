"""When and how everything dies in the middle of an upgrade: drawn from a seed, so that a draw can be played again."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

KINDS = ("good", "stuck", "sick", "good", "crash", "hang", "unrehearsed", "good", "dies:2.5")
"""What the releases are like, in turn; `good` on a box that runs the good one already is a person's way back."""
CUT, KILL = "power cut", "kill -9"
CUTS_SHARE = 0.4
DELAY_S = 0.8
SPREAD_S = 7.0
MOMENTS_MAX = 4
ENDING = "ending"
AIMS = {
    "good": ("fetched", "verified", "rehearsed", "waiting", "switched", "probation", ENDING),
    "unrehearsed": ("fetched", "verified", ENDING),
    "dies:2.5": ("switched", "probation", "returning", ENDING),
}
"""States in which a moment is looked for; others of a release are those of one that never answers."""
NEVER_ANSWERS = ("switched", "returning", ENDING)


ORDER = ("fetched", "verified", "rehearsed", "waiting", "switched", "probation", "returning", "committed", "returned")


def reached(state: str, aim: str) -> bool:
    """Tell whether a state is the one that is looked for, or one behind it: some last for a millisecond."""
    return state in ORDER and aim in ORDER and ORDER.index(state) >= ORDER.index(aim)


@dataclass(frozen=True, slots=True)
class Moment:
    """One death of everything: `delay_s` after the upgrade got to a state, or after the death before."""

    how: str
    aim: str | None
    delay_s: float


@dataclass(frozen=True, slots=True)
class Plan:
    """One upgrade with the moments in it; one that does not hurry waits until a person says `now`."""

    kind: str
    hurry: bool
    moments: tuple[Moment, ...]


def plans(seed: int, count: int) -> Sequence[Plan]:
    """Draw upgrades that hold `count` moments together."""
    return tuple(_drawn(random.Random(seed), count))


def _drawn(chance: random.Random, left: int) -> Iterator[Plan]:
    number = 0
    while left > 0:
        kind = KINDS[number % len(KINDS)]
        moments = min(left, chance.randint(2, MOMENTS_MAX))
        drawn = tuple(_moments(chance, kind, moments))
        yield Plan(kind, not any(moment.aim in ("rehearsed", "waiting") for moment in drawn), drawn)
        left, number = left - moments, number + 1


def _moments(chance: random.Random, kind: str, count: int) -> Iterator[Moment]:
    """Most are looked for in a state, in their order; the others fall where they fall."""
    order = AIMS.get(kind, NEVER_ANSWERS)
    for aim in sorted(chance.choices(range(len(order)), k=count)):
        how = CUT if chance.random() < CUTS_SHARE else KILL
        if chance.random() < 0.25:
            yield Moment(how, None, chance.uniform(0.0, SPREAD_S))
        else:
            exact = (
                order[aim] == "rehearsed" or chance.random() < 0.3
            )  # the very beginning of a state, before its work is done
            yield Moment(how, order[aim], 0.0 if exact else chance.expovariate(1 / DELAY_S))
