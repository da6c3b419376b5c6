"""Keyboards and HID-POS scanners as lines: opening, refusing, going away."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from drivers.base import DeviceError, DeviceEvent, DeviceGone, DeviceState
from drivers.emulators.embed import pipe_keyboard
from drivers.registry import check_url, open_transport
from drivers.scanner.device import Scan, ScannerDevice, policy_for
from drivers.transport.descriptor import open_error
from drivers.transport.evdev import open_keyboard
from drivers.transport.hidraw import open_hidraw
from tests.unit.drivers.shop import wait_until


@pytest.mark.parametrize(
    "url",
    [
        "hid:/dev/input/by-id/usb-Newland_HR32-event-kbd",
        "hid:/dev/input/event3",
        "hid:/dev/hidraw0",
        "hid:/dev/hidraw12",
        "events:/run/keys",
    ],
)
def test_right_addresses_pass(url: str) -> None:
    check_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "hid:/dev/sda",
        "hid:/dev/input/",
        "hid:/dev/input/../sda",
        "hid:/dev/hidraw",
        "hid:/dev/hidraw0/../sda",
        "hid:/dev/hidraw-1",
        "hid:event3",
        "events:keys",
    ],
)
def test_a_path_that_is_no_input_device_is_refused(url: str) -> None:
    with pytest.raises(DeviceError) as caught:
        check_url(url)
    assert caught.value.code == "device.url_value"


@pytest.mark.parametrize("url", ["hid:/dev/input/by-id/none", "hid:/dev/hidraw77", "events:/nowhere/keys"])
def test_what_is_not_there_is_absent(url: str) -> None:
    pytest.importorskip("evdev", reason="pip install evdev-binary")
    with pytest.raises(DeviceGone) as caught:
        open_transport(url, time.monotonic)
    assert caught.value.code == "device.absent"


def test_a_file_that_is_no_input_device_cannot_be_opened(tmp_path: Path) -> None:
    pytest.importorskip("evdev", reason="pip install evdev-binary")
    (tmp_path / "plain").touch()
    for opener in (open_keyboard, open_hidraw):
        with pytest.raises(DeviceError) as caught:
            opener(str(tmp_path / "plain"), time.monotonic)
        assert caught.value.code == "device.open_failed"


@pytest.mark.parametrize(
    ("number", "code"),
    [(errno.EBUSY, "device.busy"), (errno.EACCES, "device.denied"), (errno.ENODEV, "device.absent")],
)
def test_what_the_kernel_says_at_open_and_grab_has_a_code(number: int, code: str) -> None:
    assert open_error("hid:/dev/input/event0", OSError(number, os.strerror(number))).code == code


def test_events_come_through_a_pipe_only(tmp_path: Path) -> None:
    (tmp_path / "plain").touch()
    with pytest.raises(DeviceError) as caught:
        open_transport(f"events:{tmp_path / 'plain'}", time.monotonic)
    assert caught.value.code == "device.wrong_kind"


def test_tab_ends_a_scan_of_a_keyboard_only() -> None:
    assert b"\t" in policy_for("hid:/dev/input/event0").terminators
    assert b"\t" in policy_for("events:/run/keys").terminators
    assert b"\t" not in policy_for("hid:/dev/hidraw0").terminators
    assert b"\t" not in policy_for("serial:/dev/ttyACM0").terminators


class Desk:
    """A keyboard scanner and what it told."""

    def __init__(self, pipe: Path) -> None:
        self.scans: list[Scan] = []
        self.events: list[DeviceEvent] = []
        self.device = ScannerDevice("scan-1", f"events:{pipe}", self.scans.append, self.events.append)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path / "keys")
    desk.device.start()
    yield desk
    desk.device.stop()


@pytest.mark.parametrize("suffix", ["CR", "TAB", "NONE"])
def test_scans_of_a_keyboard_arrive_whole_and_in_order(desk: Desk, tmp_path: Path, suffix: str) -> None:
    with pipe_keyboard(tmp_path / "keys", suffix=suffix) as keyboard:
        wait_until(lambda: desk.device.state is DeviceState.READY)
        keyboard.word("HTTPS://Q.CN/aB-1")
        wait_until(lambda: len(desk.scans) == 1)
        keyboard.word("6901234567892")
        wait_until(lambda: len(desk.scans) == 2)
    assert [scan.text for scan in desk.scans] == ["HTTPS://Q.CN/aB-1", "6901234567892"]
    assert not any(scan.corrupt for scan in desk.scans)


def test_a_scan_of_which_the_kernel_lost_presses_is_corrupt(desk: Desk, tmp_path: Path) -> None:
    with pipe_keyboard(tmp_path / "keys") as keyboard:
        wait_until(lambda: desk.device.state is DeviceState.READY)
        keyboard.word("!dropped")
        keyboard.word("6901234567892")
        keyboard.word("6901234567892")
        wait_until(lambda: len(desk.scans) == 2)
    assert [scan.corrupt for scan in desk.scans] == [True, False]


def test_an_unplugged_keyboard_is_lost_and_comes_back(desk: Desk, tmp_path: Path) -> None:
    with pipe_keyboard(tmp_path / "keys") as keyboard:
        wait_until(lambda: desk.device.state is DeviceState.READY)
        keyboard.word("half")
        wait_until(lambda: len(desk.scans) == 1)
        keyboard.word("!unplug")
        wait_until(lambda: desk.events[-1].code == "scanner.lost")
        assert keyboard.word("nobody").startswith("refused")
        keyboard.word("!plug")
        wait_until(lambda: desk.device.state is DeviceState.READY)
        keyboard.word("again")
        wait_until(lambda: desk.scans[-1].text == "again")
