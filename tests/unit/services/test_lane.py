"""Every attempt and refund to its end, on a clock that the test moves, against a platform that says what it is told."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.core.payment import PlatformAnswer, RefundAnswer, RefundVerdict, Verdict
from agent.services import checkout, days, payments, refunds, shifts, tendering
from agent.services.in_flight import InFlight
from agent.services.lane import IDLE_S, Lane
from agent.services.resolver import Resolver
from agent.services.shop import Approval, Shop
from sync.platforms.timings import ALIPAY, WECHAT
from tests.shops import CASHIER, LEAD, MANAGER, FakeClock, FakePlatform, make_shop

CODES = (f"13{number:016d}" for number in range(10**9))


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = make_shop(tmp_path)
    assert isinstance(made.clock, FakeClock)
    made.platforms = {
        "wechat": FakePlatform("wechat", clock=made.clock, timing=WECHAT),
        "alipay": FakePlatform("alipay", clock=made.clock, timing=ALIPAY),
    }
    days.open_the_day(made, MANAGER)
    shifts.open_a_shift(made, CASHIER, 0)
    yield made
    made.writer.close()


def platform(shop: Shop, name: str = "wechat") -> FakePlatform:
    found = shop.platforms[name]
    assert isinstance(found, FakePlatform)
    return found


def start(shop: Shop, *answers: Verdict, submit: bool = True, kind: str = "wechat") -> str:
    sku = next(item.sku for item in shop.catalog.by_sku.values() if item.price_fen and not item.flags)
    checkout.add_code(shop, CASHIER, sku)
    platform(shop, kind).answers = list(answers)
    started, call = payments.start_code_payment(shop, CASHIER, kind, next(CODES))
    if submit:
        call()
    return str(started["attempt"])


def run(shop: Shop, seconds: float) -> list[tuple[float, str]]:
    """Let the resolver work for some seconds; returns when it made which calls."""
    clock = shop.clock
    assert isinstance(clock, FakeClock)
    resolver = Resolver(shop)
    until_s = clock.monotonic_s() + seconds
    made: list[tuple[float, str]] = []
    while True:
        before = {name: len(platform(shop, name).calls) for name in shop.platforms}
        wait_s = resolver.step()
        for name, count in before.items():
            made += [(round(clock.monotonic_s(), 3), verb) for verb, _ in platform(shop, name).calls[count:]]
        if clock.monotonic_s() + wait_s > until_s:
            clock.advance(until_s - clock.monotonic_s())
            return made
        clock.advance(wait_s)


def restart(shop: Shop) -> None:
    """Forget what a process knows, as a power cut does."""
    shop.in_flight = InFlight()


def state(shop: Shop, attempt: str) -> str:
    return str(payments.attempt(shop, attempt)["state"])


def bodies(shop: Shop, kind: str) -> list[dict[str, object]]:
    import json

    rows = shop.read().execute("SELECT body FROM journal WHERE kind = ? ORDER BY seq", (kind,)).fetchall()
    return [json.loads(body) for (body,) in rows]


def owed(shop: Shop) -> dict[str, int]:
    rows = shop.read().execute("SELECT account, sum(amount_fen) FROM view_account GROUP BY account").fetchall()
    return {account: fen for account, fen in rows if account.startswith(("Liabilities", "Assets:Clearing")) and fen}


# The pace at the counter


def test_a_customer_who_never_pays_is_asked_about_by_the_platforms_pace_and_undone(shop: Shop) -> None:
    attempt = start(shop, *[Verdict.PENDING] * 99)
    calls = run(shop, 44)
    assert [at_s for at_s, verb in calls if verb == "query"] == [5, 8, 11, 16, 21, 26, 31, 36, 41]
    platform(shop).answers = [Verdict.PENDING]
    assert run(shop, 2) == [(45, "query"), (45, "reverse")]
    assert state(shop, attempt) == "reversed"
    assert run(shop, 600) == []
    assert Resolver(shop).step() == IDLE_S


def test_giving_up_undoes_at_15_s_and_frees_the_sale_only_then(shop: Shop) -> None:
    attempt = start(shop, *[Verdict.PENDING] * 4)
    run(shop, 9)
    payments.give_up(shop, CASHIER, attempt)
    assert [verb for _, verb in run(shop, 5.9)] == ["query"]
    assert state(shop, attempt) == "open"
    assert run(shop, 1)[-1] == (15, "reverse")
    assert state(shop, attempt) == "reversed"
    tendering.pay_cash(shop, CASHIER, None)


def test_a_customer_who_paid_while_it_was_given_up_has_paid(shop: Shop) -> None:
    attempt = start(shop, Verdict.PENDING)
    payments.give_up(shop, CASHIER, attempt)
    platform(shop).paid[attempt] = payments.attempt(shop, attempt)["amount_fen"]
    run(shop, 20)
    assert state(shop, attempt) == "paid"
    assert "reverse" not in {verb for verb, _ in platform(shop).calls}
    assert len(bodies(shop, "sale.completed")) == 1


def test_an_undo_that_is_not_confirmed_goes_on_until_it_is(shop: Shop) -> None:
    attempt = start(shop, *[Verdict.UNKNOWN] * 10_000)
    run(shop, 3_600)
    assert state(shop, attempt) == "open"
    last = [call for call in run(shop, 600) if call[1] == "reverse"]
    assert 8 <= len(last) <= 25, "once a minute or so, spread by chance"
    platform(shop).answers = []
    platform(shop).paid.clear()
    run(shop, 61)
    assert state(shop, attempt) == "reversed"


# Restarts, and what never went out


def test_what_was_never_submitted_ends_only_after_a_confirmed_undo(shop: Shop) -> None:
    """Killed between the commit and the submission: the order may still be on its way, as far as anybody knows."""
    attempt = start(shop, submit=False)
    restart(shop)
    platform(shop).answers = [Verdict.NOT_FOUND] * 2
    run(shop, 10)
    assert state(shop, attempt) == "open"
    platform(shop).answers = [Verdict.NOT_FOUND] * 50
    run(shop, 60)
    assert state(shop, attempt) == "never_existed"
    assert platform(shop).pays == 0
    assert "reverse" in {verb for verb, _ in platform(shop).calls}


@pytest.mark.parametrize("step_s", [-400_000_000, -3600, 3600, 400_000_000])
def test_a_step_of_the_wall_clock_changes_nothing_within_a_process(shop: Shop, step_s: int) -> None:
    attempt = start(shop, *[Verdict.PENDING] * 99)
    run(shop, 7)
    shop.clock.at_ms += step_s * 1000  # type: ignore[attr-defined]
    calls = run(shop, 37.9)
    assert [at_s for at_s, verb in calls if verb == "query"] == [8, 11, 16, 21, 26, 31, 36, 41]
    assert payments.attempt(shop, attempt)["seconds_left"] == 1


@pytest.mark.parametrize("step_s", [-400_000_000, 0, 400_000_000])
def test_over_a_restart_a_wrong_clock_neither_undoes_within_15_s_nor_never(shop: Shop, step_s: int) -> None:
    attempt = start(shop, *[Verdict.PENDING] * 99)
    run(shop, 2)
    restart(shop)
    shop.clock.at_ms += step_s * 1000  # type: ignore[attr-defined]
    calls = run(shop, 14.9)
    assert "reverse" not in {verb for _, verb in calls}
    platform(shop).answers = [Verdict.PENDING] * 10
    platform(shop).answers = []
    platform(shop).paid.clear()
    run(shop, 46)
    assert state(shop, attempt) == "reversed"


def test_days_offline_then_what_was_paid_goes_back(shop: Shop) -> None:
    """Its undo was under way all the time; nobody may count on that money any more."""
    attempt = start(shop, *[Verdict.UNKNOWN] * 100_000)
    payments.park(shop, CASHIER, attempt, Approval(LEAD.staff, LEAD.role))
    tendering.pay_cash(shop, CASHIER, None)
    for _ in range(3):
        run(shop, 3_600)
        restart(shop)
    platform(shop).answers = []
    run(shop, 120)
    assert state(shop, attempt) == "reversed"
    assert attempt not in platform(shop).paid
    assert platform(shop).refunds == {}
    assert owed(shop) == {}


def test_what_is_being_submitted_has_not_never_existed(shop: Shop) -> None:
    """The submission hangs for longer than the deadline: "not found" may still become an order."""
    attempt = start(shop, submit=False)
    with shop.in_flight.submission(attempt) as allowed:
        assert allowed
        platform(shop).answers = [Verdict.NOT_FOUND] * 500
        run(shop, 60)
        assert state(shop, attempt) == "open"
    platform(shop).answers = [Verdict.NOT_FOUND] * 500
    run(shop, 120)
    assert state(shop, attempt) == "never_existed"


def test_a_submission_that_comes_after_the_undo_is_not_sent(shop: Shop) -> None:
    sku = next(item.sku for item in shop.catalog.by_sku.values() if item.price_fen and not item.flags)
    checkout.add_code(shop, CASHIER, sku)
    started, submit = payments.start_code_payment(shop, CASHIER, "wechat", next(CODES))
    run(shop, 60)
    submit()
    assert platform(shop).pays == 0
    assert state(shop, started["attempt"]) == "reversed"


# One slow platform


def test_a_platform_that_hangs_delays_no_other(shop: Shop) -> None:
    slow = start(shop, Verdict.PENDING)
    payments.park(shop, CASHIER, slow, Approval(LEAD.staff, LEAD.role))
    quick = start(shop, Verdict.UNKNOWN, kind="alipay")
    shop.clock.advance(6)  # type: ignore[attr-defined]
    asked, answered = threading.Event(), threading.Event()
    settled = threading.Event()

    def hang(number: str) -> PlatformAnswer:
        asked.set()
        assert answered.wait(10)
        return PlatformAnswer(Verdict.UNKNOWN, number)

    platform(shop).query = hang  # type: ignore[method-assign]
    shop.publish = lambda kind, data: settled.set() if state(shop, quick) == "paid" else None
    resolver = Resolver(shop)
    resolver.start()
    try:
        assert asked.wait(5), "the slow platform is being asked"
        assert settled.wait(5), "the other platform's customer is served meanwhile"
    finally:
        answered.set()
        resolver.stop()


def test_who_waits_at_the_counter_comes_before_what_is_undone_in_the_background(shop: Shop) -> None:
    old = start(shop, *[Verdict.UNKNOWN] * 1_000)
    payments.park(shop, CASHIER, old, Approval(LEAD.staff, LEAD.role))
    tendering.pay_cash(shop, CASHIER, None)
    run(shop, 600)
    platform(shop).answers = []
    new = start(shop, Verdict.UNKNOWN)
    shop.clock.advance(100)  # type: ignore[attr-defined]
    platform(shop).calls.clear()
    Resolver(shop).step()
    assert platform(shop).calls[0] == ("query", new)
    assert state(shop, new) == "paid"


# Offers


def test_an_offer_is_closed_at_its_end(shop: Shop) -> None:
    start_fen = checkout.add_code(shop, CASHIER, "D001")["total_fen"]
    assert start_fen
    started, submit = payments.start_qr_payment(shop, CASHIER, "wechat")
    submit()
    run(shop, 119)
    assert payments.attempt(shop, started["attempt"])["phase"] == "waiting_scan"
    assert run(shop, 2)[-2:] == [(120, "query"), (120, "close")]
    assert state(shop, started["attempt"]) == "closed"


@pytest.mark.parametrize("how", ["restart", "give_up"])
def test_an_offer_is_closed_at_once_after_a_restart_or_when_it_is_given_up(shop: Shop, how: str) -> None:
    checkout.add_code(shop, CASHIER, "D001")
    started, submit = payments.start_qr_payment(shop, CASHIER, "wechat")
    submit()
    run(shop, 6)
    if how == "restart":
        restart(shop)
        assert payments.attempt(shop, started["attempt"])["qr"] is None
    else:
        payments.give_up(shop, CASHIER, started["attempt"])
    assert [verb for _, verb in run(shop, 1)] == ["query", "close"]
    assert state(shop, started["attempt"]) == "closed"


def test_an_offer_that_was_paid_just_before_its_close_is_paid(shop: Shop) -> None:
    due_fen = checkout.add_code(shop, CASHIER, "D001")["due_fen"]
    started, submit = payments.start_qr_payment(shop, CASHIER, "wechat")
    submit()
    platform(shop).paid[started["attempt"]] = due_fen
    platform(shop).answers = [Verdict.PENDING] * 2
    payments.give_up(shop, CASHIER, started["attempt"])
    run(shop, 1)
    platform(shop).answers = []
    run(shop, 5)
    assert state(shop, started["attempt"]) == "paid"


# Money that does not fit


def test_money_of_another_amount_goes_back_and_frees_the_sale(shop: Shop) -> None:
    attempt = start(shop, Verdict.PENDING)
    platform(shop).paid[attempt] = 1
    run(shop, 6)
    [contradicted] = bodies(shop, "attempt.contradicted")
    assert (contradicted["code"], contradicted["amount_fen"], contradicted["booked"]) == (
        "attempt.amount_differs",
        1,
        True,
    )
    assert list(platform(shop).refunds.values()) == [1]
    assert state(shop, attempt) == "reversed"
    assert owed(shop) == {}
    tendering.pay_cash(shop, CASHIER, None)
    assert len(bodies(shop, "sale.completed")) == 1


def test_a_payment_that_shows_after_the_undo_goes_back_once(shop: Shop) -> None:
    attempt = start(shop, Verdict.PENDING)
    amount_fen = payments.attempt(shop, attempt)["amount_fen"]
    payments.settle(shop, attempt, PlatformAnswer(Verdict.REVERSED, attempt))
    late = PlatformAnswer(
        Verdict.PAID,
        attempt,
        transaction="4200009",
        platform_at_ms=shop.clock.now_ms(),
        amount_fen=amount_fen,
    )
    for _ in range(3):
        payments.settle(shop, attempt, late)
        run(shop, 5)
    assert [body["code"] for body in bodies(shop, "attempt.contradicted")] == ["attempt.paid_after_end"]
    assert list(platform(shop).refunds.values()) == [amount_fen]


def test_one_payment_that_does_not_fit_twice_over_goes_back_once(shop: Shop) -> None:
    """Our clock was wrong, its money went back; then the answer to the submission comes at last and says PAID too."""
    attempt = start(shop, Verdict.PENDING)
    amount_fen = payments.attempt(shop, attempt)["amount_fen"]
    before = PlatformAnswer(Verdict.PAID, attempt, transaction="4200009", platform_at_ms=1, amount_fen=amount_fen)
    platform(shop).paid[attempt] = amount_fen
    assert payments.settle(shop, attempt, before) is None
    run(shop, 300)
    assert state(shop, attempt) == "reversed"
    payments.settle(shop, attempt, before)
    run(shop, 300)
    assert [(body["code"], body["booked"]) for body in bodies(shop, "attempt.contradicted")] == [
        ("attempt.platform_time_before_start", True),
        ("attempt.paid_after_end", False),
    ]
    assert list(platform(shop).refunds.values()) == [amount_fen]
    assert owed(shop) == {}
    assert len(bodies(shop, "attempt.ended")) == 1
    assert owed(shop) == {}


def test_a_second_payment_of_one_number_is_recorded_and_never_takes_the_first_back(shop: Shop) -> None:
    attempt = start(shop)
    amount_fen = payments.attempt(shop, attempt)["amount_fen"]
    second = PlatformAnswer(Verdict.PAID, attempt, transaction="4200010", amount_fen=amount_fen)
    payments.settle(shop, attempt, second)
    run(shop, 60)
    assert [body["code"] for body in bodies(shop, "attempt.contradicted")] == ["attempt.second_transaction"]
    assert platform(shop).refunds == {}
    assert payments.attempt(shop, attempt)["phase"] == "paid"


def test_a_second_payment_at_another_platform_goes_back_there(shop: Shop) -> None:
    attempt = start(shop)
    amount_fen = payments.attempt(shop, attempt)["amount_fen"]
    second = PlatformAnswer(Verdict.PAID, attempt, transaction="2026001", amount_fen=amount_fen, platform="alipay")
    payments.settle(shop, attempt, second)
    run(shop, 60)
    assert list(platform(shop, "alipay").refunds.values()) == [amount_fen]
    assert platform(shop).refunds == {}
    assert payments.attempt(shop, attempt)["phase"] == "paid"


# Refunds


def sold(shop: Shop) -> str:
    start(shop)
    return str(bodies(shop, "sale.completed")[-1]["sale"])


def test_a_refund_is_tried_later_under_the_same_number_until_the_balance_suffices(shop: Shop) -> None:
    sale = sold(shop)
    low = RefundAnswer(RefundVerdict.TRY_LATER, "", code="NOTENOUGH")
    platform(shop).refund_answers = [low] * 3
    refunds.refund_sale(shop, MANAGER, sale, None, "退")
    calls = run(shop, 20)
    assert [verb for _, verb in calls] == ["query_refund", "refund"]
    run(shop, 600)
    numbers = {number for verb, number in platform(shop).calls if verb == "refund"}
    assert len(numbers) == 1 and len(platform(shop).refunds) == 1
    assert [body["outcome"] for body in bodies(shop, "refund.ended")] == ["done"]


def test_a_refund_that_was_accepted_is_asked_about_ever_less_often(shop: Shop) -> None:
    sale = sold(shop)
    platform(shop).refund_answers = [RefundAnswer(RefundVerdict.ACCEPTED, "")]
    on_its_way = RefundAnswer(RefundVerdict.ACCEPTED, "")
    platform(shop).query_refund = (  # type: ignore[method-assign]
        lambda order, number: on_its_way if number in asked else asked.append(number) or not_yet
    )
    asked: list[str] = []
    not_yet = RefundAnswer(RefundVerdict.NOT_FOUND, "")
    refunds.refund_sale(shop, MANAGER, sale, None, "退")
    waits = []
    resolver = Resolver(shop)
    for _ in range(8):
        waits.append(resolver.step())
        shop.clock.advance(waits[-1])  # type: ignore[attr-defined]
    assert 30 <= waits[0] <= 60 and waits[-1] <= 600
    assert waits[-1] > 4 * waits[0]


def test_two_part_refunds_of_one_order_lie_a_minute_apart(shop: Shop) -> None:
    checkout.add_code(shop, CASHIER, "D001")
    checkout.add_code(shop, CASHIER, "D001")
    started, submit = payments.start_code_payment(shop, CASHIER, "wechat", next(CODES))
    submit()
    sale = str(bodies(shop, "sale.completed")[-1]["sale"])
    for _ in range(2):
        refunds.refund_sale(shop, MANAGER, sale, {1: 1}, "退")
    handed_in = [at_s for at_s, verb in run(shop, 120) if verb == "refund"]
    assert len(handed_in) == 2 and handed_in[1] - handed_in[0] >= 60
    assert len(platform(shop).refunds) == 2
    assert started["amount_fen"] == sum(platform(shop).refunds.values())


def test_a_platform_that_is_down_is_seen_to_come_back_without_a_customer(shop: Shop) -> None:
    attempt = start(shop, Verdict.UNKNOWN)
    run(shop, 10)
    assert state(shop, attempt) == "paid"
    lane = Lane(shop, "wechat")
    lane._last_order = attempt
    for _ in range(2):
        shop.platform_health.hear("wechat", "network.no_answer")
    before = len(platform(shop).calls)
    assert lane.step() == 60
    assert platform(shop).calls[before:] == [("query", attempt)]
    shop.platform_health.hear("wechat", None)
    assert lane.step() == IDLE_S
