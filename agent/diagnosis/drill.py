"""The drill: step after step, each asked for, seen to happen, mended and judged, kept on disk before the next word."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from agent.core import drill
from agent.core.drill import ENDED, Happening, Sight, Step, StepState, Till
from agent.core.drill_code import signed_code
from agent.diagnosis.drill_record import DrillRecord, StepRecord
from agent.diagnosis.drill_sights import Sights

LOOK_EVERY_S = 0.3
"""The box tells its state when it is asked; there is nothing to wait on that would outlive its own power cut."""
BREAK_WITHIN_S = 600.0
MEND_WITHIN_S = 600.0


@dataclass(frozen=True, slots=True)
class Stage:
    """What a drill needs from outside."""

    sights: Sights
    till: Till
    platforms: bool
    """Whether this box takes wallets' money at all."""
    say: Callable[[Step, StepState, str | None], str | None]
    """Tells the technician about a step that has just come to a state; returns the slip that carries it, if any."""
    keep: Callable[[DrillRecord], None]
    sign: Callable[[bytes], bytes]
    now_ms: Callable[[], int]
    monotonic_s: Callable[[], float]
    wait: Callable[[float], None]
    break_within_s: float = BREAK_WITHIN_S
    mend_within_s: float = MEND_WITHIN_S
    skipped: Callable[[], bool] = lambda: False
    """Tells once when somebody wants the step left out; one that is broken by then has failed."""


def run_drill(record: DrillRecord, stage: Stage) -> DrillRecord:
    """Take every step of a record that has not ended, and sign the whole at the end."""
    for step in [one.step for one in record.steps if one.state not in ENDED]:
        record = _Run(record, stage, step).taken()
    signed = replace(record, at_ms=stage.now_ms())
    signed = replace(signed, code=signed_code(signed.drilled(), stage.sign))
    stage.keep(signed)
    return signed


class _Run:
    """One step of a drill."""

    def __init__(self, record: DrillRecord, stage: Stage, step: Step) -> None:
        self._record = record
        self._stage = stage
        self._step = step
        self._skipped = False

    @property
    def _own(self) -> StepRecord:
        return next(one for one in self._record.steps if one.step is self._step)

    def taken(self) -> DrillRecord:
        """Take the step to its end."""
        before = self._begun()
        if before is None:
            return self._record
        if self._awaited(lambda now: drill.is_broken(self._step, before, now, self._stage.till), before, None) is None:
            return self._left_out() if self._skipped else self._failed("drill.not_seen")
        self._move(Happening.BREAK, broke_ms=self._stage.now_ms())
        return self._mended(before, self._say(StepState.BROKEN))

    def _begun(self) -> Sight | None:
        """Return what the box was like before; None when the step is left out."""
        own = self._own
        if self._step is Step.POWER and own.state in (StepState.ASKED, StepState.BROKEN):
            # the power cut took this program along: what was before is on disk
            self._move(Happening.ASK)
            return Sight(answers=True, run=own.run, seq=own.seq, head=own.head, sells=True)
        now = self._awaited(lambda sight: sight.answers, Sight(answers=True), None) or Sight(answers=False)
        possible = drill.plan(now, self._stage.till, platforms=self._stage.platforms)[self._step]
        if not possible and own.state is StepState.PLANNED:
            self._left_out()
            return None
        self._move(Happening.ASK, run=now.run, seq=now.seq, head=now.head, asked_ms=self._stage.now_ms())
        self._say(StepState.ASKED)
        return now

    def _mended(self, before: Sight, slip: str | None) -> DrillRecord:
        faults: list[str] = []

        def over(now: Sight) -> bool:
            fault = drill.fault_while_broken(self._step, now)
            if fault is not None:
                faults.append(fault)
            return bool(faults) or drill.is_mended(self._step, before, now, self._stage.till)

        now = self._awaited(over, before, slip, self._stage.mend_within_s)
        if faults:
            return self._failed(faults[0])
        if now is None:
            return self._failed("drill.not_back")
        fault = drill.fault_at_end(self._step, before, now)
        if fault is not None:
            return self._failed(fault)
        self._move(Happening.MEND, ended_ms=self._stage.now_ms())
        self._stage.say(self._step, StepState.PASSED, None)
        return self._record

    def _awaited(
        self, wanted: Callable[[Sight], bool], before: Sight, slip: str | None, within_s: float | None = None
    ) -> Sight | None:
        """Return the first sight that is wanted, None when none was in time."""
        ends_s = self._stage.monotonic_s() + (within_s or self._stage.break_within_s)
        while self._stage.monotonic_s() < ends_s:
            now = self._stage.sights.look(self._step, before.seq, slip)
            if wanted(now):
                return now
            if self._stage.skipped():
                self._skipped = True
                return None
            self._stage.wait(LOOK_EVERY_S)
        return None

    def _left_out(self) -> DrillRecord:
        self._move(Happening.LEAVE_OUT, ended_ms=self._stage.now_ms())
        self._stage.say(self._step, StepState.LEFT_OUT, None)
        return self._record

    def _failed(self, code: str) -> DrillRecord:
        self._move(Happening.FAULT, code=code, ended_ms=self._stage.now_ms())
        self._stage.say(self._step, StepState.FAILED, code)
        return self._record

    def _say(self, state: StepState) -> str | None:
        return self._stage.say(self._step, state, None)

    def _move(self, happening: Happening, **facts: object) -> None:
        changed = self._own.after(happening, **facts)
        self._record = self._record.with_step(changed, self._stage.now_ms())
        self._stage.keep(self._record)
