"""Our drivers at work on a counter's devices, and what they told."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager

from drivers.base import DeviceError, DeviceEvent, DeviceState
from drivers.printer.device import PrinterDevice
from drivers.printer.job import PrintOutcome, PrintResult
from drivers.printer.profiles import PrinterProfile
from drivers.registry import open_transport
from drivers.scanner.device import Scan, ScannerDevice
from drivers.transport.base import Transport
from tests.box.guest.counter import PATIENCE_S, wait_until

_CASHIER_S = 1.5
"""After so long without a beep anybody scans again."""


class Watched:
    """What a device of ours told."""

    def __init__(self) -> None:
        self.events: list[DeviceEvent] = []
        self.scans: list[Scan] = []

    def wait_for(self, code: str, times: int = 1) -> None:
        """Wait until the event came so often."""
        wait_until(lambda: [event.code for event in self.events].count(code) >= times, lambda: f"{code}: {self.events}")

    def wait_for_state(self, *states: DeviceState) -> None:
        """Wait until the last event speaks of one of these states."""
        wait_until(
            lambda: bool(self.events) and self.events[-1].state in states, lambda: f"{states}: {self.events[-3:]}"
        )

    def scan_when_ready(self, scan: Callable[[], None], text: str) -> None:
        """Scan as a cashier does, again until the box has it. Fails when anything else arrives."""

        def arrives() -> bool:
            scan()
            deadline_s = time.monotonic() + _CASHIER_S
            while not self.scans and time.monotonic() < deadline_s:
                time.sleep(0.02)
            return bool(self.scans)

        wait_until(arrives, lambda: f"scan {text}: {self.events[-5:]}")
        assert {scan.text for scan in self.scans} == {text}, self.scans

    def wait_for_scans(self, *texts: str) -> None:
        """Wait until so many scans came, and compare them all."""
        wait_until(lambda: len(self.scans) >= len(texts), lambda: f"scans {texts}: {self.scans} {self.events[-3:]}")
        found = tuple(scan.text for scan in self.scans)
        assert found == texts, f"expected scans {texts}, found {self.scans}"
        assert not any(scan.corrupt for scan in self.scans), f"corrupt: {self.scans}"


class WatchedPrinter(Watched):
    """A printer device of ours at work."""

    def __init__(self, url: str, profile: PrinterProfile, patience_s: float) -> None:
        super().__init__()
        self.device = PrinterDevice(
            "receipt1", url, profile, self.events.append, patience_s=patience_s, ask_every_s=0.5
        )

    def begin(self, document: dict[str, object], mark: str, *, void_predecessor: bool = False) -> Future[PrintResult]:
        """Print beside the case."""
        future: Future[PrintResult] = Future()

        def run() -> None:
            try:
                future.set_result(self.device.print(document, mark, void_predecessor=void_predecessor))
            except Exception as error:  # noqa: BLE001 - whoever waits gets it
                future.set_exception(error)

        threading.Thread(target=run, daemon=True).start()
        return future

    def print(self, document: dict[str, object], mark: str, *, void_predecessor: bool = False) -> PrintResult:
        """Print, but never wait without end."""
        return self.begin(document, mark, void_predecessor=void_predecessor).result(PATIENCE_S)

    def print_when_ready(
        self, document: dict[str, object], mark: str, *, void_predecessor: bool = False
    ) -> PrintResult:
        """Print as the spool does: again while no byte has left."""
        results: list[PrintResult] = []

        def ends() -> bool:
            results.append(self.print(document, mark, void_predecessor=void_predecessor))
            return results[-1].outcome is not PrintOutcome.NOT_STARTED

        wait_until(ends, lambda: f"a slip to start: {results[-1]}, {self.events[-5:]}")
        return results[-1]


@contextmanager
def opened(url: str) -> Iterator[Transport]:
    """A line without a device's supervisor. As that does, it tries again while the line is busy, as after a close, or
    away, as while usblp takes a printer back.
    """
    deadline_s = time.monotonic() + PATIENCE_S
    while True:
        try:
            line = open_transport(url, time.monotonic)
            break
        except DeviceError as error:
            if error.code not in ("device.busy", "device.absent") or time.monotonic() >= deadline_s:
                raise
        time.sleep(0.1)
    try:
        yield line
    finally:
        line.close()


def expect_refusal(url: str, code: str) -> None:
    """Fail unless the line cannot be opened for this reason."""
    try:
        with opened(url) as line:
            raise AssertionError(f"{line.describe()} was opened, expected was {code}")
    except DeviceError as error:
        assert error.code == code, f"{url}: expected {code}, got {error}"


@contextmanager
def our_printer(
    url: str, profile: PrinterProfile, *, patience_s: float = 10.0, connected: bool = True
) -> Iterator[WatchedPrinter]:
    """Our driver on that line, started and, unless told otherwise, connected."""
    watched = WatchedPrinter(url, profile, patience_s)
    watched.device.start()
    try:
        if connected:
            watched.wait_for_state(DeviceState.READY, DeviceState.DEGRADED)
        yield watched
    finally:
        watched.device.stop()


@contextmanager
def our_scanner(url: str, name: str = "scanner1") -> Iterator[Watched]:
    """Our driver on that line, started; the case waits for what it expects."""
    watched = Watched()
    device = ScannerDevice(name, url, watched.scans.append, watched.events.append)
    device.start()
    try:
        yield watched
    finally:
        device.stop()
