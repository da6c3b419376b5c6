"""What a match may rely on: which days' bills are here, contracts, tolerances, how far each journal has come."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from agent.core.moment import PLATFORM_ZONE, milliseconds
from agent.core.reconcile.fees import FeeContract
from agent.core.reconcile.statement import StatementState

MIDNIGHT_MS = 10 * 60 * 1000
"""A line that is missing this near to midnight may stand on the neighbouring day's bill."""
FEE_TOLERANCE_FEN = 1
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Terms:
    """How to judge. `journal_until_ms` says, by store, up to when its journal is here; a store left out is complete."""

    contracts: Sequence[FeeContract] = ()
    fee_tolerance_fen: int = FEE_TOLERANCE_FEN
    midnight_ms: int = MIDNIGHT_MS
    journal_until_ms: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Scope:
    """The days that are matched, with the state of their bills; lines of other days are looked up but not judged."""

    states: Mapping[date, StatementState]
    terms: Terms

    def covers(self, day: date) -> bool:
        """Tell whether this day is matched."""
        return day in self.states

    def is_here(self, day: date) -> bool:
        """Tell whether this day's bill is here."""
        return self.states.get(day) is StatementState.READY

    def may_be_next_door(self, at_ms: int, day: date) -> bool:
        """Tell whether a moment is so near to midnight that its line may be on a neighbour's bill which isn't here."""
        begins_ms = milliseconds(datetime.combine(day, time(), PLATFORM_ZONE))
        ends_ms = milliseconds(datetime.combine(day + ONE_DAY, time(), PLATFORM_ZONE))
        early = at_ms - begins_ms < self.terms.midnight_ms and not self.is_here(day - ONE_DAY)
        late = ends_ms - at_ms <= self.terms.midnight_ms and not self.is_here(day + ONE_DAY)
        return early or late

    def journal_is_here(self, store: str, at_ms: int) -> bool:
        """Tell whether the store's journal has come up to a moment."""
        until_ms = self.terms.journal_until_ms.get(store)
        return until_ms is None or at_ms <= until_ms
