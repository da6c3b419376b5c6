"""Bills fetched after the platform publishes them, and again until they are there; what never comes is told of.

Every day of an account whose keys are here is asked for, money of ours or not: a static code's payments and refunds
made in the platform's portal stand on no journal. Of other accounts a person brings the file; it is missed as well.
"""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from sqlalchemy import Connection, func, select, update

from agent.core.bill import BillType, BillVerdict
from agent.core.errors import StoreboxError
from agent.core.moment import platform_day
from agent.core.reconcile.statement import StatementState
from sync.hq.books.accounts import Accounts, account_of
from sync.hq.books.bill_forms import check_whose, lines_of_bill
from sync.hq.books.bill_settings import KEPT_DAYS, NOTHING_AGAIN_DAYS, due_ms, overdue_ms, wait_ms
from sync.hq.books.bill_tables import account_day, bill
from sync.hq.books.bills import ONE_DAY, KeptBill, Source, add_bill, bill_path, keep_file, set_state
from sync.hq.books.marks import know_account_days, mark_account_days
from sync.hq.books.note_kinds import BookNote
from sync.hq.books.notes import write_note
from sync.hq.database import Database
from sync.platforms.base import NowMs

FETCHER = "job:bills"
BY_HAND = "bill.by_hand"
WAITING = (StatementState.NOT_DUE, StatementState.OVERDUE)
DAY_MS = 86_400_000
NEVER_MS = 2**53 - 1


@dataclass(frozen=True, slots=True)
class Asked:
    """What came of asking for a bill: its new version, or the code of what kept it away."""

    book: str
    day: date
    verdict: BillVerdict
    kept: KeptBill | None = None
    code: str | None = None


def fetch_bill(
    database: Database, state: Path, accounts: Accounts, book: str, day: date, kind: BillType, now_ms: NowMs,
    actor: str = FETCHER,
) -> Asked:  # fmt: skip
    """Ask the platform for a bill and keep what it answers; the file is on the disk before any row tells of it.

    A bill that can't be read, or is of another merchant or day, is kept too and refused when it is matched.
    """
    platform = accounts.platform(book)
    if platform is None:
        return Asked(book, day, BillVerdict.REFUSED, code=BY_HAND)
    answer = platform.fetch_bill(day, kind)
    kept = None
    if answer.verdict is BillVerdict.READY and answer.content is not None:
        digest = keep_file(state, answer.content)
        new = KeptBill(book, day, kind, 0, digest, "", len(answer.content), Source.FETCHED, actor, now_ms())
        with database.write() as connection:
            kept = add_bill(connection, new)
    elif answer.verdict is BillVerdict.NOTHING and kind is BillType.TRADE:
        with database.write() as connection:
            _keep_nothing(connection, book, day, answer.code, actor, now_ms())
    return Asked(book, day, answer.verdict, kept, answer.code)


def import_bill(
    database: Database, state: Path, book: str, day: date, content: bytes, form: str, kind: BillType, actor: str,
    now_ms: int,
) -> KeptBill | None:  # fmt: skip
    """Keep a file that a person brings; None when it is the newest version already.

    Refuses what is no bill of this account and day, before anything is kept (`bill.…`, `file.…`).
    """
    digest = keep_file(state, content)
    if kind is BillType.TRADE:
        try:
            check_whose(book, day, lines_of_bill(state, bill_path(state, digest), book, form))
        except StoreboxError:
            _forget(database, state, digest)
            raise
    new = KeptBill(book, day, kind, 0, digest, form, len(content), Source.BY_HAND, actor, now_ms)
    with database.write() as connection:
        return add_bill(connection, new)


def plan_days(connection: Connection, accounts: Accounts, now_ms: int) -> bool:
    """Make rows for the days up to yesterday of every account whose keys are here; tells whether there are new ones."""
    today = platform_day(now_ms)
    known = account_day.c
    begins = select(known.store, func.min(known.day)).where(known.store.in_(accounts.books())).group_by(known.store)
    wanted: set[tuple[str, date]] = set()
    for book, first in connection.execute(begins).all():
        day = max(date.fromisoformat(first), today - KEPT_DAYS * ONE_DAY)
        here = select(known.day).where((known.store == book) & (known.day >= day.isoformat()))
        there = set(connection.execute(here).scalars())
        while day < today:
            if day.isoformat() not in there:
                wanted.add((book, day))
            day += ONE_DAY
    know_account_days(connection, wanted)
    return bool(wanted)


def due_fetches(connection: Connection, now_ms: int, limit: int) -> list[tuple[str, date]]:
    """Return the account days whose bill is to be asked for now, the oldest first."""
    known = account_day.c
    oldest = (platform_day(now_ms) - KEPT_DAYS * ONE_DAY).isoformat()
    states = [state.value for state in (*WAITING, StatementState.NOTHING)]
    query = select(known.store, known.day).where(
        (known.next_fetch_ms <= now_ms) & (known.day >= oldest) & known.bill_state.in_(states)
    )
    rows = connection.execute(query.order_by(known.day, known.store).limit(limit))
    return [(row.store, date.fromisoformat(row.day)) for row in rows]


def keep_try(connection: Connection, asked: Asked, now_ms: int) -> None:
    """Keep when a bill that did not come is asked for again, and whether it is overdue now: its match then tells so."""
    known = account_day.c
    mine = (known.store == asked.book) & (known.day == asked.day.isoformat())
    row = connection.execute(select(account_day).where(mine)).first()
    if row is None:
        return
    platform, _ = account_of(asked.book)
    tries = row.tries + 1
    values: dict[str, object] = {"tries": tries, "fetch_code": asked.code}
    state = StatementState(row.bill_state)
    later = [now_ms + wait_ms(tries)]
    becomes_overdue = state is StatementState.NOT_DUE and now_ms >= overdue_ms(platform, asked.day)
    if state is StatementState.NOT_DUE and not becomes_overdue:
        later.append(max(now_ms + 1, overdue_ms(platform, asked.day)))
    if becomes_overdue:
        values["bill_state"] = StatementState.OVERDUE.value
    values["next_fetch_ms"] = min(later)
    if state is StatementState.NOTHING and now_ms > due_ms(platform, asked.day) + NOTHING_AGAIN_DAYS * DAY_MS:
        values["next_fetch_ms"] = NEVER_MS
    connection.execute(update(account_day).where(mine).values(**values))
    if becomes_overdue:
        mark_account_days(connection, [(asked.book, asked.day)])


def _keep_nothing(connection: Connection, book: str, day: date, code: str | None, actor: str, now_ms: int) -> None:
    """Keep that the platform says there is no bill; said again it changes nothing, and never a bill that is here."""
    known = account_day.c
    know_account_days(connection, [(book, day)])
    mine = (known.store == book) & (known.day == day.isoformat())
    before = connection.execute(select(known.bill_state).where(mine)).scalar_one()
    if StatementState(before) in WAITING:
        set_state(connection, book, day, StatementState.NOTHING)
        write_note(connection, book, now_ms, actor, BookNote.BILL_NOTHING, day.isoformat(), {"code": code})


def _forget(database: Database, state: Path, digest: str) -> None:
    """Take a file away again that turned out to be no bill; one that any row names stays."""
    with database.read() as connection:
        if connection.execute(select(bill.c.store).where(bill.c.sha256 == digest).limit(1)).first() is None:
            bill_path(state, digest).unlink(missing_ok=True)
