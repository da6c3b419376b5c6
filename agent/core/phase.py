"""What the cashier reads about an attempt: one word for all that is known of it, pure.

Separate from `AttemptState`: the state is what the journal knows, the phase also what was heard last.
"""

from dataclasses import dataclass
from enum import StrEnum

from agent.core.payment import AttemptState, Verdict
from agent.core.timing import Method


class Phase(StrEnum):
    """Where an attempt is for the one who waits; domain.md part C has a sentence for each."""

    ASKING = "asking"
    """No clear answer yet, and the line is up (C2)."""
    WAITING_PASSWORD = "waiting_password"
    """The customer is entering a password (C1)."""
    OPENING = "opening"
    """The platform is asked for a QR code."""
    WAITING_SCAN = "waiting_scan"
    """The QR code is shown; the customer scans and pays."""
    WAITING_PHONE = "waiting_phone"
    """The customer pays on the own phone; a pay-proof or headquarters tells. No matter whether the line is up."""
    LINE_DOWN = "line_down"
    """Nothing is heard and the shop's line is down (C3)."""
    PLATFORM_DOWN = "platform_down"
    """The line is up and the platform does not answer (C5)."""
    UNDOING = "undoing"
    """It is being undone or closed; not yet confirmed."""
    GIVING_BACK = "giving_back"
    """Money came that does not count for this sale; it is on its way back (C15)."""
    PAID = "paid"
    ABANDONED = "abandoned"
    """Paid for a sale that no longer wants it: the cashier uses it or gives it back."""
    GIVEN_BACK = "given_back"
    """Paid, and gone back in full (C13)."""
    DECLINED = "declined"
    """Not paid, nothing charged (C4)."""
    UNDONE = "undone"
    """Undone or closed, confirmed: nothing charged."""


class Line(StrEnum):
    """How a platform is reached at present."""

    UP = "up"
    LINE_DOWN = "line_down"
    PLATFORM_DOWN = "platform_down"


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of an attempt, for `phase_of`."""

    state: AttemptState
    method: Method
    line: Line = Line.UP
    heard: Verdict | None = None
    """The last answer, None before any."""
    shown: bool = False
    """Is there a QR code to scan?"""
    undoing: bool = False
    used: bool = False
    given_back: bool = False
    """Its money goes or went back by a refund of its own."""


def phase_of(known: Known) -> Phase:
    """Return the phase of an attempt."""
    if known.state is AttemptState.PAID:
        if known.given_back:
            return Phase.GIVEN_BACK
        return Phase.PAID if known.used else Phase.ABANDONED
    if known.state is AttemptState.DECLINED:
        return Phase.DECLINED
    if known.state not in (AttemptState.OPEN, AttemptState.PARKED):
        return Phase.UNDONE
    if known.given_back:
        return Phase.GIVING_BACK
    if known.method is Method.PHONE and not known.undoing:
        return Phase.WAITING_PHONE
    if known.heard in (None, Verdict.UNKNOWN) and known.line is not Line.UP:
        return Phase(known.line.value)
    if known.undoing:
        return Phase.UNDOING
    return _waiting(known)


def _waiting(known: Known) -> Phase:
    if known.method is Method.QR:
        return Phase.WAITING_SCAN if known.shown else Phase.OPENING
    return Phase.WAITING_PASSWORD if known.heard is Verdict.PENDING else Phase.ASKING
