"""Bank statements at headquarters: each line once, with its words in the account's book, and where it belongs.

The book of an account is `@bank:ACCOUNT`. A note of an import holds the new lines themselves, so that the table can be
made again from the book, and a line that was changed in the table differs from its note.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass
from datetime import date
from hashlib import sha256

from sqlalchemy import Connection, Row, insert, select, update

from agent.core.errors import Refused
from agent.core.settlement.bank import BankLine, read_statement
from sync.hq.books.bank_settings import CASH, StatementMapping, checked_place
from sync.hq.books.money_tables import bank_line, deposit_slip
from sync.hq.books.note_kinds import MoneyNote
from sync.hq.books.notes import hold, notes_of, write_note
from sync.hq.books.tables import book

LINES_A_NOTE = 500
_ACCOUNT = re.compile(r"[0-9A-Za-z*._-]{1,40}")


@dataclass(frozen=True, slots=True)
class Imported:
    """What a statement brought to one account."""

    account: str
    lines: int
    new: int
    without_place: int


def account_book(account: str) -> str:
    """Return the book of a bank account; refuses with `bank.bad_account`."""
    if not _ACCOUNT.fullmatch(account):
        raise Refused("bank.bad_account", text=account[:40])
    return f"@bank:{account}"


def import_statement(
    connection: Connection, data: bytes, mapping: StatementMapping, mapping_name: str, actor: str, now_ms: int
) -> list[Imported]:
    """Keep the lines that are not there yet, all or none, and note them; again, it adds nothing but the note.

    Refuses as `read_statement` does, and with `bank.bad_account`.
    """
    accounts: dict[str, list[BankLine]] = defaultdict(list)
    for line in read_statement(data, mapping.column_map()):
        accounts[account_book(line.account)].append(line)
    digest = sha256(data).hexdigest()
    imported = []
    for account in sorted(accounts):
        hold(connection, account)
        known = set(connection.execute(select(bank_line.c.line).where(bank_line.c.store == account)).scalars())
        new = [line for line in accounts[account] if line.line not in known]
        rows = [{**_row(account, line), "place": mapping.place_of(line), "imported_at_ms": now_ms} for line in new]
        if rows:
            connection.execute(insert(bank_line), rows)
        for begin in range(0, max(1, len(rows)), LINES_A_NOTE):
            told = [[row[name] for name in _TOLD] for row in rows[begin : begin + LINES_A_NOTE]]
            body = {"mapping": mapping_name, "in_file": len(accounts[account]), "lines": told}
            write_note(connection, account, now_ms, actor, MoneyNote.BANK_IMPORTED, digest, body)
        without_place = sum(row["place"] is None for row in rows)
        imported.append(Imported(account, len(accounts[account]), len(new), without_place))
    return imported


def assign_line(
    connection: Connection,
    number: str,
    place: str,
    last_day: date | None,
    actor: str,
    reason: str,
    now_ms: int,
    slip: str | None = None,
) -> None:
    """Say where a line belongs, up to which day it pays, or which deposit slip; a person's last word counts, is noted.

    Refuses with `bank.line_unknown`, `bank.bad_place`, `deposit.unknown`; a day needs a merchant account, a slip cash.
    """
    checked_place(place)
    if (last_day is not None and not place.startswith("@")) or (slip is not None and place != CASH):
        raise Refused("bank.bad_place", text=place)
    if slip is not None and not _is_slip(connection, slip):
        raise Refused("deposit.unknown", reference=slip[:40])
    found = connection.execute(select(bank_line).where(bank_line.c.line == number)).first()
    if found is None:
        raise Refused("bank.line_unknown", line=number[:30])
    hold(connection, found.store)
    day = None if last_day is None else last_day.isoformat()
    where = (bank_line.c.store == found.store) & (bank_line.c.line == number)
    before = connection.execute(select(bank_line.c.place).where(where)).scalar_one()
    connection.execute(update(bank_line).where(where).values(place=place, last_day=day, slip=slip))
    body = {"from": before, "to": place, "last_day": day, "slip": slip, "reason": reason}
    write_note(connection, found.store, now_ms, actor, MoneyNote.BANK_ASSIGNED, number, body)


def lines_of(connection: Connection, place: str) -> list[BankLine]:
    """Return the lines that belong to a merchant account, or to `cash`, in the order of their booking."""
    rows = connection.execute(select(bank_line).where(bank_line.c.place == place).order_by(*_ORDER))
    return [_line(row) for row in rows]


def lines_without_place(connection: Connection) -> list[BankLine]:
    """Return the lines of which nobody knows what they pay, in the order of their booking."""
    return [
        _line(row) for row in connection.execute(select(bank_line).where(bank_line.c.place.is_(None)).order_by(*_ORDER))
    ]


@dataclass(frozen=True, slots=True)
class KeptLine:
    """A line with the place where it belongs (None: nobody knows), and when it was imported."""

    line: BankLine
    place: str | None
    imported_at_ms: int


def kept_lines(connection: Connection) -> list[KeptLine]:
    """Return every line of every account, in the order of their booking."""
    rows = connection.execute(select(bank_line).order_by(*_ORDER))
    return [KeptLine(_line(row), row.place, row.imported_at_ms) for row in rows]


def check_free(connection: Connection, number: str, place: str) -> None:
    """Refuse with `bank.line_taken` a line that is another's, or that a person gave to a day or slip already.

    The account's book is held, so that the line stays as it is until the transaction ends.
    """
    where = bank_line.c.line == number
    found = connection.execute(select(bank_line.c.store).where(where)).scalar()
    if found is None:
        return
    hold(connection, found)
    row = connection.execute(select(bank_line).where(where)).one()
    if row.place not in (None, place) or row.last_day is not None or row.slip is not None:
        raise Refused("bank.line_taken", line=number[:30])


def line_numbered(connection: Connection, number: str) -> BankLine | None:
    """Return a line by its number."""
    row = connection.execute(select(bank_line).where(bank_line.c.line == number)).first()
    return None if row is None else _line(row)


def assigned_days(connection: Connection, place: str) -> dict[str, date]:
    """Return up to which day a line pays, where a person said so."""
    query = select(bank_line.c.line, bank_line.c.last_day).where(bank_line.c.place == place)
    rows = connection.execute(query.where(bank_line.c.last_day.is_not(None)))
    return {row.line: date.fromisoformat(row.last_day) for row in rows}


def assigned_slips(connection: Connection) -> dict[str, str]:
    """Return which deposit slip a line pays, where a person said so."""
    query = select(bank_line.c.line, bank_line.c.slip).where(bank_line.c.slip.is_not(None))
    return {row.line: row.slip for row in connection.execute(query)}


def listed_lines(connection: Connection, only_without_place: bool = False) -> Iterator[dict[str, object]]:
    """Yield every line as it is shown, newest last."""
    query = select(bank_line).order_by(*_ORDER)
    if only_without_place:
        query = query.where(bank_line.c.place.is_(None))
    for row in connection.execute(query):
        yield {**row._mapping, "account": row.store.removeprefix("@bank:")}


def bank_books(connection: Connection) -> list[str]:
    """Return the books of the accounts whose statements were imported."""
    accounts = book.c.store.like("@bank:%")
    return list(connection.execute(select(book.c.store).where(accounts).order_by(book.c.store)).scalars())


def changed_lines(connection: Connection, of_book: str) -> list[str]:
    """Return the numbers of lines whose row differs from what the account's book says; none when all is as imported."""
    told: dict[str, list[object]] = {}
    for one in notes_of(connection, of_book):
        if one.kind == MoneyNote.BANK_IMPORTED:
            told |= {str(line[0]): [*line, None, None] for line in _lists(one.body.get("lines"))}
        elif one.kind == MoneyNote.BANK_ASSIGNED and one.subject in told:
            told[one.subject][-3:] = [one.body.get(name) for name in ("to", "last_day", "slip")]
    kept = {
        row.line: [*(getattr(row, name) for name in _TOLD), row.last_day, row.slip]
        for row in connection.execute(select(bank_line).where(bank_line.c.store == of_book))
    }
    return sorted(number for number in {*told, *kept} if told.get(number) != kept.get(number))


_TOLD = ("line", "booked", "amount_fen", "counterparty", "text", "reference", "place")
_ORDER = (bank_line.c.booked, bank_line.c.store, bank_line.c.line)


def _is_slip(connection: Connection, reference: str) -> bool:
    known = deposit_slip.c.reference
    return connection.execute(select(known).where(known == reference).limit(1)).first() is not None


def _row(store: str, line: BankLine) -> dict[str, object]:
    number, _, booked, *rest = astuple(line)
    words = dict(zip(("amount_fen", "counterparty", "text", "reference"), rest, strict=True))
    return {"store": store, "line": number, "booked": booked.isoformat(), **words}


def _line(row: "Row[tuple[object, ...]]") -> BankLine:
    fields = row._mapping
    account = str(fields["store"]).removeprefix("@bank:")
    booked = date.fromisoformat(str(fields["booked"]))
    words = (str(fields["counterparty"]), str(fields["text"]), str(fields["reference"]))
    return BankLine(str(fields["line"]), account, booked, int(str(fields["amount_fen"])), *words)


def _lists(value: object) -> Sequence[list[object]]:
    return [one for one in value if isinstance(one, list) and one] if isinstance(value, list) else []
