"""Discovery, the keyboard scanner and libusb at devices that umockdev plays: real paths, links and ioctls."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
PLAYED = ROOT / "tests/data/umockdev"
EVENT = "/dev/input/event7"
BY_ID = "/dev/input/by-id/usb-Newland_Auto-ID_NLS_Scanner_NL220001-event-kbd"

pytestmark = pytest.mark.skipif(
    shutil.which("umockdev-run") is None, reason="no umockdev-run: make test installs it, or apt-get install umockdev"
)
needs_evdev = pytest.mark.skipif(find_spec("evdev") is None, reason="no evdev: pip install evdev-binary")


def under(act: str, *options: str) -> Any:
    """What the program says with these devices plugged in."""
    program = (sys.executable, "-m", "tests.integration.recorded_devices", act)
    done = subprocess.run(
        ["umockdev-run", *options, "--", *program], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def device(name: str) -> tuple[str, str]:
    return "--device", str(PLAYED / f"{name}.umockdev")


def test_both_devices_are_found_under_names_that_stay() -> None:
    printer, scanner = under("look", *device("printer"), *device("scanner"))
    assert scanner == {
        "url": f"hid:{BY_ID}",
        "naming": "identity",
        "suggestion": "scanner",
        "title": "Newland Auto-ID NLS Scanner",
        "node": EVENT,
        "alternatives": [],
        "model": None,
    }
    assert printer["url"] == "usb:04b8:0202?serial=J5AB000001" and printer["node"] == "/dev/bus/usb/001/005"
    assert (printer["alternatives"], printer["model"]) == (["file:/dev/usb/lp0"], "TM-T88V")


def test_udev_says_the_same_of_the_scanner() -> None:
    assert under("hints", *device("scanner")) == {"event7": "NL220001", "input9": None}


@needs_evdev
def test_a_keyboard_scanner_is_opened_by_its_identity_and_scans_whole() -> None:
    answers = str(PLAYED / "scanner.ioctl")
    options = (*device("scanner"), f"--ioctl={EVENT}={answers}", f"--ioctl={BY_ID}={answers}")
    scans = under("scan", *options, f"--evemu-events={EVENT}={PLAYED / 'scanner.events'}")
    assert scans == [["6901234567892", False], ["Ab-1C", False]]


def test_the_systems_libusb_opens_the_printer_by_its_port() -> None:
    from usb.backend import libusb1

    if libusb1.get_backend() is None:
        pytest.skip("no libusb: make test installs it, or apt-get install libusb-1.0-0")
    told = under("open", *device("printer"))
    assert told == {"out": 0x02, "in": 0x81, "interface": 0, "code": "device.gone"}
