"""All of headquarters' tables in one place, for migrations, comparison and distribution."""

from sync.hq.books import bill_tables, difference_tables, money_tables
from sync.hq.books import tables as books_tables
from sync.hq.commissioning import tables as commissioning_tables
from sync.hq.directives import tables as directives_tables
from sync.hq.people import tables as people_tables
from sync.hq.releases import tables as release_tables
from sync.hq.tables import metadata
from sync.hq.webhooks import tables as webhook_tables

__all__ = [
    "bill_tables",
    "books_tables",
    "commissioning_tables",
    "difference_tables",
    "directives_tables",
    "metadata",
    "money_tables",
    "people_tables",
    "release_tables",
    "webhook_tables",
]
