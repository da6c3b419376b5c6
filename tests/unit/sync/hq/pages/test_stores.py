"""Overview, store and day: what is at risk stands first, what arrives shows, nothing hostile gets through."""

import csv
import io
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from agent.core.moment import PLATFORM_ZONE, milliseconds
from sync.hq import registry, tables
from sync.hq.pages.overview import SILENT_AFTER_MS, overview
from sync.hq.pages.trade import Trades
from tests.unit.sync.hq.pages.office import ATTEMPT, DAY, NOW_MS, House, attempt_started, opened, sale


@pytest.fixture
def house(tmp_path: Path, database_url: str | None) -> Iterator[House]:
    made = opened(tmp_path, database_url)
    yield made
    made.office.close()


def lines(house: House, stores: list[str] | None = None) -> dict[str, object]:
    with house.office.database.read() as connection:
        return {line.store: line for line in overview(connection, Trades(), house.now_ms, stores)}


def test_a_store_with_money_at_risk_stands_first(house: House) -> None:
    house.beat("S001", unsent_entries=0, unsent_fen=0)
    house.beat("S002", unsent_entries=3, unsent_fen=12_345)
    assert list(lines(house)) == ["S002", "S001"]
    house.send("S001", attempt_started(20_000))
    house.now_ms += 40 * 365 * 24 * 3_600_000
    found = lines(house)
    assert list(found) == ["S001", "S002"], "a payment without an end counts as money at risk"
    assert found["S001"].unknown_fen == 20_000  # type: ignore[attr-defined]


def test_a_payment_that_has_just_begun_is_not_unknown(house: House) -> None:
    house.send("S001", attempt_started())
    with house.office.database.write() as connection:
        connection.execute(tables.platform_order.update().values(started_at_ms=NOW_MS - 30_000))
    assert lines(house)["S001"].unknown == 0  # type: ignore[attr-defined]
    house.now_ms += 120_000
    assert lines(house)["S001"].unknown == 1  # type: ignore[attr-defined]
    house.send("S001", ("attempt.ended", {"attempt": ATTEMPT, "outcome": "paid", "platform": "wechat"}))
    assert lines(house)["S001"].unknown == 0  # type: ignore[attr-defined]


def test_a_day_that_is_over_and_open_is_told_of_until_it_is_closed(house: House) -> None:
    house.send("S001", sale(1, 500))
    line = lines(house)["S001"]
    assert line.open_days == (DAY,)  # type: ignore[attr-defined]
    assert line.late_days == ()  # type: ignore[attr-defined]
    next_day = datetime.fromisoformat(DAY).replace(tzinfo=PLATFORM_ZONE) + timedelta(days=1)
    house.now_ms = milliseconds(next_day + timedelta(hours=4, minutes=59))
    assert lines(house)["S001"].late_days == (), "the day is still on in a shop that trades past midnight"  # type: ignore[attr-defined]
    house.now_ms = milliseconds(next_day + timedelta(hours=5))
    assert lines(house)["S001"].late_days == (DAY,)  # type: ignore[attr-defined]
    house.send("S001", ("day.closed", {"day": DAY}))
    assert lines(house)["S001"].late_days == ()  # type: ignore[attr-defined]


def test_a_box_that_says_nothing_is_silent_after_five_minutes(house: House) -> None:
    house.beat("S001", unsent_entries=0)
    assert not lines(house)["S001"].silent  # type: ignore[attr-defined]
    house.now_ms += SILENT_AFTER_MS + 1
    assert lines(house)["S001"].silent  # type: ignore[attr-defined]


@pytest.mark.parametrize("devices", [None, 7, {"printer": "down"}, {"x" * 500: ["y"] * 500}])
def test_a_hostile_heartbeat_breaks_no_page(house: House, devices: object) -> None:
    house.beat("S001", unsent_entries=-5, unsent_fen="1000000", open_attempts=None, devices=devices)
    house.person("李会计", "accountant")
    browser = house.browser("李会计")
    assert browser.get("/").status_code == browser.get("/stores/S001").status_code == 200


def test_takings_follow_each_entry_and_read_only_what_is_new(house: House) -> None:
    house.person("李会计", "accountant")
    browser = house.browser("李会计")
    house.send("S001", sale(1, 1_234))
    assert "¥12.34" in browser.get("/").text
    house.send("S001", sale(2, 1_000, "wechat"), ("sale.refunded", {**sale(1, 234)[1], "refund": "R1"}))
    for path in ("/", "/stores/S001", f"/stores/S001/days/{DAY}"):
        assert "¥20.00" in browser.get(path).text, path
    text = browser.get("/stores/S001").text
    assert "WeChat Pay" in text and "S001-1-000002" in text


@pytest.mark.parametrize(
    "body",
    [
        {"day": DAY},
        {"day": DAY, "total_fen": "1", "tenders": 5},
        {"day": DAY, "total_fen": 2**53 - 1, "tenders": [None, {"kind": ["x"], "amount_fen": True}]},
        {"day": DAY, "total_fen": 5, "tenders": [{"kind": "<img src=x onerror=alert(1)>", "amount_fen": 5}]},
    ],
)
def test_a_hostile_sale_breaks_no_page_and_injects_nothing(house: House, body: dict[str, object]) -> None:
    house.send(
        "S001",
        ("sale.completed", body),
        ("<b>kind</b>", {"day": DAY, "sale": "<i>x</i>", "code": "<u>", "outcome": ["paid"]}),
    )
    house.person("李会计", "accountant")
    browser = house.browser("李会计")
    for path in ("/", "/stores/S001", f"/stores/S001/days/{DAY}"):
        answer = browser.get(path)
        assert answer.status_code == 200, path
        assert "<img src=x" not in answer.text and "<b>kind</b>" not in answer.text and "<i>x" not in answer.text


def test_names_are_escaped(house: House) -> None:
    house.person("李会计", "accountant")
    for path in ("/", "/stores/S002"):
        text = house.browser("李会计").get(path).text
        assert "<script>alert" not in text
        assert "&lt;script&gt;alert" in text


def test_a_day_names_what_is_outstanding_and_what_platforms_answered(house: House) -> None:
    paid = attempt_started(900, attempt="S001_1_000003_B")
    house.send("S001", attempt_started(), paid, ("attempt.ended", {"attempt": "S001_1_000003_B", "outcome": "paid"}))
    house.person("李会计", "accountant")
    text = house.browser("李会计").get(f"/stores/S001/days/{DAY}").text
    assert f'<span class="code">{ATTEMPT}</span>' in text
    assert "1 outstanding" in text
    assert '<td class="num">9.00</td>' in text
    assert "not closed" in text


def test_the_days_rows_come_as_the_pull_gives_them(house: House) -> None:
    house.send("S001", sale(1, 500), sale(2, 700, "wechat", attempt=ATTEMPT))
    house.person("李会计", "accountant")
    answer = house.browser("李会计").get(f"/stores/S001/days/{DAY}/ledger.csv")
    rows = list(csv.DictReader(io.StringIO(answer.text.lstrip("\ufeff"))))
    assert [(row["tender"], row["amount_fen"], row["state"]) for row in rows] == [
        ("cash", "500", "open"),
        ("wechat", "700", "open"),
    ]
    assert "S001-2026-11-18.csv" in answer.headers["content-disposition"]


def test_a_workbook_of_the_day_opens(house: House, tmp_path: Path) -> None:
    from openpyxl import load_workbook

    house.send("S001", sale(1, 500))
    house.person("李会计", "accountant")
    answer = house.browser("李会计").get(f"/stores/S001/days/{DAY}/ledger.xlsx")
    sheet = load_workbook(io.BytesIO(answer.content)).active
    assert sheet is not None and sheet.max_row == 2


def test_evidence_and_alarms_are_said_in_words(house: House) -> None:
    with house.office.database.write() as connection:
        place = {"store": "S001", "epoch": 1, "at_ms": NOW_MS}
        connection.execute(tables.alarm.insert().values(**place, code="upload.fork", seq=1, detail="sent by <b>B2</b>"))
        connection.execute(
            tables.fork.insert().values(
                store="S001", epoch=1, sha256="ab" * 32, first_seq=1, differs_at=4, box="B2", upload="{}",
                received_at_ms=NOW_MS,
            )
        )  # fmt: skip
    house.person("李会计", "accountant")
    text = house.browser("李会计").get("/stores/S001").text
    assert "A second history of this box was sent" in text and "differs from #4 on" in text
    assert "the chain does not fit" in text and "<b>B2" not in text
    assert "这个盒子送来了另一本账" in house.browser("李会计", "zh-CN").get("/").text


def test_a_store_without_a_box_says_so(house: House) -> None:
    with house.office.database.write() as connection:
        registry.add_store(connection, "S003", "新店", NOW_MS)
    house.person("李会计", "accountant")
    assert "no box yet" in house.browser("李会计").get("/").text
    assert house.browser("李会计").get("/stores/S003").status_code == 200


def test_a_page_that_did_not_change_is_not_sent_again(house: House) -> None:
    house.person("李会计", "accountant")
    browser = house.browser("李会计")
    first = browser.get("/")
    again = browser.get("/", **{"If-None-Match": first.headers["etag"], "X-Storebox-Part": "1"})
    assert (again.status_code, again.content) == (304, b"")
    house.send("S001", sale(1, 500))
    assert browser.get("/", **{"If-None-Match": first.headers["etag"]}).status_code == 200


@pytest.mark.parametrize("path", ["/stores/s", "/stores/S001/days/2026-1-1", "/stores/" + "A" * 99, "/stores/S009"])
def test_what_is_no_page_is_refused_in_words(house: House, path: str) -> None:
    house.person("李会计", "accountant")
    answer = house.browser("李会计").get(path)
    assert answer.status_code in (400, 404)
    assert answer.headers["content-type"].startswith("text/html")
