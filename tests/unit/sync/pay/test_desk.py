"""Wishes at headquarters: each act once whatever comes twice, late, out of order or across a crash; caps; silence."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import update

from agent.core.chain import Identity
from agent.core.pay_passes import Order as AsSigned
from agent.core.payment import OfferVerdict, PlatformAnswer, RefundVerdict, Verdict, Way
from agent.core.wish import BOX_REPLACED, Verb, Wish, WishAnswer
from sync.hq import registry, tables
from sync.hq.pay.book import SENDING_MS, Act, Step, admit
from sync.hq.pay.desk import SILENT_MS, SUBMIT_WITHIN_S
from sync.hq.pay.phone_book import PhoneOrder, begun, keep, taken
from sync.hq.pay.plan import plan_of
from tests.unit.sync.fakes import AT_MS
from tests.unit.sync.pay.bench import BOX, NUMBER, Bench, close, offer, pay, query, refund, reverse


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    made.close()


@pytest.fixture
def shared(tmp_path: Path, database_url: str | None) -> Iterator[Bench]:
    """A payments' process on every database that headquarters runs on."""
    made = Bench(tmp_path, database_url=database_url)
    yield made
    made.close()


def died_before_submitting(bench: Bench, wish: Wish) -> None:
    """Commit an act as a process does that is killed right after."""
    with bench.database.write() as connection:
        admitted = admit(connection, Act(BOX, wish, "wallet", bench.plan.of("S001"), bench.wall()))
    assert admitted.step is Step.SUBMIT


def test_a_payment_is_submitted_once_and_asked_for_after(bench: Bench) -> None:
    first = bench.take(pay()).answer
    assert first.verdict is Verdict.PAID
    assert bench.take(pay(code="another")).answer == first
    assert (bench.platform.count("pay"), bench.platform.count("query")) == (1, 1)


def test_whose_order_a_platforms_number_is_and_who_paid_in_another_store_is_not_told(bench: Bench) -> None:
    bench.take(pay())
    elsewhere = PlatformAnswer(Verdict.PAID, "S002_1_000001_A1QQQQ", "42X", 5, 1, 1, payer="o1")
    bench.platform.orders[elsewhere.out_trade_no] = elsewhere
    own = bench.platform.orders[NUMBER]
    bench.platform.orders[NUMBER] = replace(own, payer="o2")
    assert bench.take(Wish(Verb.FIND, "wallet", "", transaction="42X")).answer == replace(elsewhere, payer=None)
    assert bench.take(Wish(Verb.FIND, "wallet", "", transaction=own.transaction)).answer == replace(own, payer="o2")
    assert bench.take(Wish(Verb.FIND, "wallet", "", transaction="T99")).answer.verdict is Verdict.NOT_FOUND
    assert bench.take(Wish(Verb.FIND, "nobody", "", transaction="T99")).answer.code == "wish.no_merchant"


def test_no_code_of_a_customer_is_in_the_table(bench: Bench) -> None:
    bench.take(pay(code="134567890123456789"))
    bench.close()
    for file in bench.state.glob("hq.db*"):
        assert b"134567890123456789" not in file.read_bytes()
    assert "134567890123456789" not in repr(pay(code="134567890123456789"))


@pytest.mark.parametrize("other", [pay(amount_fen=999), offer(), replace(pay(), platform="alipay")])
def test_a_number_stands_for_one_thing(bench: Bench, other: Wish) -> None:
    bench.take(pay())
    answer = bench.take(other).answer
    assert (answer.verdict.value, answer.code) == (
        "refused" if other.verb is Verb.OFFER else "declined",
        "attempt.number_used",
    )
    assert bench.platform.calls == ["pay"]


@pytest.mark.parametrize("first", [pay(), offer()])
def test_the_same_number_of_another_attempt_is_told_from_a_request_that_comes_twice(bench: Bench, first: Wish) -> None:
    """A box that is an older copy of itself gives a number again, for the same amount: nobody is asked for it."""
    bench.take(first)
    calls = list(bench.platform.calls)
    anew = replace(first, nonce="f" * 32, expires_at_ms=(first.expires_at_ms or 0) + 1)
    answer = bench.take(anew).answer
    assert (answer.code, bench.platform.calls) == ("attempt.number_used", calls)
    assert bench.take(first).answer.code != "attempt.number_used"


def test_a_number_that_headquarters_care_for_is_still_told_to_be_used(bench: Bench) -> None:
    died_before_submitting(bench, pay())
    with bench.database.write() as connection:
        connection.execute(update(tables.wish_order).values(kept_until_ms=bench.wall() + 60_000))
    assert bench.take(pay()).answer.code == "wish.under_way"
    assert bench.take(replace(pay(), nonce="f" * 32)).answer.code == "attempt.number_used"


def test_what_was_committed_and_not_submitted_is_never_submitted(shared: Bench) -> None:
    died_before_submitting(shared, pay())
    assert shared.take(pay()).answer.verdict is Verdict.UNKNOWN
    assert shared.platform.count("pay") == 0
    assert shared.take(reverse()).answer.code == "wish.under_way"
    shared.wall.passes(SENDING_MS / 1000)
    assert shared.take(reverse()).answer.verdict is Verdict.CLOSED
    assert shared.take(pay()).answer.verdict is Verdict.CLOSED
    assert shared.platform.count("pay") == 0


def test_what_was_held_up_after_its_commit_is_not_submitted(bench: Bench) -> None:
    once = iter((0.0, SUBMIT_WITHIN_S + 1))
    bench.desk._monotonic_s = lambda: next(once)
    assert bench.take(pay()).answer.code == "wish.held_up"
    assert bench.platform.calls == []


@pytest.mark.parametrize("undoing", [reverse(), close()])
@pytest.mark.parametrize("taking", [pay(), offer()])
def test_nothing_is_taken_after_the_wish_to_undo(bench: Bench, undoing: Wish, taking: Wish) -> None:
    bench.take(undoing)
    bench.platform.orders.clear()  # a platform that forgets closed numbers
    late: WishAnswer = bench.take(taking).answer
    assert late.verdict in (Verdict.CLOSED, OfferVerdict.REFUSED)
    assert late.code == "wish.forbidden"
    assert bench.take(taking).answer == late
    assert not {"pay", "offer"} & set(bench.platform.calls)


def test_undoing_waits_for_a_payment_that_is_being_sent(bench: Bench) -> None:
    sending, go_on = threading.Event(), threading.Event()

    def before(verb: str) -> None:
        if verb == "pay":
            sending.set()
            assert go_on.wait(5)

    bench.platform.before = before
    thread = threading.Thread(target=bench.desk.take, args=(BOX, pay()))
    thread.start()
    assert sending.wait(5)
    assert bench.desk.take(BOX, reverse()).answer.code == "wish.under_way"
    assert bench.platform.count("reverse") == 0
    go_on.set()
    thread.join(5)
    assert bench.take(reverse()).answer.verdict is Verdict.REVERSED


def test_undoing_goes_on_until_it_is_confirmed(bench: Bench) -> None:
    bench.take(pay())
    bench.platform.lost = {"reverse"}
    assert bench.take(reverse()).answer.verdict is Verdict.UNKNOWN
    bench.platform.lost = set()
    assert bench.take(reverse()).answer.verdict is Verdict.REVERSED
    assert bench.rows("SELECT outcome FROM wish_order") == [("reversed",)]


def test_an_offer_again_is_the_same_offer_until_it_is_closed(shared: Bench) -> None:
    first = shared.take(offer()).answer
    later = replace(offer(), nonce="f" * 32, subject="other words")
    assert first.verdict is OfferVerdict.OPEN and shared.take(later).answer == first
    shared.take(close())
    assert shared.take(offer()).answer.verdict is OfferVerdict.REFUSED
    assert shared.platform.count("offer") == 1


def test_an_offer_of_which_the_answer_was_lost_is_closed_and_not_opened_again(bench: Bench) -> None:
    bench.platform.lost = {"offer"}
    assert bench.take(offer()).answer.verdict is OfferVerdict.UNKNOWN
    assert bench.take(offer()).answer.verdict is OfferVerdict.UNKNOWN
    assert bench.platform.count("offer") == 1
    assert bench.take(close()).answer.verdict is Verdict.CLOSED


def test_a_refund_is_kept_when_it_is_done_and_repeated_until_then(shared: Bench) -> None:
    shared.take(pay())
    shared.platform.lost = {"refund"}
    assert shared.take(refund()).answer.verdict is RefundVerdict.UNKNOWN
    shared.platform.lost = set()
    done = shared.take(refund()).answer
    assert done.verdict is RefundVerdict.DONE
    assert shared.take(refund()).answer == done
    assert shared.platform.count("refund") == 2
    assert shared.take(refund(amount_fen=300)).answer.code == "wish.differs"


def test_a_refund_that_may_be_under_way_elsewhere_is_not_sent_beside_it(bench: Bench) -> None:
    bench.take(pay())
    died_before_submitting(bench, refund())
    assert bench.take(refund()).answer.code == "wish.under_way"
    bench.wall.passes(SENDING_MS / 1000)
    assert bench.take(refund()).answer.verdict is RefundVerdict.DONE


def test_the_same_wish_from_everywhere_at_once_is_submitted_once(shared: Bench) -> None:
    other = shared.beside()
    start = threading.Barrier(8)
    answers: list[WishAnswer] = []

    def wished(one: Bench) -> None:
        start.wait(5)
        answers.append(one.desk.take(BOX, pay()).answer)

    threads = [threading.Thread(target=wished, args=(one,)) for one in (shared, other) * 4]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    other.close()
    assert len(answers) == 8
    assert shared.platform.count("pay") == 1
    assert {answer.verdict for answer in answers} <= {Verdict.PAID, Verdict.UNKNOWN}
    assert Verdict.PAID in {answer.verdict for answer in answers}


def test_payment_and_undoing_at_once_never_leave_money_behind(shared: Bench) -> None:
    other = shared.beside()
    for count in range(20):
        number = f"S001_1_{count:06d}_A1ABCD"
        start = threading.Barrier(2)

        def wished(one: Bench, wish: Wish, start: threading.Barrier = start) -> None:
            start.wait(5)
            one.desk.take(BOX, wish)

        pair = [
            threading.Thread(target=wished, args=(shared, pay(number))),
            threading.Thread(target=wished, args=(other, reverse(number))),
        ]
        for thread in pair:
            thread.start()
        for thread in pair:
            thread.join(10)
        assert shared.notes.written("S001", number) and other.notes.written("S001", number)
        assert shared.take(reverse(number)).answer.verdict in (Verdict.REVERSED, Verdict.CLOSED)
        assert shared.take(pay(number)).answer.verdict in (Verdict.REVERSED, Verdict.CLOSED)
    other.close()


def test_a_store_without_a_merchant_is_told_so_and_stays_refused(tmp_path: Path) -> None:
    bench = Bench(tmp_path, plan_of({"store": {"S001": {"merchants": {"alipay": ""}}}}))
    wish = replace(pay(), platform="alipay")
    answer = bench.take(wish).answer
    assert (answer.verdict, answer.code) == (Verdict.DECLINED, "wish.no_merchant")
    assert bench.take(wish).answer == answer
    bench.close()


# Silence


def test_a_silent_box_is_helped_to_the_end(bench: Bench) -> None:
    bench.platform.verdict = Verdict.PENDING
    bench.take(pay())
    bench.wall.passes(SILENT_MS / 1000 - 60)
    bench.keeper.step()
    assert bench.platform.calls == ["pay"]
    bench.wall.passes(61)
    bench.keeper.step()
    assert bench.platform.calls == ["pay", "query", "reverse"]
    assert bench.rows("SELECT outcome FROM wish_order") == [("closed",)]
    assert bench.take(query()).answer.verdict is Verdict.CLOSED
    bench.wall.passes(SILENT_MS)
    bench.keeper.step()
    assert bench.platform.count("reverse") == 1


def test_what_was_paid_stays_paid(bench: Bench) -> None:
    bench.platform.lost = {"pay"}
    bench.take(pay())
    bench.wall.passes(SILENT_MS / 1000 + 1)
    bench.keeper.step()
    assert bench.rows("SELECT outcome, taken_by FROM wish_order") == [("paid", "pay")]
    assert bench.take(query()).answer.verdict is Verdict.PAID
    assert bench.platform.count("reverse") == 0


def test_what_the_box_wished_undone_is_undone_also_when_it_was_paid(bench: Bench) -> None:
    bench.take(pay())
    bench.platform.lost = {"reverse"}
    bench.take(reverse())
    bench.platform.orders[NUMBER] = replace(bench.platform.orders[NUMBER], verdict=Verdict.PAID)
    bench.platform.lost = set()
    bench.wall.passes(SILENT_MS / 1000 + 1)
    bench.keeper.step()
    assert bench.rows("SELECT outcome FROM wish_order") == [("reversed",)]


def test_paid_that_a_box_was_told_after_an_undoing_is_never_undone(bench: Bench) -> None:
    bench.take(pay())
    bench.platform.lost = {"reverse"}
    bench.take(reverse())
    bench.platform.orders[NUMBER] = replace(bench.platform.orders[NUMBER], verdict=Verdict.PAID)
    bench.wall.passes(1)
    assert bench.desk.take(BOX, query()).answer.verdict is Verdict.PAID
    assert bench.rows("SELECT outcome FROM wish_order") == [("paid",)], "on disk before the box hears of it"
    bench.wall.passes(SILENT_MS / 1000 + 1)
    bench.platform.lost = set()
    bench.keeper.step()
    assert bench.platform.count("reverse") == 1


def test_a_box_that_asks_is_left_alone(bench: Bench) -> None:
    bench.platform.verdict = Verdict.PENDING
    bench.take(pay())
    for _ in range(3):
        bench.wall.passes(SILENT_MS / 1000 - 60)
        bench.take(query())
        bench.keeper.step()
    assert bench.platform.count("reverse") == 0


def test_a_box_that_comes_back_in_the_middle_is_told_to_wait(shared: Bench) -> None:
    shared.platform.verdict = Verdict.PENDING
    shared.take(pay())
    shared.wall.passes(SILENT_MS / 1000 + 1)
    told: list[WishAnswer] = []

    def before(verb: str) -> None:
        if verb == "reverse" and not told:
            told.append(shared.desk.take(BOX, query()).answer)
            told.append(shared.desk.take(BOX, refund()).answer)

    shared.platform.before = before
    shared.keeper.step()
    assert [answer.code for answer in told] == ["wish.under_way", "wish.under_way"]
    assert shared.take(query()).answer.verdict is Verdict.CLOSED


def test_two_keepers_do_not_work_on_one_order(shared: Bench) -> None:
    other = shared.beside()
    shared.platform.verdict = Verdict.PENDING
    shared.take(pay())
    shared.wall.passes(SILENT_MS / 1000 + 1)
    shared.platform.before = lambda verb: (other.keeper.step(), None)[1] if verb == "reverse" else None
    shared.keeper.step()
    assert shared.platform.count("reverse") == 1
    other.close()


def test_a_keeper_that_died_is_followed_by_another(bench: Bench) -> None:
    bench.platform.verdict = Verdict.PENDING
    bench.take(pay())
    bench.wall.passes(SILENT_MS / 1000 + 1)

    class Killed(BaseException):
        pass

    def killed(verb: str) -> None:
        if verb == "reverse":
            raise Killed

    bench.platform.before = killed
    with pytest.raises(Killed):
        bench.keeper.step()
    bench.platform.before = lambda _: None
    after = bench.beside()
    after.keeper.step()
    assert bench.platform.count("reverse") == 1, "the lease still holds"
    bench.wall.passes(3600)
    after.keeper.step()
    assert bench.rows("SELECT outcome FROM wish_order") == [("closed",)]
    after.close()


def test_an_unanswering_platform_is_asked_again_later(bench: Bench) -> None:
    bench.platform.lost = {"pay", "query"}
    bench.take(pay())
    bench.wall.passes(SILENT_MS / 1000 + 1)
    for _ in range(3):
        bench.keeper.step()
    assert bench.platform.count("query") == 1, "not at once again"
    bench.platform.lost = set()
    bench.wall.passes(3600)
    bench.keeper.step()
    assert bench.rows("SELECT outcome FROM wish_order") == [("paid",)]


def test_a_refund_of_a_silent_box_is_given(bench: Bench) -> None:
    bench.take(pay())
    died_before_submitting(bench, refund())
    bench.wall.passes(SILENT_MS / 1000 + 1)
    bench.keeper.step()
    assert bench.rows("SELECT verb, outcome FROM wish WHERE verb = 'refund'") == [("refund", "done")]
    assert bench.take(refund()).answer.verdict is RefundVerdict.DONE
    assert bench.platform.count("refund") == 1


def test_an_offer_of_a_silent_box_is_closed(bench: Bench) -> None:
    bench.take(offer())
    bench.wall.passes(SILENT_MS / 1000 + 1)
    bench.keeper.step()
    assert bench.platform.calls == ["offer", "query", "close"]
    assert bench.rows("SELECT outcome FROM wish_order") == [("closed",)]


@pytest.mark.parametrize("paid", [True, False])
def test_a_phones_order_of_a_silent_box_comes_to_its_end(bench: Bench, paid: bool) -> None:
    now_ms = bench.wall()
    order = PhoneOrder("S001", NUMBER, "B1", 1, 1000, now_ms, now_ms + 600_000)
    with bench.database.write() as connection:
        begun(connection, AsSigned("S001", "B1", 1, NUMBER, 1000, now_ms // 1000, now_ms // 1000 + 600))
        keep(connection, taken(order, "wechat", Way.IN_APP, "o1", now_ms))
    bench.platform.verdict = Verdict.PAID if paid else Verdict.PENDING
    bench.platform.pay(NUMBER, 1000, "", "")
    bench.wall.passes(600 + SILENT_MS / 1000 - 1)
    bench.keeper.step()
    assert bench.platform.calls == ["pay"]
    bench.wall.passes(2)
    bench.keeper.step()
    assert bench.platform.calls == ["pay", "query"] + ([] if paid else ["close"])
    assert bench.rows("SELECT state FROM phone_order") == [("paid" if paid else "closed",)]
    bench.keeper.step()
    assert bench.platform.count("query") == 1


def test_questions_leave_nothing_behind(bench: Bench) -> None:
    assert bench.take(query()).answer.verdict is Verdict.NOT_FOUND
    missing = Wish(Verb.QUERY_REFUND, "wallet", NUMBER, out_refund_no="S001_1_000001_R9ABCD")
    assert bench.take(missing).answer.verdict is RefundVerdict.NOT_FOUND
    assert bench.rows("SELECT * FROM wish_order") == bench.rows("SELECT * FROM wish") == []


def test_a_number_of_another_platform_ends_the_attempt_whose_submission_was_not_heard(bench: Bench) -> None:
    """The older copy of a box tries the number elsewhere; nothing is submitted there, and each question says so."""
    bench.take(pay())
    calls = list(bench.platform.calls)
    for wish in (query(), reverse(), close()):
        answer = bench.take(replace(wish, platform="alipay")).answer
        assert (answer.verdict, answer.code) == (Verdict.DECLINED, "attempt.number_used")
    assert bench.platform.calls == calls
    assert bench.take(query()).answer.verdict is Verdict.PAID


def test_a_replaced_box_hears_that_its_payment_was_never_sent(shared: Bench) -> None:
    """For ever the same word, which later acts of the number keep; nothing about what was sent before the fence."""
    with shared.database.write() as connection:
        registry.add_store(connection, "S001", "S001", AT_MS)
        registry.register_epoch(connection, BOX, b"a" * 32, "enrolled", AT_MS)
    shared.platform.verdict = Verdict.PENDING
    assert shared.take(pay()).answer.verdict is Verdict.PENDING
    with shared.database.write() as connection:
        registry.register_epoch(connection, Identity("S001", "B2", 2), b"b" * 32, "enrolled", AT_MS)
    late = "S001_1_000002_A1ABCD"
    for wished, verdict in (
        (pay(late), "declined"),
        (pay(late), "declined"),
        (offer("S001_1_000003_A1ABCD"), "refused"),
    ):
        answer = shared.take(wished).answer
        assert (answer.verdict.value, answer.code) == (verdict, BOX_REPLACED)
    for wished in (pay(), reverse(), refund()):
        answer = shared.take(wished).answer
        assert (answer.verdict.value, answer.code) == ("unknown", "box.replaced")
    assert shared.platform.calls == ["pay"]
    shared.wall.passes(SILENT_MS / 1000 + 1)
    shared.keeper.step()
    assert late not in shared.platform.orders, "headquarters have nothing to bring to an end"
    assert shared.platform.orders[NUMBER].verdict is not Verdict.PENDING, "what was sent they end themselves"
