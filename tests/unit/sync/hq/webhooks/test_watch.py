"""What nobody sends: a gap that stays, and a store whose yesterday is not in order."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sync.hq import tables
from sync.hq.books.difference_tables import difference
from sync.hq.webhooks.alarms import newest
from sync.hq.webhooks.watch import GAP_AFTER_MS, is_morning, tell_gaps, tell_morning, watch
from tests.unit.sync.hq.pages.office import DAY, NOW_MS, House, opened, sale

DAY_MS = 24 * 3_600_000


@pytest.fixture
def house(tmp_path: Path, database_url: str | None) -> Iterator[House]:
    made = opened(tmp_path, database_url)
    yield made
    made.office.close()


def told(house: House) -> list[tuple[str, str, str]]:
    with house.office.database.read() as connection:
        return sorted((one.store, one.kind.value, one.subject) for one in newest(connection, None, 99))


def test_a_gap_is_told_of_when_it_stands_for_ten_minutes(house: House) -> None:
    with house.office.database.write() as connection:
        for store, seq in (("S001", 1), ("S002", 9)):
            row = {"store": store, "epoch": 1, "code": "upload.gap", "seq": seq, "at_ms": NOW_MS, "detail": "#30"}
            connection.execute(tables.alarm.insert().values(**row))
        assert tell_gaps(connection, NOW_MS + GAP_AFTER_MS - 1) == 0
    house.send("S001")
    with house.office.database.write() as connection:
        assert tell_gaps(connection, NOW_MS + GAP_AFTER_MS) == 1
        assert tell_gaps(connection, NOW_MS + 2 * GAP_AFTER_MS) == 0
    assert told(house) == [("S002", "alarm.gap", "1.9")], "the other one was filled"


def test_gaps_that_were_told_of_keep_none_from_being_told(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sync.hq.webhooks.watch.GAPS_MAX", 1)
    with house.office.database.write() as connection:
        for store in ("S001", "S002"):
            row = {"store": store, "epoch": 1, "code": "upload.gap", "seq": 9, "at_ms": NOW_MS, "detail": "#30"}
            connection.execute(tables.alarm.insert().values(**row))
        assert [tell_gaps(connection, NOW_MS + GAP_AFTER_MS) for _ in range(3)] == [1, 1, 0]
    assert told(house) == [("S001", "alarm.gap", "1.9"), ("S002", "alarm.gap", "1.9")]


def test_a_difference_above_the_limit_is_told_of_once_until_it_is_settled(house: House, tmp_path: Path) -> None:
    row = {"store": "@wechat:1230000109", "bill_day": DAY, "line_class": "platform_only", "owner": "hq", "version": 1}
    row |= {"line_day": DAY, "found_at_ms": NOW_MS, "changed_at_ms": NOW_MS, "found": "{}"}
    with house.office.database.write() as connection:
        for number, state, stake_fen in (("D1", "open", 50_001), ("D2", "settled", 90_000), ("D3", "open", 50_000)):
            values = {**row, "difference": number, "state": state, "stake_fen": stake_fen}
            connection.execute(difference.insert().values(**values))
    (tmp_path / "differences.toml").write_text("second_person_above_fen = 50000\n")
    assert [watch(house.office.database, tmp_path, NOW_MS + minute) for minute in (0, 1)] == [True, False]
    assert told(house) == [("@wechat:1230000109", "alarm.difference", "D1")]


def test_yesterday_is_told_of_once_for_each_store(house: House) -> None:
    house.send("S001", sale(1, 500))
    house.send("S002", ("day.closed", {"day": DAY}))
    morning_ms = NOW_MS + DAY_MS
    house.now_ms = morning_ms
    house.beat("S001", unsent_entries=0)
    house.beat("S002", unsent_entries=0)
    with house.office.database.write() as connection:
        assert tell_morning(connection, morning_ms) == 1
        assert tell_morning(connection, morning_ms + 60_000) == 0
    assert told(house) == [("S001", "alarm.not_closed", DAY)]


@pytest.mark.parametrize(
    ("hour_utc", "minute", "is_one"), [(1, 29, False), (1, 30, True), (3, 59, True), (4, 0, False)]
)
def test_morning_is_chinas(hour_utc: int, minute: int, is_one: bool) -> None:
    assert is_morning((20_000 * 24 + hour_utc) * 3_600_000 + minute * 60_000) is is_one
