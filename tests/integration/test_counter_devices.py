"""Scale and pole display at a till: the real store, rules and drivers, devices that are emulated on a pty."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from agent.core.errors import Refused
from agent.daemon.displays import PoleDisplays, followed
from agent.services import checkout, days, scanning, shifts, tendering, weighing
from agent.services.shop import Shop
from drivers.display.device import DisplayDevice
from drivers.emulators.display import pty_display
from drivers.emulators.scale import pty_scale
from drivers.emulators.station import Served
from drivers.scale.device import ScaleDevice
from tests.shops import CASHIER, MANAGER, make_shop
from tests.unit.drivers.shop import wait_until


@dataclass
class Till:
    """A shop whose till has a scale and a display."""

    shop: Shop
    scale: Served
    display: Served
    weighed: str
    """An article that is weighed."""
    piece: str

    def weigh(self, weight_g: int) -> None:
        """Put goods on the pan and wait until they stand still."""
        self.scale.word(str(weight_g))
        wait_until(lambda: weighing.shown(self.shop, "1")["weight_g"] == weight_g)
        wait_until(lambda: weighing.shown(self.shop, "1")["stable"])

    def code(self) -> Any:
        """Why the weight can't be sold now."""
        return weighing.shown(self.shop, "1")["code"]

    def shows(self, first: str, second: str) -> None:
        """Wait until the customer reads these, in any spacing."""
        wait_until(lambda: [row.split() for row in self.rows()] == [first.split(), second.split()])

    def rows(self) -> list[str]:
        found: list[str] = json.loads(self.display.word("state"))["rows"]
        return found

    def quantities(self) -> list[int]:
        basket = checkout.basket(self.shop, CASHIER)
        return [line["quantity"] for line in basket["lines"]] if basket else []


@pytest.fixture
def till(tmp_path: Path) -> Iterator[Till]:
    shop = make_shop(tmp_path, language="en")
    days.open_the_day(shop, MANAGER)
    shifts.open_a_shift(shop, CASHIER, 50_000)
    items = [item for item in shop.catalog.by_sku.values() if item.price_fen]
    device = ScaleDevice("scale1", f"serial:{tmp_path / 'scale'}", lambda event: None)
    poles = PoleDisplays(shop, {"1": DisplayDevice("display1", f"serial:{tmp_path / 'display'}", lambda event: None)})
    shop.scales = {"1": device}
    shop.publish = followed(shop.publish, poles.changed)
    with pty_scale(tmp_path / "scale", settle_s=0.05) as scale, pty_display(tmp_path / "display") as display:
        device.start()
        poles.start()
        wait_until(lambda: weighing.shown(shop, "1")["code"] == "scale.empty")
        weighed = next(item.sku for item in items if item.unit == "g")
        yield Till(
            shop, scale, display, weighed, next(item.sku for item in items if item.unit == "pc" and not item.flags)
        )
        poles.stop()
        device.stop()
    shop.writer.close()


def scan(till: Till, text: str) -> dict[str, Any]:
    return scanning.scanned(till.shop, CASHIER, "1", text, lambda call: call())


def test_a_scanned_article_takes_its_weight_by_itself(till: Till) -> None:
    till.weigh(350)
    assert scan(till, till.weighed)["action"] == "line"
    assert till.quantities() == [350]


def test_one_weighing_is_sold_once_unless_a_person_says_so(till: Till) -> None:
    till.weigh(350)
    scan(till, till.weighed)
    assert till.code() == "scale.same_weighing"
    assert scan(till, till.weighed)["action"] == "ask_quantity"
    with pytest.raises(Refused) as caught:
        weighing.add_from_scale(till.shop, CASHIER, till.weighed)
    assert caught.value.code == "scale.same_weighing"
    weighing.add_from_scale(till.shop, CASHIER, till.weighed, again=True)
    assert till.quantities() == [350, 350]
    till.weigh(0)
    wait_until(lambda: till.code() == "scale.empty")
    till.weigh(420)
    scan(till, till.weighed)
    assert till.quantities() == [350, 350, 420]


@pytest.mark.parametrize(("word", "code"), [("unstable", "scale.unstable"), ("overload", "scale.overload")])
def test_what_the_scale_does_not_vouch_for_is_asked(till: Till, word: str, code: str) -> None:
    till.weigh(350)
    till.scale.word(word)
    wait_until(lambda: till.code() == code)
    assert scan(till, till.weighed)["action"] == "ask_quantity"
    with pytest.raises(Refused) as caught:
        weighing.add_from_scale(till.shop, CASHIER, till.weighed)
    assert caught.value.code == code
    assert till.quantities() == []


def test_a_refused_sale_leaves_the_weighing_to_be_sold(till: Till) -> None:
    till.weigh(350)
    with pytest.raises(Refused):
        weighing.add_from_scale(till.shop, CASHIER, till.weighed, price_fen=-5)
    assert till.code() is None
    weighing.add_from_scale(till.shop, CASHIER, till.weighed)
    assert till.quantities() == [350]


def test_an_article_by_the_piece_is_not_weighed(till: Till) -> None:
    with pytest.raises(Refused) as caught:
        weighing.add_from_scale(till.shop, CASHIER, till.piece)
    assert caught.value.code == "item.not_weighed"


def test_a_till_without_a_scale_types_its_weights(till: Till) -> None:
    till.shop.scales = {}
    assert weighing.shown(till.shop, "1")["scale"] is False
    assert scan(till, till.weighed)["action"] == "ask_quantity"
    with pytest.raises(Refused) as caught:
        weighing.add_from_scale(till.shop, CASHIER, till.weighed)
    assert caught.value.code == "scale.none"


def test_the_customer_follows_the_sale(till: Till) -> None:
    till.shows("湘味小馆", "Welcome")
    checkout.add_code(till.shop, CASHIER, till.piece, 1, None)
    item = till.shop.catalog.item(till.piece)
    assert item.price_fen is not None
    total = f"{item.price_fen // 100}.{item.price_fen % 100:02d}"
    wait_until(lambda: till.rows()[1].split() == ["Total", total])
    assert till.rows()[0].endswith(total)
    checkout.ask_total(till.shop, CASHIER)
    till.shows(f"Total {total}", f"Total due {total}")
    tendering.pay_cash(till.shop, CASHIER, 50_000, "k")
    given = 50_000 - item.price_fen
    till.shows("Received 500.00", f"Change {given // 100}.{given % 100:02d}")


def test_a_display_that_is_away_holds_up_no_sale(till: Till) -> None:
    till.display.word("unplug")
    checkout.add_code(till.shop, CASHIER, till.piece)
    assert till.quantities() == [1]
    till.display.word("plug")
    wait_until(lambda: till.rows()[1].startswith("Total"))
