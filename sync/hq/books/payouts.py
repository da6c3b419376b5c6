"""What each merchant account should have been paid, by the platforms' days, from the journals; and by which bank line.

Gross is what was taken, less the discounts that the merchant gave; money that came although its order had ended is in
it too. Fees are those that were agreed (`storebox-hq fee`, else STATE/bank/payouts.toml); where no contract covers a
day they count as 0, and the answer says so.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select

from agent.core.payment import AttemptState, RefundVerdict
from agent.core.reconcile.fees import FeeContract, contract_for
from agent.core.settlement.bank import BankLine
from agent.core.settlement.payouts import DueDay, Payouts, match_payouts
from sync.hq import tables
from sync.hq.books.bank import assigned_days, lines_of
from sync.hq.books.bank_settings import Account, payout_settings, payout_terms
from sync.hq.books.fees import contracts_for

DAY_MS = 86_400_000
EAST_MS = 8 * 3_600_000
"""Platform days are GMT+8."""
_EPOCH = date(1970, 1, 1)


class Fees(StrEnum):
    """Where the fees of an account come from."""

    CONTRACT = "contract"
    NONE = "none"
    """No contract covers a day of it: fees count as 0."""


@dataclass(frozen=True, slots=True)
class AccountPayouts:
    """A merchant account: every day that is over, with what is due, and what became of it."""

    account: Account
    due: tuple[DueDay, ...]
    payouts: Payouts
    fees: Fees
    lines: tuple[BankLine, ...] = ()
    """What the bank has of the account."""


def accounts_of(connection: Connection, state: Path) -> list[Account]:
    """Return the accounts to look for: those that were declared, else all that the journals name."""
    declared = payout_settings(state).account
    if declared:
        return list(declared)
    order = tables.platform_order
    query = select(order.c.platform, order.c.merchant).where(
        order.c.merchant.is_not(None), order.c.platform.is_not(None)
    )
    rows = connection.execute(query.distinct().order_by(order.c.platform, order.c.merchant))
    return [Account(platform=row.platform, merchant=row.merchant) for row in rows]


def account_payouts(connection: Connection, state: Path, account: Account, today: date) -> AccountPayouts:
    """Return every day of an account and the bank line that settles it."""
    contracts = contracts_for(connection, state, account.platform)
    due, fees = due_days(connection, account, contracts)
    begins = account.begins or date.min
    ended = [one for one in due if begins <= one.day < today]
    terms = payout_terms(state, account.lag_days)
    lines = [line for line in lines_of(connection, account.book) if line.booked >= begins]
    assigned = assigned_days(connection, account.book)
    payouts = match_payouts(ended, lines, terms, today, account.tolerance_fen, assigned)
    return AccountPayouts(account, tuple(ended), payouts, fees, tuple(lines))


def due_days(
    connection: Connection, account: Account, contracts: Sequence[FeeContract], store: str | None = None
) -> tuple[tuple[DueDay, ...], Fees]:
    """Return what each platform day of an account leaves to be paid out, and where its fees come from.

    With a store it is that store's share; the shares of all stores add up to the whole.
    """
    gross_fen: dict[date, int] = defaultdict(int)
    refunds_fen: dict[date, int] = defaultdict(int)
    fees_fen: dict[date, int] = defaultdict(int)
    fees = Fees.CONTRACT
    for day, amount_fen, count in (*_taken(connection, account, store), *_booked(connection, account, store)):
        gross_fen[day] += amount_fen * count
        contract = contract_for(contracts, account.merchant, "", day)
        fees_fen[day] += contract.fee_fen(amount_fen) * count if contract else 0
        fees = fees if contract else Fees.NONE
    for day, amount_fen, count in _given_back(connection, account, store):
        refunds_fen[day] += amount_fen * count
        contract = contract_for(contracts, account.merchant, "", day)
        fees_fen[day] -= contract.fee_fen(amount_fen) * count if contract and contract.gives_back else 0
        fees = fees if contract else Fees.NONE
    days = sorted({*gross_fen, *refunds_fen})
    return tuple(DueDay(day, gross_fen[day], refunds_fen[day], fees_fen[day]) for day in days), fees


_Grouped = list[tuple[date, int, int]]


def _taken(connection: Connection, account: Account, store: str | None) -> _Grouped:
    order = tables.platform_order
    at_ms = func.coalesce(order.c.platform_at_ms, order.c.started_at_ms)
    net_fen = order.c.amount_fen - func.coalesce(order.c.merchant_discount_fen, 0)
    return _grouped(connection, at_ms, net_fen, _of(account, store) & (order.c.outcome == AttemptState.PAID.value))


def _booked(connection: Connection, account: Account, store: str | None) -> _Grouped:
    order = tables.platform_order
    return _grouped(
        connection, order.c.booked_at_ms, order.c.booked_fen, _of(account, store) & order.c.booked_fen.is_not(None)
    )


def _given_back(connection: Connection, account: Account, store: str | None) -> _Grouped:
    order, refund = tables.platform_order, tables.platform_refund
    same = (refund.c.store == order.c.store) & (refund.c.attempt == order.c.attempt)
    net_fen = refund.c.amount_fen - func.coalesce(refund.c.merchant_fen, 0)
    done = same & _of(account, store) & (refund.c.outcome == RefundVerdict.DONE.value)
    return _grouped(connection, refund.c.ended_at_ms, net_fen, done)


def _of(account: Account, store: str | None = None) -> ColumnElement[bool]:
    order = tables.platform_order
    where = (order.c.platform == account.platform) & (order.c.merchant == account.merchant)
    return where if store is None else where & (order.c.store == store)


def stores_of(connection: Connection, account: Account) -> list[str]:
    """Return the stores that took money into an account, in order."""
    query = select(tables.platform_order.c.store).where(_of(account)).distinct()
    return sorted(connection.execute(query).scalars())


def _grouped(
    connection: Connection, at_ms: ColumnElement[Any], amount_fen: ColumnElement[Any], where: ColumnElement[bool]
) -> _Grouped:
    """Return (platform day, amount, how often): equal amounts bear equal fees, so nothing else is fetched."""
    day = ((at_ms + EAST_MS) // DAY_MS).label("day")
    amount = amount_fen.label("amount")
    rows = connection.execute(select(day, amount, func.count()).where(where, at_ms.is_not(None)).group_by(day, amount))
    return [(_EPOCH + timedelta(days=int(row[0])), int(row[1]), int(row[2])) for row in rows if row[1] is not None]


def rows_of(found: AccountPayouts) -> list[dict[str, object]]:
    """Return a row for each day of an account, and one for each line that no run of days explains."""
    due = {one.day: one for one in found.due}
    account = {"account": found.account.book, "fees": found.fees.value}
    days: list[dict[str, object]] = [
        {
            **account,
            "day": one.day.isoformat(),
            "state": one.state.value,
            "gross_fen": due[one.day].gross_fen,
            "refunds_fen": due[one.day].refunds_fen,
            "fees_fen": due[one.day].fees_fen,
            "due_fen": one.due_fen,
            "line": one.line,
            "difference_fen": one.difference_fen,
        }
        for one in found.payouts.days
    ]
    nothing = {"gross_fen": 0, "refunds_fen": 0, "fees_fen": 0, "due_fen": 0}
    lines: list[dict[str, object]] = [
        {
            **account,
            **nothing,
            "day": line.booked.isoformat(),
            "state": "unexplained",
            "line": line.line,
            "difference_fen": line.amount_fen,
        }
        for line in found.payouts.unexplained
    ]
    return [*days, *lines]
