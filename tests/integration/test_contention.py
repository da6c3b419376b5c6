"""Two tills at the same instant: exactly one gets it, the other is told why not.

Threads with a barrier on the real use cases over one store; a thousand pairs in all.
"""

import random
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.core.errors import StoreboxError
from agent.services import checkout, days, payments, printing, refunds, shifts, staff, tendering
from agent.services.shop import Actor, Shop
from agent.store import spool, views
from agent.store.spool import SlipState
from agent.store.verify import verify
from tests.shops import FakePlatform, make_shop

ONE = Actor("01", "李店长", "store_manager", "1")
TWO = Actor("02", "赵店长", "store_manager", "2")
SAME_TILL = Actor("03", "王店长", "store_manager", "1")
Act = Callable[[], Any]


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = make_shop(tmp_path)
    made.platforms = {"wechat": FakePlatform("wechat", clock=made.clock)}  # type: ignore[arg-type]
    yield made
    made.writer.close()
    assert verify(tmp_path / "journal.db", views).fault is None


@pytest.fixture
def open_shop(shop: Shop) -> Shop:
    days.open_the_day(shop, ONE)
    for actor in (ONE, TWO):
        shifts.open_a_shift(shop, actor, 10_000_000)
    return shop


class Pair:
    """Two threads that act at the same instant, as often as they are told."""

    def __init__(self) -> None:
        self._start = threading.Barrier(3)
        self._end = threading.Barrier(3)
        self._acts: list[Act | None] = [None, None]
        self._results: list[Any] = [None, None]
        self._threads = [threading.Thread(target=self._run, args=(place,), daemon=True) for place in (0, 1)]
        for thread in self._threads:
            thread.start()

    def _run(self, place: int) -> None:
        while True:
            self._start.wait()
            act = self._acts[place]
            if act is None:
                return
            try:
                self._results[place] = act()
            except StoreboxError as error:
                self._results[place] = error
            except BaseException as error:  # noqa: BLE001 - shown by the test's own thread
                self._results[place] = error
            self._end.wait()

    def both(self, one: Act, two: Act) -> list[Any]:
        """Run two acts at once and return what came of each: an answer or an error."""
        self._acts = [one, two]
        self._start.wait(30)
        self._end.wait(30)
        return self._results.copy()

    def end(self) -> None:
        """End the threads."""
        self._acts = [None, None]
        self._start.wait(30)


@pytest.fixture
def pair() -> Iterator[Pair]:
    made = Pair()
    yield made
    made.end()


def one_wins(results: list[Any], *codes: str) -> Any:
    """Expect one answer and one refusal with one of the codes; return the answer."""
    errors = [one for one in results if isinstance(one, BaseException)]
    assert len(errors) == 1, results
    assert isinstance(errors[0], StoreboxError) and errors[0].code in codes, errors
    return next(one for one in results if one is not errors[0])


def count(shop: Shop, kind: str) -> int:
    """Return how many entries of a kind there are."""
    return int(shop.read().execute("SELECT count(*) FROM journal WHERE kind = ?", (kind,)).fetchone()[0])


def sku(shop: Shop) -> str:
    """Return an item that simply has a price."""
    return next(item.sku for item in shop.catalog.by_sku.values() if item.price_fen and item.unit == "pc")


def sold(shop: Shop, quantity: int = 1) -> str:
    """Sell something in cash and return the sale's number."""
    checkout.add_code(shop, ONE, sku(shop), quantity)
    return str(tendering.pay_cash(shop, ONE, None)["completed"]["sale"])


def test_the_same_sale_refunded_at_two_tills(open_shop: Shop, pair: Pair) -> None:
    for _ in range(150):
        sale = sold(open_shop)
        results = pair.both(
            lambda sale=sale: refunds.refund_sale(open_shop, ONE, sale, None, "坏的"),
            lambda sale=sale: refunds.refund_sale(open_shop, TWO, sale, None, "坏的"),
        )
        one_wins(results, "refund.nothing_left")
    assert count(open_shop, "sale.refunded") == 150
    left = open_shop.read().execute("SELECT sum(total_fen - refunded_fen) FROM view_sale").fetchone()
    assert left[0] == 0


def test_the_same_line_refunded_at_two_tills(open_shop: Shop, pair: Pair) -> None:
    for number in range(150):
        quantity = 1 + number % 3
        sale = sold(open_shop, quantity)
        results = pair.both(
            lambda sale=sale, quantity=quantity: refunds.refund_sale(open_shop, ONE, sale, {1: quantity}, "坏的"),
            lambda sale=sale, quantity=quantity: refunds.refund_sale(open_shop, TWO, sale, {1: quantity}, "坏的"),
        )
        one_wins(results, "refund.above_quantity", "refund.nothing_left")
    assert count(open_shop, "sale.refunded") == 150


def test_the_same_basket_paid_twice(open_shop: Shop, pair: Pair) -> None:
    for number in range(150):
        checkout.add_code(open_shop, ONE, sku(open_shop))
        results = pair.both(
            lambda number=number: tendering.pay_cash(open_shop, ONE, None, key=f"a{number}"),
            lambda number=number: tendering.pay_cash(open_shop, SAME_TILL, None, key=f"b{number}"),
        )
        one_wins(results, "sale.empty")
    assert count(open_shop, "sale.completed") == 150
    assert open_shop.read().execute("SELECT count(*) FROM draft").fetchone()[0] == 0


def test_the_same_key_gives_the_same_answer(open_shop: Shop, pair: Pair) -> None:
    for number in range(150):
        checkout.add_code(open_shop, ONE, sku(open_shop))
        pay = lambda number=number: tendering.pay_cash(open_shop, ONE, None, key=f"k{number}")  # noqa: E731
        one, two = pair.both(pay, pay)
        assert one == two
        assert one["completed"]["sale"]
    assert count(open_shop, "sale.completed") == 150


def code_of(number: int) -> str:
    """Return the payment code of a customer: each serves once."""
    return f"13{number:016d}"


def test_one_payment_attempt_a_sale(open_shop: Shop, pair: Pair) -> None:
    platform = open_shop.platforms["wechat"]
    for number in range(100):
        checkout.add_code(open_shop, ONE, sku(open_shop))
        checkout.ask_total(open_shop, ONE)
        results = pair.both(
            lambda number=number: payments.start_code_payment(open_shop, ONE, "wechat", code_of(number), f"a{number}"),
            lambda number=number: payments.start_code_payment(
                open_shop, SAME_TILL, "wechat", code_of(number), f"b{number}"
            ),
        )
        started, submit = one_wins(results, "sale.attempt_open")
        submit()
        assert payments.attempt(open_shop, started["attempt"])["state"] == "paid"
    assert platform.pays == 100  # type: ignore[attr-defined]
    assert count(open_shop, "attempt.started") == count(open_shop, "sale.completed") == 100


def test_cash_or_wallet_but_not_both(open_shop: Shop, pair: Pair) -> None:
    for number in range(50):
        checkout.add_code(open_shop, ONE, sku(open_shop))
        results = pair.both(
            lambda number=number: payments.start_code_payment(open_shop, ONE, "wechat", code_of(number)),
            lambda number=number: tendering.pay_cash(open_shop, SAME_TILL, None, key=f"cash{number}"),
        )
        won = one_wins(results, "sale.attempt_open", "sale.empty")
        if isinstance(won, tuple):
            won[1]()
    assert count(open_shop, "sale.completed") == 50


def test_a_platforms_word_is_taken_in_once(open_shop: Shop, pair: Pair) -> None:
    platform = open_shop.platforms["wechat"]
    for number in range(50):
        checkout.add_code(open_shop, ONE, sku(open_shop))
        started, _ = payments.start_code_payment(open_shop, ONE, "wechat", code_of(number), f"s{number}")
        attempt = started["attempt"]
        answer = platform.pay(attempt, started["amount_fen"], "134567890123456789", "")
        settle = lambda attempt=attempt, answer=answer: payments.settle(open_shop, attempt, answer)  # noqa: E731
        one, two = pair.both(settle, settle)
        assert one == two, (one, two)
    assert count(open_shop, "attempt.ended") == count(open_shop, "sale.completed") == 50


def test_the_same_held_basket_recalled_at_two_tills(open_shop: Shop, pair: Pair) -> None:
    for _ in range(50):
        checkout.add_code(open_shop, ONE, sku(open_shop))
        sale = checkout.hold(open_shop, ONE, "B07")["sale"]
        results = pair.both(
            lambda sale=sale: checkout.recall(open_shop, ONE, sale),
            lambda sale=sale: checkout.recall(open_shop, TWO, sale),
        )
        assert one_wins(results, "sale.not_held")["sale"] == sale
        winner = ONE if checkout.basket(open_shop, ONE) else TWO
        tendering.pay_cash(open_shop, winner, None)
    assert count(open_shop, "sale.completed") == 50


def test_two_held_baskets_recalled_at_one_till(open_shop: Shop, pair: Pair) -> None:
    for _ in range(25):
        held = []
        for label in ("A", "B"):
            checkout.add_code(open_shop, ONE, sku(open_shop))
            held.append(checkout.hold(open_shop, ONE, label)["sale"])
        results = pair.both(
            lambda sale=held[0]: checkout.recall(open_shop, ONE, sale),
            lambda sale=held[1]: checkout.recall(open_shop, SAME_TILL, sale),
        )
        won = one_wins(results, "sale.till_busy")["sale"]
        assert won in held
        tendering.pay_cash(open_shop, ONE, None)
        checkout.recall(open_shop, ONE, next(sale for sale in held if sale != won))
        checkout.cancel(open_shop, ONE, "误点")


def test_a_basket_paid_while_it_is_held(open_shop: Shop, pair: Pair) -> None:
    for number in range(25):
        checkout.add_code(open_shop, ONE, sku(open_shop))
        results = pair.both(
            lambda: checkout.hold(open_shop, SAME_TILL, "B07"),
            lambda number=number: tendering.pay_cash(open_shop, ONE, None, key=f"k{number}"),
        )
        one_wins(results, "sale.empty")
        for waiting in checkout.held(open_shop):
            checkout.recall(open_shop, ONE, waiting["sale"])
            checkout.cancel(open_shop, ONE, "误点")
    assert count(open_shop, "sale.completed") + count(open_shop, "sale.cancelled") == 25


def test_shift_and_day_opened_and_closed_twice(shop: Shop, pair: Pair) -> None:
    for _ in range(15):
        one_wins(
            pair.both(lambda: days.open_the_day(shop, ONE), lambda: days.open_the_day(shop, TWO)), "day.open_already"
        )
        one_wins(
            pair.both(lambda: shifts.open_a_shift(shop, ONE, 100), lambda: shifts.open_a_shift(shop, SAME_TILL, 100)),
            "shift.open_already",
        )
        results = pair.both(
            lambda: shifts.close_shift(shop, ONE, {"100": 1}), lambda: shifts.close_shift(shop, SAME_TILL, {"100": 1})
        )
        one_wins(results, "shift.not_open")
        one_wins(
            pair.both(lambda: days.close_the_day(shop, ONE), lambda: days.close_the_day(shop, TWO)), "day.not_open"
        )
        shop.clock.advance(86_400)  # type: ignore[attr-defined]
    kinds = ("day.opened", "day.closed", "shift.opened", "shift.closed")
    assert [count(shop, kind) for kind in kinds] == [15] * 4


def test_a_day_is_not_closed_over_a_shift_that_opens(shop: Shop, pair: Pair) -> None:
    for _ in range(15):
        days.open_the_day(shop, ONE)
        results = pair.both(lambda: days.close_the_day(shop, ONE), lambda: shifts.open_a_shift(shop, TWO, 100))
        won = one_wins(results, "day.shifts_open", "day.not_open")
        if "shift" in won:
            shifts.close_shift(shop, TWO, {"100": 1})
            days.close_the_day(shop, ONE)
        shop.clock.advance(86_400)  # type: ignore[attr-defined]


def test_a_sale_does_not_slip_past_the_end_of_its_shift(open_shop: Shop, pair: Pair) -> None:
    shifts.close_shift(open_shop, ONE, {"10000": 1_000})
    for _ in range(15):
        shifts.open_a_shift(open_shop, ONE, 100)
        results = pair.both(
            lambda: checkout.add_code(open_shop, ONE, sku(open_shop)),
            lambda: shifts.close_shift(open_shop, SAME_TILL, {"100": 1}),
        )
        won = one_wins(results, "shift.not_open", "shift.basket_open")
        if "lines" in won:
            checkout.cancel(open_shop, ONE, "误点")
            shifts.close_shift(open_shop, ONE, {"100": 1})


def test_the_drawer_is_not_emptied_twice(open_shop: Shop, pair: Pair) -> None:
    shifts.close_shift(open_shop, ONE, {"10000": 1_000})
    shifts.open_a_shift(open_shop, ONE, 100)
    for number in range(15):
        results = pair.both(
            lambda number=number: shifts.move_drawer(open_shop, ONE, "drop", 100, "缴款", "S1", key=f"a{number}"),
            lambda number=number: shifts.move_drawer(open_shop, ONE, "paid_out", 100, "买冰", "S2", key=f"b{number}"),
        )
        one_wins(results, "drawer.not_enough")
        shifts.move_drawer(open_shop, ONE, "paid_in", 100, "零钱")


def test_an_unconfirmed_slip_is_answered_once(open_shop: Shop, pair: Pair) -> None:
    for _ in range(20):
        slip = f"{sold(open_shop)}-P0"

        def lose(unit: Any, slip: str = slip) -> None:
            spool.mark_sending(unit, slip, "0001")
            spool.mark_result(unit, slip, SlipState.UNCONFIRMED)

        open_shop.writer.run(lose)
        results = pair.both(
            lambda slip=slip: printing.confirm(open_shop, ONE, slip, False),
            lambda slip=slip: printing.confirm(open_shop, TWO, slip, False),
        )
        one_wins(results, "slip.not_unconfirmed")
    assert open_shop.read().execute("SELECT count(*) FROM spool WHERE copy > 0").fetchone()[0] == 20


def test_wrong_pins_are_counted_one_by_one(open_shop: Shop, pair: Pair) -> None:
    staff.add_person(open_shop, "07", "当班", "cashier", "246810")
    for _ in range(2):
        results = pair.both(
            lambda: staff.login(open_shop, "07", "000000", "1"), lambda: staff.login(open_shop, "07", "111111", "2")
        )
        assert [getattr(one, "code", None) for one in results] == ["staff.wrong_pin"] * 2
    assert open_shop.read().execute("SELECT failures FROM staff WHERE id = '07'").fetchone()[0] == 4


def test_many_tills_refund_a_sale_piece_by_piece(open_shop: Shop) -> None:
    sale = sold(open_shop, 10)
    (total_fen,) = open_shop.read().execute("SELECT total_fen FROM view_sale WHERE sale = ?", (sale,)).fetchone()
    chance = random.Random(1)
    start = threading.Barrier(8)
    given: list[int] = []
    refused: list[str] = []

    def till(pieces: list[int]) -> None:
        start.wait()
        for units in pieces:
            try:
                given.append(refunds.refund_sale(open_shop, ONE, sale, {1: units}, "坏的")["total_fen"])
            except StoreboxError as error:
                refused.append(error.code)

    plans = [[chance.randrange(1, 4) for _ in range(4)] for _ in range(8)]
    threads = [threading.Thread(target=till, args=(plan,)) for plan in plans]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    left = open_shop.read().execute("SELECT total_fen - refunded_fen FROM view_sale WHERE sale = ?", (sale,))
    assert sum(given) + left.fetchone()[0] == total_fen
    assert set(refused) <= {"refund.above_quantity", "refund.nothing_left"}
    assert len(given) + len(refused) == 32
