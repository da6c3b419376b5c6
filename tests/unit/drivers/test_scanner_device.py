"""The scanner device on a pseudo-terminal: scans arrive whole, cables come and go."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from drivers.base import DeviceEvent, DeviceState
from drivers.emulators.embed import pty_scanner
from drivers.scanner.device import Scan, ScannerDevice
from tests.unit.drivers.shop import wait_until


class Desk:
    """A scanner device and what it told."""

    def __init__(self, link: Path) -> None:
        self.scans: list[Scan] = []
        self.events: list[DeviceEvent] = []
        self.device = ScannerDevice("scan-1", f"serial:{link}", self.scans.append, self.events.append)

    @property
    def texts(self) -> list[str]:
        return [scan.text for scan in self.scans]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path / "scanner")
    desk.device.start()
    yield desk
    desk.device.stop()


@pytest.mark.parametrize("suffix", ["CR", "CRLF", "NONE"])
def test_scans_arrive_once_and_in_order(desk: Desk, tmp_path: Path, suffix: str) -> None:
    with pty_scanner(tmp_path / "scanner", suffix=suffix) as scanner:
        wait_until(lambda: desk.device.state is DeviceState.READY)
        for text in ("6901234567892", "https://shop.example/谢谢"):
            scanner.word(text)
            wait_until(lambda text=text: desk.texts[-1:] == [text])  # type: ignore[misc]
    assert desk.texts == ["6901234567892", "https://shop.example/谢谢"]
    assert not any(scan.corrupt for scan in desk.scans)


def test_a_scanner_comes_back_within_a_second(desk: Desk, tmp_path: Path) -> None:
    with pty_scanner(tmp_path / "scanner") as scanner:
        wait_until(lambda: desk.device.state is DeviceState.READY)
        scanner.word("!unplug")
        wait_until(lambda: [event.code for event in desk.events][-1] == "scanner.lost")
        time.sleep(0.3)
        scanner.word("!plug")
        plugged_s = time.monotonic()
        wait_until(lambda: desk.device.state is DeviceState.READY)
        assert time.monotonic() - plugged_s < 1.2
        scanner.word("again")
        wait_until(lambda: desk.texts == ["again"])


def test_a_repeat_is_told_as_one(desk: Desk, tmp_path: Path) -> None:
    with pty_scanner(tmp_path / "scanner") as scanner:
        wait_until(lambda: desk.device.state is DeviceState.READY)
        scanner.word("A")
        scanner.word("A")
        wait_until(lambda: len(desk.scans) == 2)
    assert [scan.repeats for scan in desk.scans] == [0, 1]


def test_stop_is_quick(desk: Desk, tmp_path: Path) -> None:
    with pty_scanner(tmp_path / "scanner"):
        wait_until(lambda: desk.device.state is DeviceState.READY)
        began_s = time.monotonic()
        desk.device.stop()
        assert time.monotonic() - began_s < 0.5
    assert desk.device.state is DeviceState.ABSENT
