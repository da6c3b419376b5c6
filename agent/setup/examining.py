"""What a device that was found is good for: a printer that answers, one that says nothing, or a scanner."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from drivers.base import DeviceError
from drivers.discovery.examine import Examination, examine
from drivers.discovery.found import Found
from drivers.discovery.proposal import propose
from drivers.printer.profiles import PrinterProfile
from drivers.registry import open_transport

BAUDS = (115200, 9600, 19200, 38400)
"""The speeds that receipt printers are shipped with, the most frequent first."""
SCANNER_MODELS = {"1eab": "newland", "0c2e": "honeywell", "0536": "honeywell"}
"""Vendor IDs of makers whose scanners can be told to beep."""

Examine = Callable[[str], Examination]


@dataclass(frozen=True, slots=True)
class AsPrinter:
    """A printer: its address, speed included, and the profile that fits."""

    url: str
    profile: str


@dataclass(frozen=True, slots=True)
class AsScanner:
    """A scanner: its address, and its maker where that is known."""

    url: str
    model: str = ""


def examined(url: str) -> Examination:
    """Ask a line who is there; raises DeviceError when it cannot be opened."""
    line = open_transport(url, time.monotonic)
    try:
        return examine(line, time.monotonic)
    finally:
        line.close()


def judged(found: Found, profiles: Mapping[str, PrinterProfile], examined: Examine = examined) -> AsPrinter | AsScanner:
    """Return what a device is. Raises DeviceError when it cannot be opened now.

    Nothing is asked of what is surely a scanner; a line that could be either is a printer when it answers as one.
    """
    if found.suggestion in ("scanner", "keyboard") or found.url.startswith("hid:"):
        return AsScanner(found.url, SCANNER_MODELS.get(found.usb.vendor_id, ""))
    serial = found.url.startswith("serial:")
    seen = Examination()
    for url in [f"{found.url}?baud={baud}" for baud in BAUDS] if serial else [found.url]:
        seen = examined(url)
        if seen.answers:
            return AsPrinter(url, propose(seen, profiles, _model(found)).profile)
    if found.suggestion != "printer":
        return AsScanner(found.url, SCANNER_MODELS.get(found.usb.vendor_id, ""))
    return AsPrinter(found.url, propose(seen, profiles, _model(found)).profile)


def tried(found: Found, profiles: Mapping[str, PrinterProfile]) -> AsPrinter | AsScanner | DeviceError:
    """Return what a device is, or why it could not be asked."""
    try:
        return judged(found, profiles)
    except DeviceError as error:
        return error


def _model(found: Found) -> str:
    return found.device_id.get("MDL", "") or found.product
