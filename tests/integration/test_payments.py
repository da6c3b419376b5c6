"""Platform payments through the use cases: never twice, never unrecorded, always to an end."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.core.codes import receipt_code
from agent.core.errors import Credentials, Refused
from agent.core.payment import NUMBER_USED, AttemptState, OfferVerdict, PlatformAnswer, Verdict, number_used
from agent.services import checkout, days, payments, refunds, shifts, staff, tendering
from agent.services.resolver import IDLE_S, Resolver
from agent.services.shop import Approval, Shop
from drivers.printer.layout import lines
from tests.shops import CASHIER, LEAD, MANAGER, FakeClock, FakePlatform, make_shop

CODE = "134567890123456789"
ANOTHER_CODE = "134567890123456780"


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


def bodies(shop: Shop, kind: str) -> list[dict[str, object]]:
    rows = shop.read().execute("SELECT body FROM journal WHERE kind = ? ORDER BY seq", (kind,)).fetchall()
    return [json.loads(body) for (body,) in rows]


def owed(shop: Shop) -> dict[str, int]:
    rows = shop.read().execute("SELECT account, sum(amount_fen) FROM view_account GROUP BY account").fetchall()
    return {account: amount_fen for account, amount_fen in rows if account.startswith("Liabilities") and amount_fen}


def state(shop: Shop, attempt: str) -> str:
    return str(payments.attempt(shop, attempt)["state"])


def test_the_attempt_is_on_disk_before_the_platform_hears_of_it(shop: Shop) -> None:
    """A crash between the two leaves an open attempt; it is queried and never submitted again."""
    ring(shop)
    started, _ = payments.start_code_payment(shop, CASHIER, "wechat", CODE)
    assert [body["attempt"] for body in bodies(shop, "attempt.started")] == [started["attempt"]]
    assert platform(shop).pays == 0
    assert CODE not in json.dumps(bodies(shop, "attempt.started"))


def test_a_paid_attempt_completes_the_sale_once(shop: Shop) -> None:
    """The answer and a later query say the same; there is one sale and nothing is owed."""
    due_fen = ring(shop)
    started, submit = payments.start_code_payment(shop, CASHIER, "wechat", CODE, key="k")
    submit()
    again, submit_again = payments.start_code_payment(shop, CASHIER, "wechat", CODE, key="k")
    submit_again()
    assert again["attempt"] == started["attempt"]
    assert platform(shop).pays == 1
    (sale,) = bodies(shop, "sale.completed")
    assert sale["total_fen"] == due_fen
    assert owed(shop) == {}


def test_the_receipt_of_a_wallet_sale_names_the_cashier(shop: Shop) -> None:
    """Completed by the resolver or not, the slip says who sold."""
    staff.add_person(shop, CASHIER.staff, "小周", CASHIER.role, "7777")
    ring(shop)
    _, submit = payments.start_code_payment(shop, CASHIER, "wechat", CODE)
    submit()
    (document,) = shop.read().execute("SELECT document FROM spool").fetchone()
    assert "小周(07)" in document


def test_a_lost_answer_is_found_by_query_after_a_restart(shop: Shop) -> None:
    """The platform took the money and the answer never came."""
    ring(shop)
    platform(shop).answers = [Verdict.UNKNOWN]
    started, submit = payments.start_code_payment(shop, CASHIER, "wechat", CODE)
    woken: list[bool] = []
    shop.wake_resolver = lambda: woken.append(True)
    submit()
    assert state(shop, started["attempt"]) == "open"
    assert woken == [True]
    shop.clock.advance(3)  # type: ignore[attr-defined]
    Resolver(shop).step()
    assert state(shop, started["attempt"]) == "paid"
    assert len(bodies(shop, "sale.completed")) == 1


def test_what_never_arrived_ends_only_after_a_confirmed_reverse(shop: Shop) -> None:
    """ "Not found" alone proves nothing: the order may still be on its way."""
    ring(shop)
    started, _ = payments.start_code_payment(shop, CASHIER, "wechat", CODE)
    resolver = Resolver(shop)
    shop.clock.advance(5)  # type: ignore[attr-defined]
    resolver.step()
    assert state(shop, started["attempt"]) == "open"
    shop.clock.advance(45)  # type: ignore[attr-defined]
    resolver.step()
    assert state(shop, started["attempt"]) == "reversed"
    assert resolver.step() == IDLE_S
    tendering.pay_cash(shop, CASHIER, None)
    assert owed(shop) == {}


def test_one_live_attempt_a_sale_and_no_cash_beside_it(shop: Shop) -> None:
    """While nobody knows, the basket takes nothing else unless a lead parks the attempt."""
    ring(shop)
    platform(shop).answers = [Verdict.PENDING]
    started, submit = payments.start_code_payment(shop, CASHIER, "wechat", CODE)
    submit()
    for take in (
        lambda: payments.start_code_payment(shop, CASHIER, "wechat", CODE),
        lambda: tendering.pay_cash(shop, CASHIER, None),
    ):
        with pytest.raises(Refused, match=r"sale\.attempt_open"):
            take()
    with pytest.raises(Refused, match=r"sale\.money_taken"):
        checkout.cancel(shop, MANAGER, "x")
    with pytest.raises(Credentials, match=r"approval\.needed"):
        payments.park(shop, CASHIER, started["attempt"])


def test_a_parked_attempt_that_proves_paid_is_refunded_by_itself(shop: Shop) -> None:
    """The customer paid cash meanwhile; the wallet's money goes back whole, under its own number."""
    due_fen = ring(shop)
    platform(shop).answers = [Verdict.UNKNOWN]
    started, submit = payments.start_code_payment(shop, CASHIER, "wechat", CODE)
    submit()
    payments.park(shop, CASHIER, started["attempt"], Approval(LEAD.staff, LEAD.role))
    tendering.pay_cash(shop, CASHIER, None)
    shop.clock.advance(3)  # type: ignore[attr-defined]
    resolver = Resolver(shop)
    resolver.step()
    resolver.step()
    assert state(shop, started["attempt"]) == "paid"
    assert sum(platform(shop).refunds.values()) == due_fen
    assert len(bodies(shop, "sale.completed")) == 1
    assert owed(shop) == {}


def test_a_parked_payment_leaves_its_slip_when_the_sale_is_paid_otherwise(shop: Shop) -> None:
    """The customer keeps in writing that the wallet's money comes back; the slip finds the sale, and is no receipt."""
    due_fen = ring(shop)
    platform(shop).answers = [Verdict.UNKNOWN]
    started, submit = payments.start_code_payment(shop, CASHIER, "wechat", CODE)
    submit()
    payments.park(shop, CASHIER, started["attempt"], Approval(LEAD.staff, LEAD.role))
    assert not slips(shop, "pending"), "nothing was taken yet"
    done = tendering.pay_cash(shop, CASHIER, None)["completed"]
    [(name, document)] = slips(shop, "pending")
    assert name == f"{started['attempt']}-P0"
    text = "\n".join(line.text for line in lines(document, 32))
    amount = f"{due_fen / 100:.2f}"
    for wanted in ("待查付款凭条", done["sale"], f"微信{amount}", f"现金{amount}", f"({LEAD.staff})", "原路退回"):
        assert wanted in text.replace(" ", "").replace("第一次", "").replace("支付", ""), wanted
    assert receipt_code(done["sale"]) in str(document)


def test_a_sale_without_parked_payment_has_no_such_slip(shop: Shop) -> None:
    ring(shop)
    tendering.pay_cash(shop, CASHIER, None)
    assert not slips(shop, "pending")


def slips(shop: Shop, kind: str) -> list[tuple[str, dict[str, Any]]]:
    """Return name and document of each slip of a kind in the spool."""
    rows = shop.read().execute("SELECT slip, document FROM spool WHERE kind = ?", (kind,)).fetchall()
    return [(name, json.loads(document)) for name, document in rows]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"amount_fen": 1}, "attempt.amount_differs"),
        ({"transaction": None}, "attempt.no_transaction"),
        ({"platform_at_ms": 0}, "attempt.platform_time_before_start"),
        ({"platform_at_ms": None}, "attempt.no_platform_time"),
    ],
)
def test_a_paid_that_does_not_fit_is_kept_as_a_contradiction(
    shop: Shop, change: dict[str, int | None], code: str
) -> None:
    """PAID counts only with equal amount, a time not before the attempt, and a transaction."""
    due_fen = ring(shop)
    started, _ = payments.start_code_payment(shop, CASHIER, "wechat", CODE)
    fits: dict[str, object] = {
        "transaction": "4200001",
        "platform_at_ms": shop.clock.now_ms(),
        "amount_fen": due_fen,
    }
    answer = PlatformAnswer(Verdict.PAID, started["attempt"], **{**fits, **change})  # type: ignore[arg-type]
    for _ in range(2):
        assert payments.settle(shop, started["attempt"], answer) is None
    assert [body["code"] for body in bodies(shop, "attempt.contradicted")] == [code]
    assert bodies(shop, "sale.completed") == []


def test_a_transaction_known_to_the_journal_pays_no_second_sale(shop: Shop) -> None:
    """The same platform number for two orders is a contradiction, whoever sent it."""
    transaction: dict[str, object] = {"transaction": "4200001", "platform_at_ms": shop.clock.now_ms()}
    due_fen = ring(shop)
    first, _ = payments.start_code_payment(shop, CASHIER, "wechat", CODE)
    paid = PlatformAnswer(Verdict.PAID, first["attempt"], amount_fen=due_fen, **transaction)  # type: ignore[arg-type]
    assert payments.settle(shop, first["attempt"], paid) is AttemptState.PAID
    ring(shop)
    second, _ = payments.start_code_payment(shop, CASHIER, "wechat", ANOTHER_CODE)
    again = PlatformAnswer(Verdict.PAID, second["attempt"], amount_fen=due_fen, **transaction)  # type: ignore[arg-type]
    assert payments.settle(shop, second["attempt"], again) is None
    assert [body["code"] for body in bodies(shop, "attempt.contradicted")] == ["attempt.transaction_known"]


def test_a_wallet_refund_goes_the_original_way_and_ends_by_the_platforms_word(shop: Shop) -> None:
    """Registered first, executed by the resolver, never in cash without the manager."""
    due_fen = ring(shop)
    _, submit = payments.start_code_payment(shop, CASHIER, "wechat", CODE)
    submit()
    sale = str(bodies(shop, "sale.completed")[0]["sale"])
    with pytest.raises(Credentials, match=r"approval\.needed"):
        refunds.refund_sale(shop, CASHIER, sale, None, "退", in_cash=True)
    refunds.refund_sale(shop, MANAGER, sale, None, "退")
    assert owed(shop) == {"Liabilities:Refunds": -due_fen}
    Resolver(shop).step()
    assert sum(platform(shop).refunds.values()) == due_fen
    assert [body["outcome"] for body in bodies(shop, "refund.ended")] == ["done"]
    assert owed(shop) == {}


def test_mixed_tenders_refund_the_wallet_first(shop: Shop) -> None:
    """Half cash, half wallet: the wallet's share goes back before the drawer opens."""
    due_fen = ring(shop)
    tendering.pay_cash(shop, CASHIER, due_fen // 2)
    _, submit = payments.start_code_payment(shop, CASHIER, "wechat", CODE)
    submit()
    sale = str(bodies(shop, "sale.completed")[0]["sale"])
    given = refunds.refund_sale(shop, MANAGER, sale, None, "退")
    assert [tender["kind"] for tender in given["tenders"]] == ["wechat", "cash"]
    assert given["total_fen"] == due_fen


@pytest.mark.parametrize("in_cash", [False, True])
def test_what_was_given_free_never_comes_back_as_money(shop: Shop, in_cash: bool) -> None:
    """A meal on the house was not paid: no refund draws on it, least of all in cash."""
    ring(shop)
    sale = str(tendering.pay_other(shop, MANAGER, "comp", None, "招待")["completed"]["sale"])
    with pytest.raises(Refused, match=r"refund\.not_refundable"):
        refunds.refund_sale(shop, MANAGER, sale, None, "退", in_cash=in_cash)
    assert bodies(shop, "sale.refunded") == []


def test_cash_for_a_card_sale_is_the_managers_word(shop: Shop) -> None:
    """Any tender but cash: a lead may send it back the way it came, not out of the drawer."""
    ring(shop)
    sale = str(
        tendering.pay_other(shop, CASHIER, "card", None, "ref 1", Approval(LEAD.staff, LEAD.role))["completed"]["sale"]
    )
    with pytest.raises(Credentials, match=r"approval\.needed"):
        refunds.refund_sale(shop, LEAD, sale, None, "退", in_cash=True)
    given = refunds.refund_sale(shop, LEAD, sale, None, "退")
    assert [tender["kind"] for tender in given["tenders"]] == ["card"]


def test_a_payment_code_serves_once_and_is_not_kept(shop: Shop) -> None:
    """A scanner that reads twice, or an old picture: refused here, without asking the platform."""
    ring(shop)
    _, submit = payments.start_code_payment(shop, CASHIER, "wechat", CODE)
    submit()
    ring(shop)
    with pytest.raises(Refused, match=r"code\.used_before"):
        payments.start_code_payment(shop, CASHIER, "wechat", CODE)
    assert platform(shop).pays == 1
    assert len(bodies(shop, "attempt.started")) == 1, "what was refused left no attempt"
    assert CODE not in repr(vars(shop.seen_codes))
    shop.clock.advance(601)  # type: ignore[attr-defined]
    payments.start_code_payment(shop, CASHIER, "wechat", CODE)


def test_an_attempt_names_merchant_and_custody_and_its_end_hides_the_payer(shop: Shop) -> None:
    due_fen = ring(shop)
    started, _ = payments.start_code_payment(shop, CASHIER, "wechat", CODE)
    answer = PlatformAnswer(
        Verdict.PAID,
        started["attempt"],
        transaction="4200001",
        platform_at_ms=shop.clock.now_ms(),
        amount_fen=due_fen,
        payer="oOPENID0000000000000000000001",
    )
    payments.settle(shop, started["attempt"], answer)
    (begun,), (ended,) = bodies(shop, "attempt.started"), bodies(shop, "attempt.ended")
    assert (begun["merchant"], begun["custody"], begun["method"]) == ("M1", "direct", "code")
    assert isinstance(ended["payer"], str) and len(ended["payer"]) == 32
    everything = shop.read().execute("SELECT group_concat(body) FROM journal").fetchone()[0]
    assert "oOPENID" not in everything


def test_a_qr_payment_is_shown_paid_and_completes_the_sale(shop: Shop) -> None:
    due_fen = ring(shop)
    started, submit = payments.start_qr_payment(shop, CASHIER, "wechat", key="q")
    assert started["phase"] == "opening" and started["qr"] is None
    submit()
    shown = payments.attempt(shop, started["attempt"])
    assert (shown["phase"], shown["seconds_left"]) == ("waiting_scan", 120)
    assert shown["qr"].startswith("weixin://")
    (begun,) = bodies(shop, "attempt.started")
    assert begun["method"] == "qr" and begun["expires_at_ms"] == shop.clock.now_ms() + 120_000
    assert "weixin" not in json.dumps(begun)
    platform(shop).paid[started["attempt"]] = due_fen
    shop.clock.advance(5)  # type: ignore[attr-defined]
    Resolver(shop).step()
    assert payments.attempt(shop, started["attempt"])["phase"] == "paid"
    assert len(bodies(shop, "sale.completed")) == 1


def test_a_qr_payment_that_the_platform_does_not_offer_frees_the_sale(shop: Shop) -> None:
    ring(shop)
    platform(shop).offer_answers = [OfferVerdict.REFUSED]
    started, submit = payments.start_qr_payment(shop, CASHIER, "wechat")
    submit()
    assert payments.attempt(shop, started["attempt"])["phase"] == "declined"
    tendering.pay_cash(shop, CASHIER, None)


def test_giving_up_is_said_once_and_only_while_nothing_is_decided(shop: Shop) -> None:
    ring(shop)
    platform(shop).answers = [Verdict.PENDING]
    started, submit = payments.start_code_payment(shop, CASHIER, "wechat", CODE)
    submit()
    shown = payments.attempt(shop, started["attempt"])
    assert (shown["phase"], shown["seconds_left"], shown["give_up"]) == ("waiting_password", 45, True)
    shown = payments.give_up(shop, CASHIER, started["attempt"])
    assert (shown["phase"], shown["seconds_left"], shown["give_up"]) == ("undoing", 15, False)
    payments.settle(shop, started["attempt"], PlatformAnswer(Verdict.REVERSED, started["attempt"]))
    assert payments.attempt(shop, started["attempt"])["phase"] == "undone"
    with pytest.raises(Refused, match=r"attempt\.ended"):
        payments.give_up(shop, CASHIER, started["attempt"])


@pytest.mark.parametrize("change", [{}, {"amount_fen": 1}, {"platform_at_ms": 0}])
def test_a_number_that_was_used_before_frees_the_sale_and_leaves_the_earlier_money(
    shop: Shop, change: dict[str, int]
) -> None:
    """The platform knew it before our one submission: this customer has not paid, and who has keeps the own sale."""
    due_fen = ring(shop)
    first, _ = payments.start_code_payment(shop, CASHIER, "wechat", CODE)
    number = first["attempt"]
    assert payments.settle(shop, number, number_used(number)) is AttemptState.DECLINED
    fits: dict[str, int] = {"platform_at_ms": shop.clock.now_ms(), "amount_fen": due_fen}
    paid = PlatformAnswer(Verdict.PAID, number, transaction="4200001", **{**fits, **change})
    for _ in range(2):
        assert payments.settle(shop, number, paid) is AttemptState.DECLINED
    assert [(body["code"], body["booked"]) for body in bodies(shop, "attempt.contradicted")] == [
        (NUMBER_USED, False),
        (NUMBER_USED, False),
    ]
    assert bodies(shop, "sale.completed") == bodies(shop, "refund.started") == []
    second, submit = payments.start_code_payment(shop, CASHIER, "wechat", ANOTHER_CODE)
    assert second["attempt"] != number
    submit()
    assert [body["tenders"][0]["attempt"] for body in bodies(shop, "sale.completed")] == [second["attempt"]]


def test_a_used_number_that_is_told_after_a_query_said_paid_is_recorded(shop: Shop) -> None:
    """A query can't tell whose payment it found; the submission's late answer is kept, so that people see it."""
    due_fen = ring(shop)
    started, _ = payments.start_code_payment(shop, CASHIER, "wechat", CODE)
    number, at_ms = started["attempt"], shop.clock.now_ms()
    paid = PlatformAnswer(Verdict.PAID, number, transaction="4200001", platform_at_ms=at_ms, amount_fen=due_fen)
    assert payments.settle(shop, number, paid) is AttemptState.PAID
    for _ in range(2):
        assert payments.settle(shop, number, number_used(number)) is AttemptState.PAID
    [body] = bodies(shop, "attempt.contradicted")
    assert (body["code"], body["booked"]) == (NUMBER_USED, False)
