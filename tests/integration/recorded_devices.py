"""What runs under umockdev-run: looks, scans or opens, and prints one JSON document. A program, not a test."""

from __future__ import annotations

import json
import sys
import threading
import time
from typing import Any

from drivers.base import DeviceError
from drivers.discovery.find import find_devices
from drivers.scanner.device import Scan, ScannerDevice

SCANS_WITHIN_S = 10.0


def look() -> Any:
    """What discovery finds."""
    return [
        {"url": one.url, "naming": one.naming.value, "suggestion": one.suggestion, "title": one.title,
         "node": one.node, "alternatives": one.alternatives, "model": one.device_id.get("MDL")}
        for one in find_devices()
    ]  # fmt: skip


def hints() -> Any:
    """What pyudev says of the input devices, by the properties that udev gave them."""
    import pyudev

    devices = pyudev.Context().list_devices(subsystem="input")
    return {one.sys_name: one.properties.get("ID_SERIAL_SHORT") for one in devices}


def scan(wanted: int) -> Any:
    """The first scans of the scanner that discovery finds."""
    scans: list[Scan] = []
    enough = threading.Event()

    def on_scan(scan: Scan) -> None:
        scans.append(scan)
        if len(scans) >= wanted:
            enough.set()

    (found,) = find_devices()
    device = ScannerDevice("scanner1", found.url, on_scan, lambda event: None)
    device.start()
    enough.wait(SCANS_WITHIN_S)
    device.stop()
    return [[one.text, one.corrupt] for one in scans]


def open_printer() -> Any:
    """The printer through the system's own libusb: opened by port, and the code of a transfer that nobody answers."""
    from drivers.transport.usb import open_usb
    from drivers.transport.usb_find import usb_name

    line = open_usb(usb_name("04b8:0202", {"port": "1-3"}), time.monotonic)
    claim = line._claim
    try:
        line.write(b"\x10\x04\x01", time.monotonic() + 1)
        code = "taken"
    except DeviceError as error:
        code = error.code
    line.close()
    return {"out": claim.out_endpoint, "in": claim.in_endpoint, "interface": claim.interface, "code": code}


if __name__ == "__main__":
    acts = {"look": look, "hints": hints, "scan": lambda: scan(2), "open": open_printer}
    print(json.dumps(acts[sys.argv[1]]()))
