"""What a replaced box needs to sell is found without reading all its history; what came late is marked."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0018"

_Big = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_FOR_SELLING = sa.text("kind IN ('pass.accepted','day.opened','day.closed','shift.opened','shift.closed')")


def upgrade() -> None:
    """Make the table and the index."""
    op.create_table(
        "late_run",
        sa.Column("store", sa.Text, primary_key=True),
        sa.Column("epoch", _Big, primary_key=True, autoincrement=False),
        sa.Column("first_seq", _Big, primary_key=True, autoincrement=False),
        sa.Column("last_seq", _Big, nullable=False),
        sa.Column("brought_by", _Big, nullable=False),
        sa.Column("at_ms", _Big, nullable=False),
    )
    op.create_table(
        "retirement",
        sa.Column("store", sa.Text, primary_key=True),
        sa.Column("epoch", _Big, primary_key=True, autoincrement=False),
        sa.Column("at_ms", _Big, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
    )
    op.create_index(
        "entry_for_selling",
        "entry",
        ["store", "epoch", "seq"],
        sqlite_where=_FOR_SELLING,
        postgresql_where=_FOR_SELLING,
    )
