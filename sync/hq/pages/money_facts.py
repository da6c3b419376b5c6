"""What waits for the bank: account days and deposit slips without a line, and the lines that could pay them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from sqlalchemy import Connection

from agent.core.settlement.bank import BankLine
from agent.core.settlement.deposits import DepositFinding, DepositMatch
from agent.core.settlement.payouts import DayPayout, DueDay, PayoutState
from sync.hq.books.bank import lines_of, lines_without_place
from sync.hq.books.bank_settings import CASH
from sync.hq.books.deposits import ON_THE_WAY, matched_deposits
from sync.hq.books.payouts import AccountPayouts, Fees, account_payouts, accounts_of

LINES_OFFERED = 60
DONE_SHOWN = 20
WAITS = (PayoutState.OVERDUE, PayoutState.WAITING)


@dataclass(frozen=True, slots=True)
class PayoutRow:
    """A platform day of an account: what is due, and the line that pays it or those that could, the nearest first."""

    account: str
    payout: DayPayout
    due: DueDay
    fees: Fees
    line: BankLine | None
    offered: tuple[BankLine, ...] = ()

    @property
    def waits(self) -> bool:
        """Tell whether it waits for its line."""
        return self.payout.state in WAITS


@dataclass(frozen=True, slots=True)
class DepositRow:
    """A deposit slip, the line that pays it or those that could."""

    found: DepositFinding
    line: BankLine | None
    offered: tuple[BankLine, ...] = ()

    @property
    def waits(self) -> bool:
        """Tell whether it waits for its line."""
        return self.found.state in ON_THE_WAY


@dataclass(frozen=True, slots=True)
class BankFacts:
    """The bank's side as it stands today. `unknown` are lines that are nobody's yet."""

    payouts: tuple[PayoutRow, ...]
    deposits: tuple[DepositRow, ...]
    unknown: tuple[BankLine, ...]


def bank_facts(connection: Connection, state: Path, today: date) -> BankFacts:
    """Return every account day and every deposit slip, with its line or what could pay it."""
    unknown = tuple(lines_without_place(connection))
    found = [account_payouts(connection, state, one, today) for one in accounts_of(connection, state)]
    payouts = [row for one in found for row in _payout_rows(one, unknown)]
    match = matched_deposits(connection, today)
    explained = {line.line: line for line in lines_of(connection, CASH)}
    return BankFacts(tuple(payouts), tuple(_deposit_rows(match, unknown, explained)), unknown)


def nearest(lines: Iterable[BankLine], due_fen: int, day: date) -> tuple[BankLine, ...]:
    """Return the lines that came in on that day or later, those nearest to an amount first, then the earliest."""
    came = [line for line in lines if line.amount_fen > 0 and line.booked >= day]
    return tuple(
        sorted(came, key=lambda line: (abs(line.amount_fen - due_fen), line.booked, line.line))[:LINES_OFFERED]
    )


def _payout_rows(found: AccountPayouts, unknown: Sequence[BankLine]) -> Iterator[PayoutRow]:
    due = {one.day: one for one in found.due}
    own = {line.line: line for line in found.lines}
    free = (*found.payouts.unexplained, *unknown)
    for one in found.payouts.days:
        line = own.get(one.line or "")
        row = PayoutRow(found.account.book, one, due[one.day], found.fees, line)
        yield replace(row, offered=nearest(free, one.due_fen, one.day)) if row.waits else row


def _deposit_rows(
    match: DepositMatch, unknown: Sequence[BankLine], explained: dict[str, BankLine]
) -> Iterator[DepositRow]:
    for one in match.findings:
        row = DepositRow(one, explained.get(one.line or ""))
        free = (*match.unexplained, *unknown)
        yield replace(row, offered=nearest(free, one.deposit.amount_fen, one.deposit.day)) if row.waits else row
