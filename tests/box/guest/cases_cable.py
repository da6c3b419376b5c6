"""Cables with a loose contact and cables put into another socket."""

from __future__ import annotations

import os

from drivers.base import DeviceState
from drivers.emulators.station import Served
from tests.box.guest.cases_printer import MODEL, expect_printed, serial_url, usblp_url
from tests.box.guest.cases_scanner import PAYMENT, keyboard_url, serial_link
from tests.box.guest.counter import SPARE_SOCKET, Counter, obey
from tests.box.guest.registry import case
from tests.box.guest.watched import our_printer, our_scanner
from tests.unit.drivers.shop import slip

_CONTACTS = 5


@case
def loose_contact_over_usblp(counter: Counter) -> None:
    """In and out faster than anybody can follow; once it stays in, the next slip prints."""
    with our_printer(usblp_url(), MODEL) as printer:
        _shake(counter.printer, "unplug", "plug")
        expect_printed(printer.print_when_ready(slip(), "shk1"))


@case
def loose_contact_over_cdc_acm(counter: Counter) -> None:
    """The same with a printer and a scanner on USB serial lines."""
    with our_printer(serial_url(), MODEL) as printer, our_scanner(f"serial:{serial_link()}") as scanner:
        scanner.wait_for_state(DeviceState.READY)
        _shake(counter.serial_printer, "unplug", "plug")
        _shake(counter.scanner, "!unplug", "!plug")
        expect_printed(printer.print_when_ready(slip(), "shk2"))
        scanner.scan_when_ready(lambda: obey(counter.scanner, PAYMENT), PAYMENT)


@case
def loose_contact_over_hid(counter: Counter) -> None:
    """The same with a scanner that is a keyboard: it is grabbed again."""
    with our_scanner(keyboard_url()) as scanner:
        scanner.wait_for_state(DeviceState.READY)
        _shake(counter.keyboard, "!unplug", "!plug")
        scanner.scan_when_ready(lambda: obey(counter.keyboard, PAYMENT), PAYMENT)


@case
def another_socket_over_cdc_acm(counter: Counter) -> None:
    """Somebody tidies up the cables: the name by identity leads to the scanner in whichever socket it is."""
    link = serial_link()
    home = counter.scanner_cable.gadget.socket
    with our_scanner(f"serial:{link}") as scanner:
        scanner.wait_for_state(DeviceState.READY)
        before = _port(link)
        obey(counter.scanner, "!unplug")
        scanner.wait_for("scanner.lost")
        counter.scanner_cable.gadget.socket = SPARE_SOCKET
        try:
            obey(counter.scanner, "!plug")
            scanner.wait_for("scanner.ready", 2)
            obey(counter.scanner, PAYMENT)
            scanner.wait_for_scans(PAYMENT)
            assert _port(link) != before, "the scanner is in the same socket: this case shows nothing"
        finally:
            obey(counter.scanner, "!unplug")
            counter.scanner_cable.gadget.socket = home


def _port(link: str) -> str:
    """The port's name in sysfs of the device that a link to a tty leads to."""
    return os.path.realpath(f"/sys/class/tty/{os.path.basename(os.path.realpath(link))}/device").split("/")[-2]


def _shake(device: Served, out: str, back: str) -> None:
    for _ in range(_CONTACTS):
        obey(device, out)
        obey(device, back)
