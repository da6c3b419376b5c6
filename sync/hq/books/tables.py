"""Tables of the books. `store` is a store's id, or `@platform:merchant` for an account that stores share."""

from sqlalchemy import BigInteger, Column, Index, Integer, Table, Text

from sync.hq.tables import metadata

_Big = BigInteger().with_variant(Integer, "sqlite")

book = Table(
    "book",
    metadata,
    Column("store", Text, primary_key=True),
    Column("next_number", _Big, nullable=False),
    Column("head", Text, nullable=False),
)
"""Where a book's chain ends; its row is the gate of every note."""

note = Table(
    "note",
    metadata,
    Column("store", Text, primary_key=True),
    Column("number", _Big, primary_key=True, autoincrement=False),
    Column("at_ms", _Big, nullable=False),
    Column("actor", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("hash", Text, nullable=False),
    Index("note_of_subject", "store", "subject", "number"),
)
"""One act; `subject` is what it is about (a difference, a day, a bank line), for its history."""
