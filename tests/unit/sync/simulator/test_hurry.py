"""A simulator in a hurry: customers and refunds are quicker; what a merchant said itself is not."""

from pathlib import Path

from sync.simulator.account_books import AccountBooks
from sync.simulator.behaviour import behaviour
from sync.simulator.weather import Weather
from sync.simulator.world import World

SLOW_PAYER = "134567890123456788"
"""Types the password after 20 seconds."""


class Clock:
    def __init__(self) -> None:
        self.at_ms = 1_790_995_200_000

    def now_ms(self) -> int:
        return self.at_ms


def test_a_customer_types_fifty_times_as_fast(tmp_path: Path) -> None:
    clock = Clock()
    books = AccountBooks(tmp_path / "books.db", clock.now_ms, "wechat", hurry=50)
    books.begin("NUMBER1", 100, "somebody", behaviour(SLOW_PAYER), {})
    clock.at_ms += 399
    assert books.find("NUMBER1").state == "waiting"  # type: ignore[union-attr]
    clock.at_ms += 1
    order = books.find("NUMBER1")
    assert order is not None and (order.state, order.paid_at_ms) == ("paid", clock.at_ms)
    books.close()


def test_an_offer_ends_when_the_merchant_said(tmp_path: Path) -> None:
    clock = Clock()
    books = AccountBooks(tmp_path / "books.db", clock.now_ms, "wechat", hurry=50)
    order, _ = books.offer("NUMBER2", 100, clock.at_ms + 60_000, {})
    assert order.ends_at_ms == clock.at_ms + 60_000
    books.close()


def test_a_refund_is_under_way_for_a_shorter_time(tmp_path: Path) -> None:
    weather = Weather()
    weather.command("refunds 100")
    world = World(tmp_path, weather, Clock().now_ms, 1, hurry=50)
    assert world.refund_ms == 2_000
    world.close()
