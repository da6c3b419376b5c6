"""Reads sysfs: what the USB device above a place says about itself, and which links lead to a device file."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from drivers.discovery.found import Roots, UsbFacts

_USB_LEVELS_UP = 5
_TEXT_BYTES_MAX = 4096


def text(path: Path) -> str:
    """An attribute's text, cleaned of control characters; empty when it is not there or cannot be read."""
    return "".join(one for one in raw(path).decode("utf-8", "replace").strip() if one.isprintable())


def raw(path: Path) -> bytes:
    """An attribute's bytes; empty when it is not there or cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(_TEXT_BYTES_MAX)
    except OSError:
        return b""


def usb_above(place: Path, roots: Roots) -> UsbFacts:
    """The USB device that an interface, or anything below one, belongs to."""
    folder = place.resolve()
    for _ in range(_USB_LEVELS_UP):
        if (folder / "idVendor").is_file():
            return _usb_facts(folder, roots)
        folder = folder.parent
    return UsbFacts()


def links(directory: Path) -> dict[str, str]:
    """Names of device files by the link in this directory that leads to them; the first by name when several do.

    A link, or the directory, that goes while it is read is not there: somebody has just pulled a cable.
    """
    try:
        entries = sorted(directory.iterdir(), reverse=True)
    except OSError:
        return {}
    found: dict[str, str] = {}
    for link in entries:
        try:
            target = link.readlink()  # udev's links lead straight to the device file
        except OSError:  # no link, or gone meanwhile
            continue
        found[target.name] = str(link)
    return found


def twins(roots: Roots) -> frozenset[tuple[str, str, str]]:
    """Identities (vendor, product, serial number) that more than one plugged device claims to be alone in having."""
    devices = (roots.sys / "bus/usb/devices").glob("*/idVendor")
    counted = Counter(identity(_usb_facts(path.parent, roots)) for path in devices)
    return frozenset(one for one, count in counted.items() if count > 1)


def identity(usb: UsbFacts) -> tuple[str, str, str]:
    """What should be one device's alone."""
    return usb.vendor_id, usb.product_id, usb.serial_number


def _usb_facts(folder: Path, roots: Roots) -> UsbFacts:
    bus, number = text(folder / "busnum"), text(folder / "devnum")
    known = bus.isdigit() and number.isdigit()
    return UsbFacts(
        vendor_id=text(folder / "idVendor"),
        product_id=text(folder / "idProduct"),
        serial_number=text(folder / "serial"),
        manufacturer=text(folder / "manufacturer"),
        product=text(folder / "product"),
        port=folder.resolve().name,
        node=str(roots.dev / f"bus/usb/{int(bus):03d}/{int(number):03d}") if known else "",
    )
