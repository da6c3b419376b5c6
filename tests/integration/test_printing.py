"""From the spool to paper through the worker, on a real store with a fake printer: each slip once, or it says so."""

import dataclasses
import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.core.errors import Credentials, Refused, TryLater
from agent.services import checkout, days, printing, shifts, tendering
from agent.services.drawers import DrawerOpener
from agent.services.printing import PrinterWorker
from agent.services.shop import Approval, Shop
from agent.services.slips import has_receipt
from agent.store import spool
from agent.store.spool import SlipState
from tests.shops import CASHIER, LEAD, MANAGER, FakePrinter, FakeResult, make_shop


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = make_shop(tmp_path)
    days.open_the_day(made, MANAGER)
    shifts.open_a_shift(made, CASHIER, 0)
    yield made
    made.writer.close()


def sell(shop: Shop) -> str:
    sku = next(item.sku for item in shop.catalog.by_sku.values() if item.price_fen and not item.flags)
    checkout.add_code(shop, CASHIER, sku)
    slip: str = tendering.pay_cash(shop, CASHIER, None)["completed"]["slip"]
    return slip


def state_of(shop: Shop, slip: str) -> SlipState:
    found = spool.find_slip(shop.read(), slip)
    assert found is not None
    return found.state


def kinds(shop: Shop) -> list[str]:
    rows = shop.read().execute("SELECT kind FROM journal WHERE kind LIKE 'slip.%' ORDER BY seq").fetchall()
    return [kind for (kind,) in rows]


def test_slips_leave_in_order_and_each_is_journaled_once(shop: Shop) -> None:
    """Two sales, two slips, the drawer kicked once for each."""
    slips = [sell(shop), sell(shop)]
    printer = FakePrinter()
    PrinterWorker(shop, "receipt1", printer).step()
    assert [state_of(shop, slip) for slip in slips] == [SlipState.PRINTED] * 2
    assert kinds(shop) == ["slip.queued", "slip.queued", "slip.printed", "slip.printed"]
    assert printer.kicks == 2


@pytest.mark.parametrize("policy", ["ask", "never"])
def test_a_cash_sale_without_a_receipt_opens_the_drawer(shop: Shop, policy: str) -> None:
    """Change has to be given whether or not there is paper; once, and not for the copy that is asked for later."""
    shop.store = dataclasses.replace(shop.store, receipts=policy)
    printer = FakePrinter()
    opener, worker = DrawerOpener(shop, "receipt1", printer), PrinterWorker(shop, "receipt1", printer)
    slip = sell(shop)
    for _ in range(2):
        opener.step()
    assert (state_of(shop, slip), printer.kicks) == (SlipState.NOT_PRINTED, 1)
    printing.reprint(shop, CASHIER, slip)
    opener.step()
    assert printer.kicks == 1
    worker.step()
    assert len(printer.slips) == 1


def test_a_slip_behind_one_without_paper_does_not_take_its_drawer(shop: Shop) -> None:
    """The printer's worker may be quicker than the drawer's thread."""
    slip = sell(shop)
    printing.reprint(shop, CASHIER, slip)
    never = shop.writer.run(lambda unit: spool.mark_result(unit, slip, SlipState.NOT_PRINTED, "slip.never"))
    assert never is None
    printer = FakePrinter()
    PrinterWorker(shop, "receipt1", printer).step()
    assert (len(printer.slips), printer.kicks) == (1, 1)


def test_the_logo_is_printed_and_never_stored(shop: Shop) -> None:
    """The spool keeps a mark; the picture joins on the way to the printer, on a copy below its mark."""
    slip = sell(shop)
    shop.logo = {"kind": "image", "width": 8, "height": 1, "rows": "/w=="}
    printing.reprint(shop, CASHIER, slip)
    printer = FakePrinter()
    PrinterWorker(shop, "receipt1", printer).step()
    original, copy = (document["blocks"] for document in printer.slips)
    assert original[0] == copy[1] == shop.logo
    assert "重印" in copy[0]["text"]
    stored = shop.read().execute("SELECT group_concat(document) FROM spool").fetchone()[0]
    assert "/w==" not in stored


def test_a_printer_without_paper_keeps_the_slip_and_kicks_once(shop: Shop) -> None:
    """Nothing left the box: the slip waits and is sent once when there is paper."""
    slip = sell(shop)
    printer = FakePrinter(answers=[FakeResult("not_started", "printer.paper_out")] * 3)
    worker = PrinterWorker(shop, "receipt1", printer)
    for _ in range(3):
        assert worker.step() == printing.WAIT_S
    assert state_of(shop, slip) is SlipState.QUEUED
    worker.step()
    assert state_of(shop, slip) is SlipState.PRINTED
    assert (len(printer.slips), printer.kicks) == (1, 1)


def test_a_slip_for_a_printer_that_is_away_is_never_marked_as_sending(shop: Shop) -> None:
    """A crash while the cable is out must not leave a slip unconfirmed of which no byte left."""
    slip = sell(shop)
    printer = FakePrinter(away_code="printer.lost")
    worker = PrinterWorker(shop, "receipt1", printer)
    written = []
    run = shop.writer.run
    shop.writer.run = lambda *args, **others: (written.append(1), run(*args, **others))[1]  # type: ignore[method-assign]
    for _ in range(3):
        assert worker.step() == printing.WAIT_S
    assert not written
    assert state_of(shop, slip) is SlipState.QUEUED
    printer.away_code = None
    worker.step()
    assert state_of(shop, slip) is SlipState.PRINTED
    assert (len(printer.slips), printer.kicks) == (1, 1)


def test_what_was_sending_at_a_crash_is_unconfirmed_and_a_copy_says_so(shop: Shop) -> None:
    """After a restart nobody knows; the cashier says it did not come out; the copy carries its mark."""
    slip = sell(shop)
    shop.writer.run(lambda unit: spool.mark_sending(unit, slip, "0001"))
    worker = PrinterWorker(shop, "receipt1", FakePrinter())
    worker.start()
    worker.stop()
    assert state_of(shop, slip) is SlipState.UNCONFIRMED
    assert [one["slip"] for one in printing.unconfirmed(shop)] == [slip]
    copy = printing.confirm(shop, CASHIER, slip, printed=False)["slip"]
    printer = FakePrinter()
    PrinterWorker(shop, "receipt1", printer).step()
    assert "重印" in json.dumps(printer.slips[0], ensure_ascii=False)
    assert (state_of(shop, slip), state_of(shop, copy)) == (SlipState.NOT_PRINTED, SlipState.PRINTED)
    assert printer.kicks == 0
    with pytest.raises(Refused, match=r"slip\.not_unconfirmed"):
        printing.confirm(shop, CASHIER, slip, printed=True)


def test_a_half_slip_is_ended_also_by_the_run_after_the_next(shop: Shop) -> None:
    """Killed in a slip, and killed again before the next one began: its half still stands in the printer."""
    first, second, third = sell(shop), sell(shop), sell(shop)
    shop.writer.run(lambda unit: spool.claim(unit, first, "receipt1", "0001", 7))
    PrinterWorker(shop, "receipt1", FakePrinter()).own_up()
    printer = FakePrinter()
    worker = PrinterWorker(shop, "receipt1", printer)
    worker.own_up()
    worker.step()
    assert state_of(shop, first) is SlipState.UNCONFIRMED
    assert printer.voided == [True, False]
    assert (state_of(shop, second), state_of(shop, third)) == (SlipState.PRINTED, SlipState.PRINTED)
    later = PrinterWorker(shop, "receipt1", printer)
    later.own_up()
    sell(shop)
    later.step()
    assert printer.voided == [True, False, False]


@pytest.mark.parametrize(("seen", "voided"), [(True, [False]), (False, [True, False])])
def test_a_slip_that_the_cashier_has_seen_is_not_called_void(shop: Shop, seen: bool, voided: list[bool]) -> None:
    """The paper must not say of a good receipt what the cashier has just denied."""
    slip = sell(shop)
    printer = FakePrinter(answers=[FakeResult("unconfirmed", "printer.lost")])
    worker = PrinterWorker(shop, "receipt1", printer)
    worker.step()
    printing.confirm(shop, CASHIER, slip, printed=seen)
    sell(shop)
    worker.step()
    assert printer.voided == [False, *voided]


def test_a_half_slip_that_proves_whole_is_not_ended(shop: Shop) -> None:
    slip = sell(shop)
    shop.writer.run(lambda unit: spool.claim(unit, slip, "receipt1", "0001", None))
    worker = PrinterWorker(shop, "receipt1", FakePrinter())
    worker.own_up()
    worker.printed_late("0001")
    assert state_of(shop, slip) is SlipState.PRINTED
    assert spool.broken_off(shop.read(), "receipt1") is None


def test_a_late_word_of_the_printer_settles_an_unconfirmed_slip(shop: Shop) -> None:
    """The cable came back and the printer says that it printed after all."""
    slip = sell(shop)
    printer = FakePrinter(answers=[FakeResult("unconfirmed", "printer.lost")])
    worker = PrinterWorker(shop, "receipt1", printer)
    worker.step()
    found = spool.find_slip(shop.read(), slip)
    assert found is not None
    assert found.state is SlipState.UNCONFIRMED
    worker.printed_late(found.process_id or "")
    assert state_of(shop, slip) is SlipState.PRINTED


def test_the_second_copy_asks_a_shift_lead(shop: Shop) -> None:
    """One reprint is the cashier's right; every copy carries its own number."""
    slip = sell(shop)
    PrinterWorker(shop, "receipt1", FakePrinter()).step()
    first = printing.reprint(shop, CASHIER, slip)["slip"]
    with pytest.raises(Credentials, match=r"approval\.needed"):
        printing.reprint(shop, CASHIER, slip)
    second = printing.reprint(shop, CASHIER, slip, Approval(LEAD.staff, LEAD.role))["slip"]
    assert [spool.find_slip(shop.read(), one).copy for one in (first, second)] == [1, 2]  # type: ignore[union-attr]


@pytest.mark.parametrize("policy", ["ask", "never"])
def test_the_first_paper_of_a_receipt_on_demand_is_no_copy(shop: Shop, policy: str) -> None:
    """A customer's accounts department takes no receipt that says 重印; and what follows is counted as ever."""
    shop.store = dataclasses.replace(shop.store, receipts=policy)
    slip = sell(shop)
    printer = FakePrinter()
    worker = PrinterWorker(shop, "receipt1", printer)
    sale = slip.removesuffix("-P0")
    assert not has_receipt(shop.read(), sale)
    names = [printing.reprint(shop, CASHIER, slip)["slip"] for _ in range(2)]
    assert has_receipt(shop.read(), sale), "what the page offers now is a copy"
    worker.step()
    assert ["重印" in json.dumps(document, ensure_ascii=False) for document in printer.slips] == [False, True]
    assert [spool.find_slip(shop.read(), name).copy for name in names] == [0, 1]  # type: ignore[union-attr]
    assert kinds(shop).count("slip.reprinted") == 1
    with pytest.raises(Credentials, match=r"approval\.needed"):
        printing.reprint(shop, CASHIER, slip)
    third = printing.reprint(shop, CASHIER, slip, Approval(LEAD.staff, LEAD.role))["slip"]
    assert (third, spool.find_slip(shop.read(), third).copy) == (f"{slip[:-1]}3", 2)  # type: ignore[union-attr]


def test_a_dead_printer_never_blocks_a_sale(shop: Shop) -> None:
    """Ten sales while the printer hangs in the middle of a slip."""
    hanging = threading.Event()

    class Hanging(FakePrinter):
        def print(self, *_: object, **__: object) -> FakeResult:
            hanging.wait(10)
            return FakeResult("unconfirmed", "printer.stopped")

    worker = PrinterWorker(shop, "receipt1", Hanging())
    shop.wake_printer = lambda _: worker.wake()
    worker.start()
    began_s = time.monotonic()
    for _ in range(10):
        sell(shop)
    assert time.monotonic() - began_s < 5
    hanging.set()
    worker.stop()


def test_the_end_of_a_slip_is_sent_up_without_waiting_for_the_next_sale(shop: Shop) -> None:
    """The last entry of a quiet shop is its slip's: headquarters must not wait a minute for it."""
    sell(shop)
    woken: list[str] = []
    shop.wake_uplink = lambda: woken.append(kinds(shop)[-1])
    PrinterWorker(shop, "receipt1", FakePrinter()).step()
    assert woken == ["slip.printed"]


class FullDisk:
    """A store that fails once, at its `nth` command from now on: before that is done, or without an answer after it."""

    def __init__(self, shop: Shop, nth: int, *, done: bool = False) -> None:
        self._run: Callable[..., Any] = shop.writer.run
        self._left, self._done = nth, done
        shop.writer.run = self.run  # type: ignore[method-assign]

    def run(self, *arguments: Any, **named: Any) -> Any:
        self._left -= 1
        if self._left == 0:
            if self._done:
                self._run(*arguments, **named)
            raise TryLater("store.disk_full")
        return self._run(*arguments, **named)


@pytest.mark.parametrize("done", [False, True])
@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        ("printed", SlipState.PRINTED),
        ("unconfirmed", SlipState.UNCONFIRMED),
        ("not_started", SlipState.PRINTED),
    ],
)
def test_an_end_that_the_store_did_not_take_is_written_down_later(
    shop: Shop, outcome: str, state: SlipState, done: bool
) -> None:
    """Else the slip would be nobody's until a restart: not printed again, and not asked about."""
    slip, after = sell(shop), sell(shop)
    printer = FakePrinter(answers=[FakeResult(outcome, "printer.lost")])
    worker = PrinterWorker(shop, "receipt1", printer)
    FullDisk(shop, 2, done=done)
    with pytest.raises(TryLater):
        worker.step()
    for _ in range(2):
        worker.step()
    assert (state_of(shop, slip), state_of(shop, after)) == (state, SlipState.PRINTED)
    assert len(printer.slips) == 2
    assert printer.voided[-1] is (outcome == "unconfirmed")


@pytest.mark.parametrize("done", [False, True])
def test_a_slip_whose_claim_got_no_answer_is_printed_once(shop: Shop, done: bool) -> None:
    slip = sell(shop)
    printer = FakePrinter()
    worker = PrinterWorker(shop, "receipt1", printer)
    FullDisk(shop, 1, done=done)
    with pytest.raises(TryLater):
        worker.step()
    for _ in range(2):
        worker.step()
    assert state_of(shop, slip) is SlipState.PRINTED
    assert (len(printer.slips), printer.kicks) == (1, 1)


def test_a_slip_that_no_printer_prints_holds_up_nobody(shop: Shop) -> None:
    """Its sentence says that it can't be printed: then it is not tried for ever either, with all others behind it."""
    slip, after = sell(shop), sell(shop)
    told: list[str] = []
    shop.publish = lambda kind, data: told.append(data["code"]) if kind == "notice" else None
    printer = FakePrinter(answers=[FakeResult("not_started", "document.too_long")])
    PrinterWorker(shop, "receipt1", printer).step()
    assert (state_of(shop, slip), state_of(shop, after)) == (SlipState.NOT_PRINTED, SlipState.PRINTED)
    assert told == ["document.too_long"]
    assert kinds(shop)[-2:] == ["slip.not_printed", "slip.printed"]
