"""From one PostgreSQL to a Citus cluster: the same tables, spread by store, the rest copied to every node.

Citus wants the distribution column in every unique key and in every query that should go to one node
(docs.citusdata.com, "Table Management"); every key of ours begins with the store, and no table refers to another.
"""

from sqlalchemy import Connection

from agent.core.errors import Refused
from sync.hq.schema import metadata

DISTRIBUTION_COLUMN = "store"
COLOCATED_WITH = "store"
"""The table whose shards all others follow, so that a store's rows of every table lie on one node."""


def distributed_tables() -> list[str]:
    """Return the tables that are spread by store, the one first that the others are co-located with."""
    names = [table.name for table in metadata.sorted_tables if DISTRIBUTION_COLUMN in table.primary_key.columns]
    return [COLOCATED_WITH, *(name for name in names if name != COLOCATED_WITH)]


def reference_tables() -> list[str]:
    """Return the small tables without a store, of which every node has a copy."""
    return [table.name for table in metadata.sorted_tables if DISTRIBUTION_COLUMN not in table.primary_key.columns]


def statements(done: frozenset[str]) -> list[str]:
    """Return what makes the tables that are not in `done` distributed, in the order in which it must run."""
    wanted = []
    for name in distributed_tables():
        near = "none" if name == COLOCATED_WITH else COLOCATED_WITH
        call = f"SELECT create_distributed_table('{name}', '{DISTRIBUTION_COLUMN}', colocate_with => '{near}')"
        wanted.append((name, call))
    wanted += [(name, f"SELECT create_reference_table('{name}')") for name in reference_tables()]
    return [call for name, call in wanted if name not in done]


def distribute(connection: Connection) -> list[str]:
    """Spread the tables over a Citus cluster; again, it does what is left. Returns what was done.

    Refuses with `hq.no_citus` on any other database. Rows that are there already are moved by Citus.
    """
    if connection.dialect.name != "postgresql" or not _has_citus(connection):
        raise Refused("hq.no_citus")
    rows = connection.exec_driver_sql("SELECT logicalrelid::text FROM pg_dist_partition")
    todo = statements(frozenset(row[0] for row in rows))
    for statement in todo:
        connection.exec_driver_sql(statement)
    return todo


def _has_citus(connection: Connection) -> bool:
    return connection.exec_driver_sql("SELECT 1 FROM pg_extension WHERE extname = 'citus'").first() is not None
