"""The deposit slip that a bank line pays, where a person said so."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Add the column."""
    op.add_column("bank_line", sa.Column("slip", sa.Text()))
