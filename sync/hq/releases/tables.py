"""Tables of releases. A release itself belongs to no store; everything else begins with the store."""

from sqlalchemy import BigInteger, Column, Integer, Table, Text

from sync.hq.tables import metadata

_Big = BigInteger().with_variant(Integer, "sqlite")

release = Table(
    "release",
    metadata,
    Column("sequence", _Big, primary_key=True, autoincrement=False),
    Column("arch", Text, primary_key=True),
    Column("version", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("size", _Big, nullable=False),
    Column("min_from", _Big, nullable=False),
    Column("not_after", Text),
    Column("ring", _Big, nullable=False),
    Column("added_at_ms", _Big, nullable=False),
    Column("added_by", Text, nullable=False),
    Column("paused_at_ms", _Big),
    Column("paused_reason", Text),
)
"""`ring` is the widest that it was let out to: stores of that ring and of lower ones get it."""

store_ring = Table(
    "store_ring", metadata, Column("store", Text, primary_key=True), Column("ring", _Big, nullable=False)
)
"""A store that is in none is in the last."""

box_release = Table(
    "box_release",
    metadata,
    Column("store", Text, primary_key=True),
    Column("box", Text, nullable=False),
    Column("epoch", _Big, nullable=False),
    Column("sequence", _Big, nullable=False),
    Column("version", Text, nullable=False),
    Column("arch", Text, nullable=False),
    Column("turned_away", _Big),
    Column("asked_at_ms", _Big, nullable=False),
)
"""What a store's box said when it last asked; `turned_away` is the newest sequence that proved bad there."""

release_permit = Table(
    "release_permit",
    metadata,
    Column("store", Text, primary_key=True),
    Column("sequence", _Big, nullable=False),
    Column("below", _Big, nullable=False),
    Column("made_at_ms", _Big, nullable=False),
    Column("made_by", Text, nullable=False),
)
"""A store may go back to `sequence` from any up to `below`; nothing up to `below` is offered to it again."""
