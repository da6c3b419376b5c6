"""A cashier who knows the pages and the API well: no way around the role matrix, and nothing taken back uncounted."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agent.core.catalog import Item
from agent.core.errors import Credentials, Refused
from agent.services import checkout, days, shifts, tendering
from agent.services.shop import Approval, Shop
from tests.shops import CASHIER, LEAD, MANAGER, make_shop

TECHNICIAN = replace(CASHIER, staff="09", role="technician")
LEADS_WORD = Approval(LEAD.staff, LEAD.role)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = make_shop(tmp_path)
    days.open_the_day(made, MANAGER)
    shifts.open_a_shift(made, CASHIER, 50_000)
    yield made
    made.writer.close()


def entries(shop: Shop, kind: str) -> list[dict[str, Any]]:
    rows = shop.read().execute("SELECT body FROM journal WHERE kind = ? ORDER BY seq", (kind,)).fetchall()
    return [json.loads(body) for (body,) in rows]


def items(shop: Shop, unit: str = "pc") -> list[Item]:
    return [
        item
        for item in shop.catalog.by_sku.values()
        if item.price_fen and item.unit == unit and "age" not in item.flags
    ]


def ring_up(shop: Shop, *amounts_fen: int) -> dict[str, Any]:
    """Ring up a line of each amount, as a scale's label gives it."""
    shown: dict[str, Any] = {}
    for item, amount_fen in zip(items(shop), amounts_fen, strict=False):
        shown = checkout.add_item(shop, CASHIER, item, 1, list_fen=amount_fen)
    return shown


def test_nobody_types_another_price_for_an_article_that_has_one(shop: Shop) -> None:
    piece, weighed = items(shop)[0], items(shop, "g")[0]
    for item, quantity in ((piece, 1), (weighed, 500)):
        with pytest.raises(Refused, match=r"item\.priced"):
            checkout.add_code(shop, CASHIER, item.sku, quantity, price_fen=1)
    assert checkout.basket(shop, CASHIER) is None
    same = checkout.add_code(shop, CASHIER, piece.sku, 1, price_fen=piece.price_fen)
    assert same["total_fen"] == piece.price_fen


def test_fewer_pieces_are_counted_like_a_line_taken_out(shop: Shop) -> None:
    item = items(shop)[0]
    checkout.add_code(shop, CASHIER, item.sku, 5)
    checkout.change_quantity(shop, CASHIER, 1, 2)
    checkout.change_quantity(shop, CASHIER, 1, 3)
    (removed,) = entries(shop, "sale.line_removed")
    assert (removed["quantity"], removed["amount_fen"]) == (3, 3 * (item.price_fen or 0))
    assert shifts.x_report(shop, LEAD)["operations"]["line_removed"] == 1


def test_who_may_not_sell_changes_no_quantity(shop: Shop) -> None:
    checkout.add_code(shop, CASHIER, items(shop)[0].sku, 5)
    with pytest.raises(Credentials, match=r"act\.not_allowed"):
        checkout.change_quantity(shop, TECHNICIAN, 1, 6)


def test_discounts_of_sale_and_lines_together_stay_within_the_right(shop: Shop) -> None:
    ring_up(shop, 10_000, 10_000)
    checkout.discount_sale(shop, CASHIER, "manual", percent=10)
    with pytest.raises(Credentials, match=r"approval\.needed"):
        checkout.discount_line(shop, CASHIER, 1, "manual", percent=10)
    shown = checkout.discount_line(shop, CASHIER, 1, "manual", percent=10, approval=LEADS_WORD)
    assert shown["total_fen"] == 17_100


@pytest.mark.parametrize("left_fen", [2_000, 900])
def test_an_amount_off_the_sale_does_not_stay_on_fewer_goods(shop: Shop, left_fen: int) -> None:
    ring_up(shop, left_fen, 10_000)
    checkout.discount_sale(shop, CASHIER, "manual", amount_fen=1_000)
    with pytest.raises(Refused, match=r"discount\.larger_share"):
        checkout.remove_line(shop, CASHIER, 2)
    assert entries(shop, "sale.line_removed") == []
    checkout.clear_discounts(shop, CASHIER)
    assert checkout.remove_line(shop, CASHIER, 2)["total_fen"] == left_fen


def test_an_amount_off_the_sale_stays_while_the_cashier_could_give_it(shop: Shop) -> None:
    ring_up(shop, 10_000, 10_000, 10_000)
    checkout.discount_sale(shop, CASHIER, "manual", amount_fen=1_000)
    assert checkout.remove_line(shop, CASHIER, 3)["total_fen"] == 19_000


def test_fewer_pieces_do_not_make_the_amount_off_a_larger_share(shop: Shop) -> None:
    item = items(shop)[0]
    price_fen = item.price_fen or 0
    checkout.add_code(shop, CASHIER, item.sku, 10)
    checkout.discount_sale(shop, CASHIER, "manual", amount_fen=price_fen)
    with pytest.raises(Refused, match=r"discount\.larger_share"):
        checkout.change_quantity(shop, CASHIER, 1, 2)
    assert tendering.pay_cash(shop, CASHIER, None)["completed"]["total_fen"] == 9 * price_fen
