"""Tables of alarms and of where they are sent.

`told.store` is a store's id, or the book that an alarm is about (`@platform:merchant`). An endpoint is of no store:
small, the same on every node.
"""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, Table, Text

from sync.hq.tables import metadata

_Big = BigInteger().with_variant(Integer, "sqlite")

endpoint = Table(
    "webhook_endpoint",
    metadata,
    Column("name", Text, primary_key=True),
    Column("url", Text, nullable=False),
    Column("form", Text, nullable=False),
    Column("stores", Text),
    Column("kinds", Text),
    Column("private", Boolean, nullable=False),
    Column("secret", Text, nullable=False),
    Column("created_at_ms", _Big, nullable=False),
)
"""`stores` and `kinds` with commas between, null for all; `private`: may lie in a network of our own."""

told = Table(
    "alarm_told",
    metadata,
    Column("store", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("body", Text, nullable=False),
    Column("at_ms", _Big, nullable=False),
    Index("alarm_told_by_time", "at_ms"),
)
"""An alarm, once for each subject; `body` are its values."""

delivery = Table(
    "webhook_delivery",
    metadata,
    Column("store", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("endpoint", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("tries", _Big, nullable=False),
    Column("next_try_ms", _Big, nullable=False),
    Column("code", Text),
    Column("ended_at_ms", _Big),
    Index("webhook_delivery_due", "state", "next_try_ms"),
)
"""An alarm on its way to an endpoint; `code` is why the last try did not succeed."""
