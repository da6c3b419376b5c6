"""When an attempt is asked about, undone or closed: one `Timing` a platform, and pure functions that read it.

Times are seconds on one scale that never goes back (the process's monotonic clock). What a restart forgets is put
back by the wall clock, clamped (`begun_s`), so that a clock that steps neither undoes too early nor never.
"""

from dataclasses import dataclass, fields, replace
from enum import StrEnum


class Method(StrEnum):
    """How the customer pays; docs/decisions/006 says how each one ends."""

    CODE = "code"
    """The shop scans the customer's payment code."""
    QR = "qr"
    """The customer scans a code on the shop's screen."""
    PHONE = "phone"
    """The customer opens the shop's order on the own phone, over the phone's own network."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How often to ask until an attempt is `until_s` old; None: from there on."""

    every_s: float
    until_s: float | None = None


@dataclass(frozen=True, slots=True)
class Timing:
    """How a platform wants to be asked; all in seconds of an attempt's age, or of waiting.

    The defaults suit a platform of which nothing better is known. Refunds are asked about at `refund_first_s` after
    they were handed in, then less and less often up to `refund_max_s`; what is to be tried later waits from
    `refund_later_s` up to `refund_later_max_s`; `refund_apart_s` lies between two refunds of one order.
    """

    first_query_s: float = 3
    paces: tuple[Pace, ...] = (Pace(3),)
    deadline_s: float = 45
    undo_not_before_s: float = 15
    undo_retry_s: float = 2
    undo_retries: int = 3
    background_s: float = 5
    background_max_s: float = 60
    offer_lifetime_s: float = 120
    refund_first_s: float = 5
    refund_max_s: float = 600
    refund_later_s: float = 60
    refund_later_max_s: float = 900
    refund_apart_s: float = 0

    def scaled(self, divisor: float) -> "Timing":
        """Return the same timing with every duration divided, for demos and tests; `divisor` is above 0."""
        if divisor <= 0:
            raise ValueError("a timing is divided by a number above zero")
        kept = ("paces", "undo_retries")
        durations = {one.name: getattr(self, one.name) / divisor for one in fields(self) if one.name not in kept}
        paces = tuple(
            Pace(pace.every_s / divisor, None if pace.until_s is None else pace.until_s / divisor)
            for pace in self.paces
        )
        return replace(self, paces=paces, **durations)

    def pace_s(self, age_s: float) -> float:
        """Return how long after a query made at this age the next one follows."""
        for pace in self.paces:
            if pace.until_s is None or age_s < pace.until_s:
                return pace.every_s
        return self.paces[-1].every_s


class Action(StrEnum):
    """What to do about an attempt."""

    QUERY = "query"
    UNDO = "undo"
    """Reverse, paid or not."""
    CLOSE = "close"
    """Close an order that was offered; what was paid before stays paid."""
    WAIT = "wait"


@dataclass(frozen=True, slots=True)
class Step:
    """The next thing to do; `until_s` says until when to WAIT."""

    action: Action
    until_s: float = 0


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of an attempt that has no end.

    `started_s` is when it began, `known_s` since when this process knows it; they differ after a restart, when
    `started_s` is only as good as the wall clock. `ends_s` is when an offer or an order token expires, `given_up_s`
    when the cashier said that the customer does not pay after all. `asked_s` and `undone_s` are when it was last asked
    about and last undone, by this process; `undos` how often undoing was not confirmed; `unanswered` how many queries
    in a row got no believed answer.
    """

    method: Method
    started_s: float
    known_s: float
    ends_s: float | None = None
    restarted: bool = False
    given_up_s: float | None = None
    asked_s: float | None = None
    unanswered: int = 0
    undone_s: float | None = None
    undos: int = 0
    chance: float = 0
    """Drawn in [0, 1): spreads what waits in the background, so that boxes do not ask in step."""


def begun_s(now_s: float, now_ms: int, started_ms: int) -> float:
    """Return when an attempt of an earlier run began, on this process's scale; never later than now."""
    return now_s - max(0, now_ms - started_ms) / 1000


def end_due_s(timing: Timing, facts: Facts) -> float:
    """Return from when an attempt is to be undone or closed.

    An attempt by payment code is not undone before it is `undo_not_before_s` old, counted again after a restart,
    since the wall clock may have stepped meanwhile. A restarted process has lost an offer's QR code: it closes the
    offer at once.
    """
    if facts.method is Method.CODE:
        due_s = facts.started_s + timing.deadline_s
        if facts.given_up_s is not None:
            due_s = min(due_s, facts.given_up_s)
        return max(due_s, max(facts.started_s, facts.known_s) + timing.undo_not_before_s)
    if facts.given_up_s is not None:
        return facts.given_up_s
    if facts.method is Method.QR and facts.restarted:
        return facts.known_s
    return facts.started_s + timing.offer_lifetime_s if facts.ends_s is None else facts.ends_s


def next_step(timing: Timing, facts: Facts, now_s: float) -> Step:
    """Return what to do now, or until when to wait.

    It is asked about by the platform's pace; from `end_due_s` on it is asked once more and undone or closed straight
    after that query, whatever it said; what is not confirmed is repeated `undo_retries` times at once and then, each
    time after another query, ever more slowly in the background, for as long as it takes.
    """
    due_s = end_due_s(timing, facts)
    if now_s < due_s:
        return _asking(timing, facts, due_s, now_s)
    ending = Action.UNDO if facts.method is Method.CODE else Action.CLOSE
    if facts.undone_s is None:
        return _after_a_query(facts, ending, due_s)
    if facts.undos <= timing.undo_retries:
        again_s = facts.undone_s + timing.undo_retry_s
        return Step(ending) if now_s >= again_s else Step(Action.WAIT, again_s)
    again_s = facts.undone_s + slower_s(
        timing.background_s, timing.background_max_s, facts.undos - timing.undo_retries - 1, facts.chance
    )
    return Step(Action.WAIT, again_s) if now_s < again_s else _after_a_query(facts, ending, again_s)


def slower_s(first_s: float, longest_s: float, times: int, chance: float) -> float:
    """Return a wait that doubles each time up to `longest_s`, of which `chance` takes away up to a half."""
    whole_s: float = min(longest_s, first_s * 2 ** min(max(times, 0), 30))
    return whole_s * (1 - chance / 2)


def _after_a_query(facts: Facts, ending: Action, since_s: float) -> Step:
    return Step(ending if facts.asked_s is not None and facts.asked_s >= since_s else Action.QUERY)


def _asking(timing: Timing, facts: Facts, due_s: float, now_s: float) -> Step:
    if facts.asked_s is None:
        next_s = facts.started_s + timing.first_query_s
    else:
        next_s = facts.asked_s + timing.pace_s(facts.asked_s - facts.started_s)
        if facts.unanswered and facts.asked_s - facts.started_s > timing.deadline_s:
            next_s = facts.asked_s + slower_s(
                timing.background_s, timing.background_max_s, facts.unanswered - 1, facts.chance
            )
    return Step(Action.QUERY) if now_s >= next_s else Step(Action.WAIT, min(next_s, due_s))
