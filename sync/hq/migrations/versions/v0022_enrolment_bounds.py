"""Enrolment: refusals are counted by address and in all; an unused token can be withdrawn, by whom and why is kept."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0020"

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the table, and room for who withdrew a token."""
    op.create_table(
        "enrolment_refusals",
        sa.Column("scope", sa.Text(), primary_key=True),
        sa.Column("began_ms", _BIG, primary_key=True, autoincrement=False),
        sa.Column("refusals", _BIG, nullable=False),
    )
    for column in (
        sa.Column("withdrawn_at_ms", _BIG),
        sa.Column("withdrawn_by", sa.Text()),
        sa.Column("withdrawn_reason", sa.Text()),
    ):
        op.add_column("enrolment_token", column)
