"""What becomes of a difference: acts of people and of matching, one table of transitions, who must be a second person.

A difference is the fold of what was noted about it, so that it can be made again from the notes at any time.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from agent.core.errors import Refused
from agent.core.reconcile.classes import LineClass, Settlement
from agent.core.reconcile.facts import store_of

REASON_CHARACTERS = range(2, 501)


class DifferenceState(StrEnum):
    """Where a difference stands."""

    OPEN = "open"
    PROPOSED = "proposed"
    """Somebody settled it, a second person has not approved yet."""
    SETTLED = "settled"


class DifferenceAct(StrEnum):
    """What is noted of a difference, each with what its body holds."""

    FOUND = "difference.found"
    """`agent.core.events_matching.DifferenceFound`; again when a later match tells otherwise."""
    ASSIGNED = "difference.assigned"
    """`store`, `business_day`, `person`, `reason`; a store or a person, the other null."""
    COMMENTED = "difference.commented"
    """`text`."""
    PROPOSED = "difference.settlement_proposed"
    """`settlement`, `reason`."""
    SENT_BACK = "difference.sent_back"
    """`reason`."""
    SETTLED = "difference.settled"
    """`agent.core.events_matching.DifferenceSettled`."""
    REOPENED = "difference.reopened"
    """`reason`."""


TRANSITIONS: Mapping[DifferenceState | None, Mapping[DifferenceAct, DifferenceState]] = {
    None: {DifferenceAct.FOUND: DifferenceState.OPEN},
    DifferenceState.OPEN: {
        DifferenceAct.FOUND: DifferenceState.OPEN,
        DifferenceAct.ASSIGNED: DifferenceState.OPEN,
        DifferenceAct.COMMENTED: DifferenceState.OPEN,
        DifferenceAct.PROPOSED: DifferenceState.PROPOSED,
        DifferenceAct.SETTLED: DifferenceState.SETTLED,
    },
    DifferenceState.PROPOSED: {
        # What was proposed was proposed for other figures.
        DifferenceAct.FOUND: DifferenceState.OPEN,
        DifferenceAct.COMMENTED: DifferenceState.PROPOSED,
        DifferenceAct.SENT_BACK: DifferenceState.OPEN,
        DifferenceAct.SETTLED: DifferenceState.SETTLED,
    },
    DifferenceState.SETTLED: {
        DifferenceAct.FOUND: DifferenceState.OPEN,
        DifferenceAct.COMMENTED: DifferenceState.SETTLED,
        DifferenceAct.REOPENED: DifferenceState.OPEN,
    },
}

BY_PERSONS = (Settlement.CONFIRM, Settlement.REFUND, Settlement.ASSIGN, Settlement.WRITE_OFF)
"""How a person can settle; asking again is no end."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Above how many fen a second person must approve; write-offs have a limit of their own."""

    second_person_above_fen: int = 10_000
    write_off_above_fen: int = 0

    def needs_second(self, settlement: Settlement, stake_fen: int) -> bool:
        """Tell whether a settlement of so much money waits for a second person."""
        if settlement is Settlement.WRITE_OFF and stake_fen > self.write_off_above_fen:
            return True
        return stake_fen > self.second_person_above_fen


@dataclass(frozen=True, slots=True)
class Difference:
    """A difference as its notes tell it; `found` is the body of the newest `difference.found`.

    `version` counts its notes. `settled_by` is who settled or proposed to, blank for facts.
    """

    number: str
    state: DifferenceState
    found: Mapping[str, Any]
    version: int
    found_at_ms: int
    changed_at_ms: int
    assigned_store: str | None = None
    assigned_day: str | None = None
    assigned_person: str | None = None
    settlement: str | None = None
    reason: str | None = None
    settled_by: str | None = None
    approved_by: str | None = None

    @property
    def line_store(self) -> str | None:
        """Return the store that the line names: the journal's, else the one whose form the order's number has."""
        return self.found.get("store") or store_of(str(self.found.get("out_trade_no", "")))

    @property
    def line_day(self) -> str:
        """Return the business day of the journal's line, else the bill's day."""
        return str(self.found.get("business_day") or self.found["bill_day"])

    @property
    def stake_fen(self) -> int:
        """Return how much money is in question: `stake_of`."""
        return stake_of(self.found)


def stake_of(found: Mapping[str, Any]) -> int:
    """Return the money in question: what the sides differ by, the fees' difference, else the larger of both sides."""
    values = found.get("values") or {}
    ours_fen, theirs_fen = values.get("ours_fen"), values.get("theirs_fen")
    journal_fen, bill_fen = int(found["journal_fen"]), int(found["bill_fen"])
    apart_fen = abs(journal_fen - bill_fen)
    by_values = found["line_class"] == LineClass.FEE_DIFFERS or not apart_fen
    if by_values and isinstance(ours_fen, int) and isinstance(theirs_fen, int):
        return abs(ours_fen - theirs_fen)
    return apart_fen or max(abs(journal_fen), abs(bill_fen))


def next_state(state: DifferenceState | None, act: DifferenceAct) -> DifferenceState:
    """Return the state after an act; refuses with `difference.wrong_state` what the table does not have."""
    after = TRANSITIONS[state].get(act)
    if after is None:
        raise Refused("difference.wrong_state", standing=None if state is None else state.value)
    return after


def is_news(known: Difference | None, body: Mapping[str, Any]) -> bool:
    """Tell whether a found difference says something new: not when the same was settled by a person before."""
    if known is None or known.found != body:
        return True
    return known.state is DifferenceState.SETTLED and not known.settled_by


def evolve(
    known: Difference | None, number: str, act: DifferenceAct, at_ms: int, actor: str, body: Mapping[str, Any]
) -> Difference:
    """Return the difference after a note; refuses with `difference.wrong_state`."""
    state = next_state(known.state if known is not None else None, act)
    if known is None:
        return Difference(number, state, body, 1, at_ms, at_ms)
    moved = replace(known, state=state, version=known.version + 1, changed_at_ms=at_ms)
    match act:
        case DifferenceAct.FOUND:
            return replace(moved, found=body, **_NOT_SETTLED)
        case DifferenceAct.ASSIGNED if body.get("person") is not None:
            return replace(moved, assigned_person=body["person"])
        case DifferenceAct.ASSIGNED:
            return replace(moved, assigned_store=body["store"], assigned_day=body["business_day"])
        case DifferenceAct.PROPOSED:
            return replace(moved, settlement=body["settlement"], reason=body["reason"], settled_by=actor)
        case DifferenceAct.SETTLED:
            ended = {name: body[name] for name in ("settlement", "reason", "approved_by")}
            return replace(moved, settled_by=body["by"], **ended)
        case DifferenceAct.SENT_BACK | DifferenceAct.REOPENED:
            return replace(moved, **_NOT_SETTLED)
    return moved


_NOT_SETTLED: Mapping[str, Any] = dict.fromkeys(("settlement", "reason", "settled_by", "approved_by"))


def checked_reason(text: str) -> str:
    """Return the reason without the spaces around it; refuses with `difference.reason_missing`."""
    reason = text.replace("\r\n", "\n").strip()
    if len(reason) not in REASON_CHARACTERS or not reason.replace("\n", " ").isprintable():
        shortest, longest = REASON_CHARACTERS[0], REASON_CHARACTERS[-1]
        raise Refused("difference.reason_missing", shortest=shortest, longest=longest)
    return reason


def checked_settlement(text: str, known: Difference) -> Settlement:
    """Return how a person settles; refuses with `difference.bad_settlement` and `difference.assign_first`."""
    if text not in BY_PERSONS:
        raise Refused("difference.bad_settlement", known=", ".join(BY_PERSONS))
    settlement = Settlement(text)
    if settlement is Settlement.ASSIGN and (known.assigned_store or known.line_store) is None:
        raise Refused("difference.assign_first")
    return settlement
