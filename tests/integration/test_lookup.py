"""“I paid, you don't have it”: the four answers at the counter, their entries, and what no look-up can do."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agent.core.errors import Credentials, Refused, TryLater
from agent.core.lookup import Money, Payment, Place, Question, Report
from agent.core.payment import PlatformAnswer, Verdict
from agent.services import checkout, days, lookup, payments, scanning, shifts, tendering
from agent.services.resolver import Resolver
from agent.services.shop import Actor, Approval, Shop
from drivers.printer.layout import lines
from tests.shops import CASHIER, LEAD, MANAGER, FakeClock, FakePlatform, make_shop

CODE = "134567890123456789"
OTHER_ORDER = "S002_1_000007_A1QQQQ"
TRANSACTION = "4200002345202610031234567890"
NEXT_DOOR = Payment(
    "S002",
    Money.PAID,
    "S002-1-000007",
    OTHER_ORDER,
    "wechat",
    3_600,
    1_790_995_000_000,
    "1",
    name="万达店",
    phone="0731-2",
)
SECOND_TILL = Actor("07", "当班", "cashier", "2")


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = make_shop(tmp_path)
    assert isinstance(made.clock, FakeClock)
    made.platforms = {"wechat": FakePlatform(clock=made.clock)}
    days.open_the_day(made, MANAGER)
    shifts.open_a_shift(made, CASHIER, 0)
    yield made
    made.writer.close()


def platform(shop: Shop) -> FakePlatform:
    found = shop.platforms["wechat"]
    assert isinstance(found, FakePlatform)
    return found


def ring(shop: Shop) -> int:
    sku = next(item.sku for item in shop.catalog.by_sku.values() if item.price_fen and not item.flags)
    checkout.add_code(shop, CASHIER, sku)
    due_fen: int = checkout.ask_total(shop, CASHIER)["due_fen"]
    return due_fen


def lost_answer(shop: Shop, verdict: Verdict = Verdict.UNKNOWN) -> str:
    """Begin a payment whose answer never comes; with UNKNOWN the platform took the money all the same."""
    platform(shop).answers = [verdict]
    started, submit = payments.start_code_payment(shop, CASHIER, "wechat", CODE)
    submit()
    return str(started["attempt"])


def paid_sale(shop: Shop) -> tuple[str, str]:
    """Sell something by wallet; returns attempt and sale."""
    ring(shop)
    started, submit = payments.start_code_payment(shop, CASHIER, "wechat", CODE)
    submit()
    return str(started["attempt"]), str(started["sale"])


def by_number(shop: Shop, number: str, actor: Actor = CASHIER) -> dict[str, Any]:
    asked, run = lookup.start_by_number(shop, actor, number)
    run()
    return lookup.get(shop, actor, asked["lookup"])


def by_terms(shop: Shop, amount_fen: int, minutes_ago: int = 0, within_min: int = 15) -> dict[str, Any]:
    paid_at_ms = shop.clock.now_ms() - minutes_ago * 60_000
    asked, run = lookup.start_by_terms(shop, CASHIER, amount_fen, paid_at_ms, within_min * 60_000)
    run()
    return lookup.get(shop, CASHIER, asked["lookup"])


def bodies(shop: Shop, kind: str) -> list[dict[str, Any]]:
    rows = shop.read().execute("SELECT body FROM journal WHERE kind = ? ORDER BY seq", (kind,)).fetchall()
    return [json.loads(body) for (body,) in rows]


def transaction_of(shop: Shop, attempt: str) -> str:
    return str(shop.read().execute("SELECT txn FROM view_attempt WHERE attempt = ?", (attempt,)).fetchone()[0])


def test_a_this_sale_is_completed_by_the_platforms_answer_and_charged_once(shop: Shop) -> None:
    """The answer was lost; the number of the bill finds it, and the receipt is queued."""
    due_fen = ring(shop)
    attempt = lost_answer(shop)
    found = by_number(shop, f" {attempt.lower()} ")
    assert (found["answer"], found["reason"], found["waiting"]) == ("this_sale", "this_sale", None)
    assert found["payment"]["amount_fen"] == due_fen
    assert len(bodies(shop, "sale.completed")) == 1
    assert platform(shop).pays == 1
    (entry,) = bodies(shop, "payment.looked_up")
    assert entry["number"] == attempt and entry["found_attempt"] == attempt and entry["answer"] == "this_sale"
    assert entry["places"] == [{"place": "journal", "code": None}, {"place": "platform", "code": None}]


def test_the_platforms_own_number_finds_an_attempt_whose_answer_was_lost(shop: Shop) -> None:
    """No journal can know that number yet: the platform says whose order it is, and its word completes the sale."""
    ring(shop)
    attempt = lost_answer(shop)
    transaction = platform(shop).query(attempt).transaction
    assert by_number(shop, str(transaction))["answer"] == "this_sale"
    assert transaction_of(shop, attempt) == transaction


def test_a_parked_payment_that_proves_paid_says_that_it_goes_back(shop: Shop) -> None:
    """Cash was taken meanwhile: the customer hears that the wallet's money is on its way, and nothing is sold twice."""
    ring(shop)
    attempt = lost_answer(shop)
    payments.park(shop, CASHIER, attempt, Approval(LEAD.staff, LEAD.role))
    tendering.pay_cash(shop, CASHIER, None)
    found = by_number(shop, attempt)
    assert (found["answer"], found["reason"]) == ("elsewhere", "refunded")
    assert len(bodies(shop, "sale.completed")) == 1
    assert [body["orphan"] for body in bodies(shop, "refund.started")] == [True]


def test_money_that_waits_for_the_cashier_is_not_called_this_sales(tmp_path: Path) -> None:
    """Where late money is offered and not given back by itself, it has paid nothing until a person says so."""
    made = make_shop(tmp_path)
    made.store = replace(made.store, abandoned="offer")
    made.platforms = {"wechat": FakePlatform(clock=made.clock)}  # type: ignore[arg-type]
    days.open_the_day(made, MANAGER)
    shifts.open_a_shift(made, CASHIER, 0)
    ring(made)
    attempt = lost_answer(made)
    payments.park(made, CASHIER, attempt, Approval(LEAD.staff, LEAD.role))
    found = by_number(made, attempt)
    assert (found["answer"], found["reason"], found["waiting"]) == ("elsewhere", "not_used", None)
    assert bodies(made, "sale.completed") == []
    made.writer.close()


def test_b_another_sale_of_this_shop_is_named_and_nothing_is_completed(shop: Shop) -> None:
    attempt, sale = paid_sale(shop)
    ring(shop)
    for number in (attempt, transaction_of(shop, attempt), sale):
        found = by_number(shop, number)
        assert (found["answer"], found["reason"]) == ("elsewhere", "other_sale"), number
        assert found["payment"]["sale"] == sale
        assert sale in found["detail"]["zh"] and "10:40" in found["detail"]["en"]
    assert len(bodies(shop, "sale.completed")) == 1


def test_b_another_store_is_named_with_its_telephone(shop: Shop) -> None:
    asked: list[Question] = []

    def headquarters(question: Question) -> Report:
        asked.append(question)
        return Report(Place.HEADQUARTERS, (NEXT_DOOR,))

    shop.ask_headquarters = headquarters
    ring(shop)
    found = by_number(shop, OTHER_ORDER)
    assert (found["answer"], found["reason"]) == ("elsewhere", "other_store")
    assert "万达店" in found["detail"]["zh"] and found["payment"]["phone"] == "0731-2"
    assert [question.number for question in asked] == [OTHER_ORDER]
    assert bodies(shop, "payment.looked_up")[0]["found_store"] == "S002"
    assert bodies(shop, "sale.completed") == []


def test_b_another_stores_number_is_recognised_with_no_network(shop: Shop) -> None:
    shop.ask_headquarters = lambda question: Report(Place.HEADQUARTERS, code="network.unreachable")
    ring(shop)
    found = by_number(shop, OTHER_ORDER)
    assert (found["answer"], found["reason"], found["payment"]["store"]) == ("elsewhere", "store_silent", "S002")


def test_c_what_the_platform_does_not_have_was_not_charged(shop: Shop) -> None:
    """Declined here; the platform says the same when it is asked again."""
    ring(shop)
    attempt = lost_answer(shop, Verdict.DECLINED)
    platform(shop).answers = [Verdict.DECLINED]
    found = by_number(shop, attempt)
    assert (found["answer"], found["reason"]) == ("not_charged", "not_charged")
    assert "10:40" in found["detail"]["zh"]
    tendering.pay_cash(shop, CASHIER, None)


def test_c_a_strangers_number_was_not_paid_to_us(shop: Shop) -> None:
    shop.ask_headquarters = lambda question: Report(Place.HEADQUARTERS)
    ring(shop)
    assert by_number(shop, TRANSACTION)["reason"] == "not_ours"
    places = [one["place"] for one in bodies(shop, "payment.looked_up")[0]["places"]]
    assert places == ["journal", "platform", "headquarters"]
    assert platform(shop).calls[-1] == ("find", TRANSACTION)


@pytest.mark.parametrize(
    ("order", "reason", "sale"),
    [(OTHER_ORDER, "other_store", "S002-1-000007"), ("S001_7_000033_A1ABCD", "sale_unknown", None)],
)
def test_the_platform_says_whose_order_its_own_number_is(shop: Shop, order: str, reason: str, sale: str | None) -> None:
    """Of another store under the same merchant, or of this store before its box was replaced."""
    shop.ask_headquarters = lambda question: Report(Place.HEADQUARTERS, (NEXT_DOOR,) if order == OTHER_ORDER else ())
    platform(shop).paid[order] = 3_600
    ring(shop)
    found = by_number(shop, str(platform(shop).query(order).transaction))
    assert (found["answer"], found["reason"], found["payment"]["sale"]) == ("elsewhere", reason, sale)
    assert found["payment"]["attempt"] == order
    assert found["payment"]["phone"] == ("0731-2" if order == OTHER_ORDER else "")
    assert bodies(shop, "sale.completed") == []


def test_a_platforms_number_while_the_platform_is_silent_promises_nothing(shop: Shop) -> None:
    shop.platforms["wechat"].find = lambda transaction: PlatformAnswer(Verdict.UNKNOWN, "", code="network.no_answer")  # type: ignore[method-assign]
    ring(shop)
    found = by_number(shop, TRANSACTION)
    assert (found["answer"], found["reason"], found["code"]) == ("unknown", "not_asked", "network.no_answer")


def test_a_refunds_number_is_no_payment_to_ask_the_platform_for(shop: Shop) -> None:
    ring(shop)
    by_number(shop, "50" + TRANSACTION[2:])
    assert ("find", "50" + TRANSACTION[2:]) not in platform(shop).calls


def test_c_a_screenshot_of_yesterday_proves_nothing(shop: Shop) -> None:
    """Its amount fits today's sale; only today's payments around that minute are looked at, and there is none."""
    due_fen = ring(shop)
    tendering.pay_cash(shop, CASHIER, None)
    ring(shop)
    assert by_terms(shop, due_fen, minutes_ago=24 * 60)["reason"] == "nothing_then"
    assert len(bodies(shop, "sale.completed")) == 1


def test_amount_and_time_only_show_what_to_compare(shop: Shop) -> None:
    """A sale of the same amount a minute ago completes nothing: the number has to be scanned."""
    _, sale = paid_sale(shop)
    due_fen = ring(shop)
    found = by_terms(shop, due_fen)
    assert (found["answer"], found["reason"]) == ("elsewhere", "candidates")
    assert [one["sale"] for one in found["candidates"]] == [sale]
    assert len(bodies(shop, "sale.completed")) == 1


def test_amount_and_time_find_static_code_money_and_other_stores(shop: Shop) -> None:
    due_fen = ring(shop)
    sale = tendering.pay_other(shop, LEAD, "static_code", None, "1234 10:00")["completed"]["sale"]
    shop.ask_headquarters = lambda question: Report(Place.HEADQUARTERS, (NEXT_DOOR,))
    ring(shop)
    found = by_terms(shop, due_fen)["candidates"]
    assert {(one["store"], one["sale"], one["money"]) for one in found} == {
        ("S001", sale, "provisional"),
        ("S002", "S002-1-000007", "paid"),
    }


def test_amount_and_time_find_the_lost_answer_of_this_very_sale(shop: Shop) -> None:
    """Whatever the customer's watch says: the open attempt of the sale on the counter is asked about."""
    due_fen = ring(shop)
    lost_answer(shop)
    shop.clock.advance(40)  # type: ignore[attr-defined]
    assert by_terms(shop, due_fen, minutes_ago=120, within_min=5)["answer"] == "this_sale"
    assert len(bodies(shop, "sale.completed")) == 1


def test_d_no_answer_leaves_a_slip_without_second_tender_or_cash_by_the_lead(shop: Shop) -> None:
    due_fen = ring(shop)
    attempt = lost_answer(shop)
    platform(shop).answers = [Verdict.UNKNOWN]
    found = by_number(shop, attempt)
    assert (found["answer"], found["reason"], found["waiting"]) == ("unknown", "unreachable", attempt)
    slip = lookup.print_slip(shop, CASHIER, found["lookup"])["slip"]
    again = lookup.print_slip(shop, CASHIER, found["lookup"])["slip"]
    assert (slip, again) == (f"{attempt}-W-P0", f"{attempt}-W-P1")
    rows = shop.read().execute("SELECT document FROM spool WHERE kind = 'pending' ORDER BY number").fetchall()
    first, second = ("\n".join(line.text for line in lines(json.loads(row[0]), 32)) for row in rows)
    assert "待查付款凭条" in first and f"{due_fen / 100:.2f}" in first and "第二次" not in first
    assert "重印" in second
    payments.park(shop, CASHIER, attempt, Approval(LEAD.staff, LEAD.role))
    tendering.pay_cash(shop, CASHIER, None)
    shop.clock.advance(3)  # type: ignore[attr-defined]
    resolver = Resolver(shop)
    resolver.step()
    resolver.step()
    assert sum(platform(shop).refunds.values()) == due_fen
    assert by_number(shop, attempt)["reason"] == "refunded"


def test_d_what_is_not_here_while_the_others_can_not_be_asked_promises_nothing(shop: Shop) -> None:
    """No payment of this sale waits: there is no slip to give and nothing that comes back by itself."""
    shop.ask_headquarters = lambda question: Report(Place.HEADQUARTERS, code="network.unreachable")
    due_fen = ring(shop)
    for found in (by_number(shop, TRANSACTION), by_terms(shop, due_fen)):
        assert (found["answer"], found["reason"], found["waiting"]) == ("unknown", "not_asked", None)
        assert "凭条" not in found["detail"]["zh"] and "自动" not in found["detail"]["zh"]
        with pytest.raises(Refused, match=r"lookup\.no_slip"):
            lookup.print_slip(shop, CASHIER, found["lookup"])


def test_d_a_customer_who_still_types_the_password_is_waited_for(shop: Shop) -> None:
    ring(shop)
    attempt = lost_answer(shop, Verdict.PENDING)
    platform(shop).answers = [Verdict.PENDING]
    assert by_number(shop, attempt)["reason"] == "still_open"
    assert payments.attempt(shop, attempt)["state"] == "open"


def test_a_paid_that_was_undone_while_it_was_on_its_way_gives_nothing_back_twice(shop: Shop) -> None:
    ring(shop)
    number = lost_answer(shop)
    ask = platform(shop).query

    def undone_meanwhile(out_trade_no: str) -> PlatformAnswer:
        said = ask(out_trade_no)
        platform(shop).query = ask  # type: ignore[method-assign]
        undone = platform(shop).reverse(out_trade_no)
        payments.settle(shop, out_trade_no, undone, of_undo=True)
        return said

    platform(shop).query = undone_meanwhile  # type: ignore[method-assign]
    found = by_number(shop, number)
    assert (found["answer"], payments.attempt(shop, number)["state"]) == ("not_charged", "reversed")
    assert bodies(shop, "attempt.contradicted") == bodies(shop, "refund.started") == []


def test_not_found_alone_ends_nothing(shop: Shop) -> None:
    """The order may still be on its way: only the resolver undoes it, in its time."""
    ring(shop)
    attempt = lost_answer(shop, Verdict.PENDING)
    platform(shop).answers = [Verdict.NOT_FOUND]
    assert by_number(shop, attempt)["reason"] == "still_open"
    assert payments.attempt(shop, attempt)["state"] == "open"


def test_a_paid_that_does_not_fit_is_said_and_completes_nothing(shop: Shop) -> None:
    ring(shop)
    attempt = lost_answer(shop)
    platform(shop).paid[attempt] = 1
    found = by_number(shop, attempt)
    assert (found["answer"], found["reason"], found["code"]) == ("unknown", "contradicted", "attempt.amount_differs")
    assert bodies(shop, "sale.completed") == []
    assert "平台的金额对不上" in found["detail"]["zh"]


def test_an_order_of_this_store_that_no_sale_asked_for_is_the_managers(shop: Shop) -> None:
    """A box that was replaced: the number is ours, the platform has the money, this journal knows nothing of it."""
    earlier = "S001_7_000033_A1ABCD"
    platform(shop).paid[earlier] = 3_600
    ring(shop)
    found = by_number(shop, earlier)
    assert (found["answer"], found["reason"]) == ("elsewhere", "sale_unknown")
    assert "36.00" in found["detail"]["zh"]
    assert by_number(shop, "S001_7_000034_A1ABCD")["reason"] == "not_charged"


@pytest.mark.parametrize("number", ["110101199003077512", "13812345678", CODE, "小周", "", "S001_2_1_A1", "'; --"])
def test_what_is_no_number_is_refused_unwritten(shop: Shop, number: str) -> None:
    """Identity numbers, telephone numbers and payment codes never reach the journal by this way."""
    with pytest.raises(Refused, match=r"lookup\.not_a_number"):
        lookup.start_by_number(shop, CASHIER, number)
    assert bodies(shop, "payment.looked_up") == []


@pytest.mark.parametrize(
    ("amount_fen", "ago_ms", "within_ms"),
    [(0, 0, 60_000), (-1, 0, 60_000), (1, 0, 0), (1, 0, 3_600_001), (1, 8 * 86_400_000, 60_000), (1, -700_000, 60_000)],
)
def test_terms_that_find_anything_are_refused(shop: Shop, amount_fen: int, ago_ms: int, within_ms: int) -> None:
    with pytest.raises(Refused, match=r"lookup\.terms"):
        lookup.start_by_terms(shop, CASHIER, amount_fen, shop.clock.now_ms() - ago_ms, within_ms)


def test_one_look_up_a_till_at_a_time_and_the_same_one_twice_is_one(shop: Shop) -> None:
    shifts.open_a_shift(shop, SECOND_TILL, 0)
    first, run = lookup.start_by_number(shop, CASHIER, TRANSACTION)
    again, nothing = lookup.start_by_number(shop, CASHIER, TRANSACTION)
    assert again["lookup"] == first["lookup"] and first["state"] == "asking"
    with pytest.raises(TryLater, match=r"lookup\.busy"):
        lookup.start_by_number(shop, CASHIER, OTHER_ORDER)
    by_number(shop, OTHER_ORDER, SECOND_TILL)
    nothing()
    run()
    assert lookup.get(shop, CASHIER, first["lookup"])["state"] == "answered"
    assert len(bodies(shop, "payment.looked_up")) == 2
    by_number(shop, OTHER_ORDER)


def test_who_may_not_see_sales_looks_nothing_up(shop: Shop) -> None:
    technician = Actor("90", "技术员", "technician", "1")
    with pytest.raises(Credentials):
        lookup.start_by_number(shop, technician, TRANSACTION)
    found = by_number(shop, TRANSACTION)
    with pytest.raises(Credentials):
        lookup.get(shop, technician, found["lookup"])
    with pytest.raises(Refused, match=r"lookup\.no_slip"):
        lookup.print_slip(shop, CASHIER, found["lookup"])
    with pytest.raises(Refused, match=r"lookup\.gone"):
        lookup.get(shop, CASHIER, "LNEVER")


def test_a_scan_while_money_is_due_is_a_claim_and_otherwise_opens_the_sale(shop: Shop) -> None:
    runs: list[Any] = []
    attempt, sale = paid_sale(shop)
    opened = scanning.scanned(shop, CASHIER, "1", attempt, runs.append)
    assert (opened["action"], opened["sale"], runs) == ("lookup", sale, [])
    ring(shop)
    claimed = scanning.scanned(shop, CASHIER, "1", attempt, runs.append)
    assert claimed["lookup"]["state"] == "asking"
    runs.pop()()
    assert lookup.get(shop, CASHIER, claimed["lookup"]["lookup"])["reason"] == "other_sale"
    assert scanning.scanned(shop, CASHIER, "1", "X1PAID", runs.append) == {"action": "open", "page": "lookup"}


def test_the_page_hears_of_the_answer(shop: Shop) -> None:
    heard: list[tuple[str, dict[str, Any]]] = []
    shop.publish = lambda kind, data: heard.append((kind, data))
    ring(shop)
    attempt = lost_answer(shop)
    by_number(shop, attempt)
    (told,) = [data for kind, data in heard if kind == "lookup"]
    assert (told["till"], told["state"], told["answer"]) == ("1", "answered", "this_sale")
