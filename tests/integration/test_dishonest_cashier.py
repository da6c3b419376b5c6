"""A cashier who knows the pages and the API well: no way around the role matrix, and nothing taken back uncounted."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher

from agent.core.catalog import Item
from agent.core.errors import Credentials, Refused
from agent.services import checkout, days, payments, pending, refunds, shifts, staff, tendering
from agent.services.shop import Approval, Shop
from tests.shops import CASHIER, LEAD, MANAGER, OTHER_MANAGER, FakeClock, FakePlatform, make_shop

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


def test_parts_are_no_way_around_a_tenders_cap_or_right(shop: Shop) -> None:
    ring_up(shop, 60_000)
    tendering.pay_other(shop, CASHIER, "static_code", 15_000, "1234")
    with pytest.raises(Credentials, match=r"approval\.needed"):
        tendering.pay_other(shop, CASHIER, "static_code", 15_000, "1234")
    tendering.pay_other(shop, CASHIER, "static_code", 15_000, "1234", LEADS_WORD)
    with pytest.raises(Refused, match=r"tender\.above_cap"):
        tendering.pay_other(shop, CASHIER, "static_code", 30_000, "1234", LEADS_WORD)


def test_parts_are_no_way_around_the_limit_of_a_refund(shop: Shop) -> None:
    ring_up(shop, 15_000, 15_000)
    sale = tendering.pay_cash(shop, CASHIER, None)["completed"]["sale"]
    refunds.refund_sale(shop, LEAD, sale, {1: 1}, "坏的")
    with pytest.raises(Credentials, match=r"approval\.needed"):
        refunds.refund_sale(shop, LEAD, sale, {2: 1}, "坏的")
    assert refunds.refund_sale(shop, MANAGER, sale, {2: 1}, "坏的")["total_fen"] == 15_000


def test_cash_for_an_old_card_sale_needs_what_any_old_sale_needs(shop: Shop) -> None:
    ring_up(shop, 10_000)
    sale = tendering.pay_other(shop, CASHIER, "card", None, "ref 1")["completed"]["sale"]
    assert isinstance(shop.clock, FakeClock)
    shop.clock.at_ms += 31 * refunds.DAY_MS
    for in_cash in (False, True):
        with pytest.raises(Credentials, match=r"approval\.needed") as caught:
            refunds.refund_sale(shop, MANAGER, sale, None, "退", in_cash=in_cash)
        assert caught.value.values["needed"] == "hq"
    refunds.refund_sale(shop, MANAGER, sale, None, "退", in_cash=True, approval=Approval("00", "hq"))
    assert [one["act"] for one in entries(shop, "staff.approved")] == ["refund_late"]


def test_cash_stays_with_the_drawer_that_has_it(shop: Shop) -> None:
    """A sale set aside with part of its money in this drawer is neither finished at another one nor left at a count."""
    assert isinstance(shop.clock, FakeClock)
    shop.platforms = {"wechat": FakePlatform(clock=shop.clock)}
    shifts.open_a_shift(shop, OTHER_MANAGER, 0)
    ring_up(shop, 10_000)
    tendering.pay_cash(shop, CASHIER, 4_000)
    started, _ = payments.start_code_payment(shop, CASHIER, "wechat", "134567890123456789")
    sale = pending.set_aside(shop, CASHIER, started["attempt"])["sale"]
    with pytest.raises(Refused, match=r"sale\.cash_elsewhere"):
        checkout.recall(shop, OTHER_MANAGER, sale)
    with pytest.raises(Refused, match=r"shift\.cash_in_basket"):
        shifts.close_shift(shop, CASHIER, {"10000": 5, "2000": 2})
    checkout.recall(shop, CASHIER, sale)
    payments.park(shop, LEAD, started["attempt"])
    tendering.pay_cash(shop, CASHIER, None)
    closed = shifts.close_shift(shop, CASHIER, {"10000": 6})
    assert (closed["over_fen"], closed["short_fen"]) == (0, 0)


def test_nothing_new_counts_in_a_day_that_was_closed_by_force(shop: Shop) -> None:
    """What was begun is finished, and the shift is counted; then a new day takes what is new."""
    ring_up(shop, 10_000)
    checkout.hold(shop, CASHIER, "B1")
    ring_up(shop, 10_000)
    days.close_the_day(shop, MANAGER, "走了没交班")
    old = tendering.pay_cash(shop, CASHIER, None)["completed"]["sale"]
    (held,) = checkout.held(shop)
    begun: tuple[Callable[[], object], ...] = (
        lambda: ring_up(shop, 10_000),
        lambda: checkout.recall(shop, CASHIER, held["sale"]),
        lambda: refunds.refund_sale(shop, MANAGER, old, None, "退"),
        lambda: shifts.move_drawer(shop, MANAGER, "paid_out", 100, "水费"),
    )
    for begin in begun:
        with pytest.raises(Refused, match=r"shift\.day_closed"):
            begin()
    shifts.move_drawer(shop, CASHIER, "no_sale", 0, "点钱")
    shifts.close_shift(shop, CASHIER, {"10000": 6})
    assert isinstance(shop.clock, FakeClock)
    shop.clock.at_ms += refunds.DAY_MS
    today = days.open_the_day(shop, MANAGER)["day"]
    shifts.open_a_shift(shop, CASHIER, 0)
    checkout.recall(shop, CASHIER, held["sale"])
    tendering.pay_cash(shop, CASHIER, None)
    assert [sale["day"] == today for sale in entries(shop, "sale.completed")] == [False, True]


def test_a_wait_that_a_wrong_clock_counted_ends_when_it_is_set(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(staff, "_hasher", lambda: hasher)
    staff.add_person(shop, "01", "李店长", "store_manager", "111111")
    assert isinstance(shop.clock, FakeClock)
    shop.clock.at_ms += 3_000 * refunds.DAY_MS
    for _ in range(staff.GUESSES_FREE):
        with pytest.raises(Credentials, match=r"staff\.wrong_pin"):
            staff.login(shop, "01", "000000", "1")
    with pytest.raises(Credentials, match=r"staff\.locked"):
        staff.login(shop, "01", "111111", "1")
    shop.clock.at_ms -= 3_000 * refunds.DAY_MS
    assert staff.login(shop, "01", "111111", "1")[1].role == "store_manager"


def test_a_count_that_differs_is_on_record_before_the_difference_is_told(shop: Shop) -> None:
    """Who types anything to learn what should be there leaves that behind, and can't say that it was counted before."""
    with pytest.raises(Refused, match=r"count\.differs") as told:
        shifts.close_shift(shop, CASHIER, {}, "不知道", LEADS_WORD, recounted=True)
    assert told.value.values["short_fen"] == 50_000
    (counted,) = entries(shop, "shift.counted")
    assert (counted["counted_fen"], counted["over_fen"], counted["short_fen"]) == (0, 0, 50_000)
    with pytest.raises(Refused, match=r"count\.differs"):
        shifts.close_shift(shop, CASHIER, {"10000": 4})
    report = shifts.close_shift(shop, CASHIER, {"10000": 5}, recounted=True)
    assert report["operations"]["count_off"] == 2
    (document,) = shop.read().execute("SELECT document FROM spool WHERE slip = ?", (report["slip"],)).fetchone()
    assert "之前点数不符 2 次" in json.dumps(json.loads(document), ensure_ascii=False)


def test_what_was_taken_out_stands_on_the_z_report(shop: Shop) -> None:
    ring_up(shop, 1_000, 2_000)
    checkout.remove_line(shop, CASHIER, 2)
    tendering.pay_cash(shop, CASHIER, None)
    slip = shifts.close_shift(shop, CASHIER, {"10000": 5, "1000": 1})["slip"]
    (document,) = shop.read().execute("SELECT document FROM spool WHERE slip = ?", (slip,)).fetchone()
    assert "删行 1" in json.dumps(json.loads(document), ensure_ascii=False)


def test_a_small_difference_is_accepted_after_the_second_count(shop: Shop) -> None:
    with pytest.raises(Refused, match=r"count\.differs"):
        shifts.close_shift(shop, CASHIER, {"10000": 4, "5000": 1, "2000": 2})
    again = {"10000": 4, "5000": 1, "2000": 2}
    with pytest.raises(Refused, match=r"count\.reason_missing"):
        shifts.close_shift(shop, CASHIER, again, recounted=True)
    report = shifts.close_shift(shop, CASHIER, again, "找零差错", LEADS_WORD, recounted=True)
    assert report["short_fen"] == 1_000
