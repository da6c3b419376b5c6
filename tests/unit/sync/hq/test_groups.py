"""Groups of stores: who is in, who may read them, and what is refused."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection

from agent.core.errors import Credentials, Refused
from sync.hq import registry
from sync.hq.database import Database
from sync.hq.groups import add_to_group, chosen_stores, groups, remove_from_group
from sync.hq.pull_dates import moment, platform_day


@pytest.fixture
def connection(tmp_path: Path, database_url: str | None) -> Iterator[Connection]:
    database = Database.open(tmp_path, database_url)
    with database.write() as opened:
        for store in ("S003", "S001", "S002"):
            registry.add_store(opened, store, store, 0)
        yield opened
    database.close()


def test_a_group_lives_as_long_as_it_has_stores(connection: Connection) -> None:
    add_to_group(connection, "华北", ["S002", "S001"])
    add_to_group(connection, "华北", ["S001"])
    add_to_group(connection, "brand", ["S001"])
    assert groups(connection) == {"brand": ["S001"], "华北": ["S001", "S002"]}
    assert chosen_stores(connection, None, "华北", None) == ["S001", "S002"]
    remove_from_group(connection, "华北", ["S001", "S003"])
    remove_from_group(connection, "brand", ["S001"])
    assert groups(connection) == {"华北": ["S002"]}
    with pytest.raises(Refused, match=r"store\.group_unknown"):
        remove_from_group(connection, "brand", ["S001"])


def test_what_is_no_group_is_refused_and_changes_nothing(connection: Connection) -> None:
    for name in ("", " a", "x" * 41, "a\nb"):
        with pytest.raises(Refused, match=r"store\.bad_group"):
            add_to_group(connection, name, ["S001"])
    with pytest.raises(Refused, match=r"store\.unknown"):
        add_to_group(connection, "north", ["S001", "S009"])
    assert groups(connection) == {}
    with pytest.raises(Refused, match=r"store\.group_unknown"):
        chosen_stores(connection, None, "north", None)


def test_a_reader_sees_of_a_group_what_he_may(connection: Connection) -> None:
    add_to_group(connection, "north", ["S001", "S002"])
    assert chosen_stores(connection, None, "north", frozenset({"S002", "S003"})) == ["S002"]
    assert chosen_stores(connection, "S003", "north", None) == []
    assert chosen_stores(connection, None, None, None) == ["S001", "S002", "S003"]
    for store, group in (("S001", None), ("S009", None), (None, "north")):
        with pytest.raises(Credentials, match=r"access\.not_this_store"):
            chosen_stores(connection, store, group, frozenset({"S003"}))


def test_moments_that_no_calendar_holds_have_no_date() -> None:
    assert moment(1_791_000_000_999) == "2026-10-03T12:00:00+08:00"
    assert (moment(0), platform_day(0)) == ("1970-01-01T08:00:00+08:00", "1970-01-01")
    for at_ms in (10**17, -(10**17), 253_402_300_800_000):
        assert (moment(at_ms), platform_day(at_ms)) == (None, None)
