"""A day at the counter through the use cases, on a real store: what every entry and total must say."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.core.errors import Credentials, Refused
from agent.services import checkout, days, refunds, shifts, tendering
from agent.services.shop import Approval, Shop
from tests.shops import CASHIER, LEAD, MANAGER, OTHER_MANAGER, make_shop


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = make_shop(tmp_path)
    yield made
    made.writer.close()


@pytest.fixture
def open_shop(shop: Shop) -> Shop:
    days.open_the_day(shop, MANAGER)
    shifts.open_a_shift(shop, CASHIER, 50_000)
    return shop


def entries(shop: Shop, kind: str) -> list[dict[str, object]]:
    rows = shop.read().execute("SELECT body FROM journal WHERE kind = ? ORDER BY seq", (kind,)).fetchall()
    return [json.loads(body) for (body,) in rows]


def first_items(shop: Shop, count: int) -> list[str]:
    plain = [item for item in shop.catalog.by_sku.values() if item.price_fen and item.unit == "pc" and not item.flags]
    return [item.sku for item in plain[:count]]


def test_nothing_sells_before_day_and_shift_are_open(shop: Shop) -> None:
    with pytest.raises(Refused, match=r"day\.not_open"):
        checkout.add_code(shop, CASHIER, first_items(shop, 1)[0])
    days.open_the_day(shop, MANAGER)
    with pytest.raises(Refused, match=r"shift\.not_open"):
        checkout.add_code(shop, CASHIER, first_items(shop, 1)[0])


def test_a_cash_sale_with_change_is_one_balanced_entry_and_one_slip(open_shop: Shop) -> None:
    one, two = first_items(open_shop, 2)
    checkout.add_code(open_shop, CASHIER, one, 2)
    basket = checkout.add_code(open_shop, CASHIER, two)
    done = tendering.pay_cash(open_shop, CASHIER, basket["due_fen"] + 1_000)["completed"]
    assert done["change_fen"] == 1_000
    (sale,) = entries(open_shop, "sale.completed")
    assert sale["total_fen"] == basket["total_fen"]
    assert done["calling"] == "A001"
    sums = open_shop.read().execute("SELECT sum(amount_fen) FROM view_account").fetchone()[0]
    assert sums == 0
    slip = open_shop.read().execute("SELECT slip, state, document FROM spool").fetchone()
    assert slip[:2] == (f"{sale['sale']}-P0", "queued")
    assert json.loads(slip[2])["drawer"] == "receipt1"


def test_the_same_key_pays_once_and_answers_alike(open_shop: Shop) -> None:
    checkout.add_code(open_shop, CASHIER, first_items(open_shop, 1)[0])
    first = tendering.pay_cash(open_shop, CASHIER, None, key="k1")
    again = tendering.pay_cash(open_shop, CASHIER, None, key="k1")
    assert first == again
    assert len(entries(open_shop, "sale.completed")) == 1


def test_a_discount_above_the_cashiers_right_needs_the_lead(open_shop: Shop) -> None:
    checkout.add_code(open_shop, CASHIER, first_items(open_shop, 1)[0])
    with pytest.raises(Credentials, match=r"approval\.needed"):
        checkout.discount_sale(open_shop, CASHIER, "manual", percent=20)
    basket = checkout.discount_sale(open_shop, CASHIER, "manual", percent=20, approval=Approval(LEAD.staff, LEAD.role))
    assert basket["total_fen"] < basket["list_fen"]
    with pytest.raises(Refused, match=r"approval\.own"):
        checkout.discount_sale(
            open_shop, CASHIER, "manual", percent=20, approval=Approval(CASHIER.staff, "store_manager")
        )


def test_refunds_by_line_never_exceed_what_was_paid(open_shop: Shop) -> None:
    sku = first_items(open_shop, 1)[0]
    checkout.add_code(open_shop, CASHIER, sku, 3)
    total_fen = checkout.discount_sale(open_shop, CASHIER, "manual", amount_fen=100)["total_fen"]
    sale = tendering.pay_cash(open_shop, CASHIER, None)["completed"]["sale"]
    parts = [refunds.refund_sale(open_shop, MANAGER, sale, {1: 1}, "坏的")["total_fen"] for _ in range(3)]
    assert sum(parts) == total_fen
    with pytest.raises(Refused, match=r"refund\.above_quantity"):
        refunds.refund_sale(open_shop, MANAGER, sale, {1: 1}, "坏的")
    with pytest.raises(Refused, match=r"refund\.nothing_left"):
        refunds.refund_sale(open_shop, MANAGER, sale, None, "坏的")


def test_hold_and_recall_at_the_other_till(open_shop: Shop) -> None:
    shifts.open_a_shift(open_shop, OTHER_MANAGER, 0)
    checkout.add_code(open_shop, CASHIER, first_items(open_shop, 1)[0])
    checkout.hold(open_shop, CASHIER, "B07")
    (held,) = checkout.held(open_shop)
    assert held["label"] == "B07"
    checkout.recall(open_shop, OTHER_MANAGER, held["sale"])
    tendering.pay_cash(open_shop, OTHER_MANAGER, None)
    (sale,) = entries(open_shop, "sale.completed")
    assert (sale["till"], sale["staff"]) == ("2", "02")


def test_shift_and_day_close_with_blind_count_and_named_unfinished(open_shop: Shop) -> None:
    checkout.add_code(open_shop, CASHIER, first_items(open_shop, 1)[0])
    tendering.pay_cash(open_shop, CASHIER, None)
    checkout.add_code(open_shop, CASHIER, first_items(open_shop, 2)[1])
    checkout.hold(open_shop, CASHIER, "B09")
    expected_fen = 50_000 + entries(open_shop, "sale.completed")[0]["total_fen"]  # type: ignore[operator]
    with pytest.raises(Refused, match=r"count\.differs"):
        shifts.close_shift(open_shop, CASHIER, {"10000": 5})
    notes = {"10000": expected_fen // 10_000, "1": expected_fen % 10_000}
    report = shifts.close_shift(open_shop, CASHIER, notes)
    assert (report["over_fen"], report["short_fen"], report["z_number"]) == (0, 0, 1)
    closed = days.close_the_day(open_shop, MANAGER)
    assert [thing["name"] for thing in closed["unfinished"]] == ["B09"]
    accounts = dict(open_shop.read().execute("SELECT account, sum(amount_fen) FROM view_account GROUP BY account"))
    assert sum(accounts.values()) == 0
    assert accounts["Assets:Cash:Till1"] == 0


@pytest.mark.parametrize(("language", "name"), [("zh-CN", "米饭"), ("en", "rice")])
def test_an_article_is_sold_under_its_name_in_the_shops_language(tmp_path: Path, language: str, name: str) -> None:
    """Basket, journal and receipt say the same name; without an English one the Chinese stands."""
    shop = make_shop(tmp_path, language=language)
    days.open_the_day(shop, MANAGER)
    shifts.open_a_shift(shop, CASHIER, 0)
    basket = checkout.add_code(shop, CASHIER, "D003")
    tendering.pay_cash(shop, CASHIER, None)
    assert name in basket["lines"][0]["name"].lower()
    (document,) = shop.read().execute("SELECT document FROM spool").fetchone()
    assert basket["lines"][0]["name"] in document
    shop.writer.close()
