"""The table of differences. `store` is the merchant account's book; up to two stores have one in their day."""

from sqlalchemy import BigInteger, Column, Index, Integer, Table, Text

from sync.hq.tables import metadata

_Big = BigInteger().with_variant(Integer, "sqlite")

difference = Table(
    "difference",
    metadata,
    Column("store", Text, primary_key=True),
    Column("difference", Text, primary_key=True),
    Column("bill_day", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("line_class", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("stake_fen", _Big, nullable=False),
    Column("line_store", Text),
    Column("line_day", Text, nullable=False),
    Column("assigned_store", Text),
    Column("assigned_day", Text),
    Column("assigned_person", Text),
    Column("settlement", Text),
    Column("reason", Text),
    Column("settled_by", Text),
    Column("approved_by", Text),
    Column("version", _Big, nullable=False),
    Column("found_at_ms", _Big, nullable=False),
    Column("changed_at_ms", _Big, nullable=False),
    Column("found", Text, nullable=False),
    Index("difference_by_number", "difference"),
    Index("difference_of_bill", "store", "bill_day", "state"),
    Index("difference_of_line", "line_store", "line_day", "state"),
    Index("difference_of_assigned", "assigned_store", "assigned_day", "state"),
    Index("difference_by_state", "state", "stake_fen"),
)
"""`found` is the body of the newest `difference.found`; the columns beside it are what is looked for."""
