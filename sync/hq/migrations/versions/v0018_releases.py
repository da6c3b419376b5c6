"""Releases: bundles, rings of stores, what boxes run, permits to go back."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0019"

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "release",
        sa.Column("sequence", _BIG, autoincrement=False, nullable=False),
        sa.Column("arch", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("size", _BIG, nullable=False),
        sa.Column("min_from", _BIG, nullable=False),
        sa.Column("not_after", sa.Text()),
        sa.Column("ring", _BIG, nullable=False),
        sa.Column("added_at_ms", _BIG, nullable=False),
        sa.Column("added_by", sa.Text(), nullable=False),
        sa.Column("paused_at_ms", _BIG),
        sa.Column("paused_reason", sa.Text()),
        sa.PrimaryKeyConstraint("sequence", "arch"),
    )
    op.create_table(
        "store_ring",
        sa.Column("store", sa.Text(), nullable=False),
        sa.Column("ring", _BIG, nullable=False),
        sa.PrimaryKeyConstraint("store"),
    )
    op.create_table(
        "box_release",
        sa.Column("store", sa.Text(), nullable=False),
        sa.Column("box", sa.Text(), nullable=False),
        sa.Column("epoch", _BIG, nullable=False),
        sa.Column("sequence", _BIG, nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("arch", sa.Text(), nullable=False),
        sa.Column("turned_away", _BIG),
        sa.Column("asked_at_ms", _BIG, nullable=False),
        sa.PrimaryKeyConstraint("store"),
    )
    op.create_table(
        "release_permit",
        sa.Column("store", sa.Text(), nullable=False),
        sa.Column("sequence", _BIG, nullable=False),
        sa.Column("below", _BIG, nullable=False),
        sa.Column("made_at_ms", _BIG, nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("store"),
    )
