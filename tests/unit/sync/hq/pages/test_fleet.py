"""The fleet's page: who may see it, in which order, what a box can be asked for, and what stands in the books."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.core.directives import Kind
from agent.core.verbs import Verb
from sync.hq.books.notes import notes_of
from sync.hq.directives import bundles, down
from sync.hq.directives.listing import listed
from sync.hq.pages import words
from tests.unit.sync.hq.pages.office import NOW_MS, House, opened

DAY_MS = 24 * 3600 * 1000
STANDING = {
    "disk_free_mib": 512,
    "last_seq": 1,
    "sealed_ms": NOW_MS - 4 * DAY_MS,
    "oldest_unsent_ms": NOW_MS - 600_000,
    "verified_ms": NOW_MS,
    "verified_good": True,
    "self_test_ms": None,
    "unclean_boots": 7,
}


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = opened(tmp_path, None)
    made.person("队长", "fleet")
    yield made
    made.office.close()


@pytest.fixture
def any_house(tmp_path: Path, database_url: str | None) -> Iterator[House]:
    """The same on each database: answers, bundles and documents are written by its own words."""
    made = opened(tmp_path, database_url)
    made.person("队长", "fleet")
    yield made
    made.office.close()


def test_only_the_fleets_people_see_it(house: House) -> None:
    for role in ("accountant", "lead_accountant", "auditor"):
        house.person(role, role)
        browser = house.browser(role)
        assert browser.get("/fleet").status_code == 403, role
        assert "/fleet" not in browser.get("/").text
        assert browser.act("/fleet/S001/verbs", verb="restart", reason="just so").status_code == 403
    assert house.browser().get("/fleet").status_code in (303, 401)
    house.person("一店", "fleet", ["S001"])
    near = house.browser("一店")
    assert "S002" not in near.get("/fleet").text
    assert near.get("/fleet/S002").status_code == 403
    assert near.act("/fleet/S002/verbs", verb="examine", reason="not mine").status_code == 403


def test_boxes_stand_by_money_at_risk_and_say_how_they_are(house: House) -> None:
    said = {"unsent_entries": 3, "version": "0.1.0", "devices": {"receipt1": "down"}, "standing": STANDING}
    house.beat("S001", unsent_fen=100, **said)
    house.beat("S002", unsent_fen=990_000, unsent_entries=1, version="<b>x", devices={"a": "ok"}, standing="junk")
    browser = house.browser("队长")
    text = browser.get("/fleet").text
    assert text.index("S002") < text.index("S001")
    row = text[text.index('data-store="S001"') :]
    for told in ("receipt1 does not work", "disk 512 MiB", "4 days", "10 minutes", "7", "never", "0.1.0", "epoch 1"):
        assert told in row, told
    assert "<b>x" not in text
    assert "断电次数" in house.browser("队长", "zh-CN").get("/fleet").text


def test_a_box_is_asked_with_a_reason_and_the_answer_is_shown_and_noted(any_house: House) -> None:
    house = any_house
    browser = house.browser("队长")
    assert browser.act("/fleet/S001/verbs", verb="examine", reason="打印机慢").status_code == 303
    with house.office.database.read() as connection:
        (order,) = listed(connection, "S001", Kind.VERB)
        (note,) = [one for one in notes_of(connection, "S001") if one.kind == "verb.asked"]
    body = json.loads(order.body)
    assert (body["verb"], body["asked_by"], body["reason"]) == ("examine", "队长", "打印机慢")
    assert (note.actor, note.body["reason"], note.subject) == ("队长", "打印机慢", f"verb {order.version}")
    assert "no answer yet" in browser.get("/fleet/S001").text
    answer = {
        "kind": "verb",
        "version": order.version,
        "outcome": "done",
        "code": None,
        "at_ms": NOW_MS,
        "detail": {"examined": 12, "findings": [{"name": "clock", "state": "fail", "code": "<i>bad"}]},
    }
    identity = house.boxes["S001"][0]
    with house.office.database.write() as connection:
        down.keep_answers(connection, identity, [answer], "signature", NOW_MS)
        down.keep_answers(connection, identity, [{**answer, "outcome": "not_done"}], "signature", NOW_MS)
    text = browser.get("/fleet/S001").text
    assert "clock" in text and "examined 12" in text and "no answer yet" not in text and "<i>bad" not in text
    assert "not done" not in text, "a final answer does not change"


@pytest.mark.parametrize(
    ("verb", "reason", "printer"),
    [
        ("shell", "why not", ""),
        ("examine", "", ""),
        ("examine", "x" * 201, ""),
        ("examine", "ok ok", "receipt1"),
        ("print_test_slip", "ok ok", "receipt1; reboot"),
        ("refund", "money", ""),
    ],
)
def test_what_is_not_on_the_list_is_refused(house: House, verb: str, reason: str, printer: str) -> None:
    answer = house.browser("队长").act("/fleet/S001/verbs", verb=verb, reason=reason, printer=printer)
    assert answer.status_code in (400, 409, 422), answer.status_code
    with house.office.database.read() as connection:
        assert not listed(connection, "S001", Kind.VERB)


def test_an_order_without_an_answer_ends(house: House) -> None:
    browser = house.browser("队长")
    assert browser.post("/fleet/S001/verbs", verb="back_up", reason="no token").status_code == 403
    browser.act("/fleet/S001/verbs", verb="back_up", reason="before the storm")
    text = browser.get("/fleet/S001").text
    assert "no answer yet" in text and "too late" not in text
    with house.office.database.read() as connection:
        expires_at_ms = json.loads(listed(connection, "S001", Kind.VERB)[0].body)["expires_at_ms"]
    assert expires_at_ms - NOW_MS <= 3_600_000


def test_bundles_are_kept_a_few_and_handed_to_the_fleet_alone(house: House) -> None:
    identity = house.boxes["S001"][0]
    kept = []
    with house.office.database.write() as connection:
        for number in range(bundles.KEPT + 2):
            kept.append(bundles.keep(connection, identity, b"PK\x03\x04" + bytes([number]), NOW_MS + number))
    browser = house.browser("队长")
    text = browser.get("/fleet/S001").text
    assert kept[-1] in text and kept[0] not in text
    answer = browser.get(f"/fleet/S001/bundles/{kept[-1]}.zip")
    assert answer.content.startswith(b"PK\x03\x04")
    assert browser.get(f"/fleet/S002/bundles/{kept[-1]}.zip").status_code in (400, 404, 409)
    house.person("会计", "accountant")
    assert house.browser("会计").get(f"/fleet/S001/bundles/{kept[-1]}.zip").status_code == 403


def test_every_verb_has_its_word() -> None:
    assert set(words.VERBS) == {one.value for one in Verb}
