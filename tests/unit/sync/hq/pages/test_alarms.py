"""The page of alarms: in words, within one's scope, and whether they arrived."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.core.errors import TryLater
from sync.hq.webhooks.alarms import Alarm, tell
from sync.hq.webhooks.endpoints import Endpoint, add_endpoint
from sync.hq.webhooks.sender import send_due
from sync.session import Answer
from tests.unit.sync.hq.pages.office import DAY, NOW_MS, House, opened


@pytest.fixture
def house(tmp_path: Path, database_url: str | None) -> Iterator[House]:
    made = opened(tmp_path, database_url)
    yield made
    made.office.close()


def some_arrive(target: Endpoint, headers: dict[str, str], body: bytes) -> Answer:
    if target.name == "dead":
        raise TryLater("network.unreachable")
    return Answer(204, {}, b"")


def test_alarms_are_said_in_words_and_what_did_not_arrive_is_named(house: House) -> None:
    house.person("全", "auditor")
    house.person("一店", "accountant", ["S001"])
    assert "sent nowhere" in house.browser("全").get("/alarms").text
    with house.office.database.write() as connection:
        for name in ("dead", "well"):
            add_endpoint(connection, name, f"https://{name}.example/?key=s3cret", NOW_MS)
        tell(connection, Alarm.NOT_CLOSED, DAY, {"day": DAY}, NOW_MS, "S001")
        tell(connection, Alarm.DIFFERENCE, "D1", {"day": DAY, "amount_fen": 123_400}, NOW_MS, "@wechat:1230000109")
        tell(connection, Alarm.FORK, "1", {"seq": 7, "reason": "<b>x"}, NOW_MS, "S002")
    send_due(house.office.database, lambda: house.now_ms, some_arrive)
    text = house.browser("全").get("/alarms").text
    for said in ("A store has not closed its day", "¥1234.00", "@wechat:1230000109", "#7", "3 delivered", "3 waiting"):
        assert said in text, said
    assert "dead not arrived yet" in text and "network.unreachable" in text
    assert (
        "well not arrived" not in text and "s3cret" not in text and "<b>x" not in text and "<script>alert" not in text
    )
    assert "门店没有日结" in house.browser("全", "zh-CN").get("/alarms").text
    near = house.browser("一店").get("/alarms").text
    assert "A store has not closed its day" in near and "#7" not in near and "3 delivered" not in near
