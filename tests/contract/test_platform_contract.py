"""What every `Platform` must do, whichever it is. A new one adds a harness to `platforms` and passes unchanged."""

import threading
from collections.abc import Iterator
from datetime import date
from hashlib import sha256
from pathlib import Path

import pytest

from agent.core.bill import BillKind, BillType, BillVerdict, FundKind
from agent.core.errors import Refused
from agent.core.moment import platform_day
from agent.core.payment import NUMBER_USED, OfferVerdict, RefundVerdict, Verdict, Way, counts_as_paid
from sync.platforms.base import open_platform, platform_names
from sync.platforms.wallet import Wallet
from sync.simulator.serve import wall_ms
from tests.contract.platforms import (
    HARNESSES,
    IMPATIENT_S,
    PATIENT_S,
    SILENT,
    SUFFIXES,
    Harness,
    PlatformHarness,
    WalletHarness,
    number,
)
from tests.unit.sync.fakes import SeededEntropy


@pytest.fixture(params=sorted(HARNESSES))
def harness(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Harness]:
    awaits_silence = request.node.callspec.params.get("words") in SILENT
    made = HARNESSES[request.param](tmp_path / "platform", IMPATIENT_S if awaits_silence else PATIENT_S)
    yield made
    made.close()


def test_a_payment_counts_as_paid(harness: Harness) -> None:
    started_at_ms = wall_ms()
    answer = harness.platform.pay(number(1), 3600, harness.code("at_once"), "门店消费")
    assert answer.verdict is Verdict.PAID
    assert answer.out_trade_no == number(1)
    assert answer.customer_paid_fen == 3600
    assert counts_as_paid(answer, 3600, started_at_ms) is None
    assert harness.platform.query(number(1)) == answer


def test_a_payment_is_found_by_the_platforms_own_number(harness: Harness) -> None:
    answer = harness.platform.pay(number(20), 1_234, harness.code("at_once"), "storebox")
    assert answer.transaction is not None
    found = harness.platform.find(answer.transaction)
    assert (found.verdict, found.out_trade_no, found.transaction) == (Verdict.PAID, number(20), answer.transaction)
    assert (found.amount_fen, found.platform_at_ms) == (1_234, answer.platform_at_ms)
    strange = answer.transaction[:-3] + "999"
    assert harness.platform.find(strange).verdict is Verdict.NOT_FOUND
    harness.control("500")
    assert harness.platform.find(answer.transaction).verdict is Verdict.UNKNOWN


def test_the_same_order_again_never_charges_twice(harness: Harness) -> None:
    code = harness.code("at_once")
    first = harness.platform.pay(number(1), 3600, code, "a")
    second = harness.platform.pay(number(1), 3600, code, "a")
    assert second.code == NUMBER_USED or second.transaction == first.transaction
    other = harness.platform.pay(number(1), 100, harness.code("at_once"), "a")
    assert other.verdict in (Verdict.UNKNOWN, Verdict.DECLINED)
    assert harness.platform.query(number(1)) == first


@pytest.mark.parametrize("before", ["at_once", "balance_low", "password_2s", "undone", "refunded"])
@pytest.mark.parametrize("amount_fen", [3600, 100])
def test_a_number_of_an_earlier_order_is_never_paid_by_it(harness: Harness, before: str, amount_fen: int) -> None:
    """A box that was put back to an older state may give a number again; the earlier customer paid, not this one."""
    if isinstance(harness, WalletHarness):
        pytest.skip("the simulated wallet knows one payment a number; its contract has no code for this")
    harness.platform.pay(number(1), 3600, harness.code(before if before in SUFFIXES else "at_once"), "a")
    if before == "undone":
        harness.pass_time(20)
        harness.platform.reverse(number(1))
    if before == "refunded":
        harness.platform.refund(number(1), "R1" + number(1), 3600, 3600)
    stands = harness.platform.query(number(1))
    again = harness.platform.pay(number(1), amount_fen, harness.code("at_once"), "a")
    assert (again.verdict, again.code) == (Verdict.DECLINED, NUMBER_USED)
    after = harness.platform.query(number(1))
    assert (after.verdict is Verdict.PAID, after.transaction) == (stands.verdict is Verdict.PAID, stands.transaction)


def test_a_password_takes_its_time(harness: Harness) -> None:
    assert harness.platform.pay(number(1), 100, harness.code("password_2s"), "a").verdict is Verdict.PENDING
    assert harness.platform.query(number(1)).verdict is Verdict.PENDING
    harness.pass_time(3)
    assert harness.platform.query(number(1)).verdict is Verdict.PAID


def test_a_password_that_never_comes_closes_the_order(harness: Harness) -> None:
    assert harness.platform.pay(number(1), 100, harness.code("never_entered"), "a").verdict is Verdict.PENDING
    harness.pass_time(31)
    assert harness.platform.query(number(1)).verdict is Verdict.CLOSED


def test_declined_says_why(harness: Harness) -> None:
    answer = harness.platform.pay(number(1), 100, harness.code("balance_low"), "a")
    assert answer.verdict is Verdict.DECLINED
    assert answer.code
    assert harness.platform.pay(number(2), 100, "1234", "a").verdict is Verdict.DECLINED
    assert harness.platform.pay(number(3), 100, harness.code("cancelled"), "a").verdict is Verdict.PENDING
    harness.pass_time(3)
    assert harness.platform.query(number(3)).verdict in harness.cancelled


def test_a_lost_answer_is_unknown_and_can_be_looked_up(harness: Harness) -> None:
    answer = harness.platform.pay(number(1), 500, harness.code("answer_lost"), "a")
    assert answer.verdict is Verdict.UNKNOWN
    assert answer.out_trade_no == number(1)
    assert answer.code == "network.answer_cut"
    assert harness.platform.query(number(1)).verdict is Verdict.PAID


def test_a_request_that_never_arrived_is_not_found_and_can_be_closed_for_good(harness: Harness) -> None:
    code = harness.code("never_arrived")
    assert harness.platform.pay(number(1), 500, code, "a").verdict is Verdict.UNKNOWN
    assert harness.platform.query(number(1)).verdict is Verdict.NOT_FOUND
    assert harness.platform.reverse(number(1)).verdict is Verdict.CLOSED
    late = harness.platform.pay(number(1), 500, harness.code("at_once"), "late")
    assert late.verdict is Verdict.CLOSED or late.code == NUMBER_USED
    assert harness.platform.query(number(1)).verdict is Verdict.CLOSED


def test_a_paid_order_can_be_reversed_once(harness: Harness) -> None:
    harness.platform.pay(number(1), 500, harness.code("at_once"), "a")
    assert harness.platform.reverse(number(1)).verdict is Verdict.REVERSED
    assert harness.platform.reverse(number(1)).verdict is Verdict.REVERSED
    assert harness.platform.query(number(1)).verdict is Verdict.REVERSED


def test_a_waiting_order_is_closed_by_reversing(harness: Harness) -> None:
    harness.platform.pay(number(1), 500, harness.code("password_2s"), "a")
    assert harness.platform.reverse(number(1)).verdict is Verdict.CLOSED
    harness.pass_time(5)
    assert harness.platform.query(number(1)).verdict is Verdict.CLOSED


def test_a_discount_of_the_platform_leaves_the_amount(harness: Harness) -> None:
    answer = harness.platform.pay(number(1), 1005, harness.code("discount"), "a")
    assert answer.amount_fen == 1005
    assert answer.customer_paid_fen is not None
    assert answer.customer_paid_fen + answer.platform_discount_fen == 1005
    assert answer.platform_discount_fen > 0


def test_refunds_pay_once_and_never_more_than_was_paid(harness: Harness) -> None:
    pay = harness.platform
    pay.pay(number(1), 1000, harness.code("at_once"), "a")
    first = pay.refund(number(1), "R1", 400, 1000)
    assert (first.verdict, first.amount_fen) == (RefundVerdict.DONE, 400)
    assert pay.refund(number(1), "R1", 400, 1000) == first
    assert pay.query_refund(number(1), "R1") == first
    assert pay.refund(number(1), "R2", 700, 1000).verdict is RefundVerdict.REFUSED
    assert pay.refund(number(1), "R1", 300, 1000).verdict is RefundVerdict.REFUSED
    assert pay.refund(number(1), "R3", 600, 1000).verdict is RefundVerdict.DONE
    assert pay.refund(number(1), "R4", 1, 1000).verdict is RefundVerdict.REFUSED
    assert pay.query_refund(number(1), "R9").verdict is RefundVerdict.NOT_FOUND


def test_shares_of_refunds_add_up(harness: Harness) -> None:
    paid = harness.platform.pay(number(1), 1005, harness.code("discount"), "a")
    parts = [harness.platform.refund(number(1), f"R{count}", 335, 1005) for count in range(3)]
    assert all(part.customer_fen is not None and part.customer_fen + part.platform_fen == 335 for part in parts)
    assert sum(part.platform_fen for part in parts) == paid.platform_discount_fen


def test_what_was_never_paid_is_not_refunded(harness: Harness) -> None:
    assert harness.platform.refund(number(1), "R1", 100, 100).verdict is RefundVerdict.REFUSED
    harness.platform.pay(number(2), 100, harness.code("balance_low"), "a")
    assert harness.platform.refund(number(2), "R2", 100, 100).verdict is RefundVerdict.REFUSED


def test_a_low_balance_of_the_merchant_is_for_later_under_the_same_number(harness: Harness) -> None:
    harness.platform.pay(number(1), 100, harness.code("at_once"), "a")
    harness.control("balance low")
    assert harness.platform.refund(number(1), "R1", 100, 100).verdict is RefundVerdict.TRY_LATER
    assert harness.platform.query_refund(number(1), "R1").verdict is RefundVerdict.NOT_FOUND
    harness.control("balance ok")
    assert harness.platform.refund(number(1), "R1", 100, 100).verdict is RefundVerdict.DONE


@pytest.mark.parametrize("words", ["down", "500", "garbage", "unsigned", "silence", "slow 2500"])
def test_no_fault_raises_and_every_one_is_unknown(harness: Harness, words: str) -> None:
    harness.platform.pay(number(1), 100, harness.code("at_once"), "a")
    harness.control(words)
    assert harness.platform.query(number(1)).verdict is Verdict.UNKNOWN
    if words == "garbage":
        assert harness.platform.pay(number(2), 100, harness.code("at_once"), "a").verdict is Verdict.UNKNOWN
        assert harness.platform.reverse(number(3)).verdict is Verdict.UNKNOWN
        assert harness.platform.refund(number(1), "R1", 50, 100).verdict is RefundVerdict.UNKNOWN
        assert harness.platform.query_refund(number(1), "R1").verdict is RefundVerdict.UNKNOWN
    harness.control("ok")
    assert harness.platform.query(number(1)).verdict is Verdict.PAID


def test_nobody_listens_is_unknown_too(harness: Harness) -> None:
    harness.close()
    assert harness.platform.query(number(1)).verdict is Verdict.UNKNOWN
    harness.restart()
    assert harness.platform.query(number(1)).verdict is Verdict.NOT_FOUND


def test_a_restart_keeps_orders_and_refunds(harness: Harness) -> None:
    paid = harness.platform.pay(number(1), 100, harness.code("at_once"), "a")
    refund = harness.platform.refund(number(1), "R1", 40, 100)
    harness.restart()
    assert harness.platform.query(number(1)) == paid
    assert harness.platform.query_refund(number(1), "R1") == refund
    assert harness.platform.refund(number(1), "R1", 40, 100) == refund


def test_transactions_are_unique_under_concurrency(harness: Harness) -> None:
    answers = []
    threads = [
        threading.Thread(
            target=lambda count=count: answers.append(
                harness.platform.pay(number(count), 100, harness.code("at_once"), "a")
            )
        )
        for count in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.verdict for answer in answers} == {Verdict.PAID}
    assert len({answer.transaction for answer in answers}) == 8


@pytest.fixture(params=sorted(name for name in HARNESSES if not name.startswith("wallet")))
def real(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[PlatformHarness]:
    made = HARNESSES[request.param](tmp_path / "platform")
    assert isinstance(made, PlatformHarness)
    yield made
    made.close()


@pytest.fixture(params=sorted(name for name in HARNESSES if not name.endswith("-hq")))
def direct(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Harness]:
    """A platform whose keys are here, and with them its bills."""
    made = HARNESSES[request.param](tmp_path / "platform")
    yield made
    made.close()


@pytest.fixture(params=["alipay-hq", "wallet-hq", "wechat-hq"])
def through_hq(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Harness]:
    made = HARNESSES[request.param](tmp_path / "platform")
    yield made
    made.close()


def test_what_is_not_offered_is_refused_by_its_code(harness: Harness) -> None:
    if isinstance(harness, PlatformHarness):
        offer = harness.platform.offer(Way.IN_APP, number(1), 100, "a", wall_ms() + 60_000, payer=None)
        assert offer.verdict is OfferVerdict.REFUSED
    else:
        offer = harness.platform.offer(Way.QR, number(1), 100, "a", wall_ms() + 60_000)
        assert (offer.verdict, offer.code) == (OfferVerdict.REFUSED, "platform.not_offered")
        assert harness.platform.close(number(1)).code == "platform.not_offered"


@pytest.mark.parametrize("way", [Way.QR, Way.IN_APP])
def test_an_offered_order_waits_for_the_phone(real: PlatformHarness, way: Way) -> None:
    expires_at_ms = wall_ms() + 120_000
    offer = real.platform.offer(way, number(1), 700, "门店消费", expires_at_ms, payer="oPAYER0001")
    assert offer.verdict is OfferVerdict.OPEN, offer
    assert (offer.qr is not None, offer.parameters is not None) == (way is Way.QR, way is Way.IN_APP)
    again = real.platform.offer(way, number(1), 700, "门店消费", expires_at_ms, payer="oPAYER0001")
    assert again.qr == offer.qr
    assert real.platform.query(number(1)).verdict in (Verdict.PENDING, Verdict.NOT_FOUND)
    real.phone_pays(offer)
    paid = real.platform.query(number(1))
    assert (paid.verdict, paid.amount_fen) == (Verdict.PAID, 700)
    assert real.platform.close(number(1)).verdict is Verdict.PAID


@pytest.mark.parametrize("amount_fen", [3600, 100])
def test_an_offer_under_a_number_that_was_paid_before_is_none(real: PlatformHarness, amount_fen: int) -> None:
    """Nobody has seen a code of this offer: who paid under its number paid an earlier order."""
    paid = real.platform.pay(number(1), 3600, real.code("at_once"), "a")
    offer = real.platform.offer(Way.QR, number(1), amount_fen, "a", wall_ms() + 120_000)
    assert (offer.verdict is OfferVerdict.OPEN, offer.code) == (False, NUMBER_USED)
    assert real.platform.query(number(1)) == paid


def test_an_offered_order_is_closed_for_good(real: PlatformHarness) -> None:
    real.platform.offer(Way.QR, number(1), 700, "a", wall_ms() + 120_000)
    assert real.platform.close(number(1)).verdict in (Verdict.CLOSED, Verdict.NOT_FOUND)
    assert real.platform.query(number(1)).verdict in (Verdict.CLOSED, Verdict.NOT_FOUND)
    assert real.platform.offer(Way.QR, number(1), 700, "a", wall_ms() + 120_000).verdict is not OfferVerdict.OPEN


def test_an_offer_ends_with_its_time(real: PlatformHarness) -> None:
    offer = real.platform.offer(Way.IN_APP, number(1), 700, "a", wall_ms() + 120_000, payer="oPAYER0001")
    assert offer.verdict is OfferVerdict.OPEN
    real.pass_time(121)
    assert real.platform.query(number(1)).verdict is Verdict.CLOSED


def test_a_system_error_after_the_money_moved_is_looked_up(real: PlatformHarness) -> None:
    real.control("next busy")
    assert real.platform.pay(number(1), 500, real.code("at_once"), "a").verdict is Verdict.UNKNOWN
    assert real.platform.query(number(1)).verdict is Verdict.PAID


@pytest.mark.parametrize("words", ["forged", "probe"])
def test_a_false_signature_is_never_believed(real: PlatformHarness, words: str) -> None:
    real.control(words)
    assert real.platform.pay(number(1), 500, real.code("at_once"), "a").verdict is Verdict.UNKNOWN
    assert real.platform.query(number(1)).verdict is Verdict.UNKNOWN
    assert real.platform.reverse(number(2)).verdict is Verdict.UNKNOWN
    real.control("ok")
    assert real.platform.query(number(1)).verdict is Verdict.PAID


def test_an_order_of_which_all_went_back_is_not_called_paid(real: PlatformHarness) -> None:
    real.platform.pay(number(1), 500, real.code("at_once"), "a")
    real.platform.refund(number(1), "R1", 200, 500)
    assert real.platform.query(number(1)).verdict is Verdict.PAID
    real.platform.refund(number(1), "R2", 300, 500)
    assert real.platform.query(number(1)).verdict is Verdict.REVERSED


def test_a_refund_under_way_is_accepted_until_it_is_done(real: PlatformHarness) -> None:
    real.platform.pay(number(1), 500, real.code("at_once"), "a")
    real.control("refunds 60")
    assert real.platform.refund(number(1), "R1", 200, 500).verdict is RefundVerdict.ACCEPTED
    assert real.platform.query_refund(number(1), "R1").verdict is RefundVerdict.ACCEPTED
    real.pass_time(61)
    assert real.platform.query_refund(number(1), "R1").verdict is RefundVerdict.DONE


def test_headquarters_keep_the_bills(through_hq: Harness) -> None:
    bill = through_hq.platform.fetch_bill(platform_day(wall_ms()))
    assert (bill.verdict, bill.code, bill.content) == (BillVerdict.REFUSED, "platform.not_offered", None)
    with pytest.raises(Refused, match=r"platform\.not_offered"):
        through_hq.platform.read_bill(b"")


def test_a_bill_says_what_happened(direct: Harness) -> None:
    platform = direct.platform
    platform.pay(number(1), 1000, direct.code("at_once"), "a, b`c")
    platform.pay(number(2), 700, direct.code("at_once"), "a")
    platform.pay(number(3), 100, direct.code("balance_low"), "a")
    refund = platform.refund(number(1), "R1", 250, 1000)
    platform.reverse(number(2))
    direct.control("bill now")
    bill = platform.fetch_bill(platform_day(wall_ms()))
    assert bill.verdict is BillVerdict.READY and bill.content is not None
    assert bill.sha256 == sha256(bill.content).hexdigest()
    lines = list(platform.read_bill(bill.content))
    told = [(line.kind, line.out_trade_no, line.out_refund_no, line.amount_fen, line.fee_fen) for line in lines]
    assert sorted(told) == [
        (BillKind.PAYMENT, number(1), None, 1000, 6),
        (BillKind.PAYMENT, number(2), None, 700, 4),
        (BillKind.REFUND, number(1), "R1", 250, 2),
        (BillKind.REVERSAL, number(2), None, 700, 4),
    ]
    assert len({line.transaction for line in lines if line.out_trade_no == number(1) and line.kind == "payment"}) == 1
    assert refund.verdict is RefundVerdict.DONE


def test_the_fund_bill_tells_of_the_same_money(direct: Harness) -> None:
    platform, today = direct.platform, platform_day(wall_ms())
    platform.pay(number(1), 1000, direct.code("at_once"), "a, b`c")
    platform.refund(number(1), "R1", 250, 1000)
    direct.control("bill now")
    bill = platform.fetch_bill(today, BillType.FUNDS)
    if not isinstance(direct, PlatformHarness) or direct.account == "wechat-partner":
        assert (bill.verdict, bill.code) == (BillVerdict.REFUSED, "platform.not_offered")
        return
    assert bill.verdict is BillVerdict.READY and bill.content is not None
    lines = list(platform.read_funds(bill.content))
    assert [(line.kind, line.incoming, line.amount_fen, line.balance_fen) for line in lines] == [
        (FundKind.PAYMENT, True, 1000, 1000),
        (FundKind.FEE, False, 6, 994),
        (FundKind.REFUND, False, 250, 744),
        (FundKind.FEE_BACK, True, 2, 746),
    ]
    trade = platform.fetch_bill(today)
    assert trade.content is not None
    assert {line.transaction for line in lines} == {line.transaction for line in platform.read_bill(trade.content)}
    with pytest.raises(Refused, match=r"platform\.bill_unreadable"):
        list(platform.read_bill(bill.content))
    with pytest.raises(Refused, match=r"platform\.bill_unreadable"):
        list(platform.read_funds(trade.content))


def test_a_bill_that_is_not_there_says_why(direct: Harness) -> None:
    if not isinstance(direct, PlatformHarness):
        pytest.skip("the simulated wallet's bill is always there")
    today = platform_day(wall_ms())
    assert direct.platform.fetch_bill(today).verdict is BillVerdict.REFUSED
    direct.platform.pay(number(1), 1000, direct.code("at_once"), "a")
    direct.control("bill late")
    assert direct.platform.fetch_bill(today).verdict is BillVerdict.NOT_YET
    direct.pass_time(2 * 86_400)
    verdicts = {"missing": BillVerdict.NOTHING, "ok": BillVerdict.READY}
    for words, expected in verdicts.items():
        direct.control(f"bill {words}")
        assert direct.platform.fetch_bill(today).verdict is expected
        if direct.account != "wechat-partner":
            assert direct.platform.fetch_bill(today, BillType.FUNDS).verdict is expected
    direct.control("bill empty")
    empty = direct.platform.fetch_bill(today)
    assert empty.content is not None and list(direct.platform.read_bill(empty.content)) == []
    direct.control("next garbage 9")
    assert direct.platform.fetch_bill(today).verdict is BillVerdict.UNKNOWN


def test_the_bill_of_the_wallet_adds_up(tmp_path: Path) -> None:
    harness = WalletHarness(tmp_path / "platform")
    wallet = harness.platform
    assert isinstance(wallet, Wallet)
    wallet.pay(number(1), 1000, harness.code("at_once"), "a")
    wallet.pay(number(2), 700, harness.code("at_once"), "a")
    wallet.pay(number(3), 100, harness.code("balance_low"), "a")
    wallet.refund(number(1), "R1", 250, 1000)
    wallet.reverse(number(2))
    today: date = platform_day(wall_ms())
    *lines, last = wallet.bill(today)
    harness.close()
    assert [line["kind"] for line in lines] == ["payment", "payment", "refund", "reversal"]
    assert last["summary"] == {
        "day": today.isoformat(),
        "lines": 4,
        "paid_fen": 1700,
        "refunded_fen": 250,
        "reversed_fen": 700,
    }
    assert lines[0]["fee_fen"] == 6


def test_unknown_platforms_and_missing_settings_are_named() -> None:
    assert "wallet" in platform_names()
    with pytest.raises(Refused, match=r"platform\.unknown"):
        open_platform("cheque", {}, SeededEntropy())
    with pytest.raises(Refused, match=r"platform\.setting_missing"):
        open_platform("wallet", {"url": "http://127.0.0.1:1", "merchant": "M1"}, SeededEntropy())
