"""What boxes wish of the payment platforms."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def _big() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "wish_order",
        sa.Column("store", sa.Text(), nullable=False),
        sa.Column("out_trade_no", sa.Text(), nullable=False),
        sa.Column("box", sa.Text(), nullable=False),
        sa.Column("epoch", _big(), nullable=False),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("merchant", sa.Text(), nullable=False),
        sa.Column("amount_fen", _big(), nullable=True),
        sa.Column("taken_by", sa.Text(), nullable=True),
        sa.Column("expires_at_ms", _big(), nullable=True),
        sa.Column("undone_at_ms", _big(), nullable=True),
        sa.Column("begun_at_ms", _big(), nullable=False),
        sa.Column("heard_at_ms", _big(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("transaction", sa.Text(), nullable=True),
        sa.Column("ended_at_ms", _big(), nullable=True),
        sa.Column("kept_until_ms", _big(), nullable=False),
        sa.Column("keep_after_ms", _big(), nullable=False),
        sa.PrimaryKeyConstraint("store", "out_trade_no"),
    )
    op.create_index("wish_order_without_end", "wish_order", ["outcome", "heard_at_ms"], unique=False)
    op.create_table(
        "wish",
        sa.Column("store", sa.Text(), nullable=False),
        sa.Column("out_trade_no", sa.Text(), nullable=False),
        sa.Column("verb", sa.Text(), nullable=False),
        sa.Column("out_refund_no", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("amount_fen", _big(), nullable=True),
        sa.Column("total_fen", _big(), nullable=True),
        sa.Column("begun_at_ms", _big(), nullable=False),
        sa.Column("sending_until_ms", _big(), nullable=False),
        sa.Column("heard_at_ms", _big(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("kept_until_ms", _big(), nullable=False),
        sa.Column("keep_after_ms", _big(), nullable=False),
        sa.PrimaryKeyConstraint("store", "out_trade_no", "verb", "out_refund_no"),
    )
    op.create_index("wish_without_end", "wish", ["outcome", "verb", "heard_at_ms"], unique=False)
    op.create_table(
        "wish_day",
        sa.Column("store", sa.Text(), nullable=False),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("verb", sa.Text(), nullable=False),
        sa.Column("wishes", _big(), nullable=False),
        sa.Column("amount_fen", _big(), nullable=False),
        sa.PrimaryKeyConstraint("store", "day", "verb"),
    )
