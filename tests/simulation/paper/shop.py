"""A shop with one receipt printer on one thread: real journal, spool, worker and device, in the world's time."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from agent.core.events import SlipQueued
from agent.daemon.printers import DrivenPrinter
from agent.services import days, shifts
from agent.services.journaling import record
from agent.services.printing import PrinterWorker
from agent.services.shop import Shop
from agent.services.trade import trading
from agent.store import spool
from agent.store.unit import Unit
from drivers.base import CONNECTED, DeviceEvent
from drivers.printer.device import PrinterDevice
from drivers.printer.profiles import PrinterProfile
from tests.shops import CASHIER, MANAGER, START_MS, FakeClock, make_shop
from tests.simulation.direct_writer import DirectWriter
from tests.simulation.paper.line import EmulatedLine
from tests.simulation.world import Life, TurnEvent, TurnThreads, World

PRINTER = "receipt1"


class Premises:
    """The store on disk: made once, cleared for each case, so that every case begins alike."""

    def __init__(self, folder: Path) -> None:
        made = make_shop(folder)
        days.open_the_day(made, MANAGER)
        shifts.open_a_shift(made, CASHIER, 0)
        made.writer.close()
        self._clock = FakeClock(START_MS)
        self.writer = DirectWriter(folder / "journal.db", self._clock)
        self.shop: Shop = dataclasses.replace(made, writer=self.writer, clock=self._clock)  # type: ignore[arg-type]

    def begin(self, world: World) -> None:
        """Make room for a case whose world begins now."""
        start_ms = self._clock.at_ms
        self._clock.now_ms = lambda: start_ms + int(world.now_s * 1000)  # type: ignore[method-assign]
        self._clock.monotonic_s = lambda: (self._clock.now_ms() - START_MS) / 1000  # type: ignore[method-assign]
        self.writer.before = self.writer.after = world.touch

        def clear(unit: Unit) -> None:
            unit.connection.execute("DELETE FROM spool")

        self.writer.run(clear)

    def end(self) -> None:
        """Let the next case begin after this one."""
        self._clock.at_ms = self._clock.now_ms() + 1_000

    def close(self) -> None:
        self.writer.close()
        self.shop.read().close()


class Incarnation:
    """One process of the box: its device and its worker, made from what is on disk."""

    def __init__(
        self,
        world: World,
        premises: Premises,
        line: EmulatedLine,
        profile: PrinterProfile,
        life: Life,
        told: list[tuple[str, dict[str, Any]]],
    ) -> None:
        self.life = life
        self._world = world
        self._told = told
        threads = TurnThreads(world, life)
        self._woken = TurnEvent(world)
        self.shop = dataclasses.replace(premises.shop, publish=self._publish, wake_printer=lambda _: self._woken.set())
        self.device = PrinterDevice(
            PRINTER,
            "emulated:",
            profile,
            self._on_event,
            monotonic=world.monotonic_s,
            open_transport=line.open,
            threads=threads,
        )
        self.worker = PrinterWorker(self.shop, PRINTER, DrivenPrinter(self.device))
        self._threads = threads

    def start(self) -> None:
        """Begin as agent.daemon.devices does."""
        self._threads.start("worker", self._work)
        self.device.start()

    def wake(self) -> None:
        self._woken.set()

    def _work(self) -> None:
        self.worker.own_up()
        while True:
            wait_s = self.worker.step()
            self._woken.wait(wait_s)
            self._woken.clear()

    def _publish(self, kind: str, data: dict[str, Any]) -> None:
        if not self.life.dead:
            self._told.append((kind, data))

    def _on_event(self, event: DeviceEvent) -> None:
        if event.code == "printer.printed_late":
            self._threads.start("late word", lambda: self.worker.printed_late(event.detail))
        elif event.state in CONNECTED:
            self._woken.set()


def queue_slip(shop: Shop, slip: str, document: dict[str, Any]) -> None:
    """Put a slip into the spool and the journal, as a sale's command does."""

    def command(unit: Unit) -> None:
        trade = trading(unit.connection, CASHIER)
        spool.enqueue(unit, slip, printer=PRINTER, kind="receipt", document=document, sale=slip.rpartition("-")[0])
        record(unit, SlipQueued(**trade.fields(), slip=slip, purpose="receipt", subject=None, printer=PRINTER, copy=0))

    shop.writer.run(command)
