"""When a refund is handed in to its platform, asked about and tried again; pure, on the scale of `Timing`."""

from dataclasses import dataclass
from enum import StrEnum

from agent.core.payment import RefundVerdict
from agent.core.timing import Timing, slower_s


class RefundAction(StrEnum):
    """What to do about a refund without an end."""

    QUERY = "query"
    SUBMIT = "submit"
    """Hand it in, under the number that it always had: it never pays twice."""
    WAIT = "wait"


@dataclass(frozen=True, slots=True)
class RefundStep:
    """The next thing to do; `until_s` says until when to WAIT."""

    action: RefundAction
    until_s: float = 0


@dataclass(frozen=True, slots=True)
class RefundFacts:
    """What this process knows of a refund: what was heard last, when, and how often the same in a row.

    `apart_s` is when the order's refund before this one has been long enough ago.
    """

    heard: RefundVerdict | None = None
    heard_s: float = 0
    times: int = 0
    apart_s: float = 0
    chance: float = 0


def next_refund_step(timing: Timing, facts: RefundFacts, now_s: float) -> RefundStep:
    """Return what to do now, or until when to wait.

    A refund of which this process has heard nothing is asked about first: an earlier run may have handed it in. What
    is accepted or unknown is asked about ever less often; *try later* is handed in again, for as long as it takes.
    """
    if facts.heard is None:
        return RefundStep(RefundAction.QUERY)
    if facts.heard is RefundVerdict.NOT_FOUND:
        return _when(RefundAction.SUBMIT, facts.apart_s, now_s)
    if facts.heard is RefundVerdict.TRY_LATER:
        wait_s = slower_s(timing.refund_later_s, timing.refund_later_max_s, facts.times - 1, facts.chance)
        return _when(RefundAction.SUBMIT, facts.heard_s + wait_s, now_s)
    if facts.heard is RefundVerdict.ACCEPTED:
        wait_s = slower_s(timing.refund_first_s, timing.refund_max_s, facts.times - 1, facts.chance)
    else:
        wait_s = slower_s(timing.background_s, timing.background_max_s, facts.times - 1, facts.chance)
    return _when(RefundAction.QUERY, facts.heard_s + wait_s, now_s)


def _when(action: RefundAction, at_s: float, now_s: float) -> RefundStep:
    return RefundStep(action) if now_s >= at_s else RefundStep(RefundAction.WAIT, at_s)
