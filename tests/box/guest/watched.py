"""Our drivers at work on a counter's devices, and what they told."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager

from drivers.base import DeviceEvent, DeviceState
from drivers.printer.device import PrinterDevice
from drivers.printer.job import PrintResult
from drivers.printer.profiles import PrinterProfile
from drivers.scanner.device import Scan, ScannerDevice
from tests.box.guest.counter import PATIENCE_S, wait_until


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
