"""What a recorded basket means, and what is refused: by hand-made lines of a file."""

import json
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core.pricing import priced
from agent.replay.baskets import Basket, GivenBack, RefusedBasket, Sold, of_one_store, understood

ZONE = ZoneInfo("Asia/Shanghai")


def line(quantity: Any = 1, list_fen: Any = 1000, member: Any = 0, coupon: Any = 0, **other: Any) -> dict[str, Any]:
    """Return a line as it stands in a file."""
    plain = {"sku": "1", "name": "面包", "department": "BAKERY", "size": "", "quantity": quantity, "list": list_fen}
    paid = list_fen - member - coupon if all(type(one) is int for one in (list_fen, member, coupon)) else 0
    return {**plain, "member_discount": member, "coupon": coupon, "paid": paid, **other}


def text(*lines: dict[str, Any], **other: Any) -> str:
    """Return a line of a file with one basket."""
    found = lines or (line(),)
    whole = {"basket": "31", "store": "S1", "at": "2026-10-03T10:00:00", "member": "7", "lines": found}
    return json.dumps({**whole, "paid": sum(one["paid"] for one in found), **other})


def sold(*lines: dict[str, Any]) -> tuple[Basket, Sold]:
    """Return a basket that must be a sale."""
    found = understood(text(*lines), ZONE)
    assert isinstance(found, Basket), found
    assert isinstance(found.meaning, Sold)
    assert priced(found.meaning.lines, found.meaning.discounts).total_fen == found.paid_fen
    return found, found.meaning


def given_back(*lines: dict[str, Any]) -> GivenBack:
    """Return a basket that must be a refund."""
    found = understood(text(*lines), ZONE)
    assert isinstance(found, Basket), found
    assert isinstance(found.meaning, GivenBack)
    assert sum(one.total_fen for one in found.meaning.lines) == -found.paid_fen
    assert all(one.total_fen >= 0 for one in found.meaning.lines)
    return found.meaning


def refusal(written: str) -> str:
    """Return the code of a basket that must be refused."""
    found = understood(written, ZONE)
    assert isinstance(found, RefusedBasket), found
    return found.code


def test_a_usual_basket_keeps_number_time_member_and_discounts() -> None:
    basket, meaning = sold(line(2, 738), line(1, 399, 22, 100))
    assert (basket.number, basket.store, basket.member, basket.paid_fen) == ("31", "S1", "7", 1015)
    assert basket.at_ms == 1_790_992_800_000
    one, two = meaning.lines
    assert (one.price_fen, one.total_fen) == (369, 738)
    assert [(part.reason, part.amount_fen, part.funded_by) for part in two.discounts] == [
        ("member", 22, "store"),
        ("coupon", 100, "brand"),
    ]


def test_a_time_with_a_zone_is_kept() -> None:
    found = understood(text(at="2026-10-03T02:00:00+00:00"), ZONE)
    assert isinstance(found, Basket)
    assert found.at_ms == 1_790_992_800_000


def test_quantity_zero_is_sold_for_what_it_cost() -> None:
    _, meaning = sold(line(0, 1280), line(0, 0))
    assert [(one.quantity, one.price_fen, one.total_fen) for one in meaning.lines] == [(0, None, 1280), (0, None, 0)]


def test_fuel_is_counted_as_the_pump_counted() -> None:
    _, meaning = sold(line(29_404, 7_350))
    assert (meaning.lines[0].quantity, meaning.lines[0].price_fen) == (29_404, None)


def test_a_price_that_does_not_divide_is_left_out() -> None:
    _, meaning = sold(line(3, 1000))
    assert (meaning.lines[0].price_fen, meaning.lines[0].total_fen) == (None, 1000)


def test_a_total_of_zero_is_a_sale() -> None:
    basket, _ = sold(line(1, 1290, 0, 1290))
    assert basket.paid_fen == 0


def test_a_coupon_above_its_line_is_used_up_by_the_others() -> None:
    _, meaning = sold(line(1, 1290), line(1, 500, 0, 700))
    assert [one.total_fen for one in meaning.lines] == [1290, 0]
    assert [(one.reason, one.amount_fen) for one in meaning.discounts] == [("coupon", 200)]


def test_a_line_that_is_only_a_coupon_reduces_the_others() -> None:
    _, meaning = sold(line(1, 1290), line(1, 0, 0, 300))
    assert [one.amount_fen for one in meaning.discounts] == [300]


def test_a_total_below_zero_is_money_given_back() -> None:
    meaning = given_back(line(2, 0, 0, 500))
    assert [(one.quantity, one.total_fen) for one in meaning.lines] == [(2, 500)]


def test_goods_that_went_out_in_exchange_are_named_at_zero() -> None:
    meaning = given_back(line(1, 1290), line(2, 0, 0, 3000), line(1, 0, 0, 290))
    assert [one.total_fen for one in meaning.lines] == [0, 1824, 176]


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("", "replay.malformed"),
        ("{", "replay.malformed"),
        ("[" * 100_000, "replay.malformed"),
        ("null", "replay.malformed"),
        ("17", "replay.malformed"),
        ("[]", "replay.malformed"),
        ("{}", "replay.malformed"),
        ("\ufffd\ufffd{\0}", "replay.malformed"),
        ('{"basket":"1","paid":' + "9" * 5_000 + "}", "replay.malformed"),
        (text(lines=[]), "sale.empty"),
        (text(lines={}), "sale.empty"),
        (text(lines="abc"), "replay.malformed"),
        (text(lines=[17]), "replay.malformed"),
        (text(*[line()] * 501), "sale.too_many_lines"),
        (text(paid=999), "replay.sum_differs"),
        (text(paid="1000"), "replay.sum_differs"),
        (text(paid=1000.0), "replay.sum_differs"),
        (text(line(paid=900), paid=900), "replay.sum_differs"),
        (text(line(-1)), "replay.malformed"),
        (text(line(1.5)), "replay.malformed"),
        (text(line(True)), "replay.malformed"),
        (text(line("1")), "replay.malformed"),
        (text(line(1, -100)), "replay.malformed"),
        (text(line(1, 100, -5)), "replay.malformed"),
        (text(line(1, 100, 200)), "sale.bad_amount"),
        (text(line(10**30)), "sale.bad_amount"),
        (text(line(1, 10**30)), "sale.bad_amount"),
        (text(line(sku=None)), "replay.malformed"),
        (text(line(sku="")), "replay.malformed"),
        (text(line(name="x" * 1_000)), "replay.malformed"),
        (text(line(name="\ud800")), "replay.malformed"),
        (text(line(name="\x1b@\x1dV0")), "replay.malformed"),
        (text(line(department=["A"])), "replay.malformed"),
        (text(basket=""), "replay.malformed"),
        (text(basket=None), "replay.malformed"),
        (text(basket=True), "replay.malformed"),
        (text(basket=["1"]), "replay.malformed"),
        (text(basket="9" * 65), "replay.malformed"),
        (text(store=None), "replay.malformed"),
        (text(member={"a": 1}), "replay.malformed"),
        (text(at="gestern"), "replay.malformed"),
        (text(at=5), "replay.malformed"),
        (text(at=None), "replay.malformed"),
        (text(at="0001-01-01T00:00:00+14:00"), "replay.malformed"),
        (text(at="9999-12-31T23:59:59-11:00"), "replay.malformed"),
    ],
    ids=lambda value: value if len(value) < 30 else None,
)
def test_what_can_not_be_recorded_is_refused(written: str, code: str) -> None:
    assert refusal(written) == code


def test_a_refusal_names_the_basket_when_it_has_a_number() -> None:
    assert understood(text(paid=1), ZONE) == RefusedBasket("31", "replay.sum_differs")


def test_a_number_is_text_of_any_kind_and_compares_in_one_form() -> None:
    numbers = [understood(text(basket=one), ZONE).number for one in (17, "A-12/ü", "e\u0301")]
    assert numbers == ["17", "A-12/ü", "é"]


def test_a_basket_is_taken_once_and_of_one_store() -> None:
    written = [text(basket="1"), "{", text(basket="2"), text(basket="1"), text(basket="3", store="S2"), text(paid=1)]
    found = of_one_store([understood(one, ZONE) for one in written])
    codes = [one.code if isinstance(one, RefusedBasket) else one.number for one in found]
    assert codes == ["1", "replay.malformed", "2", "replay.duplicate", "replay.mixed_stores", "replay.sum_differs"]


AMOUNT = st.integers(0, 5_000)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@st.composite
def file_lines(draw: st.DrawFn) -> dict[str, Any]:
    """A line whose member discount is within its list price, with any coupon."""
    list_fen = draw(AMOUNT)
    return line(draw(st.integers(0, 9)), list_fen, draw(st.integers(0, list_fen)), draw(AMOUNT))


@given(st.lists(file_lines(), min_size=1, max_size=6))
def test_every_basket_that_adds_up_is_recorded_to_the_fen(lines: list[dict[str, Any]]) -> None:
    total_fen = sum(one["paid"] for one in lines)
    if total_fen < 0:
        given_back(*lines)
    else:
        sold(*lines)


@given(st.sampled_from(["basket", "store", "at", "member", "lines", "paid"]), JSON)
def test_nothing_in_a_basket_breaks_the_reader(field: str, value: Any) -> None:
    assert isinstance(understood(text(**{field: value}), ZONE), Basket | RefusedBasket)


@given(st.sampled_from(sorted(line())), JSON)
def test_nothing_in_a_line_breaks_the_reader(field: str, value: Any) -> None:
    assert isinstance(understood(text(lines=[{**line(), field: value}]), ZONE), Basket | RefusedBasket)


@given(st.text() | st.binary().map(lambda data: data.decode(errors="replace")))
def test_no_text_breaks_the_reader(written: str) -> None:
    assert isinstance(understood(written, ZONE), RefusedBasket)
