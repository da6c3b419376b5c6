"""The basket: lines, discounts, states, tenders."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core import sale as rules
from agent.core.catalog import Item
from agent.core.errors import Broken, Refused
from agent.core.pricing import SaleDiscount
from agent.core.sale import TRANSITIONS, Basket, BasketState

EMPTY = Basket("S001-1-000001", "1", "s", "07", "2026-10-03")
TEA = Item("T", "茶", 300)
PORK = Item("P", "肉", 2580, unit="g")


def basket(*quantities: int) -> Basket:
    """A basket with one line a quantity, all of different articles."""
    result = EMPTY
    for number, quantity in enumerate(quantities):
        result = rules.add_item(result, replace(TEA, sku=f"T{number}"), quantity)
    return result


def test_the_same_article_again_raises_its_quantity() -> None:
    """Two scans of one product are one line of two; a discounted line stays alone."""
    twice = rules.add_item(rules.add_item(EMPTY, TEA, 1), TEA, 1)
    assert [(line.quantity, line.total_fen) for line in twice.lines] == [(2, 600)]
    discounted = rules.discount_line(twice, 1, "manual", 100)
    assert len(rules.add_item(discounted, TEA, 1).lines) == 2


def test_weighed_and_open_price_articles() -> None:
    """435 g at 25.80; an open price must be given; a label's own amount wins over the price."""
    assert rules.add_item(EMPTY, PORK, 435).total_fen == 1122
    with pytest.raises(Refused, match=r"item\.open_price"):
        rules.add_item(EMPTY, Item("O", "时价", None), 1)
    labelled = rules.add_item(EMPTY, PORK, 435, list_fen=1100).lines[0]
    assert (labelled.list_fen, labelled.price_fen) == (1100, None)


def test_an_age_flag_asks_once_a_sale() -> None:
    """Tobacco is refused until the cashier checked."""
    beer = Item("B", "啤酒", 500, flags=frozenset({"age"}))
    with pytest.raises(Refused, match=r"item\.age_check"):
        rules.add_item(EMPTY, beer, 1)
    assert rules.add_item(replace(EMPTY, age_checked=True), beer, 1).total_fen == 500


@pytest.mark.parametrize("quantity", [-1, rules.QUANTITY_MAX + 1])
def test_bad_quantities_are_refused(quantity: int) -> None:
    """Below zero and absurd."""
    with pytest.raises(Refused, match=r"sale\.bad_quantity"):
        rules.add_item(EMPTY, TEA, quantity)


def test_a_lower_price_shows_as_a_discount_and_a_higher_one_replaces_it() -> None:
    """The tag said 2.50; or the dish got larger."""
    lower = rules.override_price(basket(2), 1, 250).lines[0]
    assert (lower.list_fen, lower.total_fen, lower.discounts[0].reason) == (600, 500, "price_override")
    higher = rules.override_price(basket(2), 1, 400).lines[0]
    assert (higher.list_fen, higher.total_fen, higher.discounts) == (800, 800, ())


@given(st.lists(st.integers(1, 9), min_size=1, max_size=6), st.data())
def test_a_sale_discount_is_spread_and_the_sums_agree(quantities: list[int], data: st.DataObject) -> None:
    """Lines add up to the total, whatever the discount."""
    ringing = basket(*quantities)
    off_fen = data.draw(st.integers(0, ringing.total_fen))
    reduced = rules.discount_sale(ringing, SaleDiscount("manual", off_fen, None))
    price = reduced.priced()
    assert price.total_fen == ringing.total_fen - off_fen == sum(line.total_fen for line in price.lines)
    assert all(line.list_fen - sum(d.amount_fen for d in line.discounts) == line.total_fen for line in price.lines)
    assert reduced.total_fen == price.total_fen


def test_discounts_never_exceed_what_is_left() -> None:
    """Neither on a line nor on the whole."""
    with pytest.raises(Refused, match=r"discount\.above_line"):
        rules.discount_line(basket(1), 1, "manual", 301)
    with pytest.raises(Refused, match=r"discount\.above_total"):
        rules.discount_sale(basket(1), SaleDiscount("manual", 301, None))


def test_states_follow_the_table_only() -> None:
    """Every move that the table does not name is refused."""
    for state in BasketState:
        for to in BasketState:
            started = replace(EMPTY, state=state)
            if to in TRANSITIONS[state]:
                assert rules.moved(started, to).state is to
            else:
                with pytest.raises(Refused, match=r"sale\.wrong_state"):
                    rules.moved(started, to)


def test_money_taken_binds_the_basket() -> None:
    """No cancel, no hold, no more lines once cash is in the drawer."""
    paying = rules.take(rules.ask_total(basket(1)), rules.cash_tender(300, 100, "Assets:Cash:Till1"))
    assert paying.due_fen == 200
    for refuse in (rules.cancel, rules.back_to_ringing, lambda one: rules.hold(one, "x")):
        with pytest.raises(Refused, match=r"sale\.money_taken"):
            refuse(paying)
    with pytest.raises(Refused, match=r"sale\.wrong_state"):
        rules.add_item(paying, TEA, 1)
    with pytest.raises(Broken, match=r"sale\.not_paid"):
        rules.completed(paying)


def test_cash_gives_change_and_never_takes_more_than_due() -> None:
    """Given 10.00 for 3.00: the tender is 3.00, change 7.00."""
    tender = rules.cash_tender(300, 1000, "a")
    assert (tender.amount_fen, tender.change_fen) == (300, 700)
    for given_fen in (0, -1, rules.AMOUNT_MAX_FEN + 1, 300 + rules.CHANGE_MAX_FEN + 1):
        with pytest.raises(Refused, match=r"tender\.bad_amount"):
            rules.cash_tender(300, given_fen, "a")
    paying = rules.ask_total(basket(1))
    with pytest.raises(Refused, match=r"tender\.above_due"):
        rules.take(paying, replace(tender, amount_fen=301))
    assert rules.completed(rules.take(paying, tender)).state is BasketState.COMPLETED
