"""The match of a merchant account's day as a job: when its bill came, and again when new facts or its neighbours' did.

A match reads what is here, judges outside of any writing, and writes what it changes in one transaction: notes and
differences, what waits for another bill, and the days of stores that it concerns.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from sqlalchemy import Connection, delete, select, update

from agent.core.canonical import canonical
from agent.core.errors import StoreboxError
from agent.core.moment import platform_day
from agent.core.reconcile.classes import WAITING
from agent.core.reconcile.differences import changes
from agent.core.reconcile.facts import Facts
from agent.core.reconcile.fee_sums import fee_alarm, fee_sum
from agent.core.reconcile.finding import Finding, Match
from agent.core.reconcile.matching import match, of_day
from agent.core.reconcile.scope import Terms
from agent.core.reconcile.statement import Statement, StatementState
from agent.core.reconcile.workflow import Limits
from sync.hq.books.accounts import account_of
from sync.hq.books.acquirers import acquirer_of, read_tenders
from sync.hq.books.bill_forms import check_whose, lines_of_bill
from sync.hq.books.bill_tables import account_day, outstanding, store_account_day
from sync.hq.books.bills import ONE_DAY, KeptBill, checked_path, newest_bill
from sync.hq.books.day_states import Outstanding
from sync.hq.books.difference_settings import limits_of
from sync.hq.books.differences import last_matched, open_bodies, record
from sync.hq.books.fees import contracts_for
from sync.hq.books.marks import mark_store_days
from sync.hq.books.neighbours import with_neighbours
from sync.hq.database import Database
from sync.hq.directives.portal_refunds import tell_boxes
from sync.hq.matching.facts import read_facts
from sync.hq.matching.one_day import BULK_BYTES, match_day
from sync.hq.upserts import insert_unless_there
from sync.hq.webhooks.alarms import Alarm, tell
from sync.platforms.bill_files import open_bill

AGAIN_AFTER_MS = 3_600_000
"""Lines that wait for a journal or a bill are looked at again, although no fact of theirs came."""
WAITS_DAYS = 14
JUDGED = (StatementState.READY, StatementState.NOTHING, StatementState.OVERDUE)


@dataclass(frozen=True, slots=True)
class Judged:
    """A match of a day and its statement; `mark` is that of its row when the facts were read."""

    book: str
    day: date
    match: Match
    statement: Statement
    mark: int


def due_matches(connection: Connection, now_ms: int, limit: int) -> list[tuple[str, date]]:
    """Return account days whose bill is here, or overdue, and that must be matched, the oldest first."""
    known = account_day.c
    due = (known.mark > 0) | (known.again_at_ms <= now_ms)
    states = [state.value for state in JUDGED]
    query = select(known.store, known.day).where(due & known.bill_state.in_(states) & known.refused.is_(None))
    rows = connection.execute(query.order_by(known.day, known.store).limit(limit))
    return [(row.store, date.fromisoformat(row.day)) for row in rows]


def match_account_day(database: Database, state: Path, book: str, day: date, now_ms: int) -> Match | None:
    """Match an account's day and write what that changes; None for one that is refused, whose code is kept.

    Raises what the database raises; the day stays marked then.
    """
    with database.read() as connection:
        known = account_day.c
        mine = (known.store == book) & (known.day == day.isoformat())
        row = connection.execute(select(account_day).where(mine)).one()
        judged, code = None, ""
        try:
            judged = _judged(connection, state, book, day, StatementState(row.bill_state), row.mark)
        except StoreboxError as error:
            code = error.code
    if judged is None:
        with database.write() as connection:
            values = {"refused": code, "mark": 0, "again_at_ms": None}
            connection.execute(update(account_day).where(mine).values(**values))
            mark_store_days(connection, _concerned(connection, book, day, ()))
        return None
    with database.write() as connection:
        _write(connection, judged, now_ms, limits_of(state))
    return judged.match


def _judged(connection: Connection, state: Path, book: str, day: date, bill_state: StatementState, mark: int) -> Judged:
    """Judge a day; of one whose bill is late there is nothing to say but that, so that nobody's entries are read."""
    platform, merchant = account_of(book)
    if bill_state is StatementState.OVERDUE:
        late = Statement(platform, merchant, day, bill_state)
        return Judged(book, day, match(Facts((), ()), [late], Terms()), late, mark)
    contracts = contracts_for(connection, state, platform)
    kept = newest_bill(connection, book, day) if bill_state is StatementState.READY else None
    if kept is not None and kept.size_bytes >= BULK_BYTES and not kept.form:
        bill = open_bill(checked_path(state, kept.sha256))
        if bill.platform == platform:
            big = match_day(connection, bill, merchant, day, contracts)
            whole = with_neighbours(connection, state, book, day, big.match, contracts)
            return Judged(book, day, whole, replace(big.statement, version=kept.version), mark)
    statements = _statements(connection, state, book, day, bill_state)
    acquirer = acquirer_of(state, book)
    if acquirer is not None:
        read = read_tenders(connection, acquirer, day)
    else:
        lines = [line for one in statements.values() for line in one.lines]
        read = read_facts(connection, platform, merchant, day, lines)
    terms = Terms(contracts=contracts, journal_until_ms=read.journal_until_ms)
    found = of_day(match(read.facts, statements.values(), terms), day)
    alarm = fee_alarm(fee_sum(found.findings, contracts, merchant, day), day)
    if alarm is not None:
        found = Match(found.findings, found.totals, (*found.alarms, alarm))
    return Judged(book, day, found, statements[day], mark)


def _statements(
    connection: Connection, state: Path, book: str, day: date, bill_state: StatementState
) -> dict[date, Statement]:
    """Return the day's statement, and those of its neighbours whose bill is here."""
    platform, merchant = account_of(book)
    found = {day: Statement(platform, merchant, day, bill_state)}
    for on in (day - ONE_DAY, day, day + ONE_DAY):
        kept = newest_bill(connection, book, on)
        if kept is not None and (on != day or bill_state is StatementState.READY):
            found[on] = _statement(state, kept)
    return found


def _statement(state: Path, kept: KeptBill) -> Statement:
    platform, merchant = account_of(kept.book)
    lines = lines_of_bill(state, checked_path(state, kept.sha256), kept.book, kept.form)
    check_whose(kept.book, kept.day, lines)
    ours = tuple(line if line.merchant == merchant else replace(line, merchant=merchant) for line in lines)
    return Statement(platform, merchant, kept.day, StatementState.READY, ours, kept.sha256, kept.version)


def _write(connection: Connection, judged: Judged, now_ms: int, limits: Limits) -> None:
    book, day = judged.book, judged.day
    last = last_matched(connection, book, day)
    found = changes(judged.match, judged.statement, open_bodies(connection, book, day), last)
    record(connection, found, book, now_ms, limits=limits)
    body = found.matched.body() if found.matched is not None else last
    tell_boxes(connection, judged.match.findings, judged.statement, now_ms)
    is_here = judged.statement.state is not StatementState.OVERDUE
    waiting = [one for one in judged.match.findings if one.line_class in WAITING] if is_here else []
    _keep_waiting(connection, book, day, waiting)
    young = (platform_day(now_ms) - day).days <= WAITS_DAYS
    known = account_day.c
    mine = (known.store == book) & (known.day == day.isoformat())
    values = {
        "matched": canonical(body or {}),
        "matched_at_ms": now_ms,
        "again_at_ms": now_ms + AGAIN_AFTER_MS if waiting and young else None,
    }
    connection.execute(update(account_day).where(mine).values(**values))
    connection.execute(update(account_day).where(mine & (known.mark == judged.mark)).values(mark=0))
    mark_store_days(connection, _concerned(connection, book, day, judged.match.findings))
    platform, merchant = account_of(book)
    for alarm in judged.match.alarms:
        if alarm.code in list(Alarm):
            told = {**alarm.values, "platform": platform, "merchant": merchant}
            tell(connection, Alarm(alarm.code), day.isoformat(), told, now_ms, book)


def _keep_waiting(connection: Connection, book: str, day: date, waiting: Iterable[Finding]) -> None:
    """Keep lines that wait for another bill with the days of their stores; what has no end yet is known by itself."""
    source = f"{book} {day.isoformat()}"
    connection.execute(delete(outstanding).where(outstanding.c.source == source))
    rows = []
    for one in waiting:
        fact = one.payment or one.refund
        if fact is None or (one.payment is not None and one.payment.is_open) or one.store is None:
            continue
        if one.refund is not None and one.refund.state == "started":
            continue
        rows.append(
            {
                "store": one.store,
                "kind": Outstanding.LINE.value,
                "number": f"{one.out_refund_no or one.out_trade_no} {source}",
                "day": fact.day,
                "amount_fen": abs(one.journal_fen),
                "source": source,
            }
        )
    if rows:
        insert_unless_there(connection, outstanding, ("store", "kind", "number"), rows)


def _concerned(connection: Connection, book: str, day: date, findings: Iterable[Finding]) -> set[tuple[str, str]]:
    """Return the stores' days that an account's day concerns."""
    known = store_account_day.c
    mine = (known.account == book) & (known.platform_day == day.isoformat())
    days = {(row.store, row.day) for row in connection.execute(select(known.store, known.day).where(mine))}
    return days | {(one.store, one.business_day) for one in findings if one.store and one.business_day}
