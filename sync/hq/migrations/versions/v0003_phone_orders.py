"""Orders that customers pay on their own phones."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def _big() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "phone_order",
        sa.Column("store", sa.Text(), nullable=False),
        sa.Column("out_trade_no", sa.Text(), nullable=False),
        sa.Column("box", sa.Text(), nullable=False),
        sa.Column("epoch", _big(), nullable=False),
        sa.Column("amount_fen", _big(), nullable=False),
        sa.Column("issued_at_ms", _big(), nullable=False),
        sa.Column("expires_at_ms", _big(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("wanted_closed", _big(), nullable=False),
        sa.Column("wallet", sa.Text(), nullable=True),
        sa.Column("way", sa.Text(), nullable=True),
        sa.Column("payer", sa.Text(), nullable=True),
        sa.Column("offer", sa.Text(), nullable=True),
        sa.Column("sending_until_ms", _big(), nullable=False),
        sa.Column("spent", sa.Text(), nullable=False),
        sa.Column("transaction", sa.Text(), nullable=True),
        sa.Column("paid_at_ms", _big(), nullable=True),
        sa.Column("platform_discount_fen", _big(), nullable=False),
        sa.Column("merchant_discount_fen", _big(), nullable=False),
        sa.PrimaryKeyConstraint("store", "out_trade_no"),
    )
