"""What `storebox device list` finds with everything plugged in, by names that survive a re-plug."""

from __future__ import annotations

from drivers import discovery
from tests.box.guest.counter import SERIAL_PRINTER, SERIAL_SCANNER, Counter
from tests.box.guest.registry import case


@case
def finds_serial_devices_by_stable_names(counter: Counter) -> None:
    """Both cdc-acm devices, by identity, with what their makers are known for."""
    found = {candidate.serial_number: candidate for candidate in discovery.serial_candidates()}
    for identity, kind in ((SERIAL_PRINTER, "printer"), (SERIAL_SCANNER, "scanner")):
        candidate = found.get(identity.serial_number)
        assert candidate is not None, f"{identity} is not among {found}"
        assert candidate.url_path.startswith("/dev/serial/by-id/usb-"), candidate
        assert identity.serial_number in candidate.url_path, candidate
        assert (candidate.suggestion, candidate.product) == (kind, identity.product), candidate


@case
def finds_the_usb_printer(counter: Counter) -> None:
    """The printer that usblp holds."""
    assert "/dev/usb/lp0" in discovery.usb_printers(), discovery.usb_printers()
