"""Days that must be matched or computed again are found without reading all others."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"

_MARKED = sa.text("mark > 0")


def upgrade() -> None:
    """Make the indexes."""
    for table in ("account_day", "store_day"):
        op.create_index(f"{table}_marked", table, ["day", "store"], sqlite_where=_MARKED, postgresql_where=_MARKED)
