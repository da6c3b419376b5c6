"""Card acquirers and voucher platforms: which tenders of which stores their files are about, and the facts of those.

What the cashier typed (the slip's reference) is the number that both sides know; amounts and times join nothing. An
acquirer pays what its own file says, less what it keeps.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from agent.core.canonical import parse
from agent.core.moment import is_moment
from agent.core.payment import AttemptState
from agent.core.reconcile.facts import Facts, Payment, Refund
from agent.core.settlement.payouts import DueDay, Payouts, match_payouts
from sync.hq import registry, tables
from sync.hq.books.accounts import account_of, book_of
from sync.hq.books.bank import assigned_days, lines_of
from sync.hq.books.bank_settings import payout_terms
from sync.hq.books.bill_forms import FOLDER, AcquirerMapping, acquirer_mapping
from sync.hq.books.bill_tables import account_day
from sync.hq.matching.facts import DAYS_AFTER, DAYS_BEFORE, Read, journal_until_ms
from sync.hq.projection import readable

SALE, REFUND = "sale.completed", "sale.refunded"


@dataclass(frozen=True, slots=True)
class Acquirer:
    """Who pays for a tender: its account's book, and how its file is read."""

    name: str
    book: str
    mapping: AcquirerMapping

    def pays(self, store: str, tender: str) -> bool:
        """Tell whether a tender of a store is this acquirer's."""
        return tender in self.mapping.tenders and (not self.mapping.stores or store in self.mapping.stores)


def acquirers_of(state: Path) -> list[Acquirer]:
    """Return the acquirers of a state folder, by their files; refuses with `bank.mapping_wrong`."""
    found = []
    for path in sorted((state / FOLDER).glob("*.toml")):
        mapping = acquirer_mapping(state, path.stem)
        book = book_of(mapping.platform, mapping.merchant)
        if book is not None:
            found.append(Acquirer(path.stem, book, mapping))
    return found


def acquirer_of(state: Path, book: str) -> Acquirer | None:
    """Return the acquirer of an account; None for a platform whose orders the boxes make."""
    return next((one for one in acquirers_of(state) if one.book == book), None)


def read_tenders(connection: Connection, acquirer: Acquirer, day: date) -> Read:
    """Return the facts of an acquirer's tenders around a day of its file."""
    around = [(day + timedelta(days=count)).isoformat() for count in range(-DAYS_BEFORE, DAYS_AFTER + 1)]
    stores = [store for store, _ in registry.store_names(connection)]
    payments: list[Payment] = []
    refunds: list[Refund] = []
    known = tables.entry.c
    for store in stores:
        if acquirer.mapping.stores and store not in acquirer.mapping.stores:
            continue
        query = select(known.at_ms, known.kind, known.body).where(
            (known.store == store) & known.day.in_(around) & known.kind.in_((SALE, REFUND))
        )
        for row in connection.execute(query):
            body = readable(row.body) or {}
            for number, tender in tenders_of(body):
                if is_moment(row.at_ms) and acquirer.pays(store, str(tender["kind"])):
                    if row.kind == SALE:
                        payments.append(_payment(acquirer, store, row.at_ms, body, number, tender))
                    else:
                        refunds.append(_refund(acquirer, store, row.at_ms, body, number, tender))
    return Read(Facts(payments, refunds), journal_until_ms(connection, stores))


def tenders_of(body: Mapping[str, object]) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Yield the readable tenders of a sale or refund with their numbers, from 1."""
    tenders = body.get("tenders")
    for number, tender in enumerate(tenders if isinstance(tenders, list) else (), 1):
        if isinstance(tender, dict) and isinstance(tender.get("kind"), str) and type(tender.get("amount_fen")) is int:
            yield number, tender


def acquirer_payouts(connection: Connection, state: Path, book: str, today: date) -> Payouts:
    """Return the days of an acquirer's account as its own files have them, and which bank line paid which."""
    known, due = account_day.c, list[DueDay]()
    query = select(known.day, known.matched).where((known.store == book) & known.matched.is_not(None))
    for row in connection.execute(query):
        body, day = parse(row.matched), date.fromisoformat(row.day)
        classes = body.get("classes", {}) if isinstance(body, dict) else {}
        sums = [one for one in classes.values() if isinstance(one, dict)]
        gross_fen, fees_fen = (sum(int(one[name]) for one in sums) for name in ("bill_fen", "fee_fen"))
        if day < today:
            due.append(DueDay(day, gross_fen, 0, fees_fen))
    terms = payout_terms(state, 1)
    return match_payouts(due, lines_of(connection, book), terms, today, 0, assigned_days(connection, book))


def _payment(
    acquirer: Acquirer, store: str, at_ms: int, body: Mapping[str, Any], number: int, tender: Mapping[str, Any]
) -> Payment:
    platform, merchant = account_of(acquirer.book)
    sale = str(body.get("sale"))
    return Payment(
        store=store,
        attempt=f"{sale}#{number}",
        platform=platform,
        merchant=merchant,
        method=str(tender["kind"]),
        sale=sale,
        till=str(body.get("till", "")),
        day=str(body.get("day", "")),
        amount_fen=int(tender["amount_fen"]),
        state=AttemptState.PAID,
        started_at_ms=at_ms,
        ended_at_ms=at_ms,
        transaction=str(tender["reference"]) if tender.get("reference") else None,
    )


def _refund(
    acquirer: Acquirer, store: str, at_ms: int, body: Mapping[str, Any], number: int, tender: Mapping[str, Any]
) -> Refund:
    platform, merchant = account_of(acquirer.book)
    own = f"{body.get('refund')}#{number}"
    return Refund(
        store=store,
        out_refund_no=str(tender.get("reference") or own),
        attempt=own,
        platform=platform,
        merchant=merchant,
        refund=str(body.get("refund")),
        till=str(body.get("till", "")),
        day=str(body.get("day", "")),
        amount_fen=int(tender["amount_fen"]),
        state="done",
        started_at_ms=at_ms,
        ended_at_ms=at_ms,
    )
