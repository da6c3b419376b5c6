"""What a verification finds."""

from dataclasses import dataclass

from agent.store.place import Place


@dataclass(frozen=True, slots=True)
class Fault:
    """The first thing that is wrong: an entry by epoch and number, or a view by table and row (1 is the first)."""

    code: str
    epoch: int | None = None
    seq: int | None = None
    table: str | None = None
    row: int | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What was checked, and the first fault if there is one.

    `unsealed_since` is the first entry that no valid seal covers: what stands before it cannot have been changed
    without the box's key, what stands after it could.
    """

    entries: int
    seals: int
    last: Place | None
    head: str | None
    unsealed_since: Place | None
    views_checked: bool
    fault: Fault | None

    @property
    def ok(self) -> bool:
        """Tell whether nothing was found wrong."""
        return self.fault is None
