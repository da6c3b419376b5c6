"""`kill -9` of boxes and of headquarters' payments while money is taken, with a fifth of all calls spoilt.

Everything is a process: the platforms, a box with the merchants' keys, a box whose keys lie at headquarters, and
headquarters' two. What counts in the end are the platforms' own books and their bills.
"""

from __future__ import annotations

import os
import random
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
import requests

from tests.integration.running import wait_for
from tests.simulation.market.audit import billed, differences
from tests.simulation.market.box import MANAGER, PIN, MarketBox
from tests.simulation.market.headquarters import MarketHeadquarters
from tests.simulation.market.processes import PLATFORMS, Market, Process
from tests.simulation.market.till import Crowd, Till
from tests.simulation.money.audit_simulator import net_of_orders

SEED = int(os.environ.get("STOREBOX_TEST_SEED", "20261003"))
HURRY = 50
"""Platforms' times are divided by so much, on both sides."""
FAULTS = ("chance 500 4", "chance lost 6", "chance garbage 4", "chance forged 3", "chance busy 3")
SKUS = ["D002", "D003", "D004", "D006", "D007"]
ENDS_WITHIN_S = 90.0


class Story:
    """A market day: payments, and when which process dies."""

    def __init__(self, market: Market, payments: int, tills: int) -> None:
        self.chance = random.Random(SEED)
        self.payments = payments
        self.market = market
        self.headquarters = MarketHeadquarters(self.market)
        self.boxes = (
            MarketBox(self.market, "S001", tills),
            MarketBox(self.market, "S002", tills, self.headquarters),
        )

    def play(self, box_kills: int, pay_kills: int, within_s: float) -> None:
        """Sell until all payments are made; kill meanwhile; then see that platforms and journals agree."""
        people = [till for box in self.boxes for till in self._opened(box)]
        for words in FAULTS:
            self._control(words)
        acts: list[Callable[[], None]] = [self._kill(self.boxes[number % 2].process) for number in range(box_kills)]
        acts += [self._kill(self.headquarters.pay) for _ in range(pay_kills)]
        self.chance.shuffle(acts)
        acts.insert(len(acts) // 2, self.headquarters.ledger.kill)  # and payments go on without it
        began_s = time.monotonic()
        crowd = Crowd(people, self.payments, PLATFORMS)
        crowd.start()
        for number, act in enumerate(acts, 1):
            crowd.wait_for(self.payments * number // (len(acts) + 1), within_s)
            time.sleep(self.chance.uniform(0.0, 0.2))  # in the middle of payments, not where one was counted
            act()
        crowd.join(within_s)
        self._control("ok")
        for box in self.boxes:
            wait_for(lambda box=box: box.unfinished() == 0, ENDS_WITHIN_S)
        lives = [process.lives for process in (*(box.process for box in self.boxes), self.headquarters.pay)]
        met = sum((till.met for till in people), Counter[str]())
        print({"seconds": round(time.monotonic() - began_s, 1), "lives": lives, **met})
        self._agree()

    def _kill(self, process: Process) -> Callable[[], None]:
        def act() -> None:
            process.kill()
            process.start()

        return act

    def _opened(self, box: MarketBox) -> list[Till]:
        """Start a box, open its day and a shift at each till."""
        box.process.start()
        people = [Till(box, till, random.Random(self.chance.random()), SKUS) for till in box.tills]
        people[0].open_day(MANAGER, PIN)
        for till in people:
            till.begin()
        return people

    def _control(self, words: str) -> None:
        """Tell the platforms what weather it is."""
        assert requests.post(f"{self.market.platform_url}/control", data=words, timeout=5).ok

    def _agree(self) -> None:
        """Platforms' books, platforms' bills and journals say the same of every order and sale."""
        self._control("bill now")
        books = {name: net_of_orders(self.market.platform_state / "merchants" / f"{name}.db") for name in PLATFORMS}
        wrong, ours = differences([box.state / "journal.db" for box in self.boxes], books)
        assert not wrong, f"seed {SEED}\n" + "\n".join(wrong)
        assert len(ours.started) >= self.payments
        custodies = Counter(body["custody"] for body in ours.started.values())
        assert min(custodies["direct"], custodies["hq"]) > self.payments // 4, custodies
        for name, orders in books.items():
            bills = billed(self.market.platform_state, name)
            assert {number: fen for number, fen in orders.items() if fen} == {
                number: fen for number, fen in bills.items() if fen
            }


def play(folder: Path, *, payments: int, tills: int, box_kills: int, pay_kills: int, within_s: float) -> None:
    with Market(folder, HURRY, SEED) as market:
        Story(market, payments, tills).play(box_kills, pay_kills, within_s)


@pytest.mark.slow
def test_a_hundred_payments(tmp_path: Path) -> None:
    play(tmp_path, payments=100, tills=3, box_kills=3, pay_kills=1, within_s=60)


@pytest.mark.torture
def test_two_thousand_payments(tmp_path: Path) -> None:
    play(tmp_path, payments=2_000, tills=3, box_kills=50, pay_kills=10, within_s=900)
