"""Scanning at a till: what has two readings is offered, the login screen takes nothing, numbers lead to their sale."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.core.codes import command_code, receipt_code
from agent.core.errors import Refused
from agent.core.gs1 import check_digit
from agent.core.recognition import Command
from agent.services import checkout, days, refunds, scanning, shifts, tendering
from agent.services.choices import KEPT_S
from agent.services.shop import Shop
from tests.shops import CASHIER, LEAD, MANAGER, FakeClock, FakePlatform, make_shop

WECHAT = "134567890123456789"
AMBIGUOUS = "26" + "00201" + "99999" + "00435"
Shown = dict[str, Any]


def label(digits: str) -> str:
    """Return the digits of a label with their check digit."""
    return digits + check_digit(digits)


def at_once(call: Callable[[], None]) -> None:
    """Ask the platform here and now."""
    call()


@pytest.fixture
def platforms() -> dict[str, FakePlatform]:
    return {name: FakePlatform(name) for name in ("wechat", "alipay")}


@pytest.fixture
def events() -> list[tuple[str, Shown]]:
    return []


@pytest.fixture
def shop(tmp_path: Path, platforms: dict[str, FakePlatform], events: list[tuple[str, Shown]]) -> Iterator[Shop]:
    made = make_shop(tmp_path, platforms=platforms, publish=lambda kind, data: events.append((kind, data)))
    assert isinstance(made.clock, FakeClock)
    for platform in platforms.values():
        platform.clock = made.clock
    days.open_the_day(made, MANAGER)
    shifts.open_a_shift(made, CASHIER, 50_000)
    yield made
    made.writer.close()


def plain_item(shop: Shop) -> str:
    return next(item.sku for item in shop.catalog.by_sku.values() if item.price_fen and item.unit == "pc")


def ask_total(shop: Shop) -> None:
    item = next(
        item for item in shop.catalog.by_sku.values() if item.price_fen and item.unit == "pc" and not item.flags
    )
    checkout.add_code(shop, CASHIER, item.sku)
    checkout.ask_total(shop, CASHIER)


def scan(shop: Shop, text: str) -> Shown:
    return scanning.scanned(shop, CASHIER, "1", text, at_once)


def choose(shop: Shop, asked: Shown, kind: str) -> Shown:
    index = [reading["kind"] for reading in asked["readings"]].index(kind)
    return scanning.choose(shop, CASHIER, "1", asked["choice"], index, at_once)


def attempts(shop: Shop) -> int:
    count: int = shop.read().execute("SELECT count(*) FROM view_attempt").fetchone()[0]
    return count


def test_a_label_that_may_be_a_payment_code_is_offered_and_charges_nothing(
    shop: Shop, platforms: dict[str, FakePlatform]
) -> None:
    ask_total(shop)
    asked = scan(shop, label(AMBIGUOUS))
    assert (asked["action"], asked["code"]) == ("ask", "code.label_or_payment")
    article, payment = asked["readings"]
    assert article["item"] == shop.catalog.by_plu["00201"].name
    assert (article["weight_g"], article["amount_fen"]) == (435, 99_999)
    assert payment == {"kind": "payment_code", "platform": "alipay", "masked": payment["masked"]}
    assert (attempts(shop), platforms["alipay"].pays) == (0, 0)


def test_the_payment_code_leaves_the_box_only_to_the_platform(
    shop: Shop, events: list[tuple[str, Shown]], tmp_path: Path
) -> None:
    ask_total(shop)
    text = label(AMBIGUOUS)
    asked = scan(shop, text)
    assert text not in repr(asked)
    assert text not in repr(events)
    assert text not in repr(shop.choices.__dict__)
    files = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert text.encode() not in files


def test_the_payment_reading_can_be_chosen(shop: Shop, platforms: dict[str, FakePlatform]) -> None:
    ask_total(shop)
    answer = choose(shop, scan(shop, label(AMBIGUOUS)), "payment_code")
    assert answer["action"] == "attempt"
    assert platforms["alipay"].pays == 1
    assert shop.read().execute("SELECT count(*) FROM view_sale").fetchone()[0] == 1


def test_the_article_can_be_chosen_at_the_labels_price(shop: Shop) -> None:
    asked = scan(shop, label(AMBIGUOUS))
    assert asked["code"] == "code.scale_price_differs"
    answer = choose(shop, asked, "scale_item")
    assert answer["action"] == "line"
    assert answer["basket"]["total_fen"] == 99_999


def test_a_choice_is_good_once(shop: Shop, platforms: dict[str, FakePlatform]) -> None:
    ask_total(shop)
    asked = scan(shop, label(AMBIGUOUS))
    choose(shop, asked, "payment_code")
    with pytest.raises(Refused, match=r"choice\.gone"):
        choose(shop, asked, "payment_code")
    assert platforms["alipay"].pays == 1


@pytest.mark.parametrize("passed_s", [KEPT_S - 1, KEPT_S])
def test_a_choice_ends_after_a_minute(shop: Shop, passed_s: float) -> None:
    asked = scan(shop, label(AMBIGUOUS))
    assert isinstance(shop.clock, FakeClock)
    shop.clock.advance(passed_s)
    if passed_s < KEPT_S:
        assert choose(shop, asked, "scale_item")["action"] == "line"
        return
    with pytest.raises(Refused, match=r"choice\.gone"):
        choose(shop, asked, "scale_item")


def test_another_scan_ends_the_question_and_may_answer_it(shop: Shop, platforms: dict[str, FakePlatform]) -> None:
    ask_total(shop)
    asked = scan(shop, label(AMBIGUOUS))
    assert scan(shop, WECHAT)["action"] == "attempt"
    with pytest.raises(Refused, match=r"choice\.gone"):
        choose(shop, asked, "payment_code")
    assert (platforms["wechat"].pays, platforms["alipay"].pays) == (1, 0)


def test_a_question_belongs_to_its_till_and_to_who_scanned(shop: Shop) -> None:
    asked = scan(shop, label(AMBIGUOUS))
    with pytest.raises(Refused, match=r"choice\.gone"):
        scanning.choose(shop, LEAD, "1", asked["choice"], 0, at_once)
    with pytest.raises(Refused, match=r"choice\.gone"):
        scanning.choose(shop, replace(CASHIER, till="2"), "2", asked["choice"], 0, at_once)
    assert choose(shop, asked, "scale_item")["action"] == "line"


@pytest.mark.parametrize("index", [-1, 2, 99])
def test_a_reading_that_was_not_offered_is_refused(shop: Shop, index: int) -> None:
    ask_total(shop)
    asked = scan(shop, label(AMBIGUOUS))
    with pytest.raises(Refused, match=r"choice\.gone"):
        scanning.choose(shop, CASHIER, "1", asked["choice"], index, at_once)
    assert attempts(shop) == 0


def test_a_payment_is_not_taken_when_no_total_is_due_any_more(shop: Shop) -> None:
    ask_total(shop)
    asked = scan(shop, label(AMBIGUOUS))
    checkout.back_to_ringing(shop, CASHIER)
    with pytest.raises(Refused, match=r"code\.total_first"):
        choose(shop, asked, "payment_code")
    assert attempts(shop) == 0


def test_nothing_to_choose_from_is_said_and_not_asked(shop: Shop) -> None:
    assert scan(shop, WECHAT)["code"] == "code.total_first"
    assert scan(shop, "11010519491231002X") == {
        "action": "refused",
        "code": "code.identity_number",
        "values": {},
        "family": "refused",
    }


def test_one_touch_takes_a_payment_code_over_a_basket(shop: Shop) -> None:
    shop.store = replace(shop.store, one_touch=True)
    checkout.add_code(shop, CASHIER, plain_item(shop))
    assert scan(shop, WECHAT)["action"] == "attempt"


def test_what_the_till_does_nothing_with_is_named(shop: Shop) -> None:
    shop.store = replace(shop.store, own_hosts=frozenset({"shop.example.com"}))
    said = {
        "C1" + "A" * 151: "code.pass",
        "https://shop.example.com/t/B12": "code.own_link",
        "https://elsewhere.example.com/t/B12": "code.foreign_link",
        "T1ABCDEFGH234567": "code.test",
        "E1" + "A" * 87: "code.enrol",
    }
    assert {text: scan(shop, text)["code"] for text in said} == said


def test_every_number_of_a_sale_leads_to_it(shop: Shop, platforms: dict[str, FakePlatform]) -> None:
    ask_total(shop)
    scan(shop, WECHAT)
    sale, attempt, transaction = shop.read().execute("SELECT sale, attempt, txn FROM view_attempt").fetchone()
    refund = refunds.refund_sale(shop, MANAGER, sale, None, "坏的")["refund"]
    for text in (sale, attempt, transaction, refund, receipt_code(sale), receipt_code(refund)):
        found = scan(shop, text)
        assert (found["action"], found["sale"], found["number"]) == ("lookup", sale, sale), text
    assert scan(shop, attempt)["attempt"] == attempt


def test_a_number_of_elsewhere_leads_to_no_sale_here(shop: Shop) -> None:
    for text in ("S009-1-000007", "S009_1_000007_A1K7QF", "4200002345202610031234567890"):
        found = scan(shop, text)
        assert (found["sale"], found["number"]) == (None, text)


KNOWN_TEXTS = [
    WECHAT,
    "281234567890123456",
    "6212345678901234567",
    label(AMBIGUOUS),
    "11010519491231002X",
    "B1" + "A" * 151,
    "A1" + "A" * 151,
    "T1ABCDEFGH234567",
    "E1" + "A" * 87,
    "S001-1-000001",
    "S001_1_000001_A1K7QF",
    "4200002345202610031234567890",
    "07",
    "https://shop.example.com/t/B12",
    *(command_code(command) for command in Command),
]


@pytest.fixture
def paying(shop: Shop) -> Shop:
    ask_total(shop)
    return shop


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.one_of(st.sampled_from(KNOWN_TEXTS), st.text(max_size=40), st.from_regex(r"[0-9]{8,28}", fullmatch=True)))
def test_at_the_login_screen_no_code_does_anything(paying: Shop, text: str) -> None:
    assert_nothing_happens(paying, [text])


def test_at_the_login_screen_no_item_and_no_known_code_does_anything(paying: Shop) -> None:
    assert_nothing_happens(paying, [*KNOWN_TEXTS, *paying.catalog.by_sku, *paying.catalog.by_code])


def assert_nothing_happens(shop: Shop, texts: list[str]) -> None:
    before = everything(shop)
    for text in texts:
        answer = scanning.scanned(shop, None, "1", text, at_once)
        assert answer["action"] == "refused"
        assert "choice" not in answer
    assert everything(shop) == before


def everything(shop: Shop) -> tuple[Any, ...]:
    tables = ("journal", "session", "spool", "draft", "counter")
    return tuple(shop.read().execute(f"SELECT * FROM {table} ORDER BY 1").fetchall() for table in tables)


def test_at_the_login_screen_the_next_step_is_said(shop: Shop) -> None:
    said = {text: scanning.scanned(shop, None, "1", text, at_once)["code"] for text in (WECHAT, "X1CASH", "?")}
    assert said == {WECHAT: "code.log_in_first", "X1CASH": "staff.nobody_logged_in", "?": "code.unknown"}


def test_a_sale_paid_in_cash_is_found_by_its_receipt(shop: Shop) -> None:
    checkout.add_code(shop, CASHIER, plain_item(shop))
    sale = tendering.pay_cash(shop, CASHIER, None)["completed"]["sale"]
    assert scan(shop, receipt_code(sale))["sale"] == sale


def test_a_payment_code_that_stays_before_the_scanner_is_one_code(shop: Shop, events: list[tuple[str, Shown]]) -> None:
    ask_total(shop)
    assert scan(shop, WECHAT)["action"] == "attempt"
    told = len(events)
    repeated = scanning.scanned(shop, CASHIER, "1", WECHAT, at_once, repeats=1)
    assert repeated == {"action": "repeat"}
    assert (attempts(shop), len(events)) == (1, told)


def test_an_article_that_is_read_twice_counts_twice(shop: Shop) -> None:
    sku = plain_item(shop)
    scan(shop, sku)
    again = scanning.scanned(shop, CASHIER, "1", sku, at_once, repeats=1)
    assert [line["quantity"] for line in again["basket"]["lines"]] in ([2], [1, 1])
