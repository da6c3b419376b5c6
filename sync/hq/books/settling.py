"""What the bank has of each account's days and each store's cash, kept with the days so that their state is quick.

Looked at anew only when something changed that it follows from: bank lines, deposit slips, a match, settings, today.
"""

from collections.abc import Iterable
from datetime import date
from pathlib import Path

from sqlalchemy import Connection, func, select, update

from agent.core.moment import platform_day
from agent.core.settlement.payouts import Payouts, PayoutState
from sync.hq.books.accounts import account_of
from sync.hq.books.acquirers import acquirer_of, acquirer_payouts
from sync.hq.books.bank_settings import Account, payout_settings
from sync.hq.books.bill_tables import account_day, looked_at, store_account_day, store_day
from sync.hq.books.day_cash import keep_cash
from sync.hq.books.day_states import DayState
from sync.hq.books.marks import mark_store_days
from sync.hq.books.money_tables import deposit_slip
from sync.hq.books.payouts import account_payouts
from sync.hq.books.tables import book as books
from sync.hq.database import Database
from sync.hq.upserts import insert_of

WHAT = "bank"
SETTINGS = ("payouts.toml", "holidays.toml")
Payout = tuple[str, str | None]


def settle(database: Database, state: Path, now_ms: int) -> bool:
    """Bring what the bank has up to date; tells whether there was anything to look at."""
    today = platform_day(now_ms)
    with database.read() as connection:
        seen = _seen(connection, state, today)
        known = connection.execute(select(looked_at.c.seen).where(looked_at.c.what == WHAT)).scalar()
        if known == seen:
            return False
        found = {book: _payouts(connection, state, book, today) for book in _books(connection)}
    with database.write() as connection:
        for account, payouts in found.items():
            days = {one.day.isoformat(): (one.state.value, one.line) for one in payouts.days}
            _keep_payouts(connection, account, days, today)
        _mark_cash(connection, keep_cash(connection, today))
        insert = insert_of(connection, looked_at).values(what=WHAT, seen=seen)
        connection.execute(insert.on_conflict_do_update(index_elements=["what"], set_={"seen": seen}))
    return True


def _books(connection: Connection) -> list[str]:
    known = account_day.c
    return list(connection.execute(select(known.store).distinct().order_by(known.store)).scalars())


def _payouts(connection: Connection, state: Path, account: str, today: date) -> Payouts:
    """Return an account's days: due by the journals at a platform, by its own file at an acquirer."""
    if acquirer_of(state, account) is not None:
        return acquirer_payouts(connection, state, account, today)
    declared = {one.book: one for one in payout_settings(state).account}
    platform, merchant = account_of(account)
    terms = declared.get(account) or Account(platform=platform, merchant=merchant)
    return account_payouts(connection, state, terms, today).payouts


def _seen(connection: Connection, state: Path, today: date) -> str:
    """Return what the bank's side follows from, in few words."""
    notes = select(func.coalesce(func.sum(books.c.next_number), 0)).where(books.c.store.startswith("@bank:"))
    counts = [
        connection.execute(query).scalar_one()
        for query in (
            notes,
            select(func.count()).select_from(deposit_slip),
            select(func.coalesce(func.max(account_day.c.matched_at_ms), 0)),
            select(func.count()).select_from(account_day),
        )
    ]
    files = [path.stat().st_mtime_ns for name in SETTINGS if (path := state / "bank" / name).is_file()]
    return " ".join(map(str, (today, *counts, *files)))


def _keep_payouts(connection: Connection, account: str, days: dict[str, Payout], today: date) -> None:
    known = account_day.c
    query = select(known.day, known.payout, known.payout_line).where(known.store == account)
    changed = []
    for row in connection.execute(query).all():
        nothing = (PayoutState.NOTHING_DUE.value if row.day < today.isoformat() else None, None)
        payout, line = days.get(row.day, nothing)
        if (row.payout, row.payout_line) != (payout, line):
            mine = (known.store == account) & (known.day == row.day)
            connection.execute(update(account_day).where(mine).values(payout=payout, payout_line=line))
            changed.append(row.day)
    linked = store_account_day.c
    for day in changed:
        mine = (linked.account == account) & (linked.platform_day == day)
        concerned = connection.execute(select(linked.store, linked.day).where(mine)).all()
        mark_store_days(connection, [(row.store, row.day) for row in concerned])


def _mark_cash(connection: Connection, stores: Iterable[str]) -> None:
    """Let the days of stores whose cash moved to the bank be computed again, where that can matter."""
    known = store_day.c
    ripe = known.state.in_([DayState.MATCHED.value, DayState.SETTLED.value])
    for store in stores:
        days = connection.execute(select(known.day).where((known.store == store) & ripe)).scalars().all()
        mark_store_days(connection, [(store, day) for day in days])
