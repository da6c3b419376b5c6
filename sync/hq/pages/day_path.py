"""A day's way from the journal to the bank: the bills by class, the bank's lines."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection

from agent.core.reconcile.classes import LineClass
from agent.core.settlement.bank import BankLine
from agent.core.settlement.deposits import DepositFinding
from sync.hq.books.bank import line_numbered
from sync.hq.books.day_bills import AccountDay
from sync.hq.books.days import DayView
from sync.hq.books.deposits import deposits_of
from sync.hq.books.difference_list import OpenSum, open_sum_of_day
from sync.hq.books.differences import last_matched


@dataclass(frozen=True, slots=True)
class ClassSum:
    """What a class of a bill's match adds up to, over all stores of the account."""

    line_class: LineClass
    lines: int
    journal_fen: int
    bill_fen: int


@dataclass(frozen=True, slots=True)
class AccountPath:
    """One merchant account's platform day on which money of the store's day moved, and the bank line that pays it."""

    found: AccountDay
    classes: Sequence[ClassSum]
    line: BankLine | None

    @property
    def journal_fen(self) -> int:
        """Return what the journals of all stores of the account have."""
        return sum(one.journal_fen for one in self.classes)

    @property
    def bill_fen(self) -> int:
        """Return what the bill has."""
        return sum(one.bill_fen for one in self.classes)


@dataclass(frozen=True, slots=True)
class DayPath:
    """The way of a store's day."""

    accounts: Sequence[AccountPath]
    deposits: Sequence[tuple[DepositFinding, BankLine | None]]
    unsettled: OpenSum


def day_path(connection: Connection, found: DayView, today: date) -> DayPath:
    """Return the way of a day, as far as it has come."""
    store, day = found.store, date.fromisoformat(found.day)
    accounts = [
        AccountPath(one, _classes(last_matched(connection, one.account, one.day)), _line(connection, one.payout_line))
        for one in found.accounts
    ]
    deposits = [(one, _line(connection, one.line)) for one in deposits_of(connection, store, day, today)]
    return DayPath(accounts, deposits, open_sum_of_day(connection, store, day))


def _classes(body: Mapping[str, Any] | None) -> Sequence[ClassSum]:
    """Return the sums of a kept match in the order of the classes; a class that is not known any more is left out."""
    told = body.get("classes") if body is not None else None
    if not isinstance(told, dict):
        return ()
    return [
        ClassSum(one, told[one]["lines"], told[one]["journal_fen"], told[one]["bill_fen"])
        for one in LineClass
        if one in told
    ]


def _line(connection: Connection, number: str | None) -> BankLine | None:
    return None if number is None else line_numbered(connection, number)
