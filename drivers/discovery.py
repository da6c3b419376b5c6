"""Finds what is plugged in: serial lines with the names that stay the same and what sysfs knows about them.

Reads files only, so it works without udev running and cannot disturb a device.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

_TTY_PATTERNS = ("ttyUSB*", "ttyACM*", "ttyAMA*", "ttyS*")
_UNWIRED_8250 = "serial8250"
_USB_LEVELS_UP = 4

# USB vendor IDs (usb.ids) of makers who build one kind of device only.
_SCANNER_VENDORS = frozenset({"1eab", "0c2e", "05e0", "05f9", "1a86:5723"})
_PRINTER_VENDORS = frozenset({"04b8", "1504", "0519", "0416", "0fe6"})


@dataclass(frozen=True, slots=True)
class SerialCandidate:
    """A serial line that could be a device. `url_path` is the name to write into the configuration."""

    device: str
    by_id: str = ""
    by_path: str = ""
    vendor_id: str = ""
    product_id: str = ""
    serial_number: str = ""
    manufacturer: str = ""
    product: str = ""
    suggestion: str = ""
    """`scanner` or `printer` when the maker tells, else empty."""

    @property
    def url_path(self) -> str:
        """By identity where the device has its own serial number, else by port: clones share their identity, and
        ttyACM0 is ttyACM1 after a re-plug.
        """
        if self.serial_number and self.by_id:
            return self.by_id
        return self.by_path or self.by_id or self.device


def serial_candidates(dev: Path = Path("/dev"), sys: Path = Path("/sys")) -> list[SerialCandidate]:
    """Every serial line with hardware behind it, by name."""
    names = sorted({path.name for pattern in _TTY_PATTERNS for path in (sys / "class/tty").glob(pattern)})
    by_id, by_path = _links(dev / "serial/by-id"), _links(dev / "serial/by-path")
    found = []
    for name in names:
        hardware = sys / "class/tty" / name / "device"
        if not hardware.exists() or _driver(hardware) == _UNWIRED_8250:
            continue
        usb = _usb_attributes(hardware)
        vendor_id = usb.get("idVendor", "")
        found.append(
            SerialCandidate(
                device=str(dev / name),
                by_id=by_id.get(name, ""),
                by_path=by_path.get(name, ""),
                vendor_id=vendor_id,
                product_id=usb.get("idProduct", ""),
                serial_number=usb.get("serial", ""),
                manufacturer=usb.get("manufacturer", ""),
                product=usb.get("product", ""),
                suggestion=_suggest(vendor_id, usb.get("idProduct", "")),
            )
        )
    return found


def usb_printers(dev: Path = Path("/dev")) -> list[str]:
    """The device files of USB printers that the kernel's usblp driver holds."""
    return sorted(str(path) for path in (dev / "usb").glob("lp*"))


def _suggest(vendor_id: str, product_id: str) -> str:
    names = {vendor_id, f"{vendor_id}:{product_id}"}
    if names & _SCANNER_VENDORS:
        return "scanner"
    return "printer" if names & _PRINTER_VENDORS else ""


def _links(directory: Path) -> dict[str, str]:
    """Device names by the links that lead to them."""
    if not directory.is_dir():
        return {}
    return {link.resolve().name: str(link) for link in sorted(directory.iterdir(), reverse=True)}


def _driver(hardware: Path) -> str:
    return (hardware / "driver").resolve().name


def _usb_attributes(hardware: Path) -> dict[str, str]:
    """What the USB device above this interface says about itself."""
    place = hardware.resolve()
    for _ in range(_USB_LEVELS_UP):
        if (place / "idVendor").is_file():
            keys = ("idVendor", "idProduct", "serial", "manufacturer", "product")
            return {key: _text(place / key) for key in keys}
        place = place.parent
    return {}


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
