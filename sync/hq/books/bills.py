"""Bills as they are kept: the raw file under its SHA-256, a row for each version of an account's day.

A file that was kept is never changed or removed. The same file again adds nothing; another one of the same day is a
corrected bill: its version is one higher, and its day is matched again, and its neighbours', for what is near midnight.
"""

import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from agent.core.bill import BillType
from agent.core.errors import Broken, Refused
from agent.core.reconcile.statement import StatementState
from agent.disk import sync_folder
from sync.hq.books.accounts import account_of, book_of
from sync.hq.books.bill_tables import account_day, bill
from sync.hq.books.marks import know_account_days, mark_account_days
from sync.hq.books.note_kinds import BookNote
from sync.hq.books.notes import hold, notes_of, write_note

FOLDER = "bills"
ONE_DAY = timedelta(days=1)
PIECE_BYTES = 1024 * 1024


class Source(StrEnum):
    """How a bill came."""

    FETCHED = "fetched"
    BY_HAND = "by_hand"


@dataclass(frozen=True, slots=True)
class KeptBill:
    """A version of an account's bill."""

    book: str
    day: date
    kind: BillType
    version: int
    sha256: str
    form: str
    size_bytes: int
    source: Source
    actor: str
    at_ms: int


def bill_path(state: Path, digest: str) -> Path:
    """Return where the file of a hash lies."""
    return state / FOLDER / digest[:2] / digest


def keep_file(state: Path, content: bytes) -> str:
    """Put a file on the disk under its hash, whole or not at all, and return the hash; again it costs nothing.

    Raises `Broken` (`bill.not_kept`) when the disk does not take it.
    """
    digest = sha256(content).hexdigest()
    path = bill_path(state, digest)
    try:
        if path.is_file() and _digest(path) == digest:
            return digest
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write_whole(path, content)
    except OSError as error:
        raise Broken("bill.not_kept", reason=error.strerror or type(error).__name__) from error
    return digest


def checked_path(state: Path, digest: str) -> Path:
    """Return a kept file; raises `Broken` with `bill.file_missing` or `bill.file_changed`."""
    path = bill_path(state, digest)
    if not path.is_file():
        raise Broken("bill.file_missing", sha256=digest)
    if _digest(path) != digest:
        raise Broken("bill.file_changed", sha256=digest)
    return path


def add_bill(connection: Connection, new: KeptBill) -> KeptBill | None:
    """Add a version of a day's bill and let the day be matched; None when the newest version is this file.

    The file must be on the disk. The version of `new` is not looked at.
    """
    hold(connection, new.book)
    newest = newest_bill(connection, new.book, new.day, new.kind)
    if newest is not None and (newest.sha256, newest.form) == (new.sha256, new.form):
        return None
    version = 1 if newest is None else newest.version + 1
    values = {
        "kind": new.kind.value,
        "version": version,
        "sha256": new.sha256,
        "form": new.form,
        "bytes": new.size_bytes,
        "source": new.source.value,
    }
    place = {"store": new.book, "day": new.day.isoformat()}
    connection.execute(insert(bill).values(**place, **values, actor=new.actor, at_ms=new.at_ms))
    write_note(connection, new.book, new.at_ms, new.actor, BookNote.BILL_KEPT, new.day.isoformat(), values)
    if new.kind is BillType.TRADE:
        set_state(connection, new.book, new.day, StatementState.READY)
    return KeptBill(
        new.book, new.day, new.kind, version, new.sha256, new.form, new.size_bytes, new.source, new.actor, new.at_ms
    )


def set_state(connection: Connection, book: str, day: date, state: StatementState) -> None:
    """Keep whether a day's bill is here, and let it and its neighbours be matched again."""
    know_account_days(connection, [(book, day)])
    known = account_day.c
    mine = (known.store == book) & (known.day == day.isoformat())
    values = {"bill_state": state.value, "refused": None, "fetch_code": None}
    connection.execute(update(account_day).where(mine).values(**values))
    mark_account_days(connection, [(book, day)])
    for neighbour in (day - ONE_DAY, day + ONE_DAY):
        _mark_matched(connection, book, neighbour)


def newest_bill(connection: Connection, book: str, day: date, kind: BillType = BillType.TRADE) -> KeptBill | None:
    """Return the version of a day's bill that counts; None without one."""
    return next(iter(_kept(connection, book, day, kind)), None)


def bills_of(connection: Connection, book: str | None, first: date, last: date) -> Iterator[KeptBill]:
    """Yield every version of bills, by account and day, the newest first."""
    known = bill.c
    query = select(bill).where(known.day.between(first.isoformat(), last.isoformat()))
    if book is not None:
        query = query.where(known.store == book)
    for row in connection.execute(query.order_by(known.store, known.day, known.kind, known.version.desc())):
        yield _bill(row)


def changed_bills(connection: Connection, state: Path) -> Iterator[tuple[str, str]]:
    """Yield what is not as it was kept, and its code: files that are gone or changed, rows that no note tells of."""
    looked_at: set[str] = set()
    told: dict[str, set[tuple[str, object, object]]] = {}
    for row in connection.execute(select(bill).order_by(bill.c.store, bill.c.day, bill.c.kind, bill.c.version)):
        place = f"{row.store} {row.day} {row.kind} version {row.version}"
        if row.store not in told:
            notes = (one for one in notes_of(connection, row.store) if one.kind == BookNote.BILL_KEPT)
            told[row.store] = {(one.subject, one.body["version"], one.body["sha256"]) for one in notes}
        if (row.day, row.version, row.sha256) not in told[row.store]:
            yield place, "bill.not_noted"
        if row.sha256 not in looked_at:
            looked_at.add(row.sha256)
            try:
                checked_path(state, row.sha256)
            except Broken as error:
                yield place, error.code


def checked_book(book: str) -> str:
    """Return `book` when it names a merchant account; else refuse with `bill.bad_account`."""
    if book_of(*account_of(book)) != book:
        raise Refused("bill.bad_account", text=book[:40])
    return book


def _kept(connection: Connection, book: str, day: date, kind: BillType) -> Iterator[KeptBill]:
    known = bill.c
    mine = (known.store == book) & (known.day == day.isoformat()) & (known.kind == kind.value)
    for row in connection.execute(select(bill).where(mine).order_by(known.version.desc()).limit(1)):
        yield _bill(row)


def _bill(row: Row[Any]) -> KeptBill:
    return KeptBill(
        row.store,
        date.fromisoformat(row.day),
        BillType(row.kind),
        row.version,
        row.sha256,
        row.form,
        row.bytes,
        Source(row.source),
        row.actor,
        row.at_ms,
    )


def _mark_matched(connection: Connection, book: str, day: date) -> None:
    """Let a neighbour that was matched be matched again: a line near midnight may stand on this bill."""
    known = account_day.c
    mine = (known.store == book) & (known.day == day.isoformat()) & known.matched.is_not(None)
    connection.execute(update(account_day).where(mine).values(mark=known.mark + 1))


def _write_whole(path: Path, content: bytes) -> None:
    descriptor, name = tempfile.mkstemp(prefix=".", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def _digest(path: Path) -> str:
    found = sha256()
    with path.open("rb") as file:
        while piece := file.read(PIECE_BYTES):
            found.update(piece)
    return found.hexdigest()
