"""The desk of differences: most money first, both sides side by side, each form with its right, nothing hostile."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sync.hq.books.differences import find, record
from sync.hq.pages.differences import ACTS
from tests.unit.sync.hq.books.found import BILL_DAY, BOOK, changes, found, stranger
from tests.unit.sync.hq.pages.office import ATTEMPT, House, attempt_started, opened

REASON = "平台已退给顾客"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """Over SQLite: the workflow itself is tried on both databases."""
    made = opened(tmp_path, None)
    made.send("S001", attempt_started(200), ("attempt.ended", {"attempt": ATTEMPT, "outcome": "paid"}))
    for name, role in (("李会计", "accountant"), ("王主管", "lead_accountant"), ("孙审计", "auditor")):
        made.person(name, role)
    with made.office.database.write() as connection:
        record(connection, changes(found("D1", out_trade_no=ATTEMPT), stranger("D2")), BOOK, made.now_ms)
    yield made
    made.office.close()


def standing(house: House, number: str) -> str:
    with house.office.database.read() as connection:
        return find(connection, number)[1].state.value


def test_the_list_has_most_money_first_and_filters(house: House) -> None:
    browser = house.browser("李会计")
    text = browser.get("/differences").text
    assert text.index("¥300.00</a>") < text.index("¥2.00</a>")
    assert "platform only" in text and "nobody knows yet" in text
    for query, there, away in (
        ("store=S001", "D1", "D2"),
        ("kind=platform_only", "D2", "D1"),
        ("owner=store_manager", "D2", "D1"),
    ):
        text = browser.get(f"/differences?{query}").text
        assert f"/differences/{there}" in text and f"/differences/{away}" not in text, query
    assert "No difference of this kind." in browser.get("/differences?standing=settled").text
    assert browser.get("/differences?day=%3Cscript%3E&kind=%27&standing=x").status_code == 200
    assert browser.get(f"/differences?store={'S' * 200}").status_code == 400


def test_money_in_question_is_money_at_risk(house: House) -> None:
    house.beat("S002", unsent_entries=1, unsent_fen=199)
    li = house.browser("李会计")
    text = li.get("/").text
    assert text.index('data-store="S001"') < text.index('data-store="S002"'), "2.00 stand before 1.99"
    assert 'href="/differences?store=S001">1 difference · ¥2.00</a>' in text
    li.act("/differences/D1/settle", settlement="confirm", reason=REASON, version="1")
    text = li.get("/").text
    assert text.index('data-store="S002"') < text.index('data-store="S001"')


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_both_sides_stand_beside_each_other_with_reason_and_way_out(house: House, language: str) -> None:
    text = house.browser("李会计", language).get("/differences/D1").text
    assert "¥2.00" in text and ATTEMPT in text and "S001-1-000002" in text
    assert ("nothing" if language == "en" else "没有") in text
    assert ("ask again" if language == "en" else "再查一次") in text
    assert "difference.not_on_bill" not in text, "sentences, no codes"


def test_a_small_one_is_settled_by_one_and_a_large_one_by_two(house: House) -> None:
    li, wang = house.browser("李会计"), house.browser("王主管")
    answer = li.act("/differences/D1/settle", settlement="confirm", reason=REASON, version="1")
    assert (answer.status_code, standing(house, "D1")) == (303, "settled")
    li.act("/differences/D2/settle", settlement="confirm", reason=REASON, version="1")
    assert standing(house, "D2") == "proposed"
    assert "/differences/D2/approve" not in li.get("/differences/D2").text
    assert li.act("/differences/D2/approve", version="2").status_code == 403
    assert REASON in wang.get("/differences/D2").text
    assert wang.act("/differences/D2/approve", version="2").status_code == 303
    text = wang.get("/differences/D2").text
    assert "approved by 王主管" in text and "/differences/D2/reopen" in text


def test_who_saw_an_older_state_is_told_and_keeps_the_words(house: House) -> None:
    li, wang = house.browser("李会计"), house.browser("王主管")
    li.act("/differences/D1/comment", reason="在查\r\n等平台", version="1")
    answer = wang.act("/differences/D1/settle", settlement="write_off", reason=REASON, version="1")
    assert answer.status_code == 400
    assert "Somebody has just changed it" in answer.text
    assert f"{REASON}</textarea>" in answer.text
    assert standing(house, "D1") == "open"


def test_it_is_assigned_handed_over_sent_back_and_opened_again(house: House) -> None:
    li, wang = house.browser("李会计"), house.browser("王主管")
    li.act("/differences/D2/assign", store="S001", day=BILL_DAY, reason="码牌", version="1")
    li.act("/differences/D2/hand-over", to="王主管", reason="请看", version="2")
    wang.act("/differences/D2/settle", settlement="assign", reason=REASON, version="3")
    wang.act("/differences/D2/send-back", reason="等照片", version="4")
    wang.act("/differences/D2/settle", settlement="assign", reason=REASON, version="5")
    assert wang.act("/differences/D2/approve", version="6").status_code == 403, "nobody approves himself"
    assert standing(house, "D2") == "proposed"
    text = li.get("/differences/D2").text
    for said in ("Assigned to", "Handed to 王主管", "Sent back", "等照片"):
        assert said in text
    assert li.act("/differences/D2/assign", store="S001", day="someday", reason="x" * 3, version="6").status_code == 400


def test_who_only_reads_is_offered_no_form_and_can_do_nothing(house: House) -> None:
    sun = house.browser("孙审计")
    assert "/differences/D1/" not in sun.get("/differences/D1").text
    for verb in ACTS:
        assert sun.act(f"/differences/D1/{verb}", reason=REASON, version="1", store="S001").status_code == 403, verb
    assert standing(house, "D1") == "open"


def test_who_sees_some_stores_sees_their_differences_only(house: House) -> None:
    house.person("钱会计", "accountant", ["S002"])
    qian = house.browser("钱会计")
    assert "/differences/D" not in qian.get("/differences").text
    for number in ("D1", "D2"):
        assert qian.get(f"/differences/{number}").status_code == 403
        assert qian.act(f"/differences/{number}/comment", reason=REASON, version="1").status_code == 403


def test_what_is_not_there_or_not_ours_is_refused(house: House) -> None:
    li = house.browser("李会计")
    assert li.get("/differences/D9").status_code == 400
    assert li.act("/differences/D9/comment", reason=REASON, version="1").status_code == 400
    assert li.act("/differences/D1/burn", reason=REASON, version="1").status_code == 404
    assert li.act("/differences/D1/settle", settlement="confirm", reason=REASON, version="-1").status_code == 400
    assert li.post("/differences/D1/settle", settlement="confirm", reason=REASON, version="1").status_code == 403
    assert standing(house, "D1") == "open"


def test_a_hostile_number_injects_nothing(house: House) -> None:
    with house.office.database.write() as connection:
        hostile = stranger("D3", out_trade_no="<script>alert(1)</script>", transaction="<b>x</b>")
        record(connection, changes(hostile), BOOK, house.now_ms)
    li = house.browser("李会计")
    li.act("/differences/D3/comment", reason="<i>x</i>", version="1")
    text = li.get("/differences/D3").text
    assert "<script>alert" not in text and "<b>x" not in text and "<i>x" not in text
