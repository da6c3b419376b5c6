"""Pole displays follow their tills, also over a store that could not be read for a moment."""

import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.daemon.displays import PoleDisplays
from agent.services import checkout, days, shifts
from agent.services.shop import Shop
from drivers.display.protocol import Screen
from tests.shops import CASHIER, MANAGER, make_shop
from tests.unit.drivers.shop import wait_until


class FakeDisplay:
    """A display that keeps what it was told to show."""

    def __init__(self) -> None:
        self.screens: list[Screen] = []

    def start(self) -> None:
        pass

    def stop(self) -> None:
        pass

    def show(self, screen: Screen) -> None:
        self.screens.append(screen)


class Unreadable:
    """A store that the displays' thread cannot read `times` times."""

    def __init__(self, shop: Shop, times: int) -> None:
        self._read = shop.read
        self.times = times
        shop.read = self.read

    def read(self) -> Any:
        if threading.current_thread().name == "pole displays" and self.times:
            self.times -= 1
            raise sqlite3.OperationalError("disk I/O error")
        return self._read()


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = make_shop(tmp_path)
    days.open_the_day(made, MANAGER)
    shifts.open_a_shift(made, CASHIER, 0)
    yield made
    made.writer.close()


def test_a_store_that_cannot_be_read_for_a_moment_costs_a_moment(shop: Shop) -> None:
    """A display that stood still would show the last customer's total to the next one."""
    display = FakeDisplay()
    poles = PoleDisplays(shop, {"1": display}, look_again_s=0.01)  # type: ignore[dict-item]
    poles.start()
    wait_until(lambda: len(display.screens) == 1)
    store = Unreadable(shop, 2)
    item = next(item for item in shop.catalog.by_sku.values() if item.price_fen and item.unit == "pc")
    checkout.add_code(shop, CASHIER, item.sku)
    poles.changed("1")
    wait_until(lambda: len(display.screens) == 2)
    poles.stop()
    assert store.times == 0
    assert display.screens[-1][0].left == item.name
