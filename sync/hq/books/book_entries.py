"""The entries of headquarters' own double entry: payouts, deposits, settled differences, bank lines, as they are known.

Computed from what the books hold, never kept: each has a name that stays (`entry`) and a day. An entry of a store is
the store's; what concerns a merchant account or a bank account stands in its book.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from sqlalchemy import Connection, select

from agent.core import ledger_books
from agent.core.ledger import Postings
from agent.core.moment import platform_day
from agent.core.reconcile.fees import FeeContract
from agent.core.reconcile.workflow import Difference, DifferenceAct, DifferenceState
from agent.core.settlement.deposits import DepositFinding
from agent.core.settlement.payouts import DueDay, Payouts, PayoutState
from sync.hq.books.accounts import account_of
from sync.hq.books.acquirers import acquirer_payouts, acquirers_of
from sync.hq.books.bank import KeptLine, account_book, kept_lines
from sync.hq.books.bank_settings import OTHER, Account
from sync.hq.books.deposits import matched_deposits
from sync.hq.books.difference_tables import difference
from sync.hq.books.differences import difference_of, last_matched
from sync.hq.books.fees import contracts_for
from sync.hq.books.note_kinds import MoneyNote
from sync.hq.books.payouts import account_payouts, accounts_of, due_days, stores_of
from sync.hq.books.tables import note


@dataclass(frozen=True, slots=True)
class BookEntry:
    """One balanced entry; `known_at_ms` is when headquarters learnt of it, which decides its posting period."""

    store: str
    entry: str
    day: date
    kind: str
    reference: str
    postings: Postings
    known_at_ms: int
    platform_day: date | None = None
    settlement_day: date | None = None


@dataclass(frozen=True, slots=True)
class _Changed:
    """By how much a settled difference changed what a platform owes of a day."""

    book: str
    store: str
    bill_day: date
    amount_fen: int


_Lines = Mapping[str, KeptLine]


def book_entries(connection: Connection, state: Path, now_ms: int) -> Iterator[BookEntry]:
    """Yield every entry with money; each sums to nothing. Refuses with `bank.mapping_wrong`."""
    today = platform_day(now_ms)
    lines = {one.line.line: one for one in kept_lines(connection)}
    changed: list[_Changed] = []
    explained: set[str] = set()
    for one, at_ms in _settled(connection):
        entry, change = _of_difference(one, at_ms)
        changed.append(change)
        yield entry
    for payout in (*_of_platforms(connection, state, today, changed), *_of_acquirers(connection, state, today)):
        explained.add(payout.line)
        yield from _payout(connection, payout, lines[payout.line])
    findings = matched_deposits(connection, today).findings
    explained |= {one.line for one in findings if one.line is not None}
    yield from _deposits(connection, findings, lines)
    for number, kept in lines.items():
        if number not in explained and kept.line.amount_fen:
            yield _left_over(kept)
        elif kept.line.amount_fen and not (kept.place or "").startswith("@"):
            yield _of_line(kept, "bank_line", ledger_books.HEADQUARTERS)


@dataclass(frozen=True, slots=True)
class _Payout:
    """Days of an account that a bank line paid, with the part of each store."""

    book: str
    line: str
    days: tuple[date, ...]
    shares: tuple[tuple[str, DueDay], ...]


def _of_platforms(connection: Connection, state: Path, today: date, changed: Sequence[_Changed]) -> Iterator[_Payout]:
    """Yield what the bank has of merchant accounts whose orders the boxes made."""
    for account in accounts_of(connection, state):
        contracts = contracts_for(connection, state, account.platform)
        for line, days in _paid_days(account_payouts(connection, state, account, today).payouts).items():
            shares = tuple(_shares(connection, account, contracts, days, changed))
            yield _Payout(account.book, line, days, shares)


def _of_acquirers(connection: Connection, state: Path, today: date) -> Iterator[_Payout]:
    """Yield what the bank has of acquirers' accounts; their files do not say which store's it is."""
    for acquirer in acquirers_of(state):
        payouts = acquirer_payouts(connection, state, acquirer.book, today)
        due_fen = {one.day: one.due_fen for one in payouts.days}
        for line, days in _paid_days(payouts).items():
            fees_fen = {day: _charged_fen(connection, acquirer.book, day) or 0 for day in days}
            shares = [DueDay(day, due_fen[day] + fees_fen[day], 0, fees_fen[day]) for day in days]
            yield _Payout(acquirer.book, line, days, tuple((acquirer.book, share) for share in shares))


def _paid_days(payouts: Payouts) -> dict[str, tuple[date, ...]]:
    """Return the days that each bank line settles."""
    found: dict[str, tuple[date, ...]] = {}
    for one in payouts.days:
        if one.state is PayoutState.SETTLED and one.line is not None:
            found[one.line] = (*found.get(one.line, ()), one.day)
    return found


def _payout(connection: Connection, payout: _Payout, kept: KeptLine) -> Iterator[BookEntry]:
    """Yield each store's part of each day, then the line itself in the account's book."""
    line, (platform, _) = kept.line, account_of(payout.book)
    told = ("payout", line.line)
    for store, due in payout.shares:
        name = f"payout {line.line} {payout.book} {due.day}"
        postings = ledger_books.payout_of_store(platform, due.due_fen + due.fees_fen, due.fees_fen)
        yield BookEntry(store, name, line.booked, *told, postings, kept.imported_at_ms, due.day, line.booked)
    charged = [_charged_fen(connection, payout.book, day) for day in payout.days]
    fees_fen = sum(due.fees_fen for _, due in payout.shares)
    more_fees_fen = 0 if None in charged else sum(filter(None, charged)) - fees_fen
    stores_fen = sum(due.due_fen for _, due in payout.shares)
    postings = ledger_books.payout_line(line.account, line.amount_fen, stores_fen, more_fees_fen)
    name = f"payout {line.line} {payout.book}"
    yield BookEntry(payout.book, name, line.booked, *told, postings, kept.imported_at_ms, payout.days[-1], line.booked)


def _shares(
    connection: Connection,
    account: Account,
    contracts: Sequence[FeeContract],
    days: Sequence[date],
    changed: Sequence[_Changed],
) -> Iterator[tuple[str, DueDay]]:
    """Yield what each store has in each day; what a settled difference changed is in it."""
    adjusted: dict[tuple[str, date], int] = defaultdict(int)
    for one in changed:
        if one.book == account.book and one.bill_day in days:
            adjusted[one.store, one.bill_day] += one.amount_fen
    for store in sorted({*stores_of(connection, account), *(store for store, _ in adjusted)}):
        due = {one.day: one for one in due_days(connection, account, contracts, store)[0]}
        for day in days:
            found, more_fen = due.get(day, DueDay(day, 0, 0, 0)), adjusted[store, day]
            if store in due or found.due_fen or found.fees_fen or more_fen:
                yield store, DueDay(day, found.gross_fen, found.refunds_fen, found.fees_fen, more_fen)


def _charged_fen(connection: Connection, book: str, day: date) -> int | None:
    """Return the fees of a day's bill, None when none was matched."""
    matched = last_matched(connection, book, day)
    classes = matched.get("classes") if matched else None
    return sum(int(one["fee_fen"]) for one in classes.values()) if isinstance(classes, dict) and classes else None


def _deposits(connection: Connection, findings: Iterable[DepositFinding], lines: _Lines) -> Iterator[BookEntry]:
    query = select(note.c.store, note.c.subject, note.c.at_ms).where(note.c.kind == MoneyNote.DEPOSIT_DECLARED)
    declared_ms = {(row.store, row.subject): int(row.at_ms) for row in connection.execute(query)}
    for one in findings:
        slip, name = one.deposit, f"{one.deposit.store} {one.deposit.reference}"
        declared = ledger_books.deposit_declared(slip.amount_fen)
        at_ms = declared_ms.get((slip.store, slip.reference), 0)
        yield BookEntry(slip.store, f"deposit {name}", slip.day, "deposit_declared", slip.reference, declared, at_ms)
        if one.line is not None:
            kept = lines[one.line]
            arrived = ledger_books.deposit_arrived(slip.amount_fen, one.difference_fen)
            yield BookEntry(
                slip.store,
                f"arrival {name}",
                kept.line.booked,
                "deposit_arrived",
                slip.reference,
                arrived,
                kept.imported_at_ms,
                None,
                kept.line.booked,
            )


def _left_over(kept: KeptLine) -> BookEntry:
    against = ledger_books.OTHER if kept.place == OTHER else ledger_books.UNASSIGNED
    return _of_line(kept, "bank_line", against)


def _of_line(kept: KeptLine, kind: str, against: str) -> BookEntry:
    line = kept.line
    postings = ledger_books.bank_line(line.account, line.amount_fen, against)
    return BookEntry(
        account_book(line.account),
        f"line {line.line}",
        line.booked,
        kind,
        line.line,
        postings,
        kept.imported_at_ms,
        None,
        line.booked,
    )


def _settled(connection: Connection) -> Iterator[tuple["_Kept", int]]:
    """Yield settled differences that change what a platform owes, with the moment when they were settled."""
    query = select(difference).where(difference.c.state == DifferenceState.SETTLED)
    rows = connection.execute(query.order_by(difference.c.store, difference.c.difference)).all()
    for row in rows:
        one = difference_of(row)
        if ledger_books.taken_over_fen(one.found, one.settlement or ""):
            acts = select(note.c.at_ms).where((note.c.store == row.store) & (note.c.subject == row.difference))
            acts = acts.where(note.c.kind == DifferenceAct.SETTLED).order_by(note.c.number.desc()).limit(1)
            at_ms = connection.execute(acts).scalar()
            yield _Kept(row.store, one), one.changed_at_ms if at_ms is None else int(at_ms)


@dataclass(frozen=True, slots=True)
class _Kept:
    book: str
    difference: Difference


def _of_difference(kept: _Kept, at_ms: int) -> tuple[BookEntry, _Changed]:
    one = kept.difference
    store = one.assigned_store or one.line_store or kept.book
    bill_day = date.fromisoformat(str(one.found["bill_day"]))
    amount_fen = ledger_books.taken_over_fen(one.found, one.settlement or "")
    postings = ledger_books.difference_settled(str(one.found["platform"]), amount_fen)
    entry = BookEntry(
        store,
        f"difference {one.number}",
        platform_day(at_ms),
        "difference_settled",
        one.number,
        postings,
        at_ms,
        bill_day,
    )
    return entry, _Changed(kept.book, store, bill_day, amount_fen)
