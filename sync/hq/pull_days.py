"""Which business days a pull shows, by their states; and what stands in each day's rows."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from sqlalchemy import Connection, select

from sync.hq import tables
from sync.hq.books.bill_tables import bill
from sync.hq.books.day_states import DayState
from sync.hq.books.days import states


class DayStates(StrEnum):
    """Which days a pull shows."""

    MATCHED = "matched"
    """Closed, and matched as far as headquarters has bills to match with."""
    CLOSED = "closed"
    """Closed by the store, whatever became of the matching."""
    SETTLED = "settled"
    """Every platform's money and every deposit has its bank line."""
    ANY = "any"


@dataclass(frozen=True, slots=True)
class BusinessDay:
    """A store's day as its rows tell it; `shown` follows from what was asked for."""

    day: str
    state: str
    day_state: str
    shown: bool


class Days:
    """The days of one store, looked up once a pull.

    `bounds` says how far each epoch counts: a close that came later than the pull began does not close its day. `kept`
    is the day in the middle of which an earlier part of the pull broke off: it stays as it was then.
    """

    def __init__(
        self,
        connection: Connection,
        store: str,
        bounds: Mapping[int, int],
        wanted: DayStates,
        kept: BusinessDay | None = None,
    ) -> None:
        self._closed = _closed_days(connection, store, bounds)
        self._states = {day: state for (_, day), state in states(connection, [store], date.min, date.max).items()}
        self._shown = _SHOWN[wanted]
        if wanted is DayStates.MATCHED and not _has_bills(connection):
            self._shown = _SHOWN[DayStates.CLOSED]
        self._known: dict[str, BusinessDay | None] = {} if kept is None else {kept.day: kept}

    def of(self, day: str) -> BusinessDay | None:
        """Return a day, or None for what only looks like one (2026-02-31)."""
        try:
            return self._known[day]
        except KeyError:
            found = self._known[day] = self._found(day)
            return found

    def _found(self, day: str) -> BusinessDay | None:
        try:
            date.fromisoformat(day)
        except ValueError:
            return None
        if day not in self._closed:
            return BusinessDay(day, "open", DayState.OPEN.value, DayState.OPEN in self._shown)
        found = self._states.get(day, DayState.OPEN)
        state = DayState.CLOSED if found is DayState.OPEN else found
        return BusinessDay(day, "closed", state.value, state in self._shown)


_SHOWN = {
    DayStates.MATCHED: frozenset({DayState.MATCHED, DayState.SETTLED}),
    DayStates.CLOSED: frozenset(DayState) - {DayState.OPEN},
    DayStates.SETTLED: frozenset({DayState.SETTLED}),
    DayStates.ANY: frozenset(DayState),
}


def _has_bills(connection: Connection) -> bool:
    """Tell whether headquarters ever had a bill; without, there is nothing to match days with."""
    return connection.execute(select(bill.c.store).limit(1)).first() is not None


def _closed_days(connection: Connection, store: str, bounds: Mapping[int, int]) -> frozenset[str]:
    known = tables.closed_day.c
    query = select(known.day, known.epoch, known.seq).where(known.store == store)
    return frozenset(row.day for row in connection.execute(query) if row.seq < bounds.get(row.epoch, 0))
