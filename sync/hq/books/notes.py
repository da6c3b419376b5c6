"""Headquarters' own journal: one chained note for every act of a person or a job, a chain for each book.

A note is written in the transaction of the act itself. Nothing changes or removes one; `verify` recomputes the chain.
What an older copy of the database would lack shows as a book that ends earlier than its last known head.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from sqlalchemy import Connection, insert, select, update

from agent.core.canonical import canonical, parse
from agent.core.errors import Broken
from sync.hq.books.tables import book, note
from sync.hq.upserts import insert_unless_there

PAGE_NOTES = 1000


@dataclass(frozen=True, slots=True)
class Note:
    """One act as it is kept; `body` parsed."""

    store: str
    number: int
    at_ms: int
    actor: str
    kind: str
    subject: str
    body: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class NoteFault:
    """The first note of a book that does not fit its chain."""

    store: str
    number: int
    code: str


def first_head(store: str) -> str:
    """Return the hash before the first note of a book, in hex."""
    return sha256(f"storebox-book\n{store}".encode()).hexdigest()


def next_head(head: str, number: int, at_ms: int, actor: str, kind: str, subject: str, body: str) -> str:
    """Return the hash of a note that follows `head`; each part stands on a line of its own, the body last."""
    parts = f"{number}\n{at_ms}\n{actor}\n{kind}\n{subject}\n{body}"
    return sha256(bytes.fromhex(head) + parts.encode()).hexdigest()


def hold(connection: Connection, store: str) -> None:
    """Let nobody else write into a book until this transaction ends: what is read now still holds for the note."""
    start = {"store": store, "next_number": 1, "head": first_head(store)}
    insert_unless_there(connection, book, ("store",), start)
    connection.execute(select(book.c.store).where(book.c.store == store).with_for_update())


def write_note(
    connection: Connection, store: str, at_ms: int, actor: str, kind: str, subject: str, body: Mapping[str, object]
) -> int:
    """Append a note and return its number; others that write into the same book wait until this transaction ends.

    `actor` is a person's name or `job:NAME`; it, `kind` and `subject` hold no line breaks (`Broken` otherwise).
    """
    return write_notes(connection, store, at_ms, actor, [(kind, subject, body)])


def write_notes(
    connection: Connection,
    store: str,
    at_ms: int,
    actor: str,
    acts: Sequence[tuple[str, str, Mapping[str, object]]],
) -> int:
    """Append notes of one moment and actor, (kind, subject, body) each, as `write_note` does; returns the last number.

    A few statements, however many notes there are.
    """
    for kind, subject, _ in acts:
        if any("\n" in part for part in (store, actor, kind, subject)):
            raise Broken("note.line_break", kind=kind[:40])
    hold(connection, store)
    place = connection.execute(select(book).where(book.c.store == store)).one()
    number, head, rows = int(place.next_number), place.head, []
    for kind, subject, body in acts:
        text = canonical(body)
        head = next_head(head, number, at_ms, actor, kind, subject, text)
        values = {"store": store, "number": number, "at_ms": at_ms, "actor": actor, "kind": kind}
        rows.append({**values, "subject": subject, "body": text, "hash": head})
        number += 1
    if rows:
        connection.execute(insert(note), rows)
        connection.execute(update(book).where(book.c.store == store).values(next_number=number, head=head))
    return number - 1


def notes_of(connection: Connection, store: str, subject: str | None = None) -> Iterator[Note]:
    """Yield the notes of a book, or those about one subject, oldest first."""
    query = select(note).where(note.c.store == store).order_by(note.c.number)
    if subject is not None:
        query = query.where(note.c.subject == subject)
    for row in connection.execute(query):
        body = parse(row.body)
        yield Note(
            row.store, row.number, row.at_ms, row.actor, row.kind, row.subject, body if isinstance(body, dict) else {}
        )


def verify(connection: Connection, store: str) -> NoteFault | None:
    """Return the first fault of a book's chain, or None: hashes, numbers without a gap, and the head of its gate."""
    head, expected = first_head(store), 1
    query = select(note).where(note.c.store == store).order_by(note.c.number).execution_options(yield_per=PAGE_NOTES)
    for row in connection.execute(query):
        if row.number != expected:
            return NoteFault(store, expected, "note.gap")
        head = next_head(head, row.number, row.at_ms, row.actor, row.kind, row.subject, row.body)
        if head != row.hash:
            return NoteFault(store, row.number, "note.hash_differs")
        expected += 1
    place = connection.execute(select(book).where(book.c.store == store)).first()
    ends = (expected, head) if place is None and expected == 1 else (place and (place.next_number, place.head))
    return None if ends == (expected, head) else NoteFault(store, expected, "note.cut_off")
