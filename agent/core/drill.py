"""The acceptance test on site: which emergencies are tried, how each is seen to happen, and what the box must then do.

Pure. A step is asked for, happens, is mended and is judged; everything is decided from sights of the box, taken one
after the other, never from what somebody says that he did.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Step(StrEnum):
    """One emergency."""

    WAN = "wan"
    POWER = "power"
    PAPER = "paper"
    SCANNER = "scanner"
    PLATFORM = "platform"


class StepState(StrEnum):
    """Where a step stands."""

    PLANNED = "planned"
    ASKED = "asked"
    """The technician was told what to break."""
    BROKEN = "broken"
    """The box saw it; the technician was told to mend it."""
    PASSED = "passed"
    FAILED = "failed"
    LEFT_OUT = "left_out"
    """The box has nothing of the kind, or somebody chose to leave it out."""


class Happening(StrEnum):
    """What moves a step on."""

    ASK = "ask"
    BREAK = "break"
    MEND = "mend"
    FAULT = "fault"
    LEAVE_OUT = "leave_out"


TRANSITIONS: Mapping[tuple[StepState, Happening], StepState] = {
    (StepState.PLANNED, Happening.ASK): StepState.ASKED,
    (StepState.PLANNED, Happening.LEAVE_OUT): StepState.LEFT_OUT,
    (StepState.ASKED, Happening.ASK): StepState.ASKED,  # told again after a restart
    (StepState.ASKED, Happening.BREAK): StepState.BROKEN,
    (StepState.ASKED, Happening.FAULT): StepState.FAILED,
    (StepState.ASKED, Happening.LEAVE_OUT): StepState.LEFT_OUT,  # somebody chose so when he saw what it asks for
    (StepState.BROKEN, Happening.ASK): StepState.ASKED,  # the drill itself was cut off: the step begins anew
    (StepState.BROKEN, Happening.MEND): StepState.PASSED,
    (StepState.BROKEN, Happening.FAULT): StepState.FAILED,
}
ENDED = frozenset({StepState.PASSED, StepState.FAILED, StepState.LEFT_OUT})


def moved(state: StepState, happening: Happening) -> StepState:
    """Return the state after a happening; raises ValueError for one that cannot be there."""
    try:
        return TRANSITIONS[state, happening]
    except KeyError as error:
        raise ValueError(f"{happening} cannot happen to a step that is {state}") from error


@dataclass(frozen=True, slots=True)
class Sight:
    """What is seen of a box at one moment. Without an answer only `answers` counts."""

    answers: bool
    run: str = ""
    """Which run of the program it is: another one after each start."""
    seq: int = 0
    head: str = ""
    """Hash of entry `seq`, hex."""
    sells: bool = False
    """Its writer takes entries."""
    hq: str = "absent"
    """Lamp of headquarters: ok, degraded, down, absent."""
    unsent: int = 0
    devices: Mapping[str, str] = field(default_factory=dict)
    """Lamp of each device by name."""
    codes: Mapping[str, str] = field(default_factory=dict)
    """Last code of each device by name."""
    slip: str | None = None
    """State of the slip that the drill queued, None without one."""
    attempts: Mapping[str, int] = field(default_factory=dict)
    """Payments that began since the step did: how often each has ended."""
    open_s: int = 0
    """For how long the oldest open one of them has been waiting, in seconds."""
    hash_then: str = ""
    """Hash of the entry that was the last when the step began, as the journal has it now; empty when it is gone."""


@dataclass(frozen=True, slots=True)
class Till:
    """Which devices are drilled."""

    printer: str | None
    scanner: str | None


PLATFORM_LATE_S = 3
OUT_OF_PAPER = frozenset({"printer.paper_out", "printer.cover_open"})
PRINTED = frozenset({"printed", "printed_unverified"})
WAITING = frozenset({"queued", "sending"})


def plan(sight: Sight, till: Till, *, platforms: bool) -> Mapping[Step, bool]:
    """Return which steps this box can be put through."""
    return {
        Step.WAN: sight.hq != "absent",
        Step.POWER: True,
        Step.PAPER: till.printer is not None,
        Step.SCANNER: till.scanner is not None,
        Step.PLATFORM: platforms,
    }


def is_broken(step: Step, before: Sight, now: Sight, till: Till) -> bool:
    """Tell whether what was asked for has happened."""
    if step is Step.POWER:
        return not now.answers or now.run != before.run
    if not now.answers:
        return False
    if step is Step.WAN:
        return now.hq == "down"
    if step is Step.PAPER:
        return now.codes.get(till.printer or "") in OUT_OF_PAPER
    if step is Step.SCANNER:
        return now.devices.get(till.scanner or "") == "down"
    return now.open_s >= PLATFORM_LATE_S


def is_mended(step: Step, before: Sight, now: Sight, till: Till) -> bool:
    """Tell whether it is over, as far as the box has to do its own part: sent, printed, reconnected, looked up."""
    if not now.answers:
        return False
    if step is Step.WAN:
        return now.hq == "ok" and now.unsent == 0
    if step is Step.POWER:
        return now.run != before.run and now.sells
    if step is Step.PAPER:
        return now.codes.get(till.printer or "") not in OUT_OF_PAPER and now.slip not in WAITING
    if step is Step.SCANNER:
        return now.devices.get(till.scanner or "") == "ok"
    return bool(now.attempts) and all(count > 0 for count in now.attempts.values())


def fault_while_broken(step: Step, now: Sight) -> str | None:
    """Return the code of what the box does wrong while the step is broken, None when it holds."""
    if step is Step.POWER:
        return None
    if not now.answers or not now.sells:
        return "drill.stopped_selling"
    if step is Step.PAPER and now.slip == "unconfirmed":
        return "drill.slip_doubtful"
    return None


def fault_at_end(step: Step, before: Sight, now: Sight) -> str | None:
    """Return the code of what is wrong after all is mended, None when the step is passed."""
    if now.seq < before.seq or now.hash_then != before.head:
        return "drill.entries_lost"
    if not now.sells:
        return "drill.stopped_selling"
    if step is Step.PAPER and now.slip not in PRINTED:
        return "drill.slip_doubtful"
    if step is Step.PLATFORM and any(count > 1 for count in now.attempts.values()):
        return "drill.ended_twice"
    return None
