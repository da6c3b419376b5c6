"""Cash on its way to the bank, store by store: what waits in the safe, which slips are in transit, what arrived.

What went into a safe is counted from the boxes' entries (`agent.core.settlement.safe`); a slip is declared here.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, func, insert, select

from agent.core.errors import Refused
from agent.core.settlement.deposits import Deposit, DepositFinding, DepositMatch, DepositState, match_deposits
from agent.core.settlement.safe import SafeBalance, safe_balance
from sync.hq import registry
from sync.hq.books.bank import assigned_slips, lines_of
from sync.hq.books.bank_settings import CASH
from sync.hq.books.money_tables import cash_move, deposit_slip
from sync.hq.books.note_kinds import MoneyNote
from sync.hq.books.notes import hold, write_note

REFERENCE_CHARACTERS_MAX = 40
ON_THE_WAY = (DepositState.IN_TRANSIT, DepositState.LATE)


@dataclass(frozen=True, slots=True)
class CashPlace:
    """A store's cash outside its tills: in the safe, on its way, and for how long the oldest of it has been."""

    safe: SafeBalance
    in_transit_fen: int
    oldest_days: int
    late: tuple[DepositFinding, ...]
    differs: tuple[DepositFinding, ...]


def declare_deposit(connection: Connection, deposit: Deposit, actor: str, now_ms: int) -> bool:
    """Keep a deposit slip and note it; False when the same slip is there already.

    Refuses with `store.unknown`, `deposit.bad_slip`, and with `deposit.exists` when any store has another slip of the
    same reference: the bank's line could mean both.
    """
    reference = deposit.reference
    if not registry.has_store(connection, deposit.store):
        raise Refused("store.unknown", store=deposit.store[:10])
    if (
        reference != "".join(reference.split())
        or not reference.isprintable()
        or any(mark in reference for mark in "/,;")
    ):
        raise Refused("deposit.bad_slip")
    if not 0 < len(reference) <= REFERENCE_CHARACTERS_MAX or deposit.amount_fen <= 0:
        raise Refused("deposit.bad_slip")
    hold(connection, deposit.store)
    known = _slips(connection, deposit_slip.c.reference == reference)
    if known == [deposit]:
        return False
    if known:
        raise Refused("deposit.exists", store=known[0].store, reference=reference)
    values = {"day": deposit.day.isoformat(), "amount_fen": deposit.amount_fen, "bags": ",".join(deposit.bags)}
    connection.execute(insert(deposit_slip).values(store=deposit.store, reference=reference, **values))
    write_note(connection, deposit.store, now_ms, actor, MoneyNote.DEPOSIT_DECLARED, reference, values)
    return True


def matched_deposits(connection: Connection, today: date) -> DepositMatch:
    """Return what became of every slip, and the cash at the bank that no slip explains."""
    return match_deposits(_slips(connection), lines_of(connection, CASH), today, assigned_slips(connection))


def deposits_of(connection: Connection, store: str, day: date, today: date) -> list[DepositFinding]:
    """Return what became of the slips of a store's day."""
    mine = _slips(connection, deposit_slip.c.store == store, deposit_slip.c.day == day.isoformat())
    if not mine:
        return []
    references = {one.reference for one in mine}
    return [one for one in matched_deposits(connection, today).findings if one.deposit.reference in references]


def cash_places(connection: Connection, stores: Sequence[str], today: date) -> dict[str, CashPlace]:
    """Return where the cash of each store is."""
    findings: dict[str, list[DepositFinding]] = defaultdict(list)
    for one in matched_deposits(connection, today).findings:
        findings[one.deposit.store].append(one)
    moved: dict[str, list[tuple[date, int]]] = defaultdict(list)
    by_day = select(cash_move.c.store, cash_move.c.day, func.sum(cash_move.c.amount_fen))
    for store, day, amount_fen in connection.execute(by_day.group_by(cash_move.c.store, cash_move.c.day)):
        known = _day(day)
        if known is not None:
            moved[store].append((known, int(amount_fen)))
    return {store: _place(moved[store], findings[store]) for store in stores}


def _place(moved: Sequence[tuple[date, int]], findings: Sequence[DepositFinding]) -> CashPlace:
    on_the_way = [one for one in findings if one.state in ON_THE_WAY]
    return CashPlace(
        safe_balance(moved, sum(one.deposit.amount_fen for one in findings)),
        sum(one.deposit.amount_fen for one in on_the_way),
        max((one.days_in_transit for one in on_the_way), default=0),
        tuple(one for one in findings if one.state is DepositState.LATE),
        tuple(one for one in findings if one.state is DepositState.DIFFERS),
    )


def _slips(connection: Connection, *where: object) -> list[Deposit]:
    query = select(deposit_slip).order_by(deposit_slip.c.day, deposit_slip.c.store, deposit_slip.c.reference)
    for condition in where:
        query = query.where(condition)  # type: ignore[arg-type]
    return [
        Deposit(
            row.store,
            date.fromisoformat(row.day),
            row.reference,
            row.amount_fen,
            tuple(filter(None, row.bags.split(","))),
        )
        for row in connection.execute(query)
    ]


def _day(text: str) -> date | None:
    """Return a box's day; what only looks like one (2026-02-31) is left out, its entry is evidence all the same."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
