"""What a store may a day: what stays refused above it, and what waits."""

from pathlib import Path

from agent.core.chain import Identity
from agent.core.payment import RefundVerdict, Verdict
from sync.hq.pay.plan import PayPlan, StorePlan
from tests.unit.sync.pay.bench import Bench, pay, refund, reverse


def capped(**caps: int) -> PayPlan:
    return PayPlan(StorePlan(caps=caps))


def test_caps_hold_for_a_store_a_verb_and_a_day(tmp_path: Path) -> None:
    bench = Bench(tmp_path, capped(pay_count=2, refund_fen=500))
    numbers = [f"S001_1_{count:06d}_A1ABCD" for count in range(5)]
    assert [bench.take(pay(number)).answer.code for number in numbers[:3]] == [None, None, "wish.over_cap"]
    assert bench.take(pay(numbers[2])).answer.verdict is Verdict.DECLINED
    bench.wall.passes(24 * 3600)
    assert bench.take(pay(numbers[2])).answer.code == "wish.over_cap", "what was refused stays refused"
    assert bench.take(pay(numbers[3])).answer.verdict is Verdict.PAID
    elsewhere = bench.take(pay("S002_1_000001_A1ABCD"), Identity("S002", "B1", 1))
    assert elsewhere.answer.verdict is Verdict.PAID
    bench.take(pay())
    assert bench.take(refund(500)).answer.verdict is RefundVerdict.DONE
    over = bench.take(refund(1, "S001_1_000001_R2ABCD")).answer
    assert (over.verdict, over.code) == (RefundVerdict.TRY_LATER, "wish.refund_over_cap")
    assert bench.take(refund(500)).answer.verdict is RefundVerdict.DONE, "the same again counts once"
    bench.close()


def test_a_refund_above_the_cap_is_owed_and_given_back_the_next_day_once(tmp_path: Path) -> None:
    bench = Bench(tmp_path, capped(refund_count=0))
    bench.take(pay())
    for _ in range(2):
        assert bench.take(refund(500)).answer.verdict is RefundVerdict.TRY_LATER
    assert bench.platform.count("refund") == 0
    raised = Bench(tmp_path, capped(refund_count=1), bench.wall, bench.platform)
    for _ in range(2):
        assert raised.take(refund(500)).answer.verdict is RefundVerdict.DONE
    assert raised.take(refund(1, "S001_1_000001_R2ABCD")).answer.verdict is RefundVerdict.TRY_LATER
    raised.wall.passes(24 * 3600)
    assert raised.take(refund(1, "S001_1_000001_R2ABCD")).answer.verdict is RefundVerdict.DONE
    assert raised.platform.count("refund") == 2
    raised.close()
    bench.close()


def test_a_capped_undoing_forbids_all_the_same_and_is_done_when_it_may_be(tmp_path: Path) -> None:
    bench = Bench(tmp_path, capped(reverse_count=0))
    assert bench.take(reverse()).answer.verdict is Verdict.UNKNOWN
    assert bench.take(pay()).answer.code == "wish.forbidden"
    assert bench.platform.count("reverse") == 0
    raised = Bench(tmp_path, capped(reverse_count=1), bench.wall, bench.platform)
    assert raised.take(reverse()).answer.verdict is Verdict.CLOSED
    raised.close()
    bench.close()
