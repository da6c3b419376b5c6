"""The state of a store's business day, from facts alone: what holds it where it is, and what came after its close.

A day is computed anew whenever something that concerns it arrives or is done (`refresh`); the row of `store_day` lets
lists and pulls filter by state. A state that goes back, and facts that come behind a day's close, are an addendum.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, delete, func, select, update

from agent.core.errors import Refused
from agent.core.reconcile.finding import Reason
from agent.core.sentences import sentence_for
from sync.hq import tables
from sync.hq.books.bill_tables import outstanding, seen_entry, store_day
from sync.hq.books.day_bills import AccountDay, account_days_of, bill_reasons, payout_reasons
from sync.hq.books.day_cash import cash_reasons
from sync.hq.books.day_states import RANK, DayState, Outstanding
from sync.hq.books.differences import open_count
from sync.hq.books.marks import mark_store_days
from sync.hq.books.money_tables import closed_store_day
from sync.hq.books.note_kinds import BookNote
from sync.hq.books.notes import hold, notes_of, write_note

JOB = "job:days"
_WORDS = {
    Outstanding.ATTEMPT: "day.attempts_open",
    Outstanding.REFUND: "day.refunds_open",
    Outstanding.TENDER: "day.tenders_provisional",
    Outstanding.LINE: "day.lines_waiting",
}


@dataclass(frozen=True, slots=True)
class Addendum:
    """What changed behind a day's close: `late` facts arrived, and the state went from one to another."""

    number: int
    at_ms: int
    before: DayState
    after: DayState
    late: int


@dataclass(frozen=True, slots=True)
class Tender:
    """A tender that was taken provisionally and waits to be found on a bill."""

    number: str
    amount_fen: int


@dataclass(frozen=True, slots=True)
class DayView:
    """A day: `reasons` hold it in its state, `notices` are told of and hold nothing. Codes have sentences."""

    store: str
    day: str
    state: DayState
    reasons: tuple[Reason, ...]
    notices: tuple[Reason, ...]
    accounts: tuple[AccountDay, ...]
    addenda: tuple[Addendum, ...]
    tenders: tuple[Tender, ...]


def view(connection: Connection, store: str, day: date) -> DayView:
    """Return a day as its facts are now."""
    text = day.isoformat()
    accounts = account_days_of(connection, store, text)
    state, reasons = _state(connection, store, text, accounts)
    notices = (*_alarms(connection, store), *(one for account in accounts for one in account.notices))
    told = tuple(addenda(connection, store, text))
    return DayView(store, text, state, tuple(reasons), notices, accounts, told, _tenders(connection, store, text))


def document(found: DayView) -> dict[str, object]:
    """Return a day as plain data; each reason with its sentences in both languages."""
    return {
        "store": found.store,
        "day": found.day,
        "state": found.state.value,
        "reasons": [_told(one) for one in found.reasons],
        "notices": [_told(one) for one in found.notices],
        "accounts": [
            {
                "account": one.account,
                "day": one.day,
                "bill": one.bill.value,
                "matched": one.is_matched,
                "refused": one.refused,
                "payout": None if one.payout is None else one.payout.value,
                "line": one.payout_line,
            }
            for one in found.accounts
        ],
        "addenda": [
            {"at_ms": one.at_ms, "from": one.before.value, "to": one.after.value, "late": one.late}
            for one in found.addenda
        ],
        "tenders": [{"number": one.number, "amount_fen": one.amount_fen} for one in found.tenders],
    }


def confirm_tender(connection: Connection, store: str, number: str, actor: str, reason: str, now_ms: int) -> None:
    """Confirm a provisional tender, by its number in the day's view; noted. Refuses with `day.no_tender`."""
    known = outstanding.c
    mine = (known.store == store) & (known.kind == Outstanding.TENDER.value) & (known.number == number)
    hold(connection, store)
    row = connection.execute(select(outstanding).where(mine)).first()
    if row is None:
        raise Refused("day.no_tender", store=store[:10], number=number[:60])
    connection.execute(delete(outstanding).where(mine))
    body = {"day": row.day, "amount_fen": row.amount_fen, "reason": reason}
    write_note(connection, store, now_ms, actor, BookNote.TENDER_CONFIRMED, number, body)
    touch(connection, store, row.day)


def states(
    connection: Connection, stores: Sequence[str], first: date, last: date
) -> Mapping[tuple[str, str], DayState]:
    """Return the states of days that are known, by store and day, as last computed; a day left out is open."""
    known = store_day.c
    between = known.day.between(first.isoformat(), last.isoformat())
    query = select(known.store, known.day, known.state).where(between & known.store.in_(sorted(stores)))
    return {(row.store, row.day): DayState(row.state) for row in connection.execute(query)}


def addenda(connection: Connection, store: str, day: str) -> Iterator[Addendum]:
    """Yield a day's addenda, oldest first."""
    for one in notes_of(connection, store, day):
        if one.kind == BookNote.DAY_ADDENDUM:
            before, after = DayState(str(one.body["from"])), DayState(str(one.body["to"]))
            yield Addendum(one.number, one.at_ms, before, after, int(str(one.body["late"])))


def touch(connection: Connection, store: str, day: str) -> None:
    """Let a day be computed again soon: something was done that concerns it, in the caller's transaction."""
    mark_store_days(connection, [(store, day)])


def refresh(connection: Connection, store: str, day: str, now_ms: int) -> DayState:
    """Compute a day, keep its state, and note an addendum when it went back or facts were late."""
    mark_store_days(connection, [(store, day)])
    known = store_day.c
    mine = (known.store == store) & (known.day == day)
    before = connection.execute(select(store_day).where(mine).with_for_update()).one()
    _end_known(connection, store, day)
    state, reasons = _state(connection, store, day, account_days_of(connection, store, day))
    went_back = RANK[state] < RANK[DayState(before.state)]
    told = [[one.code, dict(one.values)] for one in reasons]
    if went_back or before.late:
        body = {"from": before.state, "to": state.value, "late": before.late, "reasons": told}
        write_note(connection, store, now_ms, JOB, BookNote.DAY_ADDENDUM, day, body)
    values = {
        "state": state.value,
        "reasons": json.dumps(told, ensure_ascii=False),
        "addenda": before.addenda + int(went_back or before.late > 0),
        "late": 0,
        "mark": 0,
        "at_ms": now_ms,
    }
    connection.execute(update(store_day).where(mine).values(**values))
    return state


def marked(connection: Connection, limit: int) -> list[tuple[str, str]]:
    """Return days that must be computed again."""
    known = store_day.c
    query = select(known.store, known.day).where(known.mark > 0).order_by(known.day, known.store).limit(limit)
    return [(row.store, row.day) for row in connection.execute(query)]


def _state(
    connection: Connection, store: str, day: str, accounts: Sequence[AccountDay]
) -> tuple[DayState, list[Reason]]:
    unclosed = _unclosed(connection, store, day)
    if unclosed is not None:
        return DayState.OPEN, [unclosed]
    waiting = [*_outstanding(connection, store, day), *bill_reasons(accounts)]
    if waiting:
        return DayState.PROVISIONAL, waiting
    unmatched = [*(reason for one in accounts for reason in one.unmatched), *_differences(connection, store, day)]
    if unmatched:
        return DayState.CLOSED, unmatched
    unpaid = [*payout_reasons(accounts), *cash_reasons(connection, store, day)]
    if unpaid:
        return DayState.MATCHED, unpaid
    return DayState.SETTLED, []


def _unclosed(connection: Connection, store: str, day: str) -> Reason | None:
    """Return why a day is open; None for one that is closed here, or was declared without trade and has none.

    An epoch's entries arrive without a gap, so what stood before the close is here with it; the books must have read
    as far, or they would not know what is outstanding.
    """
    closed, declared, seen = tables.closed_day.c, closed_store_day.c, seen_entry.c
    same = (seen.store == closed.store) & (seen.epoch == closed.epoch)
    query = select(closed.seq, seen.next_seq).select_from(tables.closed_day.outerjoin(seen_entry, same))
    close = connection.execute(query.where((closed.store == store) & (closed.day == day))).first()
    if close is not None:
        return None if close.next_seq is not None and close.next_seq > close.seq else Reason("day.not_read", day=day)
    entry = tables.entry.c
    if connection.execute(select(entry.seq).where((entry.store == store) & (entry.day == day)).limit(1)).first():
        return Reason("day.not_closed", day=day)
    if connection.execute(select(declared.day).where((declared.store == store) & (declared.day == day))).first():
        return None
    return Reason("day.silent", day=day)


def _end_known(connection: Connection, store: str, day: str) -> None:
    """Take away what has an outcome already, whichever of a store's boxes told of it first."""
    known, order, refund = outstanding.c, tables.platform_order.c, tables.platform_refund.c
    mine = (known.store == store) & (known.day == day)
    ordered = select(order.attempt).where((order.store == store) & order.outcome.is_not(None))
    refunded = select(refund.out_refund_no).where((refund.store == store) & refund.outcome.is_not(None))
    for kind, ended, number in (
        (Outstanding.ATTEMPT, ordered, order.attempt),
        (Outstanding.REFUND, refunded, refund.out_refund_no),
    ):
        of_kind = mine & (known.kind == kind.value)
        connection.execute(delete(outstanding).where(of_kind & ended.where(number == known.number).exists()))


def _outstanding(connection: Connection, store: str, day: str) -> list[Reason]:
    known = outstanding.c
    query = select(known.kind, func.count(), func.sum(known.amount_fen)).where(
        (known.store == store) & (known.day == day)
    )
    found = {Outstanding(row[0]): (row[1], row[2]) for row in connection.execute(query.group_by(known.kind))}
    return [
        Reason(_WORDS[kind], count=int(found[kind][0]), amount_fen=int(found[kind][1]))
        for kind in Outstanding
        if kind in found
    ]


def _tenders(connection: Connection, store: str, day: str) -> tuple[Tender, ...]:
    known = outstanding.c
    mine = (known.store == store) & (known.day == day) & (known.kind == Outstanding.TENDER.value)
    query = select(known.number, known.amount_fen).where(mine).order_by(known.number)
    return tuple(Tender(row.number, row.amount_fen) for row in connection.execute(query))


def _told(one: Reason) -> dict[str, object]:
    said = sentence_for(one.code, one.values)
    return {"code": one.code, "values": dict(one.values), "zh": said.zh_detail, "en": said.en_detail}


def _differences(connection: Connection, store: str, day: str) -> list[Reason]:
    count = open_count(connection, store, day)
    return [Reason("day.differences_open", count=count)] if count else []


def _alarms(connection: Connection, store: str) -> list[Reason]:
    """Return what is wrong with the store's chain: evidence that disagrees is looked at by people."""
    known = tables.alarm.c
    query = select(known.code, func.count()).where(known.store == store).group_by(known.code).order_by(known.code)
    return [Reason("day.chain_alarm", alarm=row[0], count=int(row[1])) for row in connection.execute(query)]
