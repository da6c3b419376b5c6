"""Receipts through the kernel's printer class driver, through libusb and through cdc-acm, with the cable pulled."""

from __future__ import annotations

import time
from pathlib import Path

from drivers.base import DeviceState
from drivers.emulators.printer_station import ServedPrinter
from drivers.printer.encoder import VOID_LINES
from drivers.printer.job import PrintOutcome, PrintResult
from drivers.transport.printer_port import PortStatus, has_port_status, parse_device_id
from drivers.transport.usb import UsbTransport
from tests.box.guest.counter import (
    DEVICE_ID,
    NAMES_BY_RULE,
    PATIENCE_S,
    PRINTER,
    SERIAL_LINKS,
    SERIAL_PRINTER,
    Counter,
    obey,
    paper_since,
    wait_for_file,
    wait_for_link,
    wait_until,
)
from tests.box.guest.registry import case
from tests.box.guest.watched import expect_refusal, opened, our_printer
from tests.unit.drivers.shop import PROFILES, slip

LIBUSB_URL = f"usb:{PRINTER.vendor_id}:{PRINTER.product_id}"
MODEL = PROFILES["tm-t88"]
VOID = VOID_LINES["zh-CN"][:4]
ITEMS = 5
_WELL, _PAPER_EMPTY = 0x18, 0x20
LAST_WORDS = "本小票是购物凭证"


def usblp_url() -> str:
    """The printer that usblp holds by the name that our rule for udev gives it."""
    wait_until(lambda: any(NAMES_BY_RULE.glob("printer-*")), f"a printer in {NAMES_BY_RULE}")
    return f"file:{next(NAMES_BY_RULE.glob('printer-*'))}"


def serial_url() -> str:
    """The printer on cdc-acm by its stable name."""
    return f"serial:{wait_for_link(SERIAL_LINKS, SERIAL_PRINTER)}?baud=115200"


def expect_printed(result: PrintResult) -> None:
    """The printer gave its word."""
    assert result.outcome is PrintOutcome.PRINTED, result


@case
def receipt_over_usblp(counter: Counter) -> None:
    """The printer's own word comes back through usblp, and the paper has it all once."""
    _prints_one_receipt(usblp_url(), counter.printer)


@case
def receipt_over_cdc_acm(counter: Counter) -> None:
    """The same over a USB serial line that udev named."""
    _prints_one_receipt(serial_url(), counter.serial_printer)


@case
def unplug_in_the_middle_over_usblp(counter: Counter) -> None:
    """A slip that the cable cut off is unconfirmed, and the next prints without a restart of anything."""
    _survives_unplugging(usblp_url(), counter.printer)


@case
def unplug_in_the_middle_over_cdc_acm(counter: Counter) -> None:
    """The same over a USB serial line."""
    _survives_unplugging(serial_url(), counter.serial_printer)


@case
def unplug_while_idle_over_usblp(counter: Counter) -> None:
    """Nobody prints, the cable goes and comes: lost, then ready; what is printed meanwhile never started."""
    with our_printer(usblp_url(), MODEL) as printer:
        obey(counter.printer, "unplug")
        printer.wait_for("printer.lost")
        refused = printer.print(slip(ITEMS), "idle")
        assert (refused.outcome, refused.bytes_written) == (PrintOutcome.NOT_STARTED, 0), refused
        obey(counter.printer, "plug")
        printer.wait_for_state(DeviceState.READY)
        expect_printed(printer.print(slip(ITEMS), "IDLE"))


@case
def paper_out_over_usblp(counter: Counter) -> None:
    """Paper ends in the middle: the job waits for people, then ends as printed, and nothing is sent twice."""
    start = len(counter.printer.printer.marks)
    with our_printer(usblp_url(), MODEL) as printer:
        obey(counter.printer, "paper out at 300")
        ends = printer.begin(slip(ITEMS), "ppr1")
        printer.wait_for("printer.paper_out")
        assert not ends.done(), f"ended without paper: {ends.result()}"
        obey(counter.printer, "paper ok")
        expect_printed(ends.result(PATIENCE_S))
    _expect_one_receipt(counter.printer, start)


@case
def port_status_over_usblp_and_libusb(counter: Counter) -> None:
    """The three bits of the printer class come through the kernel's driver and around it; its name through libusb."""
    for url in (usblp_url(), LIBUSB_URL):
        with opened(url) as line:
            assert has_port_status(line), f"{url} has no port status"
            counter.as_root(lambda: counter.printer_cable.set_port_status(_WELL))
            assert line.port_status() == PortStatus(paper_empty=False, selected=True, error=False), line.port_status()
            counter.as_root(lambda: counter.printer_cable.set_port_status(_WELL | _PAPER_EMPTY))
            assert line.port_status() == PortStatus(paper_empty=True, selected=True, error=False), line.port_status()
            counter.as_root(lambda: counter.printer_cable.set_port_status(_WELL))
            if isinstance(line, UsbTransport):
                assert line.device_id() == parse_device_id(DEVICE_ID.encode()), line.device_id()


@case
def receipt_over_libusb(counter: Counter) -> None:
    """libusb takes the printer from usblp, finds its end-points, and the printer's word comes back."""
    _prints_one_receipt(LIBUSB_URL, counter.printer)


@case
def unplug_in_the_middle_over_libusb(counter: Counter) -> None:
    """The cable cuts a slip off; the printer is found again at another address of the bus."""
    _survives_unplugging(LIBUSB_URL, counter.printer)


@case
def libusb_tells_printers_apart(counter: Counter) -> None:
    """By serial number, and by the port that the printer is in; a wrong one is absent, not the next best printer."""
    port = Path("/sys/class/usbmisc/lp0/device").resolve().parent.name
    for name in (f"serial={PRINTER.serial_number}", f"port={port}"):
        with opened(f"{LIBUSB_URL}?{name}") as line:
            assert line.write(b"\n", time.monotonic() + 1.0) == 1, name
    for name in ("serial=OTHER", "port=9-1"):
        expect_refusal(f"{LIBUSB_URL}?{name}", "device.absent")


@case
def usblp_has_the_printer_again_after_libusb(counter: Counter) -> None:
    """Whoever used libusb gives the printer back to the kernel's driver without a re-plug."""
    with our_printer(LIBUSB_URL, MODEL) as printer:
        expect_printed(printer.print(slip(ITEMS), "give"))
    wait_for_file(Path("/dev/usb/lp0"))
    _prints_one_receipt(usblp_url(), counter.printer)


def _prints_one_receipt(url: str, emulated: ServedPrinter) -> None:
    start = len(emulated.printer.marks)
    with our_printer(url, MODEL) as printer:
        expect_printed(printer.print(slip(ITEMS), "one1"))
        assert printer.device.identity().title == "EPSON TM-T82III", printer.device.identity()
    _expect_one_receipt(emulated, start)


def _survives_unplugging(url: str, emulated: ServedPrinter) -> None:
    start = len(emulated.printer.marks)
    with our_printer(url, MODEL) as printer:
        obey(emulated, "unplug at 300")
        cut_off = printer.print(slip(ITEMS), "cut1")
        assert cut_off.outcome is PrintOutcome.UNCONFIRMED, cut_off
        printer.wait_for("printer.lost")
        lines, cuts = paper_since(emulated, start)
        assert cuts == 0 and not any(LAST_WORDS in line for line in lines), f"printed on without a cable: {lines}"
        obey(emulated, "plug")
        printer.wait_for_state(DeviceState.READY)
        expect_printed(printer.print(slip(ITEMS), "nxt1", void_predecessor=True))
    lines, _ = paper_since(emulated, start)
    void = [number for number, line in enumerate(lines) if VOID in line]
    assert len(void) == 1, f"the cut-off slip is not void: {lines}"
    assert sum(LAST_WORDS in line for line in lines[void[0] :]) == 1, f"the next slip is not whole: {lines}"


def _expect_one_receipt(emulated: ServedPrinter, start: int) -> None:
    lines, cuts = paper_since(emulated, start)
    items = [line for line in lines if "小炒黄牛肉" in line]
    last_words = [line for line in lines if LAST_WORDS in line]
    assert (len(items), len(last_words), cuts) == (ITEMS, 1, 1), f"{cuts} cuts, paper: {lines}"
    assert emulated.printer.unknown_bytes == 0, emulated.printer.describe()
