"""The merchant accounts that a store's day concerns: is their bill here, was it matched, did the bank get the money."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from agent.core.reconcile.finding import Reason
from agent.core.reconcile.statement import StatementState
from agent.core.settlement.payouts import PayoutState
from sync.hq.books.bill_tables import account_day, store_account_day

_HERE = (StatementState.READY, StatementState.NOTHING)
_PAID = (PayoutState.SETTLED, PayoutState.NOTHING_DUE)


@dataclass(frozen=True, slots=True)
class AccountDay:
    """A platform's day of a merchant account, as it concerns a store's day."""

    account: str
    day: str
    bill: StatementState
    is_matched: bool
    refused: str | None
    payout: PayoutState | None
    payout_line: str | None
    alarms: tuple[str, ...] = ()

    @property
    def unmatched(self) -> tuple[Reason, ...]:
        """Return why this account's day is not matched, although its bill is here."""
        if self.refused is not None:
            return (Reason("day.bill_refused", account=self.account, day=self.day, reason=self.refused),)
        return () if self.is_matched else (Reason("day.bill_not_matched", account=self.account, day=self.day),)

    @property
    def notices(self) -> tuple[Reason, ...]:
        """Return what its match warned of."""
        return tuple(Reason("day.bill_alarm", account=self.account, day=self.day, alarm=alarm) for alarm in self.alarms)


def account_days_of(connection: Connection, store: str, day: str) -> tuple[AccountDay, ...]:
    """Return the account days on which money of a store's day moved."""
    known, linked = account_day.c, store_account_day.c
    same = (known.store == linked.account) & (known.day == linked.platform_day)
    query = (
        select(account_day)
        .select_from(store_account_day.join(account_day, same))
        .where((linked.store == store) & (linked.day == day))
        .order_by(known.store, known.day)
    )
    return tuple(
        AccountDay(
            account=row.store,
            day=row.day,
            bill=StatementState(row.bill_state),
            is_matched=row.matched is not None and row.mark == 0,
            refused=row.refused,
            payout=None if row.payout is None else PayoutState(row.payout),
            payout_line=row.payout_line,
            alarms=_alarms(row.matched),
        )
        for row in connection.execute(query)
    )


def bill_reasons(accounts: Sequence[AccountDay]) -> Iterator[Reason]:
    """Yield the bills that are outstanding."""
    for one in accounts:
        if one.bill not in _HERE:
            code = "day.bill_overdue" if one.bill is StatementState.OVERDUE else "day.bill_not_due"
            yield Reason(code, account=one.account, day=one.day)


def payout_reasons(accounts: Sequence[AccountDay]) -> Iterator[Reason]:
    """Yield the account days whose money the bank does not have."""
    for one in accounts:
        if not is_paid_out(one):
            overdue = one.payout is PayoutState.OVERDUE
            code = "day.payout_overdue" if overdue else "day.payout_waiting"
            yield Reason(code, account=one.account, day=one.day)


def is_paid_out(one: AccountDay) -> bool:
    """Tell whether an account's day has its bank line, or nothing to be paid out."""
    return one.payout in _PAID


def _alarms(matched: str | None) -> tuple[str, ...]:
    body = json.loads(matched) if matched else {}
    found = body.get("alarms")
    return tuple(str(one) for one in found) if isinstance(found, list) else ()
