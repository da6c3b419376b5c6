"""Differences that matching left, and who answers for them."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _text(name: str, nullable: bool = False) -> "sa.Column[str]":
    return sa.Column(name, sa.Text(), nullable=nullable)


def _number(name: str) -> "sa.Column[int]":
    return sa.Column(name, _BIG, nullable=False)


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "difference",
        *(_text("store"), _text("difference"), _text("bill_day"), _text("state"), _text("line_class"), _text("owner")),
        *(_number("stake_fen"), _text("line_store", True), _text("line_day")),
        *(_text(name, True) for name in ("assigned_store", "assigned_day", "assigned_person")),
        *(_text(name, True) for name in ("settlement", "reason", "settled_by", "approved_by")),
        *(_number("version"), _number("found_at_ms"), _number("changed_at_ms"), _text("found")),
        sa.PrimaryKeyConstraint("store", "difference"),
    )
    op.create_index("difference_by_number", "difference", ["difference"])
    op.create_index("difference_of_bill", "difference", ["store", "bill_day", "state"])
    op.create_index("difference_of_line", "difference", ["line_store", "line_day", "state"])
    op.create_index("difference_of_assigned", "difference", ["assigned_store", "assigned_day", "state"])
    op.create_index("difference_by_state", "difference", ["state", "stake_fen"])
