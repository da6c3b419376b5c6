"""A scanner of a known maker on a line in memory: it is set up, beeps when told, and its replies are no scans."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from drivers.base import DeviceEvent
from drivers.scanner.commands import COMMANDS
from drivers.scanner.device import Scan, ScannerDevice
from drivers.transport.base import Monotonic, Transport
from drivers.transport.memory import memory_line
from tests.unit.drivers.shop import wait_until


class Desk:
    """A scanner's device, what it told, and the scanner's end of the line."""

    def __init__(self, model: str) -> None:
        self.scans: list[Scan] = []
        self.events: list[DeviceEvent] = []
        transport, self.scanner = memory_line(time.monotonic)

        def open_it(url: str, monotonic: Monotonic) -> Transport:
            return transport

        self.device = ScannerDevice(
            "scanner1",
            "serial:/dev/ttyACM0",
            self.scans.append,
            self.events.append,
            model=model,
            open_transport=open_it,
        )
        self.device.start()

    def heard(self, data: bytes) -> bool:
        return self.scanner.receive(len(data)) == data


@pytest.fixture
def desk() -> Iterator[Desk]:
    desk = Desk("honeywell")
    yield desk
    desk.device.stop()


def test_a_honeywell_is_set_up_when_the_line_opens_and_beeps_when_told(desk: Desk) -> None:
    assert desk.heard(COMMANDS["honeywell"].set_up[0])
    desk.scanner.send(b"SUFBK2990D\x06!6901234567892\r")
    wait_until(lambda: [scan.text for scan in desk.scans] == ["6901234567892"])
    desk.device.beep()
    assert desk.heard(b"\x16\x07\r")
    desk.device.trigger(on=True)
    assert desk.heard(b"\x16T\r")


def test_a_refused_setting_is_told(desk: Desk) -> None:
    assert desk.heard(COMMANDS["honeywell"].set_up[0])
    desk.scanner.send(b"SUFBK2990D\x05!")
    wait_until(lambda: desk.events[-1].code == "scanner.setting_refused")
    assert desk.scans == []


def test_a_scanner_of_no_known_maker_is_told_nothing() -> None:
    desk = Desk("")
    wait_until(lambda: bool(desk.events))
    desk.device.beep()
    desk.scanner.send(b"A\r")
    wait_until(lambda: len(desk.scans) == 1)
    desk.device.stop()
    assert desk.scanner.receive(1, 0.02) == b""
