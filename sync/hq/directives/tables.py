"""Tables of what goes down and of what boxes answer. Every key begins with the store."""

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, Table, Text, UniqueConstraint

from sync.hq.tables import metadata

_Big = BigInteger().with_variant(Integer, "sqlite")

directive = Table(
    "directive",
    metadata,
    Column("store", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("version", _Big, primary_key=True, autoincrement=False),
    Column("subject", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("effective_ms", _Big, nullable=False),
    Column("made_at_ms", _Big, nullable=False),
    Column("made_by", Text, nullable=False),
    UniqueConstraint("store", "kind", "subject", name="directive_subject"),
    Index("directive_made", "made_at_ms", "store"),
)
"""`subject` tells that the same fact is not sent twice: a refund's number; of a document its version."""

directive_answer = Table(
    "directive_answer",
    metadata,
    Column("store", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("version", _Big, primary_key=True, autoincrement=False),
    Column("epoch", _Big, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("code", Text),
    Column("body", Text, nullable=False),
    Column("at_ms", _Big, nullable=False),
    Column("received_at_ms", _Big, nullable=False),
    Column("signature", Text, nullable=False),
)
"""What a box did with a directive; `signature` is that of the request whose body is `body`."""

box_bundle = Table(
    "box_bundle",
    metadata,
    Column("store", Text, primary_key=True),
    Column("sha256", Text, primary_key=True),
    Column("box", Text, nullable=False),
    Column("epoch", _Big, nullable=False),
    Column("received_at_ms", _Big, nullable=False),
    Column("data", LargeBinary, nullable=False),
)
