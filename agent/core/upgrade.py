"""The states of an upgrade as one transition table, and when a shop is quiet enough for one."""

from dataclasses import dataclass
from enum import StrEnum

from agent.core.errors import Broken

QUIET_AFTER_SALE_MS = 5 * 60_000
STALE_SLIP_MS = 10 * 60_000
LATER_MS = 30 * 60_000
LATER_TIMES = 2
TRADES_AGAIN_MS = 20_000
"""From the stop of the old release to trading on it again, when the new one is no good."""
STOPPING_MS = 4_000
"""What of that goes into the stop of the old release and the last question to the new one, which may hang."""
USUAL_START_MS = 4_000
"""Until its supervisor has seen a box start."""
AWAITED_MIN_MS = 8_000


class UpgradeState(StrEnum):
    """Where an upgrade stands. Up to `WAITING` nothing of the running release has changed."""

    FETCHED = "fetched"
    VERIFIED = "verified"
    REHEARSED = "rehearsed"
    WAITING = "waiting"
    """For a quiet moment."""
    SWITCHED = "switched"
    """`current` names the new release, or is about to; it has not proved that it works."""
    PROBATION = "probation"
    RETURNING = "returning"
    """`current` names the old release again, or is about to."""
    COMMITTED = "committed"
    RETURNED = "returned"
    REFUSED = "refused"


class UpgradeStep(StrEnum):
    """What happened to an upgrade."""

    UNPACKED = "unpacked"
    """Signatures, rules and every file were right; it lies beside the running release."""
    REHEARSAL_HELD = "rehearsal_held"
    ANNOUNCED = "announced"
    QUIET = "quiet"
    ANSWERED = "answered"
    """Three good answers in a row with the new version in them."""
    LASTED = "lasted"
    SICK = "sick"
    BACK = "back"
    """The old release runs again."""
    DENIED = "denied"


_TABLE: dict[tuple[UpgradeState, UpgradeStep], UpgradeState] = {
    (UpgradeState.FETCHED, UpgradeStep.UNPACKED): UpgradeState.VERIFIED,
    (UpgradeState.FETCHED, UpgradeStep.DENIED): UpgradeState.REFUSED,
    (UpgradeState.VERIFIED, UpgradeStep.REHEARSAL_HELD): UpgradeState.REHEARSED,
    (UpgradeState.VERIFIED, UpgradeStep.DENIED): UpgradeState.REFUSED,
    (UpgradeState.REHEARSED, UpgradeStep.ANNOUNCED): UpgradeState.WAITING,
    (UpgradeState.WAITING, UpgradeStep.QUIET): UpgradeState.SWITCHED,
    (UpgradeState.WAITING, UpgradeStep.DENIED): UpgradeState.REFUSED,
    (UpgradeState.SWITCHED, UpgradeStep.ANSWERED): UpgradeState.PROBATION,
    (UpgradeState.SWITCHED, UpgradeStep.SICK): UpgradeState.RETURNING,
    (UpgradeState.PROBATION, UpgradeStep.LASTED): UpgradeState.COMMITTED,
    (UpgradeState.PROBATION, UpgradeStep.SICK): UpgradeState.RETURNING,
    (UpgradeState.RETURNING, UpgradeStep.BACK): UpgradeState.RETURNED,
}

ENDS = frozenset({UpgradeState.COMMITTED, UpgradeState.RETURNED, UpgradeState.REFUSED})
ON_TRIAL = frozenset({UpgradeState.SWITCHED, UpgradeState.PROBATION})
"""States in which the new release runs, or is about to, and has not been taken for good."""


def after(state: UpgradeState, step: UpgradeStep) -> UpgradeState:
    """Return the state that follows; raises `Broken("upgrade.no_such_step")` for a step that cannot happen there."""
    found = _TABLE.get((state, step))
    if found is None:
        raise Broken("upgrade.no_such_step", state=state.value, step=step.value)
    return found


def awaited_ms(start_ms: int | None, opening_ms: int) -> int:
    """Return how long a new release may take from its start to good answers, before it is taken back.

    `start_ms` is what the running release needed at its last start on this box, None when nobody saw it; `opening_ms`
    is what the rehearsal took to migrate this journal. Three times both together, or what the way back leaves of twenty
    seconds when that is less, but never less than twice: a box that starts slowly gets its time.
    """
    starts_ms = USUAL_START_MS if start_ms is None else max(0, start_ms)
    needs_ms = starts_ms + max(0, opening_ms)
    room_ms = TRADES_AGAIN_MS - STOPPING_MS - starts_ms
    return max(AWAITED_MIN_MS, 2 * needs_ms, min(3 * needs_ms, room_ms))


@dataclass(frozen=True, slots=True)
class Trade:
    """What goes on at the counter; times are wall clock, None where there was nothing yet."""

    open_sales: int
    open_attempts: int
    oldest_slip_ms: int | None
    """When the oldest slip that waits or is being printed was queued."""
    sending: int
    last_sale_ms: int | None
    restoring: bool = False
    """History is on its way from headquarters: a release of before restore would take the part for the whole."""


def disturbed(trade: Trade, now_ms: int, quiet_ms: int = QUIET_AFTER_SALE_MS) -> str | None:
    """Return the code of what an upgrade would disturb now; None in a quiet moment.

    Slips that wait for longer than ten minutes wait for a person, not for the box. A last sale in the future comes of
    a clock that was set back, and holds nothing up for longer than one in the past does.
    """
    if trade.restoring:
        return "upgrade.waits_for_history"
    if trade.open_sales:
        return "upgrade.waits_for_sale"
    if trade.open_attempts:
        return "upgrade.waits_for_payment"
    if trade.sending or (trade.oldest_slip_ms is not None and abs(now_ms - trade.oldest_slip_ms) < STALE_SLIP_MS):
        return "upgrade.waits_for_printer"
    if trade.last_sale_ms is not None and abs(now_ms - trade.last_sale_ms) < quiet_ms:
        return "upgrade.waits_after_sale"
    return None


@dataclass(frozen=True, slots=True)
class Later:
    """How often the counter has put an upgrade off, and until when."""

    times: int = 0
    until_ms: int = 0

    def again(self, now_ms: int) -> "Later | None":
        """Return it put off once more, None when it was put off twice already."""
        return None if self.times >= LATER_TIMES else Later(self.times + 1, now_ms + LATER_MS)

    def holds(self, now_ms: int) -> bool:
        """Tell whether it is put off still; a clock that was set back holds it up no longer than it may be."""
        return 0 < self.times <= LATER_TIMES and 0 < self.until_ms - now_ms <= LATER_MS
