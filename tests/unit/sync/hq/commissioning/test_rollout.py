"""A store's way from the sheet to its first sale, on the page and as data; reports of self-tests."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from agent.core.canonical import canonical_bytes
from agent.core.chain import Identity
from agent.core.moment import platform_day
from agent.core.signing import SIGNATURE_HEADER, request_header, request_message
from sync.hq import registry
from sync.hq.app import create_app
from sync.hq.commissioning.enrolling import enrol
from sync.hq.commissioning.outcomes import Asking
from sync.hq.commissioning.planning import import_sheet
from sync.hq.commissioning.reports import REPORTS_KEPT, keep_report, newest_report, parsed_report
from sync.hq.commissioning.rollout import FirstSales, Progress, Show, Stage, progress
from sync.hq.commissioning.tokens import make_token
from sync.keys import FileKey
from tests.unit.sync.fakes import new_key
from tests.unit.sync.hq.pages.office import NOW_MS, House, opened, sale

DAY_MS = 24 * 3_600_000
REPORT: Mapping[str, Any] = {
    "printers": [{"till": "1", "url": "usb:0416:5011", "profile": "pos80", "model": "XP-80"}],
    "scanners": [{"name": "scanner", "title": "Honeywell 1470g"}],
    "tills": {"1": {"printer": "usb:0416:5011", "scanner": "hid:/dev/input/event3"}},
    "print_ms": {"1": 812},
    "scan_ms": {"1": 4300},
    "versions": {"storebox": "0.1.0"},
    "alphabet": "base32",
}


@pytest.fixture
def house(tmp_path: Path, database_url: str | None) -> Iterator[House]:
    made = opened(tmp_path, database_url)
    yield made
    made.office.close()


def row_of(house: House, store: str, show: Show = Show.OPEN) -> Progress | None:
    with house.office.database.read() as connection:
        rows = progress(connection, FirstSales(), None, house.now_ms, show)
    return next((row for row in rows if row.store == store), None)


def stage(house: House, store: str) -> Stage:
    row = row_of(house, store)
    assert row is not None
    return row.stage


def planned(house: House, store: str = "A001") -> None:
    today = platform_day(house.now_ms).isoformat()
    sheet = f"store,name,tills,technician,day\n{store},人民路店,1,小王,{today}\n"
    with house.office.database.write() as connection:
        import_sheet(connection, sheet.encode(), "小刘", house.now_ms)


def enrolled(house: House, store: str = "A001") -> FileKey:
    key = new_key()
    with house.office.database.write() as connection:
        token = make_token(connection, store, "小刘", house.now_ms).token
        assert enrol(connection, Asking(store, "B1", key.public_key, "192.0.2.7"), token, [], house.now_ms).epoch == 1
    house.boxes[store] = (Identity(store, "B1", 1), key, [("box.enrolled", body_of(store, key))])
    return key


def body_of(store: str, key: FileKey) -> Mapping[str, object]:
    return {"store": store, "box": "B1", "epoch": 1, "public_key": key.public_key.hex(), "previous": None}


def sent_report(house: House, store: str, key: FileKey, report: object) -> Any:
    identity, target = Identity(store, "B1", 1), "/v1/boxes/B1/report"
    body = canonical_bytes({"report": report})
    header = request_header(identity, key.sign(request_message(identity, "POST", target, body)))
    return TestClient(create_app(house.office)).post(target, content=body, headers={SIGNATURE_HEADER: header})


def test_each_step_of_a_store_is_seen(house: House) -> None:
    planned(house)
    assert stage(house, "A001") is Stage.PLANNED
    with house.office.database.write() as connection:
        make_token(connection, "A001", "小刘", house.now_ms)
    assert stage(house, "A001") is Stage.CODE_MADE
    key = enrolled(house)
    assert stage(house, "A001") is Stage.ENROLLED
    assert sent_report(house, "A001", key, {**REPORT, "scan_ms": {}}).json() == {"closed_loop": False}
    assert stage(house, "A001") is Stage.ENROLLED, "printed is not scanned back"
    house.now_ms += 1
    assert sent_report(house, "A001", key, REPORT).json() == {"closed_loop": True}
    assert sent_report(house, "A001", key, REPORT).json() == {"closed_loop": True}, "an answer was lost"
    assert stage(house, "A001") is Stage.TESTED
    house.send("A001", sale(1, 500))
    row = row_of(house, "A001")
    assert row is not None and row.stage is Stage.SELLING and row.first_sale_at_ms is not None
    assert (row.technician, row.tills_tested, row.planned_tills) == ("小王", 1, 1)
    assert row.data()["stage"] == "selling"


def test_a_box_that_sells_without_a_test_is_not_green(house: House) -> None:
    house.send("S001", sale(1, 500))
    row = row_of(house, "S001")
    assert row is not None and row.stage is Stage.ENROLLED and row.first_sale_at_ms is not None


def test_today_is_whose_turn_it_is_and_what_happened_today(house: House) -> None:
    planned(house)
    assert row_of(house, "A001", Show.TODAY) is not None
    house.now_ms += 2 * DAY_MS
    assert row_of(house, "A001", Show.TODAY) is None and row_of(house, "S001", Show.TODAY) is None
    enrolled(house)
    assert row_of(house, "A001", Show.TODAY) is not None
    house.now_ms += 30 * DAY_MS
    assert row_of(house, "A001") is None and row_of(house, "S001") is None, "rolled out long ago"
    assert row_of(house, "A001", Show.ALL) is not None
    planned(house, "A002")
    house.now_ms += 300 * DAY_MS
    assert row_of(house, "A002") is not None, "its box is still awaited"


def test_a_report_is_its_boxs_and_of_a_size(house: House) -> None:
    planned(house)
    key = enrolled(house)
    assert sent_report(house, "A001", new_key(), REPORT).status_code == 401
    for wrong in (None, [], "x", {"x": "y" * 70_000}):
        answer = sent_report(house, "A001", key, wrong)
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "report.malformed")
    with house.office.database.write() as connection:
        for number in range(REPORTS_KEPT + 3):
            keep_report(connection, Identity("A001", "B1", 1), {**REPORT, "n": number}, NOW_MS + number)
        assert connection.exec_driver_sql("SELECT count(*) FROM box_report").scalar() == REPORTS_KEPT
        newest = newest_report(connection, "A001", 1)
    assert newest is not None and newest.received_at_ms == NOW_MS + REPORTS_KEPT + 2


@pytest.mark.parametrize(
    "odd",
    [
        {},
        {"tills": {}},
        {"tills": []},
        {"tills": {"1": None}, "print_ms": {"1": "5"}, "scan_ms": {"1": 5}},
        {"tills": {"1": 1, "2": 1}, "print_ms": {"1": 5, "2": 5}, "scan_ms": {"1": 5}},
        {"tills": {"1": 1}, "print_ms": {"1": -1}, "scan_ms": {"1": 5}},
        {"tills": {"1": 1}, "print_ms": {"1": True}, "scan_ms": {"1": 5}},
        {"tills": 7, "printers": 7, "scanners": ["x"], "versions": [], "print_ms": [], "alphabet": 5},
    ],
)
def test_what_is_not_proved_is_not_green(odd: Mapping[str, Any]) -> None:
    assert not parsed_report(odd, 0).closed_loop


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_the_pages_show_it_to_the_fleet_alone(house: House, language: str) -> None:
    house.person("设备", "fleet")
    house.person("会计", "accountant")
    planned(house)
    sent_report(house, "A001", enrolled(house), REPORT)
    browser = house.browser("设备", language)
    words = ("printed and scanned back", "Roll-out") if language == "en" else ("打出来扫回来了", "铺店")
    store = browser.get("/stores/A001").text
    assert words[0] in store and "XP-80" in store and "Honeywell 1470g" in store
    for show in Show:
        page = browser.get(f"/rollout?show={show.value}")
        assert page.status_code == 200 and "人民路店" in page.text and words[1] in page.text
    assert "alert(1)</script>" not in browser.get("/rollout?show=all").text.replace(
        "&lt;script&gt;alert(1)&lt;/script&gt;", ""
    )
    assert browser.get("/rollout?show=nonsense").status_code == 400
    assert house.browser("会计").get("/rollout").status_code == 403


def test_programs_read_the_same(house: House) -> None:
    planned(house)
    with house.office.database.write() as connection:
        token = registry.make_access_token(connection, "board", ["A001"], NOW_MS)
    client = TestClient(create_app(house.office))
    answer = client.get("/v1/rollout?show=all", headers={"Authorization": f"Bearer {token}"})
    assert [(row["store"], row["stage"]) for row in answer.json()["stores"]] == [("A001", "planned")]
    assert client.get("/v1/rollout").status_code == 401


DRILL: Mapping[str, Any] = {
    "at_ms": NOW_MS,
    "passed": True,
    "steps": {"wan": {"state": "passed", "code": None}, "platform": {"state": "left_out", "code": None}},
}


def test_a_drill_in_the_report_stands_on_the_stores_page(house: House) -> None:
    house.person("设备", "fleet")
    browser = house.browser("设备")
    failed = {**DRILL, "passed": False, "steps": {"scanner": {"state": "failed", "code": "drill.not_back"}}}
    for number, (drill, words) in enumerate(((DRILL, "left out: platform late"), (failed, "scanner unplugged"))):
        with house.office.database.write() as connection:
            found = keep_report(connection, Identity("S001", "B1", 1), {**REPORT, "drill": drill}, NOW_MS + number)
        assert found.closed_loop and found.drill is not None
        assert found.drill.passed is (drill is DRILL)
        page = browser.get("/stores/S001").text
        assert 'id="drill"' in page and words in page


@pytest.mark.parametrize(
    "drill",
    [None, [], {}, {"at_ms": 10**20, "steps": {}}, {"at_ms": True, "steps": {}}, {"at_ms": 1, "steps": [1]}],
)
def test_a_drill_of_another_shape_is_none(drill: object) -> None:
    assert parsed_report({**REPORT, "drill": drill}, NOW_MS).drill is None


def test_a_drill_that_calls_itself_passed_is_judged_by_its_steps() -> None:
    for steps in ({}, {"wan": {"state": "failed"}}, {"wan": {"state": "left_out"}}, {"wan": "passed"}):
        found = parsed_report({**REPORT, "drill": {**DRILL, "steps": steps}}, NOW_MS).drill
        assert found is not None and not found.passed
