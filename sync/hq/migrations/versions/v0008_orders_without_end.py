"""Orders without an end by store, for pages that ask for them each second."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Make the index."""
    without_end = sa.text("outcome IS NULL")
    op.create_index(
        "platform_order_without_end",
        "platform_order",
        ["store", "started_at_ms"],
        sqlite_where=without_end,
        postgresql_where=without_end,
    )
