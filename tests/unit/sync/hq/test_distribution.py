"""The schema is one that Citus can spread: the store in every unique key, nothing that reaches across stores."""

from pathlib import Path

import pytest
from sqlalchemy import PrimaryKeyConstraint, Table, UniqueConstraint

from agent.core.errors import Refused
from sync.hq.database import Database
from sync.hq.distribution import distribute, distributed_tables, reference_tables, statements
from sync.hq.schema import metadata


@pytest.mark.parametrize("table", metadata.sorted_tables, ids=lambda table: table.name)
def test_every_unique_key_holds_the_store_and_nothing_refers_to_another_table(table: Table) -> None:
    if table.name in reference_tables():
        return
    for constraint in table.constraints:
        if isinstance(constraint, PrimaryKeyConstraint | UniqueConstraint):
            assert next(iter(constraint.columns)).name == "store"
    assert not table.foreign_keys
    assert not [index for index in table.indexes if index.unique]


def test_what_belongs_to_no_store_alone_are_copied_to_every_node() -> None:
    assert reference_tables() == [
        "access_token",
        "enrolment_refusals",
        "job",
        "job_lease",
        "looked_at",
        "person",
        "person_session",
        "release",
        "webhook_endpoint",
    ]
    assert {*distributed_tables(), *reference_tables()} == set(metadata.tables)


def test_the_first_table_leads_and_the_others_lie_beside_it() -> None:
    first, *others = statements(frozenset())
    assert first == "SELECT create_distributed_table('store', 'store', colocate_with => 'none')"
    assert "SELECT create_distributed_table('entry', 'store', colocate_with => 'store')" in others
    assert "SELECT create_reference_table('access_token')" in others


def test_what_was_done_is_not_done_again() -> None:
    assert statements(frozenset(metadata.tables)) == []
    assert len(statements(frozenset({"store", "entry"}))) == len(metadata.tables) - 2


def test_a_database_that_is_no_citus_is_refused_and_left_alone(tmp_path: Path, database_url: str | None) -> None:
    database = Database.open(tmp_path, database_url)
    with pytest.raises(Refused, match=r"hq\.no_citus"), database.write() as connection:
        distribute(connection)
    database.close()
