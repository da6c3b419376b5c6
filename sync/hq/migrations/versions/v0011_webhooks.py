"""Alarms that are told, and where they are sent."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _text(name: str, nullable: bool = False) -> "sa.Column[str]":
    return sa.Column(name, sa.Text(), nullable=nullable)


def _number(name: str, nullable: bool = False) -> "sa.Column[int]":
    return sa.Column(name, _BIG, nullable=nullable)


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "webhook_endpoint",
        *(_text("name"), _text("url"), _text("form"), _text("stores", True), _text("kinds", True)),
        sa.Column("private", sa.Boolean(), nullable=False),
        *(_text("secret"), _number("created_at_ms")),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "alarm_told",
        *(_text("store"), _text("kind"), _text("subject"), _text("body"), _number("at_ms")),
        sa.PrimaryKeyConstraint("store", "kind", "subject"),
    )
    op.create_index("alarm_told_by_time", "alarm_told", ["at_ms"])
    op.create_table(
        "webhook_delivery",
        *(_text("store"), _text("kind"), _text("subject"), _text("endpoint"), _text("state"), _number("tries")),
        *(_number("next_try_ms"), _text("code", True), _number("ended_at_ms", True)),
        sa.PrimaryKeyConstraint("store", "kind", "subject", "endpoint"),
    )
    op.create_index("webhook_delivery_due", "webhook_delivery", ["state", "next_try_ms"])
