"""The demo's next morning: in which order it comes, what it says when something hinders it, what the desk can plant."""

import asyncio
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import requests

from agent.core.errors import TryLater
from agent.demo.closing import counted
from agent.demo.morning import Morning, _days
from sync.simulator.behaviour import AT_ONCE
from tests.simulators import RunningSimulator


@pytest.fixture
def simulator(tmp_path: Path) -> Iterator[RunningSimulator]:
    running = RunningSimulator(tmp_path / "platform")
    running.simulation.world.customers.prepare()
    yield running
    running.close()


class Parts:
    """The demo's parts, as far as a morning asks them; keeps in which order."""

    def __init__(self, simulator: RunningSimulator) -> None:
        self.asked: list[str] = []
        self.hindrance: Exception | None = None
        self._simulator = simulator
        self._unsent = 3

    def close_shop(self) -> str | None:
        self.asked.append("close")
        if self.hindrance is not None:
            raise self.hindrance
        return "2026-10-03"

    def ask_box(self, verb: str, values: dict[str, str]) -> Any:
        self.asked.append(f"{verb} {values.get('day', '')}".strip())
        self._unsent = max(0, self._unsent - 1)
        return {"unsent": {"entries": self._unsent}}

    def simulator_url(self) -> str:
        return self._simulator.url

    async def match_at_headquarters(self, days: list[str], store_day: str) -> dict[str, Any]:
        self.asked.append(f"match {store_day}")
        return {"state": "matched", "reasons": [], "differences": 0, "days": days}


async def come(morning: Morning) -> dict[str, Any]:
    assert morning.begin() == "ok"
    assert morning.begin().startswith("refused"), "one at a time"
    assert morning._task is not None
    await morning._task
    return morning.shown()


def test_the_shop_closes_everything_is_sent_and_then_both_match(simulator: RunningSimulator) -> None:
    parts = Parts(simulator)
    shown = asyncio.run(come(Morning(parts)))
    assert (shown["phase"], shown["day"], shown["state"]) == ("done", "2026-10-03", "matched")
    assert parts.asked[:2] == ["close", "sync.now"] and parts.asked[-1] == "match 2026-10-03"
    assert "bill.match 2026-10-03" in parts.asked and "bill.match 2026-10-04" in parts.asked
    assert parts.asked.index("status") < parts.asked.index("bill.match 2026-10-03")
    assert simulator.simulation.world.weather.bill == "now"


def test_what_hinders_it_is_said_and_it_can_begin_again(simulator: RunningSimulator) -> None:
    parts = Parts(simulator)
    parts.hindrance = TryLater("control.no_answer", state="x")
    morning = Morning(parts)
    shown = asyncio.run(come(morning))
    assert shown["phase"] == "refused" and set(shown["why"]) == {"zh", "en"} and all(shown["why"].values())
    parts.hindrance = None
    assert asyncio.run(come(morning))["phase"] == "done"


def test_a_box_that_refuses_to_close_says_why_in_its_own_words(simulator: RunningSimulator) -> None:
    parts, answer = Parts(simulator), requests.Response()
    answer.status_code = 409
    answer._content = '{"error": {"title": {"zh": "先收完这一单", "en": "Finish the sale first"}}}'.encode()
    parts.hindrance = requests.HTTPError("409", response=answer)
    assert asyncio.run(come(Morning(parts)))["why"] == {"zh": "先收完这一单", "en": "Finish the sale first"}


def test_the_desk_plants_a_refund_of_the_newest_payment_and_a_payment_to_a_printed_code(
    simulator: RunningSimulator,
) -> None:
    morning = Morning(Parts(simulator))
    assert asyncio.run(morning.plant("refund")).startswith("refused"), "nothing was paid yet"
    books = simulator.simulation.world.books(simulator.account("wechat"))
    books.pay("S001_1_000001_A1ABCD", 500, "payer", AT_ONCE)
    assert "S001_1_000001_A1ABCD" in asyncio.run(morning.plant("refund"))
    assert [one.amount_fen for one in books.refunds_of("S001_1_000001_A1ABCD")] == [500]
    assert asyncio.run(morning.plant("refund")).startswith("refused"), "it went back already"
    assert '"amount_fen": 1880' in asyncio.run(morning.plant("payment"))
    assert asyncio.run(morning.plant("flowers")).startswith("refused")


def test_a_business_day_concerns_the_day_after_it_too_once_that_has_come() -> None:
    assert _days("2026-10-03", date(2026, 10, 3)) == ["2026-10-03"]
    assert _days("2026-10-03", date(2026, 10, 9)) == ["2026-10-03", "2026-10-04"]
    assert _days(None, date(2026, 10, 3)) == ["2026-10-03"]


def test_a_count_adds_up_to_what_is_in_the_drawer() -> None:
    for amount_fen in (0, 1, 88, 50_001, 1_234_567):
        assert sum(int(piece) * count for piece, count in counted(amount_fen).items()) == amount_fen
