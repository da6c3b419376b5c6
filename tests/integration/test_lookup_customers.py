"""Four customers who say that they paid, over the platforms' own protocols and a headquarters with a second store."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.core.chain import Identity
from agent.core.payment import AttemptState
from agent.services import checkout, lookup, payments, tendering
from agent.services.shop import Approval, Shop
from tests.integration.test_lookup_hq import Asker
from tests.integration.test_platform_payments import begin, fresh_code, pass_time, state
from tests.integration.test_platform_payments import shop as shop
from tests.integration.test_platform_payments import simulator as simulator
from tests.shops import CASHIER, LEAD
from tests.simulators import RunningSimulator
from tests.unit.sync.fakes import FakeJournal, RunningHq, new_key, running_hq
from tests.uplinks import Box

pytestmark = pytest.mark.parametrize("name", ["wechat", "alipay"])
NEXT_DOOR = "S002_1_000007_A1K7QF"


@pytest.fixture
def hq(tmp_path: Path, shop: Shop, name: str) -> Iterator[RunningHq]:
    """Headquarters that know this box, and what the store next door sold a minute ago."""
    with running_hq(tmp_path / "hq") as running:
        here = FakeJournal(shop.identity, new_key())
        running.register(here)
        there = FakeJournal(Identity("S002", "B1", 1), new_key())
        running.register(there)
        sold = {"attempt": NEXT_DOOR, "sale": "S002-1-000007", "platform": name, "amount_fen": due(shop), "till": "1"}
        there.add("attempt.started", sold)
        there.add("attempt.ended", {**sold, "outcome": "paid", "transaction": "2026100322001412345678901234"})
        Box(running, there).run()
        shop.ask_headquarters = Asker(running, here).ask
        yield running


def due(shop: Shop) -> int:
    return int((checkout.basket(shop, CASHIER) or {})["due_fen"])


def by_number(shop: Shop, number: str) -> dict[str, Any]:
    asked, run = lookup.start_by_number(shop, CASHIER, number)
    run()
    return lookup.get(shop, CASHIER, asked["lookup"])


def by_terms(shop: Shop, amount_fen: int, minutes_ago: int) -> dict[str, Any]:
    paid_at_ms = shop.clock.now_ms() - minutes_ago * 60_000
    asked, run = lookup.start_by_terms(shop, CASHIER, amount_fen, paid_at_ms, 10 * 60_000)
    run()
    return lookup.get(shop, CASHIER, asked["lookup"])


def entries(shop: Shop, kind: str) -> list[dict[str, Any]]:
    rows = shop.read().execute("SELECT body FROM journal WHERE kind = ? ORDER BY seq", (kind,)).fetchall()
    return [json.loads(body) for (body,) in rows]


@pytest.mark.parametrize("number", ["ours", "the platform's"])
def test_a_paid_our_sale_and_the_answer_was_lost(
    shop: Shop, simulator: RunningSimulator, hq: RunningHq, name: str, number: str
) -> None:
    """Completed by the platform's signed answer, charged once; by whichever number the bill shows."""
    simulator.control("next lost")
    attempt = begin(shop, name, fresh_code(simulator, "C1", name))
    assert state(shop, attempt) == AttemptState.OPEN
    pass_time(shop, 2)
    theirs = shop.platforms[name].query(attempt).transaction
    found = by_number(shop, attempt if number == "ours" else str(theirs))
    assert (found["answer"], found["payment"]["attempt"]) == ("this_sale", attempt)
    (sale,) = entries(shop, "sale.completed")
    assert [tender["attempt"] for tender in sale["tenders"]] == [attempt]
    assert state(shop, attempt) == AttemptState.PAID


def test_b_paid_the_shop_next_door(shop: Shop, hq: RunningHq, name: str) -> None:
    found = by_number(shop, NEXT_DOOR)
    assert (found["answer"], found["payment"]["store"]) == ("elsewhere", "S002")
    assert found["payment"]["sale"] == "S002-1-000007" and found["payment"]["amount_fen"] == due(shop)
    assert entries(shop, "sale.completed") == []
    assert by_number(shop, "2026100322001412345678901234")["reason"] == "other_store"


def test_c_shows_a_screenshot_of_yesterday(shop: Shop, simulator: RunningSimulator, hq: RunningHq, name: str) -> None:
    """Yesterday's payment paid yesterday's sale; amount and time of today find nothing of theirs."""
    begin(shop, name, fresh_code(simulator, "C1", name))
    (sold,) = entries(shop, "attempt.ended")
    pass_time(shop, 86_400)
    checkout.add_code(shop, CASHIER, "D002")
    checkout.ask_total(shop, CASHIER)
    found = by_number(shop, sold["attempt"])
    assert (found["answer"], found["reason"]) == ("elsewhere", "other_sale")
    assert found["detail"]["zh"].startswith("10-0")
    assert by_terms(shop, sold["amount_fen"] + 1, 0)["reason"] == "nothing_then"
    assert len(entries(shop, "sale.completed")) == 1


def test_d_paid_the_static_code(shop: Shop, hq: RunningHq, name: str) -> None:
    """Nothing here can know; the lead sells it as provisional, and the next look-up shows that sale."""
    amount_fen = due(shop)
    assert by_terms(shop, amount_fen, 1)["answer"] != "this_sale"
    approval = Approval(LEAD.staff, LEAD.role)
    done = tendering.pay_other(shop, CASHIER, "static_code", None, "1234 10:41", approval)["completed"]
    assert done["tenders"][0]["provisional"] is True
    checkout.add_code(shop, CASHIER, "D002")
    again = by_terms(shop, amount_fen, 1)
    mine = [one for one in again["candidates"] if one["store"] == "S001"]
    assert [(one["sale"], one["money"]) for one in mine] == [(done["sale"], "provisional")]


def test_every_look_up_of_the_evening_is_in_the_journal(
    shop: Shop, simulator: RunningSimulator, hq: RunningHq, name: str
) -> None:
    """What was asked, where, what was answered; and when the line to everybody is cut, that too."""
    by_number(shop, NEXT_DOOR)
    simulator.control("next lost")
    attempt = begin(shop, name, fresh_code(simulator, "C1", name))
    simulator.close()
    hq.stop()
    found = by_number(shop, attempt)
    assert (found["answer"], found["waiting"]) == ("unknown", attempt)
    first, second = entries(shop, "payment.looked_up")
    assert [one["place"] for one in first["places"]] == ["journal", "headquarters"]
    assert (first["found_store"], first["answer"]) == ("S002", "elsewhere")
    assert second["places"][1]["place"] == "platform" and second["places"][1]["code"].startswith("network.")
    payments.park(shop, CASHIER, attempt, Approval(LEAD.staff, LEAD.role))
    simulator.restart()
    hq.start()
    assert by_number(shop, attempt)["reason"] == "refunded"
