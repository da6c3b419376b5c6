"""The record of a drill, `STATE/setup/drill.json`: kept at each step, so that a real power cut is one of the steps.

A file of the state folder and no entry of the journal: the journal is about trade and for ever, a drill is repeated at
will, and what commissioning reports to headquarters lies in `STATE/setup/` already. It is written whole or not at all.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from agent.core.canonical import canonical_bytes, parse
from agent.core.chain import Identity
from agent.core.drill import ENDED, Happening, Step, StepState, moved
from agent.core.drill_code import Drilled, record_digest
from agent.core.errors import Broken

FILE = Path("setup") / "drill.json"
FORMAT = 1


@dataclass(frozen=True, slots=True)
class StepRecord:
    """How one step went. `run`, `seq` and `head` are the box's when it was asked for."""

    step: Step
    state: StepState = StepState.PLANNED
    code: str | None = None
    """Why it failed."""
    run: str = ""
    seq: int = 0
    head: str = ""
    asked_ms: int = 0
    broke_ms: int = 0
    ended_ms: int = 0

    def after(self, happening: Happening, **facts: Any) -> "StepRecord":
        """Return the record after a happening."""
        return replace(self, state=moved(self.state, happening), **facts)


@dataclass(frozen=True, slots=True)
class DrillRecord:
    """A whole drill; `code` is the signed text on its slip, empty until it is over."""

    identity: Identity
    till: str
    started_ms: int
    at_ms: int
    steps: tuple[StepRecord, ...]
    code: str = ""
    by_card: bool = False
    """Begun by a code at the till: the box itself goes on with it after a power cut."""

    @property
    def is_over(self) -> bool:
        """Tell whether every step has ended."""
        return all(one.state in ENDED for one in self.steps)

    def with_step(self, changed: StepRecord, at_ms: int) -> "DrillRecord":
        """Return the record with one step as it is now."""
        steps = tuple(changed if one.step is changed.step else one for one in self.steps)
        return replace(self, steps=steps, at_ms=at_ms)

    def drilled(self) -> Drilled:
        """Return what the slip's code says."""
        outcomes = {one.step: one.state for one in self.steps}
        return Drilled(self.identity, self.at_ms, outcomes, record_digest(self.document()))

    def told(self) -> dict[str, Any]:
        """Return what headquarters are told of it in the box's signed report."""
        steps = {one.step.value: {"state": one.state.value, "code": one.code} for one in self.steps}
        whole = self.document()
        return {**{name: whole[name] for name in ("started_ms", "at_ms", "passed", "code")}, "steps": steps}

    def document(self) -> dict[str, Any]:
        """Return it as the file has it."""
        return {
            "format": FORMAT,
            "store": self.identity.store,
            "box": self.identity.box,
            "epoch": self.identity.epoch,
            "till": self.till,
            "by_card": self.by_card,
            "started_ms": self.started_ms,
            "at_ms": self.at_ms,
            "done": self.is_over,
            "passed": self.is_over and _passed(self.steps),
            "steps": [{**asdict(one), "step": one.step.value, "state": one.state.value} for one in self.steps],
            "code": self.code,
        }


def _passed(steps: Sequence[StepRecord]) -> bool:
    states = {one.state for one in steps}
    return StepState.PASSED in states and StepState.FAILED not in states


def save_record(state: Path, record: DrillRecord) -> None:
    """Write the record, whole or not at all, and put it on disk."""
    from agent.disk import write_private

    write_private(state / FILE, canonical_bytes(record.document()))


def load_record(state: Path) -> DrillRecord | None:
    """Return the last drill of this box, None when there is none that can be read."""
    try:
        found = parse((state / FILE).read_bytes())
        return _from_document(found) if isinstance(found, Mapping) else None
    except (OSError, Broken, KeyError, TypeError, ValueError):
        return None


def _from_document(found: Mapping[str, Any]) -> DrillRecord:
    steps = tuple(
        StepRecord(**{**one, "step": Step(one["step"]), "state": StepState(one["state"])}) for one in found["steps"]
    )
    identity = Identity(found["store"], found["box"], found["epoch"])
    by_card = found.get("by_card") is True
    return DrillRecord(identity, found["till"], found["started_ms"], found["at_ms"], steps, found["code"], by_card)
