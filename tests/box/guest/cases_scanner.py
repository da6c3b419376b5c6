"""Scanners on cdc-acm and as HID keyboards, with the cable pulled and the number of the device changed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from drivers.base import DeviceState
from tests.box.guest.cases_discovery import url_of
from tests.box.guest.counter import (
    INPUT_LINKS,
    KEYBOARD_SCANNER,
    POS_SCANNER,
    SERIAL_LINKS,
    SERIAL_SCANNER,
    Counter,
    obey,
    wait_for_link,
    wait_until,
)
from tests.box.guest.registry import case
from tests.box.guest.watched import our_scanner

CHINESE = "花园便利店 6901234567892"
LONG = "HTTPS://PAY.EXAMPLE/" + "0123456789" * 20
PAYMENT = "HTTPS://PAY.EXAMPLE/Q?t=42&k=a_B"


def serial_link() -> str:
    """The scanner on cdc-acm by its stable name."""
    return wait_for_link(SERIAL_LINKS, SERIAL_SCANNER)


def keyboard_url() -> str:
    """The scanner that is a keyboard by its stable name."""
    return f"hid:{wait_for_link(INPUT_LINKS, KEYBOARD_SCANNER)}"


@case
def scans_over_cdc_acm(counter: Counter) -> None:
    """Each scan once, whole, Chinese as it is."""
    with our_scanner(f"serial:{serial_link()}") as scanner:
        scanner.wait_for_state(DeviceState.READY)
        obey(counter.scanner, CHINESE)
        scanner.wait_for_scans(CHINESE)
        obey(counter.scanner, PAYMENT)
        scanner.wait_for_scans(CHINESE, PAYMENT)


@case
def replug_under_another_number_over_cdc_acm(counter: Counter) -> None:
    """Somebody holds the old ttyACM open, so the scanner comes back under another; its stable name leads there."""
    link = serial_link()
    with our_scanner(f"serial:{link}") as scanner:
        scanner.wait_for_state(DeviceState.READY)
        before = os.path.realpath(link)
        with _held_open(counter, before):
            obey(counter.scanner, "!unplug")
            scanner.wait_for("scanner.lost")
            obey(counter.scanner, "!plug")
            wait_until(lambda: os.path.realpath(link) not in (before, link), f"{link} to lead to another device")
            scanner.wait_for("scanner.ready", 2)
            obey(counter.scanner, CHINESE)
            scanner.wait_for_scans(CHINESE)


@case
def unplug_in_the_middle_of_a_scan_over_cdc_acm(counter: Counter) -> None:
    """Half a scan is no scan, and does not stick to the next one."""
    with our_scanner(f"serial:{serial_link()}") as scanner:
        scanner.wait_for_state(DeviceState.READY)
        counter.as_root(lambda: counter.scanner_cable.write(b"69012345"))
        obey(counter.scanner, "!unplug")
        scanner.wait_for("scanner.lost")
        obey(counter.scanner, "!plug")
        scanner.wait_for("scanner.ready", 2)
        obey(counter.scanner, PAYMENT)
        scanner.wait_for_scans(PAYMENT)


@case
def a_second_owner_of_a_serial_line_is_refused(counter: Counter) -> None:
    """Two programs on one line would each get half of the scans."""
    url = f"serial:{serial_link()}"
    with our_scanner(url) as scanner:
        scanner.wait_for_state(DeviceState.READY)
        with our_scanner(url, "scanner2") as second:
            second.wait_for("scanner.busy")
            obey(counter.scanner, PAYMENT)
            scanner.wait_for_scans(PAYMENT)
            assert not second.scans, second.scans


@case
def scans_over_hid(counter: Counter) -> None:
    """Keys come back as the text that was scanned, with both cases and the signs of a payment link."""
    with our_scanner(keyboard_url()) as scanner:
        scanner.wait_for_state(DeviceState.READY)
        obey(counter.keyboard, PAYMENT)
        scanner.wait_for_scans(PAYMENT)


@case
def a_grabbed_keyboard_types_nowhere_else(counter: Counter) -> None:
    """While we have it, nobody else reads a key from it; afterwards they do again."""
    url = keyboard_url()
    with _other_reader(counter, url.partition(":")[2]) as others:
        with our_scanner(url) as scanner:
            scanner.wait_for_state(DeviceState.READY)
            obey(counter.keyboard, PAYMENT)
            scanner.wait_for_scans(PAYMENT)
            assert not _events(others), "keys of a grabbed scanner reached another reader"
        obey(counter.keyboard, "1")
        wait_until(lambda: bool(_events(others)), "keys after the grab ended")


@case
def a_second_grab_is_refused(counter: Counter) -> None:
    """Two programs with one scanner: the first keeps it, the second says that it is busy."""
    url = keyboard_url()
    with our_scanner(url) as scanner:
        scanner.wait_for_state(DeviceState.READY)
        with our_scanner(url, "scanner2") as second:
            second.wait_for("scanner.busy")
            obey(counter.keyboard, PAYMENT)
            scanner.wait_for_scans(PAYMENT)


@case
def replug_over_hid(counter: Counter) -> None:
    """The keyboard goes and comes; it is grabbed again, and half a scan from before is none."""
    with our_scanner(keyboard_url()) as scanner:
        scanner.wait_for_state(DeviceState.READY)
        counter.as_root(lambda: counter.keyboard_cable.write(b"6901"))
        obey(counter.keyboard, "!unplug")
        scanner.wait_for("scanner.lost")
        obey(counter.keyboard, "!plug")
        scanner.wait_for("scanner.ready", 2)
        obey(counter.keyboard, PAYMENT)
        scanner.wait_for_scans(PAYMENT)


@case
def scans_over_hid_pos(counter: Counter) -> None:
    """Reports of a HID-POS scanner: a short scan, and one that goes on over several reports."""
    with our_scanner(url_of(POS_SCANNER)) as scanner:
        scanner.wait_for_state(DeviceState.READY)
        obey(counter.pos_scanner, CHINESE)
        scanner.wait_for_scans(CHINESE)
        obey(counter.pos_scanner, LONG)
        scanner.wait_for_scans(CHINESE, LONG)


@case
def replug_over_hid_pos(counter: Counter) -> None:
    """It goes and comes, under another number of hidraw or the same."""
    with our_scanner(url_of(POS_SCANNER)) as scanner:
        scanner.wait_for_state(DeviceState.READY)
        obey(counter.pos_scanner, "!unplug")
        scanner.wait_for("scanner.lost")
        obey(counter.pos_scanner, "!plug")
        scanner.wait_for("scanner.ready", 2)
        obey(counter.pos_scanner, LONG)
        scanner.wait_for_scans(LONG)


@contextmanager
def _held_open(counter: Counter, path: str) -> Iterator[None]:
    """Another program of root's that has the device open and reads nothing."""
    descriptor = counter.as_root(lambda: os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY))
    try:
        yield
    finally:
        os.close(descriptor)


@contextmanager
def _other_reader(counter: Counter, path: str) -> Iterator[int]:
    """Another program that reads the input device, as a desktop would."""
    descriptor = counter.as_root(lambda: os.open(path, os.O_RDONLY | os.O_NONBLOCK))
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _events(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 4096)
    except BlockingIOError:
        return b""
