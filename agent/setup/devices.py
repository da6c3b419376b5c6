"""Every printer and scanner that is there, opened as it comes: what setup mode prints on and hears.

A printer is told of each time it comes, also when it was only plugged out and in: that is how a technician without a
keyboard asks for the slip again.
"""

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from agent.settings import Settings, Till, shipped
from agent.setup.examining import AsPrinter, AsScanner, tried
from drivers.base import CONNECTED, DeviceError, DeviceEvent, DeviceState
from drivers.discovery.find import find_devices
from drivers.discovery.found import Found, Roots
from drivers.discovery.watch import LOOK_EVERY_S
from drivers.printer.device import PrinterDevice
from drivers.printer.profiles import PrinterProfile, load_profiles, with_chinese
from drivers.scanner.device import ScannerDevice
from drivers.transport.usb_find import has_libusb
from sync.threads import StepThread

_log = logging.getLogger("storebox.setup")
TRIES_MAX = 20
"""How often a device that could not be opened is tried before it has to be plugged anew."""

NARROWER = {"gb18030": "gbk", "gbk": "gb2312"}
"""What to try when the slip is garbled: cheap fonts hold less than their model's papers say."""
OPENED_WITHIN_S = 2.0
"""How long the first look waits for scanners to open, so that the first invitation names them."""


@dataclass(frozen=True, slots=True)
class SetupPrinter:
    """A printer that was found; `till` is whose receipts it is to print.

    `chinese` is the set of characters that a person chose for it by the command on its slip, empty for its profile's.
    """

    till: str
    url: str
    profile: str
    title: str
    device: PrinterDevice
    chinese: str = ""


@dataclass(frozen=True, slots=True)
class SetupScanner:
    """A scanner that was found."""

    name: str
    url: str
    model: str
    title: str
    device: ScannerDevice


OnPrinter = Callable[[SetupPrinter], None]
OnScan = Callable[[SetupScanner, str], None]


class SetupDevices:
    """Looks for devices until stopped. `on_printer` and `on_scan` come on threads of the devices and return at once."""

    def __init__(self, settings: Settings, roots: Roots, on_printer: OnPrinter, on_scan: OnScan) -> None:
        self._roots = roots
        self._on_printer = on_printer
        self._on_scan = on_scan
        self._profiles = load_profiles(shipped("devices"))
        self._printers: dict[str, SetupPrinter] = {}
        self._scanners: dict[str, SetupScanner] = {}
        self._seen: dict[tuple[str, str], int] = {}
        self._coming: list[threading.Event] = []
        self.unusable: dict[str, str] = {}
        """Devices that could not be opened, by their file, with the code."""
        self.looked = threading.Event()
        """Set after the first look: what was plugged in at the start is known."""
        self._settings = settings
        self._thread = StepThread("setup devices", self._look)

    @property
    def printers(self) -> tuple[SetupPrinter, ...]:
        """The printers, in the order in which they came."""
        return tuple(self._printers.values())

    @property
    def scanners(self) -> tuple[SetupScanner, ...]:
        """The scanners that are connected."""
        return tuple(one for one in self._scanners.values() if one.device.state in CONNECTED)

    def start(self) -> None:
        """Begin with the devices that the settings name."""
        for till in self._settings.tills:
            self._named(till)
        self._thread.start()

    def narrow(self, printer: SetupPrinter) -> bool:
        """Give a printer that prints garbled Chinese the next smaller set of characters; tells whether there is one.

        It comes anew as any printer does that was plugged in.
        """
        known = printer.device.profile.charset.repertoire
        smaller = NARROWER.get(known)
        if smaller is None:
            return False
        printer.device.stop()
        profile = with_chinese(printer.device.profile, smaller)
        self._add_printer(printer.till, printer.url, printer.profile, profile, printer.title, smaller)
        return True

    def stop(self) -> None:
        """Let go of every device."""
        self._thread.stop()
        for scanner in self._scanners.values():
            scanner.device.stop()
        for printer in self._printers.values():
            printer.device.stop()

    def _named(self, till: Till) -> None:
        if till.printer:
            profile = self._profiles.get(till.profile) or self._profiles["pos80"]
            chosen = with_chinese(profile, till.chinese)
            self._add_printer(till.till, till.printer, till.profile, chosen, till.printer, till.chinese)
        if till.scanner:
            self._add_scanner(till.scanner, till.scanner_model, till.scanner)

    def _look(self) -> float:
        found_now = find_devices(self._roots, libusb=has_libusb())
        self._forget_unplugged(found_now)
        # Scanners first: a printer that says nothing takes seconds to be known as one.
        for found in sorted(found_now, key=lambda one: one.suggestion not in ("scanner", "keyboard")):
            if not self._is_known(found):
                self._take(found)
        if not self.looked.is_set():
            for came in self._coming:
                came.wait(OPENED_WITHIN_S)
            self.looked.set()
        return LOOK_EVERY_S

    def _forget_unplugged(self, found_now: Sequence[Found]) -> None:
        """Count anew for what is plugged anew: another scanner may get the number of the one before it."""
        here = {_plugging(one) for one in found_now}
        self._seen = {plugging: tries for plugging, tries in self._seen.items() if plugging in here}
        devices = {one.device for one in found_now}
        self.unusable = {device: code for device, code in self.unusable.items() if device in devices}

    def _take(self, found: Found) -> None:
        self._seen[_plugging(found)] = self._seen.get(_plugging(found), 0) + 1
        what = tried(found, self._profiles)
        title = found.title or found.device
        if isinstance(what, DeviceError):
            self.unusable[found.device] = what.code
            _log.warning("%s: %s", found.device, what)
            return
        self.unusable.pop(found.device, None)
        self._seen[_plugging(found)] = TRIES_MAX
        _log.info("%s is %s", found.device, what)
        if isinstance(what, AsScanner):
            self._add_scanner(what.url, what.model, title)
        elif isinstance(what, AsPrinter):
            self._add_printer(self._free_till(), what.url, what.profile, self._profiles[what.profile], title)

    def _is_known(self, found: Found) -> bool:
        if self._seen.get(_plugging(found), 0) >= TRIES_MAX:
            return True
        addresses = {found.url, *found.alternatives}
        opened = [*(one.url for one in self._printers.values()), *(one.url for one in self._scanners.values())]
        return any(_is_at(url, addresses, found.device) for url in opened)

    def _free_till(self) -> str:
        taken = set(self._printers)
        return next(str(number) for number in range(1, len(taken) + 2) if str(number) not in taken)

    def _add_printer(
        self, till: str, url: str, name: str, profile: PrinterProfile, title: str, chinese: str = ""
    ) -> None:
        def on_event(event: DeviceEvent) -> None:
            connected = event.state in CONNECTED
            if connected and not was[0]:
                self._on_printer(printer)
            was[0] = connected or (event.state is DeviceState.OPENING and was[0])

        was = [False]
        device = PrinterDevice(f"receipt{till}", url, profile, on_event)
        printer = SetupPrinter(till, url, name, title, device, chinese)
        self._printers[till] = printer
        printer.device.start()

    def _add_scanner(self, url: str, model: str, title: str) -> None:
        name = f"scanner{len(self._scanners) + 1}"

        came = threading.Event()
        self._coming.append(came)

        def on_event(event: DeviceEvent) -> None:
            _log.info("%s: %s", event.device, event.code)
            if event.state in CONNECTED:
                came.set()

        device = ScannerDevice(
            name,
            url,
            lambda scan: None if scan.corrupt else self._on_scan(scanner, scan.text),
            on_event,
            model=model,
        )
        scanner = SetupScanner(name, url, model, title, device)
        self._scanners[name] = scanner
        device.start()


def _plugging(found: Found) -> tuple[str, str]:
    """Return what is another one after each plugging: the kernel numbers USB devices on, but not their files."""
    return found.device, found.usb.node


def _is_at(url: str, addresses: set[str], device: str) -> bool:
    scheme, _, rest = url.partition(":")
    path = rest.partition("?")[0]
    if url in addresses or f"{scheme}:{path}" in addresses:
        return True
    return path.startswith("/") and Path(path).resolve() == Path(device).resolve()
