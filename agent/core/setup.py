"""The steps from a blank box to one that trades, as one transition table. Pure.

What a step does on paper and on the wire is the part of `agent.setup`; here stands only what may follow what, so that
a scan too many, a lost answer or a power cut always finds a state that knows what to do.
"""

from enum import StrEnum

SILENCE_S = 30 * 60
"""How long setup waits for somebody before it rests."""


class SetupState(StrEnum):
    """Where a box stands."""

    INVITED = "invited"
    """The invitation is on paper; any code of setup is taken."""
    NETWORKING = "networking"
    """A network code is being applied."""
    ENROLLING = "enrolling"
    """An enrolment code was read; headquarters has not answered yet, or its answer was lost. It never rests from here:
    headquarters may have given the store to this box already, and the next answer says so.
    """
    UNSEALING = "unsealing"
    """A stick brought an offline packet; the eight characters that open it are awaited."""
    TESTING = "testing"
    """The box has its store; test slips wait to be scanned."""
    RESTING = "resting"
    """Nobody came: nothing but a command or a plugged printer brings it back."""
    DONE = "done"
    """The box trades."""


class SetupEvent(StrEnum):
    """What happens to it."""

    NETWORK_CODE = "network_code"
    NETWORK_ENDED = "network_ended"
    ENROLMENT_CODE = "enrolment_code"
    PACKET_FOUND = "packet_found"
    """A stick with an offline packet was plugged in."""
    ENROLLED = "enrolled"
    REFUSED = "refused"
    """A final no, of headquarters or of the last packet that was there: something else is needed."""
    PROVED = "proved"
    """The last slip that could be scanned was scanned."""
    SILENCE = "silence"
    WOKEN = "woken"
    """A physical act: the command INVITE scanned, a printer plugged in."""


_S, _E = SetupState, SetupEvent
TRANSITIONS: dict[tuple[SetupState, SetupEvent], SetupState] = {
    (_S.INVITED, _E.NETWORK_CODE): _S.NETWORKING,
    (_S.INVITED, _E.ENROLMENT_CODE): _S.ENROLLING,
    (_S.INVITED, _E.PACKET_FOUND): _S.UNSEALING,
    (_S.INVITED, _E.SILENCE): _S.RESTING,
    (_S.INVITED, _E.WOKEN): _S.INVITED,
    (_S.NETWORKING, _E.NETWORK_ENDED): _S.INVITED,
    (_S.ENROLLING, _E.NETWORK_CODE): _S.NETWORKING,
    (_S.ENROLLING, _E.ENROLMENT_CODE): _S.ENROLLING,
    (_S.ENROLLING, _E.PACKET_FOUND): _S.UNSEALING,
    (_S.ENROLLING, _E.ENROLLED): _S.TESTING,
    (_S.ENROLLING, _E.REFUSED): _S.INVITED,
    (_S.ENROLLING, _E.WOKEN): _S.ENROLLING,
    (_S.UNSEALING, _E.NETWORK_CODE): _S.NETWORKING,
    (_S.UNSEALING, _E.ENROLMENT_CODE): _S.ENROLLING,
    (_S.UNSEALING, _E.PACKET_FOUND): _S.UNSEALING,
    (_S.UNSEALING, _E.ENROLLED): _S.TESTING,
    (_S.UNSEALING, _E.REFUSED): _S.INVITED,
    (_S.UNSEALING, _E.SILENCE): _S.RESTING,
    (_S.UNSEALING, _E.WOKEN): _S.UNSEALING,
    (_S.TESTING, _E.PROVED): _S.DONE,
    (_S.TESTING, _E.SILENCE): _S.DONE,
    (_S.TESTING, _E.WOKEN): _S.TESTING,
    (_S.RESTING, _E.WOKEN): _S.INVITED,
    (_S.RESTING, _E.PACKET_FOUND): _S.UNSEALING,
}
"""All that may happen; anything else is refused by a sentence and changes nothing."""


def next_state(state: SetupState, event: SetupEvent) -> SetupState | None:
    """Return the state that follows, None where the event has no place."""
    return TRANSITIONS.get((state, event))
