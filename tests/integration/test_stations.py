"""Kitchen slips and labels from the sale to paper, their deputies, and drawers: a real store, fake printers and clock.

A restart is played by new workers and a new watch on the same store.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.core.routing import Route, StationSlip
from agent.services import checkout, days, printing, shifts, tendering
from agent.services.drawers import DrawerOpener, OpenDrawers
from agent.services.printing import PrinterWorker
from agent.services.shop import PrintingPlan, Shop
from agent.services.slip_watch import ACKNOWLEDGED_WITHIN_S, BROKEN_FOR_S, HELPED_WITHIN_S, SlipWatch
from agent.store import spool
from agent.store.spool import SlipState
from tests.shops import CASHIER, LEAD, MANAGER, FakeClock, FakePrinter, FakeResult, FakeWitness, make_shop

PLAN = PrintingPlan(
    routes=(
        Route(StationSlip.KITCHEN, "kitchen", frozenset({"热菜", "主食"})),
        Route(StationSlip.LABEL, "label", frozenset({"饮品"})),
    ),
    deputies={"kitchen": "receipt1", "receipt1": "receipt2"},
)


class Place:
    """A shop with its printers; `restart` is a new process on the same disk."""

    def __init__(self, folder: Path) -> None:
        self.notices: list[dict[str, Any]] = []
        self.shop = make_shop(folder, plan=PLAN, publish=self._publish)
        self.clock: FakeClock = self.shop.clock  # type: ignore[assignment]
        self.printers = {name: FakePrinter() for name in ("receipt1", "receipt2", "kitchen", "label")}
        days.open_the_day(self.shop, MANAGER)
        shifts.open_a_shift(self.shop, CASHIER, 0)
        self.restart()

    def _publish(self, kind: str, data: dict[str, Any]) -> None:
        if kind == "notice" and "family" in data:
            self.notices.append(data)

    def restart(self) -> None:
        self.workers = {name: PrinterWorker(self.shop, name, printer) for name, printer in self.printers.items()}
        self.watch = SlipWatch(self.shop, self.printers)
        for worker in self.workers.values():
            worker.own_up()

    def work(self) -> None:
        for worker in self.workers.values():
            worker.step()

    def sell(self, *skus: str, label: str = "") -> str:
        for sku in skus:
            checkout.add_code(self.shop, CASHIER, sku)
        if label:
            checkout.hold(self.shop, CASHIER, label)
            checkout.recall(self.shop, CASHIER, checkout.held(self.shop)[0]["sale"])
        sale: str = tendering.pay_cash(self.shop, CASHIER, None)["completed"]["sale"]
        return sale

    def states(self) -> dict[str, str]:
        rows = self.shop.read().execute("SELECT slip, state FROM spool ORDER BY number").fetchall()
        return {
            slip.split("-", 3)[-1] if slip.count("-") > 3 else slip.rpartition("-")[2]: state for slip, state in rows
        }

    def slip(self, name: str) -> spool.Slip:
        found = spool.find_slip(self.shop.read(), name)
        assert found is not None, name
        return found

    def paper(self, printer: str) -> str:
        return json.dumps(self.printers[printer].slips, ensure_ascii=False)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    made = Place(tmp_path)
    yield made
    made.shop.writer.close()


def sku(shop: Shop, department: str) -> str:
    return next(item.sku for item in shop.catalog.by_sku.values() if item.department == department and item.price_fen)


def test_a_sale_queues_the_kitchens_slip_and_a_label_a_piece(place: Place) -> None:
    hot, drink, other = (sku(place.shop, name) for name in ("热菜", "饮品", "其他"))
    place.sell(hot, drink, drink, other, label="B12")
    assert place.states() == {
        "P0": "queued",
        "K1-P0": "queued",
        "L2.1-P0": "queued",
        "L2.2-P0": "queued",
    }
    place.work()
    dish, tea = (place.shop.catalog.by_sku[number].name for number in (hot, drink))
    assert dish in place.paper("kitchen") and tea not in place.paper("kitchen")
    assert "A001" in place.paper("kitchen") and "B12" in place.paper("kitchen")
    assert [json.dumps(one, ensure_ascii=False).count(tea) for one in place.printers["label"].slips] == [1, 1]
    assert "2/2" in place.paper("label")
    assert place.printers["kitchen"].kicks == 0
    rows = place.shop.read().execute("SELECT purpose, state FROM view_slip ORDER BY rowid").fetchall()
    assert [tuple(row) for row in rows] == [
        ("receipt", "printed"), ("kitchen", "printed"), ("label", "printed"), ("label", "printed"),
    ]  # fmt: skip


def test_a_sale_that_is_cancelled_or_sells_nothing_for_them_queues_nothing(place: Place) -> None:
    checkout.add_code(place.shop, CASHIER, sku(place.shop, "热菜"))
    checkout.cancel(place.shop, LEAD, "mistake", None)
    assert place.states() == {}
    place.sell(sku(place.shop, "其他"))
    assert set(place.states()) == {"P0"}


def test_a_kitchen_that_says_nothing_is_loud_and_its_deputy_prints_once_across_restarts(place: Place) -> None:
    """No byte left: the first slip is withdrawn, so that it never comes out as well."""
    sale = place.sell(sku(place.shop, "热菜"))
    place.printers["kitchen"].away_code = "printer.absent"
    place.work()
    assert place.watch.step() == pytest.approx(ACKNOWLEDGED_WITHIN_S)
    place.clock.advance(ACKNOWLEDGED_WITHIN_S - 1)
    place.watch.step()
    assert place.notices == []
    place.restart()
    assert place.watch.step() == pytest.approx(1), "the time before the restart counts"
    place.clock.advance(1)
    place.watch.step()
    (notice,) = place.notices
    assert (notice["code"], notice["till"]) == ("kitchen.not_acknowledged", None)
    assert notice["values"] == {
        "calling": "A001", "printer": "kitchen", "deputy": "receipt1", "slip": f"{sale}-K1-P0",
    }  # fmt: skip
    for _ in range(2):
        place.restart()
        place.work()
        place.clock.advance(60)
        place.printers["kitchen"].away_code = None
        place.watch.step()
    assert place.slip(f"{sale}-K1-P0").state is SlipState.NOT_PRINTED
    assert place.slip(f"{sale}-K1-D0").state is SlipState.PRINTED
    assert place.printers["kitchen"].slips == []
    assert place.paper("receipt1").count("代打(原打印机 kitchen)") == 1
    assert "只做一份" not in place.paper("receipt1")
    assert len(place.notices) == 1


def test_a_kitchen_slip_of_which_bytes_left_stays_and_its_stand_in_says_so(place: Place) -> None:
    place.printers["kitchen"].answers = [FakeResult("unconfirmed", "printer.lost")]
    sale = place.sell(sku(place.shop, "热菜"))
    place.work()
    place.clock.advance(ACKNOWLEDGED_WITHIN_S)
    place.watch.step()
    place.watch.step()
    place.work()
    assert place.slip(f"{sale}-K1-P0").state is SlipState.UNCONFIRMED
    assert "只做一份" in place.paper("receipt1")
    assert [one["slip"] for one in printing.unconfirmed(place.shop)] == [f"{sale}-K1-P0"]
    assert printing.confirm(place.shop, CASHIER, f"{sale}-K1-P0", printed=False) == {"slip": f"{sale}-K1-D0"}
    place.work()
    assert place.paper("receipt1").count("代打") == 1


def test_a_slip_that_is_out_in_time_has_no_stand_in(place: Place) -> None:
    place.sell(sku(place.shop, "热菜"))
    place.work()
    place.clock.advance(3600)
    place.watch.step()
    assert place.notices == []
    assert set(place.states()) == {"P0", "K1-P0"}


def test_a_stand_in_that_is_not_acknowledged_is_loud_and_has_none_itself(place: Place) -> None:
    sale = place.sell(sku(place.shop, "热菜"))
    place.printers["kitchen"].away_code = place.printers["receipt1"].away_code = "printer.lost"
    for _ in range(4):
        place.clock.advance(ACKNOWLEDGED_WITHIN_S)
        place.watch.step()
    kitchens = [notice["values"] for notice in place.notices if notice["code"] == "kitchen.not_acknowledged"]
    assert [(one["slip"], one["deputy"]) for one in kitchens] == [
        (f"{sale}-K1-P0", "receipt1"),
        (f"{sale}-K1-D0", None),
    ]


def test_a_label_without_deputy_is_loud_once_and_waits(place: Place) -> None:
    place.sell(sku(place.shop, "饮品"))
    for _ in range(3):
        place.clock.advance(ACKNOWLEDGED_WITHIN_S)
        place.watch.step()
    assert [notice["values"]["deputy"] for notice in place.notices] == [None]
    assert place.states()["L1.1-P0"] == "queued"


def test_killed_between_the_commands_the_kitchen_gets_its_slip_once(place: Place) -> None:
    """Killed after the slip was claimed: unconfirmed, asked about, and after 30 s printed by the deputy, marked."""
    sale = place.sell(sku(place.shop, "热菜"))
    assert place.shop.writer.run(lambda unit: spool.claim(unit, f"{sale}-K1-P0", "kitchen", "0007", 41))
    place.restart()
    assert place.printers["kitchen"].doubted == [("0007", 41)]
    assert place.slip(f"{sale}-K1-P0").state is SlipState.UNCONFIRMED
    place.sell(sku(place.shop, "主食"))
    place.printers["kitchen"].witnesses = [FakeWitness(42, "0007")]
    place.work()
    assert place.slip(f"{sale}-K1-P0").state is SlipState.PRINTED, "the cutter proved it"
    assert place.printers["kitchen"].voided == [False], "a slip that is whole is not called void"
    place.clock.advance(ACKNOWLEDGED_WITHIN_S)
    place.watch.step()
    assert place.notices == []


def test_a_withdrawn_slip_is_not_claimed_by_its_worker(place: Place) -> None:
    sale = place.sell(sku(place.shop, "热菜"))
    place.clock.advance(ACKNOWLEDGED_WITHIN_S)
    kitchen = place.printers["kitchen"]
    witness = kitchen.witness

    def late(*arguments: Any, **named: Any) -> FakeWitness:
        place.watch.step()
        return witness(*arguments, **named)

    kitchen.witness = late  # type: ignore[method-assign]
    place.workers["kitchen"].step()
    assert kitchen.slips == []
    assert place.slip(f"{sale}-K1-D0").printer == "receipt1"


@pytest.mark.parametrize(
    ("trouble", "patience_s"),
    [("printer.lost", BROKEN_FOR_S), ("printer.broken", BROKEN_FOR_S), ("printer.paper_out", HELPED_WITHIN_S)],
)
def test_receipts_go_to_the_deputy_once_their_printer_was_in_trouble_for_so_long(
    place: Place, trouble: str, patience_s: float
) -> None:
    place.printers["receipt1"].trouble_code = trouble
    sale = place.sell(sku(place.shop, "其他"))
    place.work()
    assert place.watch.step() <= 1
    place.clock.advance(patience_s - 0.5)
    place.watch.step()
    assert place.slip(f"{sale}-P0").printer == "receipt1"
    place.clock.advance(0.5)
    place.watch.step()
    place.restart()
    place.work()
    assert place.slip(f"{sale}-P0").state is SlipState.PRINTED
    assert len(place.printers["receipt2"].slips) == 1
    assert "重印" not in place.paper("receipt2")
    assert [(notice["code"], notice["till"]) for notice in place.notices] == [("slip.moved", "1")]
    assert (place.printers["receipt1"].kicks, place.printers["receipt2"].kicks) == (1, 0)


def test_a_till_without_a_printer_has_its_deputy_print_at_once(place: Place) -> None:
    """Two tills and one printer: how the shop is set up, so nobody is told."""
    del place.printers["receipt1"]
    place.restart()
    sale = place.sell(sku(place.shop, "其他"))
    place.watch.step()
    place.work()
    assert place.slip(f"{sale}-P0").state is SlipState.PRINTED
    assert len(place.printers["receipt2"].slips) == 1
    assert place.notices == []


def test_a_copy_wakes_the_printer_where_it_comes_out(place: Place) -> None:
    """Also one that no route leads to: the deputy of a kitchen's printer."""
    sale = place.sell(sku(place.shop, "热菜"))
    place.work()
    woken: list[str] = []
    place.shop.wake_printer = woken.append
    copy = printing.reprint(place.shop, CASHIER, f"{sale}-K1-P0")["slip"]
    assert woken == [place.slip(copy).printer] == ["kitchen"]


def test_a_roll_changed_in_time_moves_nothing_and_begins_anew(place: Place) -> None:
    receipt = place.printers["receipt1"]
    receipt.trouble_code = "printer.paper_out"
    sale = place.sell(sku(place.shop, "其他"))
    place.watch.step()
    place.clock.advance(HELPED_WITHIN_S - 1)
    receipt.trouble_code = None
    place.watch.step()
    receipt.trouble_code = "printer.cover_open"
    place.watch.step()
    place.clock.advance(2)
    place.watch.step()
    assert place.slip(f"{sale}-P0").printer == "receipt1"


def test_nothing_moves_to_a_deputy_in_trouble_nor_when_bytes_left(place: Place) -> None:
    sale = place.sell(sku(place.shop, "其他"))
    place.printers["receipt1"].answers = [FakeResult("unconfirmed", "printer.lost")]
    place.work()
    place.printers["receipt1"].trouble_code = place.printers["receipt2"].trouble_code = "printer.lost"
    second = place.sell(sku(place.shop, "其他"))
    for _ in range(3):
        place.watch.step()
        place.clock.advance(HELPED_WITHIN_S)
    assert place.slip(f"{second}-P0").printer == "receipt1"
    place.printers["receipt2"].trouble_code = None
    place.watch.step()
    assert place.slip(f"{second}-P0").printer == "receipt2"
    assert place.slip(f"{sale}-P0").printer == "receipt1"


def test_the_drawer_opens_for_each_fresh_sale_also_while_slips_wait(place: Place) -> None:
    printer = place.printers["receipt1"]
    printer.trouble_code = "printer.paper_out"
    opener = DrawerOpener(place.shop, "receipt1", printer)
    for _ in range(2):
        place.sell(sku(place.shop, "其他"))
        opener.step()
        opener.step()
    assert printer.kicks == 2
    place.clock.advance(60)
    DrawerOpener(place.shop, "receipt1", printer).step()
    assert printer.kicks == 2, "after a restart nobody stands there any more"


def test_a_drawer_that_does_not_open_is_told_of(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    printer = place.printers["receipt1"]
    monkeypatch.setattr(printer, "kick", lambda: FakeResult("not_started", "printer.lost"))
    place.sell(sku(place.shop, "其他"))
    DrawerOpener(place.shop, "receipt1", printer).step()
    assert [(notice["code"], notice["till"]) for notice in place.notices] == [("drawer.not_opened", "1")]


def test_an_open_drawer_is_told_of_once(place: Place) -> None:
    drawers = OpenDrawers(place.shop)
    drawers.changed("receipt1", True)
    place.clock.advance(59)
    assert drawers.step() == pytest.approx(1)
    drawers.changed("receipt1", False)
    place.clock.advance(60)
    drawers.step()
    assert place.notices == []
    drawers.changed("receipt1", True)
    for _ in range(3):
        place.clock.advance(60)
        drawers.step()
    (notice,) = place.notices
    assert (notice["code"], notice["till"], notice["values"]) == (
        "drawer.left_open", "1", {"till": "1", "seconds": 60},
    )  # fmt: skip


def test_no_reminder_means_none(place: Place) -> None:
    place.shop.plan = PrintingPlan(drawer_open_s=0)
    drawers = OpenDrawers(place.shop)
    drawers.changed("receipt1", True)
    place.clock.advance(10_000)
    drawers.step()
    assert place.notices == []


def test_slips_are_listed_with_printer_and_state(place: Place) -> None:
    sale = place.sell(sku(place.shop, "热菜"))
    rows = printing.listed(place.shop, SlipState.QUEUED)
    assert [(row["slip"], row["printer"], row["state"]) for row in rows] == [
        (f"{sale}-K1-P0", "kitchen", "queued"),
        (f"{sale}-P0", "receipt1", "queued"),
    ]
    assert printing.listed(place.shop, SlipState.PRINTED) == []
