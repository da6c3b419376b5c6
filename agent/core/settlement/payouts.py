"""What a merchant account owes the bank, day by day, against the bank's lines: a day is settled only by a bank line.

A payout carries one platform day, or several days in a row (weekends, holidays, a minimum payout). Amount and time
alone never join anything: a line belongs to a merchant account by its counterparty or reference, and within the account
the days follow one another without a gap.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum

from agent.core.settlement.bank import BankLine

DAYS_A_PAYOUT_MAX = 15
"""The longest holidays and a minimum payout together."""


@dataclass(frozen=True, slots=True)
class DueDay:
    """What a platform's day leaves to be paid out; all in fen, adjustments signed."""

    day: date
    gross_fen: int
    refunds_fen: int
    fees_fen: int
    adjustments_fen: int = 0

    @property
    def due_fen(self) -> int:
        """Return gross - refunds - fees ± adjustments."""
        return self.gross_fen - self.refunds_fen - self.fees_fen + self.adjustments_fen


@dataclass(frozen=True, slots=True)
class PayoutTerms:
    """When money must be there: `lag_days` bank days after the platform's day, never on a holiday or at the weekend."""

    lag_days: int = 1
    holidays: frozenset[date] = field(default_factory=frozenset)
    workdays: frozenset[date] = field(default_factory=frozenset)
    """Weekend days on which banks work, as China's calendar has them."""

    def expected(self, day: date) -> date:
        """Return the bank day on which the money of a platform's day is expected."""
        expected, left = day, self.lag_days
        while left > 0:
            expected += timedelta(days=1)
            if self._works(expected):
                left -= 1
        return expected

    def _works(self, day: date) -> bool:
        return day in self.workdays or (day.weekday() < 5 and day not in self.holidays)


class PayoutState(StrEnum):
    """Where a day's money is."""

    SETTLED = "settled"
    WAITING = "waiting"
    """Its bank day has not come."""
    OVERDUE = "overdue"
    """Its bank day is over and no line carries it."""
    NOTHING_DUE = "nothing_due"
    NEGATIVE = "negative"
    """More went back than came in: the platform keeps it from later days."""


@dataclass(frozen=True, slots=True)
class DayPayout:
    """One day and the bank line that settles it; `difference_fen` belongs to the whole payout, on its last day."""

    day: date
    state: PayoutState
    due_fen: int
    line: str | None = None
    difference_fen: int = 0


@dataclass(frozen=True, slots=True)
class Payouts:
    """Every day once, and the bank lines that no run of days explains, which are differences with a person to ask."""

    days: tuple[DayPayout, ...]
    unexplained: tuple[BankLine, ...]


def match_payouts(
    due: Sequence[DueDay],
    lines: Sequence[BankLine],
    terms: PayoutTerms,
    today: date,
    tolerance_fen: int = 0,
    assigned: Mapping[str, date] | None = None,
) -> Payouts:
    """Return which bank line settles which days of one merchant account.

    Lines are tried in the order of their booking; each takes the shortest run of open days, from the oldest on, that
    adds up to its amount within `tolerance_fen` and was due by its booking. `assigned` names the last day of a line's
    run where a person decided it, whatever the difference; its amount is then reported.
    """
    days = sorted(due, key=lambda one: one.day)
    settled: dict[date, DayPayout] = {}
    unexplained = []
    for line in sorted(lines, key=lambda one: (one.booked, one.line)):
        open_days = [one for one in days if one.day not in settled]
        run = _assigned_run(open_days, (assigned or {}).get(line.line)) or _run(open_days, line, terms, tolerance_fen)
        if not run:
            unexplained.append(line)
            continue
        difference_fen = line.amount_fen - sum(one.due_fen for one in run)
        for one in run:
            last = one is run[-1]
            settled[one.day] = DayPayout(
                one.day, PayoutState.SETTLED, one.due_fen, line.line, difference_fen if last else 0
            )
    rest = {one.day: DayPayout(one.day, _state(one, terms, today), one.due_fen) for one in days}
    return Payouts(tuple(settled.get(one.day, rest[one.day]) for one in days), tuple(unexplained))


def _run(open_days: Sequence[DueDay], line: BankLine, terms: PayoutTerms, tolerance_fen: int) -> list[DueDay]:
    """Return the run of days that the line pays, from the oldest open one on; days whose money was late may be skipped.

    A later start is tried only when no run from an earlier one fits: a payout that never came must not swallow those
    that did.
    """
    ready = [one for one in open_days if one.day < line.booked and terms.expected(one.day) <= line.booked]
    for begin in range(len(ready)):
        total_fen = 0
        for end in range(begin, min(len(ready), begin + DAYS_A_PAYOUT_MAX)):
            total_fen += ready[end].due_fen
            if abs(total_fen - line.amount_fen) <= tolerance_fen and line.amount_fen > 0:
                return list(ready[begin : end + 1])
    return []


def _assigned_run(open_days: Sequence[DueDay], last: date | None) -> list[DueDay]:
    return [] if last is None else [one for one in open_days if one.day <= last]


def _state(one: DueDay, terms: PayoutTerms, today: date) -> PayoutState:
    if one.due_fen == 0:
        return PayoutState.NOTHING_DUE
    if one.due_fen < 0:
        return PayoutState.NEGATIVE
    return PayoutState.OVERDUE if today > terms.expected(one.day) else PayoutState.WAITING
