"""What headquarters' entries say about one merchant's days, and about every order that a bill names besides."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from sqlalchemy import Connection, select

from agent.core.bill import BillLine
from agent.core.moment import is_moment, platform_day
from agent.core.reconcile.book import KINDS, Book
from agent.core.reconcile.facts import Facts, Payment, Refund, store_of
from sync.hq import tables
from sync.hq.projection import readable

UNNAMED = ("", "hq")
"""Merchants of a journal that leave it to headquarters which account is meant (`sync.hq.books.accounts`)."""
NUMBERS_A_QUERY = 400
DAYS_BEFORE, DAYS_AFTER = 2, 1
"""Business days around a platform's day whose entries may speak of it."""


@dataclass(slots=True)
class Read:
    """Facts with what must be known about them: up to when each journal is here, and entries that can't be read."""

    facts: Facts
    journal_until_ms: Mapping[str, int]
    unreadable: list[str] = field(default_factory=list)


def read_facts(connection: Connection, platform: str, merchant: str, day: date, lines: Iterable[BillLine]) -> Read:
    """Return the facts that matching a day's bill needs; other merchants' are not kept beyond their store."""
    wanted = wanted_days(connection, day)
    until = journal_until_ms(connection, wanted)
    for store, days in days_of_named(connection, lines).items():
        wanted.setdefault(store, set()).update(days)
    payments, refunds, unreadable = list[Payment](), list[Refund](), list[str]()
    for store, days in wanted.items():
        found = facts_of_store(connection, platform, merchant, store, days, unreadable)
        payments.extend(found.payments)
        refunds.extend(found.refunds)
    return Read(Facts(payments, refunds), until, unreadable)


def wanted_days(connection: Connection, day: date) -> dict[str, set[str]]:
    """Return the business days whose entries may speak of a platform's day, for each store."""
    around = {(day + timedelta(days=count)).isoformat() for count in range(-DAYS_BEFORE, DAYS_AFTER + 1)}
    return {str(one): set(around) for one in connection.execute(select(tables.store.c.store)).scalars()}


def journal_until_ms(connection: Connection, stores: Iterable[str]) -> dict[str, int]:
    """Return up to when each store's journal is here; a store without any entry is left out."""
    return {store: last for store in stores if (last := _last_ms(connection, store)) is not None}


def facts_of_store(
    connection: Connection, platform: str, merchant: str, store: str, days: set[str], unreadable: list[str]
) -> Facts:
    """Return a merchant's facts of one store; entries that can't be read are added to `unreadable`."""
    book = Book()
    _take(connection, store, days, book, unreadable)
    return _of_merchant(connection, book.facts(), platform, merchant)


def _take(connection: Connection, store: str, days: set[str], book: Book, unreadable: list[str]) -> None:
    known = tables.entry.c
    query = select(known.epoch, known.seq, known.at_ms, known.kind, known.body).where(
        (known.store == store) & known.day.in_(sorted(days)) & known.kind.in_(KINDS)
    )
    for row in connection.execute(query):
        body = readable(row.body) or {}
        try:
            if not is_moment(row.at_ms) or not is_moment(body.get("platform_at_ms") or 0):
                raise ValueError("a time that no calendar has")
            book.take(store, row.at_ms, row.kind, body)
        except (KeyError, TypeError, ValueError):
            unreadable.append(f"{store} {row.epoch} #{row.seq}")


def days_of_named(connection: Connection, lines: Iterable[BillLine]) -> dict[str, set[str]]:
    """Return the business days on which the orders that a bill names may have been sold, by store."""
    found: dict[str, set[str]] = {}
    known = tables.platform_order.c
    for number in {line.out_trade_no for line in lines}:
        store = store_of(number)
        if store is None:
            continue
        query = select(known.platform_at_ms).where((known.store == store) & (known.attempt == number))
        at_ms = connection.execute(query).scalar()
        if at_ms is not None:
            sold = platform_day(int(at_ms))
            days = {(sold + timedelta(days=count)).isoformat() for count in (-1, 0, 1)}
            found.setdefault(store, set()).update(days)
    return found


def _last_ms(connection: Connection, store: str) -> int | None:
    known = tables.entry.c
    query = select(known.at_ms).where(known.store == store).order_by(known.epoch.desc(), known.seq.desc()).limit(1)
    return connection.execute(query).scalar()


def _of_merchant(connection: Connection, facts: Facts, platform: str, merchant: str) -> Facts:
    """Keep what belongs to a merchant; an order of which nobody knows it fits every merchant of its platform."""
    named = _named_by_headquarters(connection, facts, platform)

    def belongs(store: str, attempt: str, of: str, said: str) -> bool:
        known = named.get((store, attempt), "") if said in UNNAMED else said
        return of == platform and known in ("", merchant)

    payments = [one for one in facts.payments if belongs(one.store, one.attempt, one.platform, one.merchant)]
    refunds = [one for one in facts.refunds if belongs(one.store, one.attempt, one.platform, one.merchant)]
    return Facts(payments, refunds)


def _named_by_headquarters(connection: Connection, facts: Facts, platform: str) -> dict[tuple[str, str], str]:
    """Return the merchants of orders whose journal leaves it to headquarters which account is meant."""
    unnamed: dict[str, list[str]] = {}
    said = [(one.platform, one.merchant, one.store, one.attempt) for one in facts.payments]
    said += [(one.platform, one.merchant, one.store, one.attempt) for one in facts.refunds]
    for of, merchant, store, attempt in said:
        if of == platform and merchant in UNNAMED:
            unnamed.setdefault(store, []).append(attempt)
    known, found = tables.platform_order.c, dict[tuple[str, str], str]()
    for store, numbers in unnamed.items():
        for begin in range(0, len(numbers), NUMBERS_A_QUERY):
            some = numbers[begin : begin + NUMBERS_A_QUERY]
            query = select(known.attempt, known.merchant).where((known.store == store) & known.attempt.in_(some))
            for row in connection.execute(query.where(known.merchant.is_not(None) & known.merchant.not_in(UNNAMED))):
                found[store, row.attempt] = row.merchant
    return found
