"""Paying on the customer's own phone through the counter's use cases, with no network: a code, a proof, a sale."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agent.core.errors import Refused
from agent.core.pay_passes import PayProof, order_in, proof_text
from agent.core.payment import AttemptState, PlatformAnswer, Verdict
from agent.services import checkout, days, payments, phone_payments, shifts, tendering
from agent.services.phone_orders import PhoneOrders
from agent.services.resolver import Resolver
from agent.services.scanning import scanned
from agent.services.settling import settle
from agent.services.shop import Actor, Approval, Shop
from agent.store import views
from agent.store.verify import verify
from sync.keys import FileKey
from tests.shops import CASHIER, LEAD, MANAGER, FakeClock, FakePlatform, make_shop
from tests.unit.sync.fakes import new_key

AT_TILL_2 = Actor("08", "小林", "cashier", "2")
BOX_KEY: FileKey = new_key()
HQ_KEY: FileKey = new_key()
TRANSACTION = "4200009999202610030000000017"


def forget(call: Any) -> None:
    """Take a call that nobody runs."""


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = make_shop(tmp_path)
    assert isinstance(made.clock, FakeClock)
    made.phone = PhoneOrders("https://pay.example.com", BOX_KEY, lambda store, at_ms: (HQ_KEY.public_key,))
    days.open_the_day(made, MANAGER)
    shifts.open_a_shift(made, CASHIER, 0)
    shifts.open_a_shift(made, AT_TILL_2, 0)
    yield made
    made.writer.close()


def ring(shop: Shop, actor: Actor = CASHIER) -> int:
    sku = next(item.sku for item in shop.catalog.by_sku.values() if item.price_fen and not item.flags)
    checkout.add_code(shop, actor, sku)
    due_fen: int = checkout.ask_total(shop, actor)["due_fen"]
    return due_fen


def begun(shop: Shop, actor: Actor = CASHIER) -> dict[str, Any]:
    ring(shop, actor)
    return phone_payments.start_phone_payment(shop, actor)


def proof_of(shop: Shop, attempt: dict[str, Any], **changes: Any) -> PayProof:
    """Return what headquarters say half a minute after the order was shown."""
    now_s = shop.clock.now_ms() // 1000
    whole = PayProof(
        attempt["attempt"], attempt["amount_fen"], "wechat", TRANSACTION, now_s, 0, 0, now_s, now_s + 604_800
    )
    return replace(whole, **changes)


def scan(shop: Shop, text: str, actor: Actor = CASHIER, repeats: int = 0) -> dict[str, Any]:
    return scanned(shop, actor, actor.till, text, forget, repeats=repeats)


def bodies(shop: Shop, kind: str) -> list[dict[str, Any]]:
    rows = shop.read().execute("SELECT body FROM journal WHERE kind = ? ORDER BY seq", (kind,)).fetchall()
    return [json.loads(body) for (body,) in rows]


def owed(shop: Shop) -> dict[str, int]:
    rows = shop.read().execute("SELECT account, sum(amount_fen) FROM view_account GROUP BY account").fetchall()
    return {account: amount_fen for account, amount_fen in rows if amount_fen}


def test_the_order_is_on_disk_before_its_code_is_shown_and_the_code_says_the_same(shop: Shop) -> None:
    due_fen = ring(shop)
    shown = phone_payments.start_phone_payment(shop, CASHIER, key="k")
    (started,) = bodies(shop, "attempt.started")
    assert (started["method"], started["platform"], started["custody"]) == ("phone", "phone", "hq")
    assert started["expires_at_ms"] == shop.clock.now_ms() + 600_000
    address, _, token = shown["qr"].rpartition("/")
    assert address == "HTTPS://PAY.EXAMPLE.COM/O" and shown["qr"] == shown["qr"].upper()
    order, signed = order_in(token)
    assert signed.is_signed_by([BOX_KEY.public_key])
    assert (order.out_trade_no, order.amount_fen, order.sale) == (started["attempt"], due_fen, started["sale"])
    assert (order.store, order.box, order.epoch, order.expires_s - order.issued_s) == ("S001", "B1", 1, 600)
    assert shown["phase"] == "waiting_phone"
    assert phone_payments.start_phone_payment(shop, CASHIER, key="k")["attempt"] == shown["attempt"], "asked twice"


def test_after_a_restart_the_code_is_the_same(shop: Shop) -> None:
    shown = begun(shop)
    shop.in_flight.forget(shown["attempt"])
    shop.clock.advance(30)  # type: ignore[attr-defined]
    assert payments.attempt(shop, shown["attempt"])["qr"] == shown["qr"]


def test_the_code_is_gone_when_its_time_is_over_or_the_customer_does_not_pay(shop: Shop) -> None:
    shown = begun(shop)
    payments.give_up(shop, CASHIER, shown["attempt"])
    assert payments.attempt(shop, shown["attempt"])["qr"] is None
    shop.in_flight.forget(shown["attempt"])
    shop.clock.advance(601)  # type: ignore[attr-defined]
    assert payments.attempt(shop, shown["attempt"])["qr"] is None


def test_without_a_pay_page_there_is_no_such_way(shop: Shop) -> None:
    ring(shop)
    shop.phone = None
    with pytest.raises(Refused, match=r"phone\.not_set_up"):
        phone_payments.start_phone_payment(shop, CASHIER)
    assert bodies(shop, "attempt.started") == []


def test_one_live_attempt_a_sale(shop: Shop) -> None:
    begun(shop)
    with pytest.raises(Refused, match=r"sale\.attempt_open"):
        phone_payments.start_phone_payment(shop, CASHIER)


def test_a_proof_completes_the_sale_with_no_network(shop: Shop) -> None:
    """No platform is there to be asked; the books balance as after any wallet payment."""
    shown = begun(shop)
    amount_fen = shown["amount_fen"]
    proof = proof_of(shop, shown, platform_discount_fen=amount_fen // 10, merchant_discount_fen=amount_fen // 20)
    answer = scan(shop, proof_text(proof, HQ_KEY))
    assert (answer["action"], answer["sale"], answer["till"], answer["already"]) == ("proof", shown["sale"], "1", False)
    (ended,) = bodies(shop, "attempt.ended")
    assert (ended["platform"], ended["transaction"], ended["outcome"]) == ("wechat", TRANSACTION, "paid")
    assert ended["customer_paid_fen"] == proof.customer_paid_fen
    (sale,) = bodies(shop, "sale.completed")
    assert [(one["kind"], one["amount_fen"]) for one in sale["tenders"]] == [("wechat", amount_fen)]
    (entry,) = bodies(shop, "pass.accepted")
    assert (entry["kind"], entry["subject"], entry["scanned_at"]) == ("P1", shown["attempt"], "1")
    merchant_fen = amount_fen // 20
    assert owed(shop) == {
        "Assets:Clearing:Wechat": amount_fen - merchant_fen,
        "Income:Discounts": merchant_fen,
        "Income:Sales": -amount_fen,
    }


def test_a_proof_serves_once(shop: Shop) -> None:
    text = proof_text(proof_of(shop, begun(shop)), HQ_KEY)
    assert scan(shop, text)["action"] == "proof"
    assert scan(shop, text, repeats=1) == {"action": "repeat"}, "it stays before the scanner"
    for actor in (CASHIER, AT_TILL_2):
        again = scan(shop, text, actor)
        assert (again["action"], again["code"]) == ("refused", "pass.used")
        assert again["values"]["at"] == "10:40"
    shop.clock.advance(86_400)  # type: ignore[attr-defined]
    assert scan(shop, text)["code"] == "pass.used", "the next day too"
    assert len(bodies(shop, "sale.completed")) == 1 and len(bodies(shop, "pass.accepted")) == 1


def test_at_another_till_a_proof_pays_the_sale_that_it_names(shop: Shop) -> None:
    shown = begun(shop)
    ring(shop, AT_TILL_2)
    answer = scan(shop, proof_text(proof_of(shop, shown), HQ_KEY), AT_TILL_2)
    assert (answer["action"], answer["till"], answer["sale"]) == ("proof", "1", shown["sale"])
    (sale,) = bodies(shop, "sale.completed")
    assert (sale["sale"], sale["till"]) == (shown["sale"], "1")
    basket = checkout.basket(shop, AT_TILL_2)
    assert basket is not None and basket["due_fen"] > 0, "theirs is not paid by it"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"out_trade_no": "S002_1_000001_A1AAAA"}, "pass.other_store"),
        ({"out_trade_no": "S001_1_000999_A1AAAA"}, "pass.unknown_sale"),
        ({"amount_fen": 1}, "pass.amount_differs"),
        ({"issued_s": 1_000_000, "expires_s": 1_000_600}, "pass.expired"),
    ],
)
def test_what_does_not_fit_is_refused_and_books_nothing(shop: Shop, changes: dict[str, Any], code: str) -> None:
    shown = begun(shop)
    before = shop.read().execute("SELECT count(*) FROM journal").fetchone()
    answer = scan(shop, proof_text(proof_of(shop, shown, **changes), HQ_KEY))
    assert (answer["action"], answer["code"]) == ("refused", code)
    assert shop.read().execute("SELECT count(*) FROM journal").fetchone() == before
    assert payments.attempt(shop, shown["attempt"])["state"] == "open"


def test_a_proof_that_headquarters_did_not_sign_is_refused(shop: Shop) -> None:
    shown = begun(shop)
    assert scan(shop, proof_text(proof_of(shop, shown), BOX_KEY))["code"] == "pass.not_signed"
    shop.phone = None
    assert scan(shop, proof_text(proof_of(shop, shown), HQ_KEY))["code"] == "pass.no_headquarters"
    assert bodies(shop, "attempt.ended") == []


def test_the_order_itself_is_no_proof(shop: Shop) -> None:
    token = begun(shop)["qr"].rpartition("/")[2]
    assert scan(shop, token)["code"] == "code.order"


def test_nobody_logged_in_takes_no_proof(shop: Shop) -> None:
    shown = begun(shop)
    answer = scanned(shop, None, "1", proof_text(proof_of(shop, shown), HQ_KEY), forget)
    assert answer["code"] == "staff.nobody_logged_in" and bodies(shop, "pass.accepted") == []


def test_a_proof_of_a_parked_payment_is_given_back(shop: Shop) -> None:
    """The lead took cash meanwhile: the phone's money is real and goes back by itself."""
    shown = begun(shop)
    payments.park(shop, CASHIER, shown["attempt"], Approval(LEAD.staff, LEAD.role))
    tendering.pay_cash(shop, CASHIER, None)
    answer = scan(shop, proof_text(proof_of(shop, shown), HQ_KEY))
    assert answer["code"] == "pass.sale_over"
    (refund,) = bodies(shop, "refund.started")
    assert (refund["platform"], refund["amount_fen"], refund["orphan"]) == ("wechat", shown["amount_fen"], True)
    assert len(bodies(shop, "sale.completed")) == 1 and len(bodies(shop, "pass.accepted")) == 1
    assert scan(shop, proof_text(proof_of(shop, shown), HQ_KEY))["code"] == "pass.used"
    assert len(bodies(shop, "refund.started")) == 1


def test_a_proof_after_the_order_was_closed_contradicts_and_goes_back(shop: Shop) -> None:
    shown = begun(shop)
    settle(shop, shown["attempt"], PlatformAnswer(Verdict.CLOSED, shown["attempt"]))
    tendering.pay_cash(shop, CASHIER, None)
    text = proof_text(proof_of(shop, shown), HQ_KEY)
    assert scan(shop, text)["code"] == "pass.sale_over"
    (contradiction,) = bodies(shop, "attempt.contradicted")
    assert (contradiction["code"], contradiction["platform"]) == ("attempt.paid_after_end", "wechat")
    assert [one["platform"] for one in bodies(shop, "refund.started")] == ["wechat"]
    scan(shop, text)
    assert len(bodies(shop, "refund.started")) == 1, "once, however often it is shown"
    assert owed(shop).get("Liabilities:Tendered", 0) == 0


def test_a_second_wallets_money_for_one_order_goes_back(shop: Shop) -> None:
    """Headquarters see to it that this can't happen; if it did, nobody would lose the money."""
    shown = begun(shop)
    assert scan(shop, proof_text(proof_of(shop, shown), HQ_KEY))["action"] == "proof"
    other = proof_of(shop, shown, platform="alipay", transaction="2026100322001400000000000017")
    assert scan(shop, proof_text(other, HQ_KEY))["code"] == "pass.sale_over"
    (refund,) = bodies(shop, "refund.started")
    assert (refund["platform"], refund["amount_fen"]) == ("alipay", shown["amount_fen"])


def test_with_a_network_headquarters_word_completes_it_and_the_proof_is_thanked_for_once(shop: Shop) -> None:
    shown = begun(shop)
    fake = FakePlatform("phone", clock=shop.clock)  # type: ignore[arg-type]
    fake.paid[shown["attempt"]] = shown["amount_fen"]
    shop.platforms = {"phone": fake}
    told = replace(fake.query(shown["attempt"]), platform="alipay", transaction="2026100322001400000000000017")
    assert settle(shop, shown["attempt"], told) is AttemptState.PAID
    proof = proof_of(shop, shown, platform="alipay", transaction="2026100322001400000000000017")
    answer = scan(shop, proof_text(proof, HQ_KEY))
    assert (answer["action"], answer["already"]) == ("proof", True)
    assert scan(shop, proof_text(proof, HQ_KEY))["code"] == "pass.used"
    assert len(bodies(shop, "sale.completed")) == 1


def test_a_proof_of_the_sale_before_does_not_pass_for_the_one_at_the_till(shop: Shop) -> None:
    shown = begun(shop)
    told = PlatformAnswer(
        Verdict.PAID,
        shown["attempt"],
        TRANSACTION,
        shop.clock.now_ms(),
        shown["amount_fen"],
        platform="wechat",
    )
    settle(shop, shown["attempt"], told)
    ring(shop)
    assert scan(shop, proof_text(proof_of(shop, shown), HQ_KEY))["code"] == "pass.used"


def test_the_code_is_printed_with_the_bill(shop: Shop) -> None:
    shown = begun(shop)
    phone_payments.print_code(shop, CASHIER, shown["attempt"])
    phone_payments.print_code(shop, CASHIER, shown["attempt"])
    slips = shop.read().execute("SELECT document FROM spool WHERE kind = 'bill'").fetchall()
    assert len(slips) == 2
    codes = [block for block in json.loads(slips[0][0])["blocks"] if block["kind"] == "qr"]
    assert [block["data"] for block in codes] == [shown["qr"]]


def test_a_payment_that_has_ended_or_has_no_code_prints_none(shop: Shop) -> None:
    shown = begun(shop)
    scan(shop, proof_text(proof_of(shop, shown), HQ_KEY))
    with pytest.raises(Refused, match=r"attempt\.ended"):
        phone_payments.print_code(shop, CASHIER, shown["attempt"])
    with pytest.raises(Refused, match=r"attempt\.unknown"):
        phone_payments.print_code(shop, CASHIER, "S001_1_000001_A9AAAA")


def test_the_journal_verifies_and_its_views_are_those_of_a_rebuild(shop: Shop, tmp_path: Path) -> None:
    shown = begun(shop)
    scan(shop, proof_text(proof_of(shop, shown), HQ_KEY))
    begun(shop)
    report = verify(tmp_path / "journal.db", views)
    assert report.fault is None, report


def test_the_resolver_asks_headquarters_and_closes_it_after_its_time(shop: Shop) -> None:
    shown = begun(shop)
    fake = FakePlatform("phone", clock=shop.clock)  # type: ignore[arg-type]
    fake.offers[shown["attempt"]] = shown["amount_fen"]
    shop.platforms = {"phone": fake}
    resolver = Resolver(shop)
    for _ in range(400):
        if payments.attempt(shop, shown["attempt"])["state"] != "open":
            break
        shop.clock.advance(max(1.0, min(resolver.step(), 30.0)))  # type: ignore[attr-defined]
    assert payments.attempt(shop, shown["attempt"])["state"] == "closed"
    assert "reverse" not in {verb for verb, _ in fake.calls}
    assert {verb for verb, _ in fake.calls} == {"query", "close"}
    basket = checkout.basket(shop, CASHIER)
    assert basket is not None and basket["attempt"] is None, "the sale is free for another tender"
