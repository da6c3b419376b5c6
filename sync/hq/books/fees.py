"""Fees as they were agreed: by account or for all of a platform, by method, from a day on; kept with their notes.

A match judges each line by the contract that is the most exact for it. `payouts.toml` may name rates too; what is
here goes before it.
"""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from sqlalchemy import Connection, delete, insert, or_, select

from agent.core.errors import Refused
from agent.core.reconcile.fees import MILLION, FeeContract, Rounding
from sync.hq.books.accounts import account_of, book_of
from sync.hq.books.bank_settings import payout_settings
from sync.hq.books.bill_tables import account_day, fee_contract
from sync.hq.books.marks import mark_account_days
from sync.hq.books.note_kinds import BookNote
from sync.hq.books.notes import hold, write_note


@dataclass(frozen=True, slots=True)
class KeptContract:
    """A contract and the account that it is of; `@platform:` is that of a platform's every merchant."""

    book: str
    contract: FeeContract


def agree(connection: Connection, book: str, contract: FeeContract, actor: str, now_ms: int) -> None:
    """Keep a contract; the same account, method and first day again replaces it. Its days are matched again.

    `contract.merchant` is not looked at. Refuses with `bill.bad_account` and `fee.bad_contract`.
    """
    platform, merchant = account_of(book)
    if book_of(platform, merchant or "-") is None or f"@{platform}:{merchant}" != book:
        raise Refused("bill.bad_account", text=book[:40])
    first, last = contract.first_day, contract.last_day
    if not 0 <= contract.rate_ppm <= MILLION or (first is not None and last is not None and last < first):
        raise Refused("fee.bad_contract")
    hold(connection, book)
    key = {"method": contract.method, "first_day": "" if first is None else first.isoformat()}
    values = {
        **key,
        "last_day": None if last is None else last.isoformat(),
        "rate_ppm": contract.rate_ppm,
        "rounding": contract.rounding.value,
        "gives_back": contract.gives_back,
    }
    known = fee_contract.c
    same = (known.store == book) & (known.method == key["method"]) & (known.first_day == key["first_day"])
    connection.execute(delete(fee_contract).where(same))
    connection.execute(insert(fee_contract).values(store=book, **values))
    write_note(connection, book, now_ms, actor, BookNote.FEE_AGREED, book, values)
    _match_again(connection, book, contract)


def contracts(connection: Connection, platform: str | None = None) -> list[KeptContract]:
    """Return what was agreed, of one platform or all."""
    query = select(fee_contract).order_by(fee_contract.c.store, fee_contract.c.method, fee_contract.c.first_day)
    found = []
    for row in connection.execute(query):
        of, merchant = account_of(row.store)
        if platform in (None, of):
            contract = FeeContract(
                rate_ppm=row.rate_ppm,
                merchant=merchant,
                method=row.method,
                first_day=date.fromisoformat(row.first_day) if row.first_day else None,
                last_day=date.fromisoformat(row.last_day) if row.last_day else None,
                rounding=Rounding(row.rounding),
                gives_back=row.gives_back,
            )
            found.append(KeptContract(row.store, contract))
    return found


def contracts_for(connection: Connection, state: Path, platform: str) -> list[FeeContract]:
    """Return what judges the fees of a platform's bills: what was agreed here, else what `payouts.toml` says.

    Refuses with `bank.mapping_wrong`.
    """
    kept = [one.contract for one in contracts(connection, platform)]
    return kept or payout_settings(state).contracts()


def _match_again(connection: Connection, book: str, contract: FeeContract) -> None:
    """Mark the days that were matched under other terms."""
    known = account_day.c
    platform, merchant = account_of(book)
    mine = known.store == book if merchant else known.store.startswith(f"@{platform}:", autoescape=True)
    query = select(known.store, known.day).where(mine, or_(known.matched.is_not(None), known.refused.is_not(None)))
    if contract.first_day is not None:
        query = query.where(known.day >= contract.first_day.isoformat())
    if contract.last_day is not None:
        query = query.where(known.day <= contract.last_day.isoformat())
    days = [(row.store, date.fromisoformat(row.day)) for row in connection.execute(query).all()]
    mark_account_days(connection, days)
