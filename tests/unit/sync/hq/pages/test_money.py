"""Money at the bank: a person picks the line that pays a platform's day or a deposit slip, with a reason."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from agent.core.settlement.deposits import Deposit, DepositState
from agent.core.settlement.payouts import PayoutState
from sync.hq.books.bank import import_statement, listed_lines
from sync.hq.books.bank_settings import statement_mapping
from sync.hq.books.deposits import declare_deposit
from sync.hq.pages.money_facts import BankFacts, bank_facts, nearest
from tests.unit.sync.hq.pages.office import ATTEMPT, DAY, NOW_MS, House, attempt_started, opened

CONFIG = Path(__file__).resolve().parents[5] / "config" / "bank"
STATEMENT = (
    "交易日期,借方发生额,贷方发生额,对方户名,摘要,附言\n"
    "2026-11-19,,6.90,微信,结算款,\n"
    "2026-11-19,,99.00,<b>银行</b>,利息,\n"
    "2026-11-19,,49.50,,现金存入,存款\n"
    "2026-11-01,,6.95,微信,结算款,\n"
)
REASON = "与回单核对"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = opened(tmp_path, None)
    (tmp_path / "bank").mkdir()
    (tmp_path / "bank" / "icbc.toml").write_bytes((CONFIG / "statement.toml").read_bytes())
    for name, role, stores in (("李会计", "accountant", None), ("钱会计", "accountant", ["S002"])):
        made.person(name, role, stores)
    made.person("孙审计", "auditor")
    paid = {"attempt": ATTEMPT, "outcome": "paid", "platform_at_ms": NOW_MS}
    made.send("S001", attempt_started(695), ("attempt.ended", paid))
    made.now_ms += 3 * 86_400_000
    with made.office.database.write() as connection:
        import_statement(
            connection, STATEMENT.encode(), statement_mapping(tmp_path, "icbc"), "icbc", "李会计", made.now_ms
        )
        declare_deposit(connection, Deposit("S001", date(2026, 11, 18), "D77", 5_000), "李会计", made.now_ms)
    yield made
    made.office.close()


def facts(house: House) -> BankFacts:
    assert house.office.state is not None
    with house.office.database.read() as connection:
        return bank_facts(connection, house.office.state, date(2026, 11, 21))


def line(house: House, amount_fen: int) -> str:
    with house.office.database.read() as connection:
        return next(str(one["line"]) for one in listed_lines(connection) if one["amount_fen"] == amount_fen)


def payout_form(house: House, **more: str) -> dict[str, str]:
    row = facts(house).payouts[0]
    told = {"account": row.account, "day": row.payout.day.isoformat(), "line": line(house, 690), "reason": REASON}
    return {**told, **more}


def test_lines_that_came_later_are_offered_the_nearest_first(house: House) -> None:
    (row,) = facts(house).payouts
    assert [one.amount_fen for one in row.offered] == [690, 9_900], "neither cash nor what came before"
    assert nearest([], 5, date(2026, 11, 18)) == ()


def test_a_picked_line_pays_the_day_and_the_rest_is_named(house: House) -> None:
    li = house.browser("李会计")
    assert "¥6.90" in li.get("/bank").text
    answer = li.act("/bank/payout", **payout_form(house, back=f"/stores/S001/days/{DAY}"))
    assert (answer.status_code, answer.headers["location"]) == (303, f"/stores/S001/days/{DAY}")
    (row,) = facts(house).payouts
    assert (row.payout.state, row.payout.difference_fen) == (PayoutState.SETTLED, -5)
    assert ">−0.05<" in li.get("/bank").text


def test_a_picked_line_pays_the_slip(house: House) -> None:
    li = house.browser("李会计")
    answer = li.act("/bank/deposit", slip="D77", line=line(house, 4_950), reason=REASON, back="https://evil.example/")
    assert (answer.status_code, answer.headers["location"]) == (303, "/bank")
    (row,) = facts(house).deposits
    assert (row.found.state, row.found.difference_fen) == (DepositState.DIFFERS, -50)


def test_what_somebody_else_picked_meanwhile_is_refused(house: House) -> None:
    li, form = house.browser("李会计"), payout_form(house)
    assert li.act("/bank/payout", **form).status_code == 303
    before = facts(house)
    again = li.act("/bank/deposit", slip="D77", line=form["line"], reason=REASON)
    assert again.status_code == 400 and "pays something already" in again.text
    assert li.act("/bank/payout", **form).status_code == 400
    assert li.act("/bank/other", line=form["line"], reason=REASON).status_code == 400
    assert facts(house) == before


def test_a_line_that_is_no_takings_goes_away(house: House) -> None:
    li = house.browser("李会计")
    assert "<b>银行" not in li.get("/bank").text
    li.act("/bank/other", line=line(house, 9_900), reason="利息")
    assert all(one.amount_fen != 9_900 for one in facts(house).unknown)


@pytest.mark.parametrize("language", ["en", "zh-CN"])
@pytest.mark.parametrize(
    ("what", "wrong", "title"),
    [
        ("payout", {"reason": " "}, ("Write down the reason", "请写明原因")),
        ("payout", {"line": "nothing"}, ("No such bank line", "没有这笔")),
        ("payout", {"account": "rent"}, ("", "")),
        ("deposit", {"slip": "D78"}, ("No such deposit slip", "没有这张缴款单")),
    ],
)
def test_what_is_wrong_is_said_and_changes_nothing(
    house: House, what: str, wrong: dict[str, str], title: tuple[str, str], language: str
) -> None:
    before = facts(house)
    answer = house.browser("李会计", language).act(f"/bank/{what}", **payout_form(house, **wrong))
    assert answer.status_code == 400
    assert title[0 if language == "en" else 1] in answer.text
    assert facts(house) == before


def test_who_may_not_or_sees_other_stores_is_offered_and_does_nothing(house: House) -> None:
    before, slip = facts(house), {"slip": "D77", "line": line(house, 4_950), "reason": REASON}
    qian, sun = house.browser("钱会计"), house.browser("孙审计")
    assert "S001" not in qian.get("/bank").text and "/bank/payout" not in sun.get("/bank").text
    for browser in (qian, sun):
        assert browser.act("/bank/payout", **payout_form(house)).status_code == 403
        assert browser.act("/bank/deposit", **slip).status_code == 403
        assert browser.act("/bank/other", line=line(house, 9_900), reason=REASON).status_code == 403
    assert house.browser("李会计").act("/bank/rob", reason=REASON).status_code == 404
    assert house.browser("李会计").post("/bank/deposit", **slip).status_code == 403, "without the session's token"
    assert facts(house) == before
