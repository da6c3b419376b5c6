"""Commissioning: tokens of two kinds, what became of them, offline packets, self-tests, the sheet of a roll-out."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add to the tokens and make the tables. A token that was given out before may do what it could then."""
    for column in (
        sa.Column("mode", sa.Text(), nullable=False, server_default="new"),
        sa.Column("short_sha256", sa.Text()),
        sa.Column("made_by", sa.Text(), nullable=False, server_default=""),
        sa.Column("reason", sa.Text(), nullable=False, server_default=""),
        sa.Column("used_at_ms", _BIG),
    ):
        op.add_column("enrolment_token", column)
    op.execute("UPDATE enrolment_token SET mode = 'replace'")
    _outcomes_and_packets()
    _reports_and_plans()


def _outcomes_and_packets() -> None:
    op.create_table(
        "enrolment_outcome",
        sa.Column("store", sa.Text(), nullable=False),
        sa.Column("at_ms", _BIG, nullable=False),
        sa.Column("public_key", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("box", sa.Text(), nullable=False),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("typed", sa.Boolean(), nullable=False),
        sa.Column("epoch", _BIG),
        sa.PrimaryKeyConstraint("store", "at_ms", "public_key", "code"),
    )
    op.create_table(
        "enrolment_packet",
        sa.Column("store", sa.Text(), nullable=False),
        sa.Column("packet", sa.Text(), nullable=False),
        sa.Column("box", sa.Text(), nullable=False),
        sa.Column("epoch", _BIG, nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("made_at_ms", _BIG, nullable=False),
        sa.Column("expires_at_ms", _BIG, nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("used_by_key", sa.Text()),
        sa.Column("opened_at_ms", _BIG),
        sa.Column("used_at_ms", _BIG),
        sa.PrimaryKeyConstraint("store", "packet"),
    )
    op.create_index("enrolment_packet_of_epoch", "enrolment_packet", ["store", "epoch"])


def _reports_and_plans() -> None:
    op.create_table(
        "box_report",
        sa.Column("store", sa.Text(), nullable=False),
        sa.Column("epoch", _BIG, nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("received_at_ms", _BIG, nullable=False),
        sa.Column("closed_loop", sa.Boolean(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("store", "epoch", "sha256"),
    )
    op.create_table(
        "rollout_store",
        sa.Column("store", sa.Text(), nullable=False),
        sa.Column("tills", _BIG, nullable=False),
        sa.Column("technician", sa.Text(), nullable=False),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("network", sa.Text(), nullable=False),
        sa.Column("imported_at_ms", _BIG, nullable=False),
        sa.PrimaryKeyConstraint("store"),
    )
