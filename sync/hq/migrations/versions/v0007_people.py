"""Persons and their sessions."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "person",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("stores", sa.Text(), nullable=True),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("must_change", sa.Boolean(), nullable=False),
        sa.Column("failures", _BIG, nullable=False),
        sa.Column("locked_until_ms", _BIG, nullable=False),
        sa.Column("created_at_ms", _BIG, nullable=False),
        sa.Column("disabled_at_ms", _BIG, nullable=True),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "person_session",
        sa.Column("token_sha256", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("begun_at_ms", _BIG, nullable=False),
        sa.Column("seen_at_ms", _BIG, nullable=False),
        sa.PrimaryKeyConstraint("token_sha256"),
    )
