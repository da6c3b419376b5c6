"""Tables of persons and their sessions: small, without a store, the same on every node."""

from sqlalchemy import BigInteger, Boolean, Column, Integer, Table, Text

from sync.hq.tables import metadata

_Big = BigInteger().with_variant(Integer, "sqlite")

person = Table(
    "person",
    metadata,
    Column("name", Text, primary_key=True),
    Column("role", Text, nullable=False),
    Column("stores", Text),
    Column("password_hash", Text, nullable=False),
    Column("must_change", Boolean, nullable=False),
    Column("failures", _Big, nullable=False),
    Column("locked_until_ms", _Big, nullable=False),
    Column("created_at_ms", _Big, nullable=False),
    Column("disabled_at_ms", _Big),
)
"""`stores` are ids with commas between, null for all."""

person_session = Table(
    "person_session",
    metadata,
    Column("token_sha256", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("begun_at_ms", _Big, nullable=False),
    Column("seen_at_ms", _Big, nullable=False),
)
