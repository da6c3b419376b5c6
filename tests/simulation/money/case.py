"""One schedule, from a number: who buys and pays how, what the network, the clock and the power do meanwhile."""

from __future__ import annotations

import random
from dataclasses import dataclass
from enum import Enum

from tests.simulation.money.bank import ALIPAY, WECHAT, Habit, House

HOUSES: dict[str, House] = {"wechat": WECHAT, "alipay": ALIPAY}


class Impatience(Enum):
    """What the cashier does when a customer's payment has no end for too long."""

    WAIT = "waits"
    PARK = "has it parked"
    GIVE_UP = "says that it is not paid after all"


@dataclass(frozen=True, slots=True)
class Try:
    """One payment that a customer tries."""

    platform: str
    by_qr: bool
    """The customer scans a code of the shop, instead of showing one."""
    habit: Habit
    after_s: float
    patience_s: float
    then: Impatience

    def __str__(self) -> str:
        after = f" {self.after_s:.0f} s" if "after" in self.habit.value else ""
        way = " (scans our code)" if self.by_qr else ""
        return f"{self.platform}{way}: {self.habit.value}{after}; cashier {self.then.value} at {self.patience_s:.0f} s"


@dataclass(frozen=True, slots=True)
class Purchase:
    """One customer: what is tried in turn, cash in the end or nothing, and what goes back later."""

    begins_s: float
    tries: tuple[Try, ...]
    cash: bool
    refund: bool

    def __str__(self) -> str:
        end = "cash in the end" if self.cash else "walks out in the end"
        back = "; brought back later" if self.refund else ""
        return f"at {self.begins_s:.0f} s: {' | '.join(map(str, self.tries))} | {end}{back}"


@dataclass(frozen=True, slots=True)
class PowerCut:
    """A process dies at a step of its life (a commit, a call to a platform) and comes back."""

    step: int
    off_s: float


@dataclass(frozen=True, slots=True)
class Jump:
    """The wall clock steps."""

    at_s: float
    by_s: float


@dataclass(frozen=True, slots=True)
class Restore:
    """The box is replaced by one with last night's state, whose counters begin again where they were then.

    Either headquarters gave it a new epoch, and by bad luck it draws the same random characters; or nobody knows of it
    (the image of a disk was put back), and it draws new ones; or the old ones, so that it gives numbers again.
    """

    at_s: float
    new_epoch: bool
    same_numbers: bool = False


@dataclass(frozen=True, slots=True)
class Case:
    """A schedule."""

    seed: int
    tills: tuple[tuple[Purchase, ...], ...]
    spoilt: float
    away: tuple[tuple[float, float], ...]
    cuts: tuple[PowerCut, ...]
    jumps: tuple[Jump, ...]
    restore: Restore | None
    same_goods: bool
    """Everybody buys the same, so that an order that is met again has the same amount."""
    through_hq: tuple[str, ...]
    """Platforms whose keys lie at headquarters."""
    office_cuts: tuple[tuple[int, PowerCut], ...]
    """Which of headquarters' two processes dies when."""
    refund_takes_s: float
    poor_until_s: float
    says_again: int
    closes_after_s: float
    fair_from_s: float
    """From then on nothing goes wrong any more."""

    def __str__(self) -> str:
        lines = [f"schedule {self.seed}: {self.spoilt:.0%} of the calls are spoilt until {self.fair_from_s:.0f} s"]
        lines += [f"till {till}: {one}" for till, purchases in enumerate(self.tills, 1) for one in purchases]
        lines += [f"no network from {begin_s:.0f} s for {length_s:.0f} s" for begin_s, length_s in self.away]
        lines += [f"power cut at step {cut.step} of a life, off for {cut.off_s:.0f} s" for cut in self.cuts]
        lines += [f"{name} goes through headquarters" for name in self.through_hq]
        lines += [f"headquarters' process {which} dies at step {cut.step}" for which, cut in self.office_cuts]
        lines += [f"the clock steps by {jump.by_s:+.0f} s at {jump.at_s:.0f} s" for jump in self.jumps]
        if self.restore is not None:
            epoch = "a new epoch" if self.restore.new_epoch else "nobody told"
            epoch += ", and gives its numbers again" if self.restore.same_numbers else ""
            lines.append(f"at {self.restore.at_s:.0f} s the box is replaced by one of last night, {epoch}")
        return "\n    ".join(lines)


_HABITS = (
    (Habit.PAYS, 8),
    (Habit.PASSWORD, 6),
    (Habit.SLEEPS, 3),
    (Habit.LAST_MOMENT, 2),
    (Habit.REFUSES, 2),
    (Habit.POOR, 1),
    (Habit.USED, 1),
    (Habit.BUSY_PAID, 3),
    (Habit.BUSY_NOTHING, 1),
)
NUMBERS_AGAIN = 0.08
"""How many schedules have a box that gives its numbers again; what they draw for it changes nothing else."""
_JUMPS_S = (-3 * 365 * 86_400.0, -86_400.0, -3_600.0, -30.0, 30.0, 3_600.0, 86_400.0, 365 * 86_400.0)


def case_of(seed: int) -> Case:
    """Return schedule `seed`, always the same."""
    chance = random.Random(f"money {seed}")
    tills = tuple(
        tuple(_purchase(chance, number) for number in range(chance.choice((1, 1, 2))))
        for _ in range(chance.choice((1, 1, 2)))
    )
    fair_from_s = chance.choice((90.0, 300.0, 900.0))
    away: list[tuple[float, float]] = []
    if chance.random() < 0.3:
        away.append((chance.uniform(0, 60), chance.uniform(5, 120)))
    if chance.random() < 0.05:
        away.append((chance.uniform(0, 60), chance.uniform(3_600, 6 * 3_600)))
    cuts = tuple(
        PowerCut(chance.randrange(1, 60), 4 * 3_600.0 if chance.random() < 0.05 else chance.uniform(1, 60))
        for _ in range(chance.choice((0, 0, 1, 1, 2, 3)))
    )
    jumps = tuple(
        Jump(chance.uniform(0, 120), chance.choice(_JUMPS_S)) for _ in range(chance.choice((0, 0, 0, 0, 1, 2)))
    )
    restore = Restore(chance.uniform(1, 150), chance.random() < 0.7) if chance.random() < 0.08 else None
    again = random.Random(f"numbers again {seed}")
    if again.random() < NUMBERS_AGAIN:
        restore = Restore(again.uniform(5, 90), new_epoch=False, same_numbers=True)
        tills = tuple((*purchases, _purchase(again, 1), _purchase(again, 1)) for purchases in tills)
    through_hq: tuple[str, ...] = ()
    if chance.random() < 0.4:
        through_hq = chance.choice((("wechat",), ("alipay",), tuple(HOUSES)))
    office_cuts = tuple(
        (chance.randrange(2), PowerCut(chance.randrange(1, 40), chance.uniform(1, 30)))
        for _ in range(len(through_hq) and chance.choice((0, 1, 2, 3)))
    )
    return Case(
        seed=seed,
        tills=tills,
        spoilt=chance.choice((0.0, 0.1, 0.3, 0.6)),
        away=tuple(away),
        cuts=cuts,
        jumps=jumps,
        restore=restore,
        same_goods=restore is not None and restore.same_numbers and again.random() < 0.7,
        through_hq=through_hq,
        office_cuts=office_cuts,
        refund_takes_s=chance.choice((0.0, 0.0, 20.0, 300.0)),
        poor_until_s=chance.choice((0.0, 0.0, 0.0, 200.0)),
        says_again=chance.choice((0, 0, 1, 2)),
        closes_after_s=chance.choice((45.0, 120.0, 600.0)),
        fair_from_s=max(fair_from_s, *(begin_s + length_s for begin_s, length_s in away), 0.0),
    )


def _purchase(chance: random.Random, number: int) -> Purchase:
    tries = tuple(_try(chance) for _ in range(chance.choice((1, 1, 2, 3))))
    return Purchase(number * chance.uniform(10, 60), tries, chance.random() < 0.7, chance.random() < 0.25)


def _try(chance: random.Random) -> Try:
    habits = [habit for habit, _ in _HABITS]
    (habit,) = chance.choices(habits, [weight for _, weight in _HABITS])
    return Try(
        platform=chance.choice(tuple(HOUSES)),
        by_qr=chance.random() < 0.25,
        habit=habit,
        after_s=chance.choice((chance.uniform(1, 10), chance.uniform(10, 44), chance.uniform(40, 140))),
        patience_s=chance.choice((chance.uniform(5, 40), 90.0, 600.0)),
        then=chance.choice(tuple(Impatience)),
    )
