"""Everything that is plugged in and could be a device of a till."""

from __future__ import annotations

from drivers.discovery.found import Found, Roots
from drivers.discovery.hid import hidraw_candidates, keyboard_candidates
from drivers.discovery.serial import serial_candidates
from drivers.discovery.usb import usb_candidates

_ORDER = ("printer", "scanner", "", "keyboard")


def find_devices(roots: Roots | None = None, *, libusb: bool = True) -> list[Found]:
    """Printers first, then scanners, what could be either, and keyboards. Never raises for what it finds."""
    roots = roots or Roots()
    found = [
        *usb_candidates(roots, libusb=libusb),
        *serial_candidates(roots.dev, roots.sys),
        *hidraw_candidates(roots),
        *keyboard_candidates(roots),
    ]
    return sorted(found, key=lambda one: _ORDER.index(one.suggestion))
