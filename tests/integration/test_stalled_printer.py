"""A printer that stops reading and says nothing: nobody waits for it but the thread that closes its line.

Real threads, a real kernel's buffers. What is measured is taken as the best of a few tries, since the machine has
other work; that something returned while the printer still stood still is asserted each time.
"""

from __future__ import annotations

import os
import socket
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from agent.daemon.printers import DrivenPrinter
from agent.services import checkout, days, shifts, tendering
from agent.services.printing import PrinterWorker
from agent.services.shop import Shop
from agent.store import spool
from agent.store.spool import SlipState
from drivers.base import DeviceState
from drivers.printer.device import PrinterDevice
from drivers.printer.job import PrintOutcome
from drivers.transport.base import Monotonic, Transport
from drivers.transport.descriptor import DescriptorTransport
from tests.shops import CASHIER, MANAGER, make_shop
from tests.unit.drivers.shop import PROFILES, slip, wait_until

AT_ONCE_S = 0.2
TRIES = 5
STATUS = b"\x10\x04\x01"
WELL = b"\x12\x12\x12\x12"
LARGE = 2_000
"""Items of a slip that no kernel's buffer swallows whole."""


class Peer:
    """A network printer that answers status requests until it is told to stand still, then reads no more."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.url = f"tcp:127.0.0.1:{self._listener.getsockname()[1]}"
        self.opened = 0
        self.stand_still = threading.Event()
        self.stood_still = threading.Event()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Peer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._listener.close()

    def _serve(self) -> None:
        while not self._ended.is_set():
            try:
                host, _ = self._listener.accept()
            except OSError:
                return
            self.opened += 1
            with host:
                self._answer(host)

    def _answer(self, host: socket.socket) -> None:
        host.settimeout(0.02)
        while not self._ended.is_set():
            if self.stand_still.is_set():
                self.stood_still.set()
                self._ended.wait()
                return
            try:
                data = host.recv(4096)
            except TimeoutError:
                continue
            except OSError:
                return
            if not data:
                return
            if STATUS in data:
                host.sendall(WELL)
            if len(data) > 100:  # a slip has begun
                self.stand_still.set()


@pytest.fixture
def peer() -> Iterator[Peer]:
    with Peer() as made:
        yield made


def device_at(peer: Peer, profile: str = "tm-t88", **others: object) -> PrinterDevice:
    quick = replace(PROFILES[profile], reply_timeout_s=0.3, line_s=0.0, identify=False)
    return PrinterDevice("receipt1", peer.url, quick, lambda event: None, **{"patience_s": 60.0, **others})  # type: ignore[arg-type]


def best_s(act: Callable[[], object]) -> float:
    """How long it takes at best."""
    took_s = []
    for _ in range(TRIES):
        began_s = time.monotonic()
        act()
        took_s.append(time.monotonic() - began_s)
    return min(took_s)


def printing(device: PrinterDevice, results: list[object], items: int = LARGE) -> threading.Thread:
    """Begin to print on a thread of its own."""
    thread = threading.Thread(target=lambda: results.append(device.print(slip(items), "0001")), daemon=True)
    thread.start()
    return thread


def test_a_stalled_slip_ends_at_once_when_the_box_stops_and_was_never_printed(peer: Peer) -> None:
    device = device_at(peer)
    device.start()
    wait_until(lambda: device.state is DeviceState.READY)
    results: list[object] = []
    thread = printing(device, results)
    assert peer.stood_still.wait(5)
    assert best_s(device.health) < AT_ONCE_S
    assert best_s(device.drawer) < AT_ONCE_S
    assert thread.is_alive()
    began_s = time.monotonic()
    device.stop()
    thread.join(2)
    assert time.monotonic() - began_s < 4 * AT_ONCE_S
    (result,) = results
    assert result.outcome is PrintOutcome.UNCONFIRMED  # type: ignore[attr-defined]


@pytest.mark.parametrize("profile", ["tm-t88", "pos80", "pos58"])
def test_a_printer_that_takes_every_byte_and_answers_nothing_never_printed(peer: Peer, profile: str) -> None:
    """A short slip disappears in the kernel's buffers as if it had been printed."""
    device = device_at(peer, profile, patience_s=0.3)
    device.start()
    wait_until(lambda: device.state is DeviceState.READY)
    result = device.print(slip(3), "0001")
    assert result.bytes_written > 100
    assert result.outcome is PrintOutcome.UNCONFIRMED
    assert device.print(slip(3), "0002").outcome is PrintOutcome.NOT_STARTED
    device.stop()


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
    name: str = tendering.pay_cash(shop, CASHIER, None)["completed"]["slip"]
    return name


def test_no_sale_waits_for_a_stalled_printer(peer: Peer, shop: Shop) -> None:
    device = device_at(peer)
    worker = PrinterWorker(shop, "receipt1", DrivenPrinter(device))
    shop.wake_printer = lambda _: worker.wake()
    device.start()
    wait_until(lambda: device.state is DeviceState.READY)
    worker.start()
    first = sell(shop)
    assert peer.stood_still.wait(5)
    assert best_s(lambda: sell(shop)) < AT_ONCE_S
    found = spool.find_slip(shop.read(), first)
    assert found is not None
    assert found.state is SlipState.SENDING
    device.stop()
    worker.stop()
    states = {state for (state,) in shop.read().execute("SELECT state FROM spool")}
    assert states == {SlipState.UNCONFIRMED, SlipState.QUEUED}


class Clinging:
    """Lines whose close does not return before it is released, as on a stalled tty."""

    def __init__(self) -> None:
        self.release = threading.Event()
        self.opened = 0
        self.closing = threading.Semaphore(0)
        self._peers: list[int] = []

    def open(self, url: str, monotonic: Monotonic) -> Transport:
        ours, theirs = socket.socketpair()
        self._peers.append(theirs.detach())
        self.opened += 1
        descriptor = ours.detach()
        os.set_blocking(descriptor, False)

        def close() -> None:
            self.closing.release()
            self.release.wait(31)
            os.close(descriptor)

        return DescriptorTransport(descriptor, url, monotonic, close=close)

    def end(self) -> None:
        self.release.set()
        for peer in self._peers:
            os.close(peer)


@pytest.fixture
def clinging() -> Iterator[Clinging]:
    made = Clinging()
    yield made
    made.end()


def test_nobody_waits_for_a_close_that_hangs(clinging: Clinging) -> None:
    """close(2) of a stalled tty takes 31 s."""

    def close() -> None:
        line = clinging.open("stalled:", time.monotonic)
        line.close()
        assert clinging.closing.acquire(timeout=5)

    assert best_s(close) < AT_ONCE_S
    assert not clinging.release.is_set()


def test_a_device_goes_on_while_its_old_line_hangs_in_close(
    clinging: Clinging, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The line is given up for its silence and opened anew; the old one still hangs in the kernel."""
    monkeypatch.setattr("drivers.printer.device.SILENT_LINE_S", 0.05)
    profile = replace(PROFILES["tm-t88"], reply_timeout_s=0.02)
    device = PrinterDevice(
        "receipt1", "stalled:", profile, lambda event: None, open_transport=clinging.open, ask_every_s=0.02
    )
    device.start()
    wait_until(lambda: clinging.opened >= 3, 10)
    assert not clinging.release.is_set()
    began_s = time.monotonic()
    device.stop()
    assert time.monotonic() - began_s < 4 * AT_ONCE_S


def test_a_printer_that_stands_still_for_long_costs_no_memory(peer: Peer) -> None:
    """Hundreds of unanswered questions later nothing has piled up."""
    peer.stand_still.set()
    device = device_at(peer, patience_s=0.02, ask_every_s=0.005)
    device._runner._profile = replace(device.profile, reply_timeout_s=0.002)
    device.profile = device._runner._profile
    device.start()
    assert peer.stood_still.wait(5)

    def refused(count: int) -> None:
        for number in range(count):
            assert device.print(slip(1), f"{number:04d}").outcome is PrintOutcome.NOT_STARTED

    refused(50)
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        refused(400)
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
        device.stop()
    assert after - before < 300_000
