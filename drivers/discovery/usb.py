"""USB printers: interfaces of the printer class, whether the kernel's usblp holds them or nobody."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

from drivers.discovery.found import Found, Naming, Roots, UsbFacts
from drivers.discovery.sysfs import identity, links, raw, text, twins, usb_above
from drivers.transport.printer_port import parse_device_id
from drivers.transport.usb_find import UsbName

PRINTER_CLASS = "07"
IPP_OVER_USB = "04"
NAMES_BY_RULE = "storebox"
"""Folder below /dev with the links of config/udev, by port."""


def usb_printers(dev: Path = Path("/dev")) -> list[str]:
    """The device files of USB printers that the kernel's usblp driver holds."""
    return sorted(str(path) for path in (dev / "usb").glob("lp*"))


def usb_candidates(roots: Roots, *, libusb: bool = True) -> list[Found]:
    """Every USB printer, by port.

    A name by port that the udev rules gave is best, since it needs no library; then libusb's, which stays right
    without udev. Without both (`libusb` false) only the node of usblp is left.
    """
    by_rule, shared = links(roots.dev / NAMES_BY_RULE), twins(roots)
    found: dict[str, Found] = {}
    for interface in sorted((roots.sys / "bus/usb/devices").glob("*:*")):
        if text(interface / "bInterfaceClass") != PRINTER_CLASS:
            continue
        if text(interface / "bInterfaceProtocol") == IPP_OVER_USB:
            continue
        usb = usb_above(interface, roots)
        if usb.port and usb.port not in found:
            found[usb.port] = _printer(interface, usb, by_rule, roots, alone=identity(usb) not in shared, libusb=libusb)
    return list(found.values())


def _printer(
    interface: Path, usb: UsbFacts, by_rule: dict[str, str], roots: Roots, *, alone: bool, libusb: bool
) -> Found:
    node = next((roots.dev / "usb" / path.name for path in sorted(interface.glob("usbmisc/lp*"))), None)
    by_path = by_rule.get(node.name, "") if node else ""
    by_usb = _usb_url(usb, alone=alone)
    names = [(f"file:{by_path}", Naming.PORT)] if by_path else []
    if libusb or node is None:
        names.append((by_usb, Naming.IDENTITY if alone and usb.serial_number else Naming.PORT))
    if node is not None:
        names.append((f"file:{node}", Naming.NODE))
    device_id = parse_device_id(raw(interface / "ieee1284_id"))
    url, naming = names[0]
    return Found(
        device=str(node) if node else usb.node,
        url=url,
        naming=naming,
        suggestion="printer",
        title=usb.title or f"{device_id.get('MFG', '')} {device_id.get('MDL', '')}".strip(),
        usb=usb,
        by_path=by_path,
        alternatives=tuple(other for other, _ in names[1:]),
        device_id=device_id,
    )


def _usb_url(usb: UsbFacts, *, alone: bool) -> str:
    name = UsbName(int(usb.vendor_id or "0", 16), int(usb.product_id or "0", 16))
    if usb.serial_number and alone:
        return f"usb:{replace(name, serial=quote(usb.serial_number, safe=''))}"
    return f"usb:{replace(name, port=usb.port)}"
