"""Tables of the bank's side. `store` is a store, `@bank:ACCOUNT` for an account's lines, `@entity:NAME` for months."""

from sqlalchemy import BigInteger, Column, Index, Integer, Table, Text

from sync.hq.tables import metadata

_Big = BigInteger().with_variant(Integer, "sqlite")

bank_line = Table(
    "bank_line",
    metadata,
    Column("store", Text, primary_key=True),
    Column("line", Text, primary_key=True),
    Column("booked", Text, nullable=False),
    Column("amount_fen", _Big, nullable=False),
    Column("counterparty", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("reference", Text, nullable=False),
    Column("place", Text),
    Column("last_day", Text),
    Column("slip", Text),
    Column("imported_at_ms", _Big, nullable=False),
    Index("bank_line_of_place", "place", "booked"),
)
"""A movement of an account. `place` is the merchant account that it pays, "cash" or "other"; null: nobody knows yet.

`last_day` is the last day that it pays, `slip` the deposit slip, where a person said so.
"""

deposit_slip = Table(
    "deposit_slip",
    metadata,
    Column("store", Text, primary_key=True),
    Column("reference", Text, primary_key=True),
    Column("day", Text, nullable=False),
    Column("amount_fen", _Big, nullable=False),
    Column("bags", Text, nullable=False),
    Index("deposit_slip_by_reference", "reference"),
)
"""Cash that left a store's safe for the bank; `bags` with commas between."""

cash_move = Table(
    "cash_move",
    metadata,
    Column("store", Text, primary_key=True),
    Column("epoch", _Big, primary_key=True, autoincrement=False),
    Column("seq", _Big, primary_key=True, autoincrement=False),
    Column("day", Text, nullable=False),
    Column("amount_fen", _Big, nullable=False),
)
"""What an entry brought into the safe; negative for what a till was given as its float."""

closed_month = Table(
    "closed_month",
    metadata,
    Column("store", Text, primary_key=True),
    Column("month", Text, primary_key=True),
    Column("closed_at_ms", _Big, primary_key=True, autoincrement=False),
    Column("asked_by", Text),
    Column("reopened_at_ms", _Big),
)
"""A month that a legal entity closed; `asked_by` wants it reopened."""

closed_store_day = Table(
    "closed_store_day",
    metadata,
    Column("store", Text, primary_key=True),
    Column("day", Text, primary_key=True),
    Column("reason", Text, nullable=False),
)
"""A day on which a store does not trade, declared before or after."""
