"""Whether the cash of a store's day is at the bank: slips take it out of the safe in the order in which it came in."""

from collections.abc import Iterator, Sequence
from datetime import date

from sqlalchemy import Connection, delete, func, insert, select

from agent.core.reconcile.finding import Reason
from agent.core.settlement.deposits import DepositFinding, DepositState
from sync.hq.books.bill_tables import store_cash
from sync.hq.books.deposits import matched_deposits
from sync.hq.books.money_tables import cash_move

_THERE = (DepositState.ARRIVED, DepositState.DIFFERS)
"""The bank's line is there; what it counted differently is told of by the deposit itself."""


def cash_reasons(connection: Connection, store: str, day: str) -> Iterator[Reason]:
    """Yield what a day's cash waits for; nothing for a day that brought none to the safe."""
    known = cash_move.c
    sums = select(func.coalesce(func.sum(known.amount_fen), 0)).where(known.store == store)
    before_fen = int(connection.execute(sums.where(known.day < day)).scalar_one())
    after_fen = before_fen + int(connection.execute(sums.where(known.day == day)).scalar_one())
    if after_fen <= before_fen or after_fen <= 0:
        return
    row = connection.execute(select(store_cash).where(store_cash.c.store == store)).first()
    slips_fen, missing = (row.slips_fen, _ranges(row.missing)) if row is not None else (0, [])
    if after_fen > slips_fen:
        yield Reason("day.cash_in_safe", amount_fen=min(after_fen - slips_fen, after_fen - before_fen))
    elif any(begin < after_fen and end > before_fen for begin, end in missing):
        yield Reason("day.cash_in_transit", amount_fen=after_fen - before_fen)


def keep_cash(connection: Connection, today: date) -> set[str]:
    """Compute for every store which of its cash the bank has; returns the stores of which that changed."""
    found: dict[str, list[DepositFinding]] = {}
    for one in matched_deposits(connection, today).findings:
        found.setdefault(one.deposit.store, []).append(one)
    before = {row.store: (row.slips_fen, row.missing) for row in connection.execute(select(store_cash))}
    after = {store: _cash(findings) for store, findings in found.items()}
    changed = {store for store in {*before, *after} if before.get(store) != after.get(store)}
    for store in sorted(changed):
        connection.execute(delete(store_cash).where(store_cash.c.store == store))
        if store in after:
            slips_fen, missing = after[store]
            connection.execute(insert(store_cash).values(store=store, slips_fen=slips_fen, missing=missing))
    return changed


def _cash(findings: Sequence[DepositFinding]) -> tuple[int, str]:
    at_fen, missing = 0, list[str]()
    for one in sorted(findings, key=lambda found: (found.deposit.day, found.deposit.reference)):
        end_fen = at_fen + one.deposit.amount_fen
        if one.state not in _THERE:
            missing.append(f"{at_fen}-{end_fen}")
        at_fen = end_fen
    return at_fen, ",".join(missing)


def _ranges(text: str) -> list[tuple[int, int]]:
    return [(int(begin), int(end)) for begin, _, end in (one.partition("-") for one in text.split(",") if one)]
