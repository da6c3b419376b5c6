"""Signed documents for boxes, what boxes did with them, and the diagnostics bundles that they send."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0017"

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "directive",
        sa.Column("store", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("version", _BIG, autoincrement=False, nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("effective_ms", _BIG, nullable=False),
        sa.Column("made_at_ms", _BIG, nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("store", "kind", "version"),
        sa.UniqueConstraint("store", "kind", "subject", name="directive_subject"),
    )
    op.create_index("directive_made", "directive", ["made_at_ms", "store"])
    op.create_table(
        "directive_answer",
        sa.Column("store", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("version", _BIG, autoincrement=False, nullable=False),
        sa.Column("epoch", _BIG, nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("code", sa.Text()),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("at_ms", _BIG, nullable=False),
        sa.Column("received_at_ms", _BIG, nullable=False),
        sa.Column("signature", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("store", "kind", "version"),
    )
    op.create_table(
        "box_bundle",
        sa.Column("store", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("box", sa.Text(), nullable=False),
        sa.Column("epoch", _BIG, nullable=False),
        sa.Column("received_at_ms", _BIG, nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("store", "sha256"),
    )
