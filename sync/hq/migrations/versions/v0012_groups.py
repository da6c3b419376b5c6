"""Groups of stores."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "store_group",
        sa.Column("store", sa.Text(), nullable=False),
        sa.Column("group_name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("store", "group_name"),
    )
    op.create_index("store_group_by_name", "store_group", ["group_name", "store"])
