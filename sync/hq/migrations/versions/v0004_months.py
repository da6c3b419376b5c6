"""Entries by the month of their arrival (docs/decisions/008); those that are here already get theirs."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_MONTH = {
    "sqlite": "CAST(strftime('%Y%m', received_at_ms / 1000, 'unixepoch') AS INTEGER)",
    "postgresql": "CAST(to_char(to_timestamp(received_at_ms / 1000) AT TIME ZONE 'UTC', 'YYYYMM') AS BIGINT)",
}
_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_COLUMNS = "store, epoch, seq, at_ms, kind, day, body, hash, received_at_ms"


def upgrade() -> None:
    """Make the table anew and move the entries; on PostgreSQL it is partitioned, the default partition takes them."""
    postgresql = op.get_bind().dialect.name == "postgresql"
    op.drop_index("entry_of_day", "entry")
    op.rename_table("entry", "entry_before")
    if postgresql:
        op.execute("ALTER INDEX entry_pkey RENAME TO entry_before_pkey")
    op.create_table(
        "entry",
        sa.Column("store", sa.Text(), nullable=False),
        sa.Column("epoch", _BIG, autoincrement=False, nullable=False),
        sa.Column("seq", _BIG, autoincrement=False, nullable=False),
        sa.Column("at_ms", _BIG, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("day", sa.Text(), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("received_at_ms", _BIG, nullable=False),
        sa.Column("month", _BIG, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("store", "epoch", "seq", "month"),
        postgresql_partition_by="RANGE (month)",
    )
    op.create_index("entry_of_day", "entry", ["store", "day", "epoch", "seq"], unique=False)
    if postgresql:
        op.execute("CREATE TABLE entry_default PARTITION OF entry DEFAULT")
    month = _MONTH["postgresql" if postgresql else "sqlite"]
    op.execute(f"INSERT INTO entry ({_COLUMNS}, month) SELECT {_COLUMNS}, {month} FROM entry_before")
    op.drop_table("entry_before")
