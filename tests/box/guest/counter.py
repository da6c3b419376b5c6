"""One counter with everything plugged in, seen from both ends: emulated devices there, our drivers here."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import TypeVar

from drivers.emulators.embed import lines_of
from drivers.emulators.paper import Cut, Mark
from drivers.emulators.printer import EmulatedPrinter
from drivers.emulators.printer_station import PrinterStation, ServedPrinter
from drivers.emulators.profiles import profile_for
from drivers.emulators.scanner import ScannerStation
from drivers.emulators.station import Served
from tests.box.guest.endpoints import GadgetEndpoint, HidPosEndpoint, KeyboardEndpoint, PrinterEndpoint, SerialEndpoint
from tests.box.guest.gadgets import Identity

PATIENCE_S = 30.0
"""What a case waits for; an emulated processor on a busy machine is slow, and a pass never takes so long."""

PRINTER = Identity("04b8", "0202", "EPSON", "TM-T88V", "PRN001")
SERIAL_PRINTER = Identity("04b8", "0203", "EPSON", "TM-T88V-SERIAL", "PRN002")
SERIAL_SCANNER = Identity("1eab", "1d06", "Newland", "NLS-HR22", "SCN001")
KEYBOARD_SCANNER = Identity("1eab", "0022", "Newland", "NLS-HR22-KBW", "SCN002")
POS_SCANNER = Identity("1eab", "0010", "Newland", "NLS-HR22-POS", "SCN003")
DEVICE_ID = "MFG:EPSON;CMD:ESC/POS;MDL:TM-T88V;CLS:PRINTER;;;"
"""The gadget counts the two bytes of length out of the text, so its last two characters never arrive."""
SPARE_SOCKET = 6

SERIAL_LINKS = Path("/dev/serial/by-id")
INPUT_LINKS = Path("/dev/input/by-id")
NAMES_BY_RULE = Path("/dev/storebox")

_T = TypeVar("_T")


class Counter:
    """Six devices, each in a socket of its own. Made by root's thread, which then lends it to cases that are not root.

    They take the words of the emulators; `unplug` and `plug` really pull the cable. `twin` says the same of itself as
    `scanner`, and is unplugged unless a case plugs it in. The cables are there for what no emulator's word can do: half
    a scan, another socket, the port's status.
    """

    def __init__(self) -> None:
        self._root = ThreadPoolExecutor(1)
        self._root.submit(os.geteuid).result()
        self._leave = ExitStack()
        epson = profile_for("epson")
        self.printer_cable = PrinterEndpoint(0, PRINTER, DEVICE_ID)
        self.printer = self._printer(self.printer_cable, EmulatedPrinter(epson))
        self.serial_printer = self._printer(SerialEndpoint(1, SERIAL_PRINTER), EmulatedPrinter(epson))
        self.scanner_cable = SerialEndpoint(2, SERIAL_SCANNER)
        self.keyboard_cable = KeyboardEndpoint(3, KEYBOARD_SCANNER)
        self.scanner = self._scanner(self.scanner_cable)
        self.keyboard = self._scanner(self.keyboard_cable)
        self.pos_scanner = self._scanner(HidPosEndpoint(4, POS_SCANNER))
        self.twin = self._scanner(SerialEndpoint(5, SERIAL_SCANNER))

    def as_root(self, action: Callable[[], _T]) -> _T:
        """Do something that only root may, from a case."""
        return self._root.submit(action).result()

    def set_right(self) -> None:
        """Plug everything in, cure every fault."""
        for printer in (self.printer, self.serial_printer):
            obey(printer, "clear")
        obey(self.twin, "!unplug")
        for scanner in (self.scanner, self.keyboard, self.pos_scanner):
            obey(scanner, "!plug")
        wait_for_file(Path("/dev/usb/lp0"))
        for folder, identity in (
            (SERIAL_LINKS, SERIAL_PRINTER),
            (SERIAL_LINKS, SERIAL_SCANNER),
            (INPUT_LINKS, KEYBOARD_SCANNER),
        ):
            wait_for_link(folder, identity)

    def close(self) -> None:
        """Pull all cables."""
        self._leave.close()

    def _printer(self, endpoint: GadgetEndpoint, printer: EmulatedPrinter) -> ServedPrinter:
        return self._leave.enter_context(ServedPrinter(PrinterStation(printer, endpoint)))

    def _scanner(self, endpoint: GadgetEndpoint) -> Served:
        return self._leave.enter_context(Served(ScannerStation(endpoint)))


def obey(device: Served, word: str) -> None:
    """Give an emulated device a word. Fails when it refuses."""
    answer = device.word(word)
    assert answer == "ok", f"{word!r}: {answer}"


def paper_since(printer: ServedPrinter, start: int) -> tuple[list[str], int]:
    """The lines on paper after the first `start` marks, and how often it was cut."""
    marks: list[Mark] = printer.printer.marks[start:]
    return lines_of(marks), sum(isinstance(mark.op, Cut) for mark in marks)


def link_of(folder: Path, identity: Identity) -> str | None:
    """udev's stable name of a device, by the serial number in it."""
    links = sorted(folder.glob(f"*{identity.serial_number}*"))
    return str(links[0]) if links else None


def wait_for_file(path: Path) -> None:
    """Return as soon as the device file is there."""
    wait_until(path.exists, str(path))


def wait_for_link(folder: Path, identity: Identity) -> str:
    """The stable name, as soon as udev has made it."""
    wait_until(lambda: link_of(folder, identity) is not None, f"{identity.serial_number} in {folder}")
    return str(link_of(folder, identity))


def wait_until(condition: Callable[[], bool], what: str | Callable[[], str], timeout_s: float = PATIENCE_S) -> None:
    """Return as soon as the condition holds; fail when it does not in time."""
    deadline_s = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() >= deadline_s:
            raise AssertionError(f"waited {timeout_s} s in vain for {what if isinstance(what, str) else what()}")
        time.sleep(0.02)
