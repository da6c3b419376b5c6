"""The replay's counter on a real store: what it does with refused baskets, old times and interrupted runs."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from agent.core.payment import Verdict
from agent.replay.baskets import Basket, RefusedBasket, understood
from agent.replay.counter import Counter, attempted, denominations
from agent.services import baskets as drafts
from agent.services import checkout, payments
from agent.services.shop import Actor, Shop
from tests.shops import START_MS, FakeClock, FakePlatform, make_shop
from tests.unit.replay.test_baskets import line, text

ZONE = ZoneInfo("Asia/Shanghai")
ACTOR = Actor("01", "Replay", "store_manager", "1")


class SettableClock(FakeClock):
    """A clock that can be set forward, as the replay does."""

    def set(self, at_ms: int) -> None:
        self.advance(max(0, at_ms - self.at_ms) / 1000)


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    monkeypatch.setattr("tests.shops.FakeClock", SettableClock)
    made = make_shop(tmp_path)
    made.platforms = {"wechat": FakePlatform("wechat", clock=made.clock)}  # type: ignore[arg-type]
    yield made
    made.writer.close()


def counter(shop: Shop, wallet: str | None = None) -> Counter:
    return Counter(shop, ACTOR, shop.clock, wallet)  # type: ignore[arg-type]


def basket(*lines: dict[str, Any], **other: Any) -> Basket:
    found = understood(text(*lines, **other), ZONE)
    assert isinstance(found, Basket), found
    return found


def one(shop: Shop, sql: str) -> Any:
    return shop.read().execute(sql).fetchone()[0]


def test_a_refused_basket_leaves_nothing_for_the_next_customer(shop: Shop) -> None:
    till = counter(shop)
    too_much = basket(*[line(1, 10**11) for _ in range(20)], basket="big")
    assert attempted(till.ring_up, too_much) == RefusedBasket("big", "tender.bad_amount")
    assert drafts.current(shop.read(), "1") is None
    assert attempted(till.ring_up, basket(line(1, 500), basket="next")) is None
    assert one(shop, "SELECT total_fen FROM view_sale WHERE reference = 'next'") == 500


def test_a_refund_that_needs_a_second_person_is_refused(shop: Shop) -> None:
    too_much = basket(*[line(1, 0, 0, 10**11) for _ in range(20)], basket="big")
    assert attempted(counter(shop).ring_up, too_much) == RefusedBasket("big", "approval.needed")


def test_a_use_case_that_refuses_half_way_leaves_a_clean_till(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    from agent.core.errors import Refused
    from agent.services import tendering

    def refuse(*_: Any, **__: Any) -> None:
        raise Refused("tender.bad_amount", amount_fen=1)

    till = counter(shop)
    with monkeypatch.context() as patched:
        patched.setattr(tendering, "pay_cash", refuse)
        assert attempted(till.ring_up, basket(basket="1")) == RefusedBasket("1", "tender.bad_amount")
    assert attempted(till.ring_up, basket(line(1, 500), basket="2")) is None
    assert one(shop, "SELECT sum(total_fen) FROM view_sale") == 500
    assert one(shop, "SELECT count(*) FROM journal WHERE kind = 'sale.cancelled'") == 1


def test_a_basket_is_known_once_it_is_recorded(shop: Shop) -> None:
    till = counter(shop)
    for number, lines in (("A-1/ü", line()), ("é", line(1, 0, 0, 500))):
        assert not till.known(number)
        till.ring_up(basket(lines, basket=number))
        assert till.known(number)


@pytest.mark.parametrize("number", ["7", "A-1/ü", "门店", "é" * 60])
def test_any_number_can_be_paid_by_wallet(shop: Shop, number: str) -> None:
    till = counter(shop, "wechat")
    for count in range(8):
        till.ring_up(basket(basket=f"{number}{count}"))
    assert one(shop, "SELECT count(*) FROM view_sale") == 8


def test_an_earlier_time_does_not_open_the_day_anew(shop: Shop) -> None:
    till = counter(shop)
    for number, at in enumerate(("2026-10-05T10:00:00", "2026-10-04T10:00:00", "2026-10-05T11:00:00")):
        till.ring_up(basket(basket=str(number), at=at))
    assert one(shop, "SELECT count(*) FROM journal WHERE kind = 'day.opened'") == 1
    assert one(shop, "SELECT group_concat(DISTINCT day) FROM view_sale") == "2026-10-05"


def test_days_and_shifts_follow_the_baskets(shop: Shop) -> None:
    till = counter(shop)
    for number, at in enumerate(("2026-10-04T10:00:00", "2026-10-05T04:59:00", "2026-10-05T05:01:00")):
        till.ring_up(basket(basket=str(number), at=at))
    till.close_day()
    till.close_day()
    rows = shop.read().execute("SELECT day, count(*) FROM view_sale GROUP BY day ORDER BY day").fetchall()
    assert [tuple(row) for row in rows] == [("2026-10-04", 2), ("2026-10-05", 1)]
    assert one(shop, "SELECT count(*) FROM view_day WHERE state = 'closed'") == 2
    assert one(shop, "SELECT count(*) FROM view_shift WHERE counted_fen <> expected_fen OR state <> 'closed'") == 0


def test_an_unpaid_basket_of_an_interrupted_run_is_cancelled(shop: Shop) -> None:
    till = counter(shop)
    till.ring_up(basket(basket="1"))
    found = basket(basket="2")
    checkout.add_lines(shop, ACTOR, found.meaning.lines, reference="2")  # type: ignore[arg-type]
    counter(shop).take_up()
    assert drafts.current(shop.read(), "1") is None
    till.ring_up(found)
    assert one(shop, "SELECT count(*) FROM view_sale") == 2


@pytest.mark.parametrize(("verdict", "sales"), [(Verdict.UNKNOWN, 2), (Verdict.PENDING, 1), (Verdict.DECLINED, 1)])
def test_an_open_payment_of_an_interrupted_run_is_taken_to_its_end(shop: Shop, verdict: Verdict, sales: int) -> None:
    till = counter(shop, "wechat")
    till.ring_up(basket(basket="1"))
    checkout.add_lines(shop, ACTOR, basket(basket="2").meaning.lines, reference="2")  # type: ignore[arg-type]
    platform = shop.platforms["wechat"]
    platform.answers.append(verdict)  # type: ignore[attr-defined]
    started, _ = payments.start_code_payment(shop, ACTOR, "wechat", "134567890123456789")
    platform.pay(started["attempt"], started["amount_fen"], "", "")  # it arrived; then the power went
    counter(shop, "wechat").take_up()
    assert payments.unresolved(shop.read()) == []
    assert drafts.current(shop.read(), "1") is None
    assert one(shop, "SELECT count(*) FROM view_sale") == sales


def test_the_drawer_is_counted_in_the_fewest_pieces() -> None:
    pieces = denominations(START_MS % 100_000)
    assert sum(int(piece) * count for piece, count in pieces.items()) == START_MS % 100_000
    assert denominations(0) == {}
