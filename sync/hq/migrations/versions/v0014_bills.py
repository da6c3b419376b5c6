"""Bills, days of merchant accounts and of stores, fees, jobs. The jobs read what is here already from the beginning."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _text(name: str, nullable: bool = False) -> "sa.Column[str]":
    return sa.Column(name, sa.Text(), nullable=nullable)


def _number(name: str, nullable: bool = False) -> "sa.Column[int]":
    return sa.Column(name, _BIG, nullable=nullable)


def upgrade() -> None:
    """Make the tables."""
    _make_bills()
    _make_days()
    _make_jobs()


def _make_bills() -> None:
    op.create_table(
        "bill",
        *(_text("store"), _text("day"), _text("kind"), _number("version")),
        *(_text("sha256"), _text("form"), _number("bytes"), _text("source"), _text("actor"), _number("at_ms")),
        sa.PrimaryKeyConstraint("store", "day", "kind", "version"),
    )
    op.create_table(
        "account_day",
        *(_text("store"), _text("day"), _text("bill_state"), _number("tries"), _number("next_fetch_ms")),
        *(_text("fetch_code", True), _number("mark"), _number("again_at_ms", True), _text("matched", True)),
        *(_number("matched_at_ms", True), _text("refused", True), _text("payout", True), _text("payout_line", True)),
        sa.PrimaryKeyConstraint("store", "day"),
    )
    op.create_index("account_day_by_day", "account_day", ["day"])
    op.create_table(
        "fee_contract",
        *(_text("store"), _text("method"), _text("first_day"), _text("last_day", True)),
        *(_number("rate_ppm"), _text("rounding"), sa.Column("gives_back", sa.Boolean(), nullable=False)),
        sa.PrimaryKeyConstraint("store", "method", "first_day"),
    )


def _make_days() -> None:
    op.create_table(
        "store_account_day",
        *(_text("store"), _text("day"), _text("account"), _text("platform_day")),
        sa.PrimaryKeyConstraint("store", "day", "account", "platform_day"),
    )
    op.create_index("store_account_day_of_account", "store_account_day", ["account", "platform_day"])
    op.create_table(
        "outstanding",
        *(_text("store"), _text("kind"), _text("number"), _text("day"), _number("amount_fen"), _text("source")),
        sa.PrimaryKeyConstraint("store", "kind", "number"),
    )
    op.create_index("outstanding_of_day", "outstanding", ["store", "day"])
    op.create_index("outstanding_of_source", "outstanding", ["source"])
    op.create_table(
        "store_day",
        *(_text("store"), _text("day"), _text("state"), _text("reasons")),
        *(_number("addenda"), _number("late"), _number("mark"), _number("at_ms")),
        sa.PrimaryKeyConstraint("store", "day"),
    )
    op.create_index("store_day_by_day", "store_day", ["day", "state"])
    op.create_table(
        "store_cash",
        *(_text("store"), _number("slips_fen"), _text("missing")),
        sa.PrimaryKeyConstraint("store"),
    )


def _make_jobs() -> None:
    op.create_table(
        "seen_entry",
        *(_text("store"), _number("epoch"), _number("next_seq")),
        sa.PrimaryKeyConstraint("store", "epoch"),
    )
    op.create_table(
        "job",
        *(_text("name"), _number("next_at_ms"), _number("began_at_ms"), _number("ended_at_ms", True)),
        *(_number("failures"), _text("code", True), _text("detail")),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table("looked_at", _text("what"), _text("seen"), sa.PrimaryKeyConstraint("what"))
    op.create_table(
        "job_lease", *(_text("name"), _text("holder"), _number("until_ms")), sa.PrimaryKeyConstraint("name")
    )
