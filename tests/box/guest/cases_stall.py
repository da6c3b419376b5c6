"""A printer on cdc-acm that takes no more bytes: the kernel holds close(2) up for half a minute, nobody else waits.

Only root may tell a tty not to wait for its output (TIOCSSERIAL with another closing_wait), and a box is not root, so
here the wait is real.
"""

from __future__ import annotations

import threading
import time
from dataclasses import replace

from drivers.base import DeviceState
from drivers.printer.job import PrintOutcome
from drivers.registry import open_transport
from drivers.transport.base import Transport
from tests.box.guest.cases_printer import MODEL, expect_printed, serial_url, usblp_url
from tests.box.guest.counter import PATIENCE_S, Counter, obey, paper_since, wait_until
from tests.box.guest.registry import case
from tests.box.guest.watched import opened, our_printer
from tests.unit.drivers.shop import slip

SLACK_S = 0.2
"""What a caller may wait beyond its patience."""
KERNEL_CLOSE_S = 30.0
"""closing_wait of a tty that nobody changed (struct tty_port, drivers/tty/tty_port.c)."""

STOP_S = 2.5
"""What a device may take to stop, whatever its line does."""

_ROUND_BYTES = 4096
_LONG_SLIP_ITEMS = 900


@case
def a_stalled_slip_is_unconfirmed_in_time(counter: Counter) -> None:
    """The kernel takes what it gets, the printer prints none of it: that is no printed slip, and nobody waits without
    end, also not while the kernel still waits for the line. Pulling the cable ends its wait.
    """
    model = replace(MODEL, line_s=0.0001)
    with our_printer(serial_url(), model, patience_s=2.0) as printer:
        obey(counter.serial_printer, "xoff")
        result = printer.print(slip(_LONG_SLIP_ITEMS), "long")
        assert result.outcome is PrintOutcome.UNCONFIRMED, result
        assert result.code in ("printer.silent", "printer.stalled"), result
        began_s = time.monotonic()
    assert time.monotonic() - began_s < STOP_S, "stop() waited for a printer that takes nothing"
    with opened(serial_url()) as line:
        _fill(line)
    assert _closing(), "the kernel did not wait: this case shows nothing"
    _stop_is_quick_while_the_line_is_closing(serial_url())
    obey(counter.serial_printer, "unplug")
    wait_until(lambda: not _closing(), "close(2) to end with the cable pulled")


@case
def a_stalled_slip_over_usblp_is_unconfirmed(counter: Counter) -> None:
    """usblp holds no close(2) up: what it still had is lost with it, and the next slip prints when the printer does."""
    with our_printer(usblp_url(), replace(MODEL, line_s=0.0001), patience_s=2.0) as printer:
        obey(counter.printer, "xoff")
        result = printer.print(slip(_LONG_SLIP_ITEMS), "long")
        assert result.outcome is PrintOutcome.UNCONFIRMED, result
        began_s = time.monotonic()
    assert time.monotonic() - began_s < STOP_S, "stop() waited for a printer that takes nothing"
    obey(counter.printer, "clear")
    with our_printer(usblp_url(), MODEL) as printer:
        expect_printed(printer.print_when_ready(slip(), "aftr"))


@case
def a_stalled_close_holds_up_nobody(counter: Counter) -> None:
    """write() and close() come back in time, the kernel's wait ends behind them, then the line opens and prints."""
    url = serial_url()
    obey(counter.serial_printer, "xoff")
    line = open_transport(url, time.monotonic)
    _fill(line)
    patience_s = 0.5
    began_s = time.monotonic()
    line.write(bytes(_ROUND_BYTES), began_s + patience_s)
    waited_s = time.monotonic() - began_s
    assert waited_s < patience_s + SLACK_S, f"write() came back after {waited_s:.2f} s, allowed were {patience_s}"

    began_s = time.monotonic()
    line.close()
    waited_s = time.monotonic() - began_s
    assert waited_s < 2 * SLACK_S, f"close() came back after {waited_s:.2f} s"
    assert _closing(), "the kernel did not wait: this case shows nothing"

    wait_until(lambda: not _closing(), "the kernel's close(2) to end", KERNEL_CLOSE_S + PATIENCE_S)
    closed_s = time.monotonic() - began_s
    assert closed_s > KERNEL_CLOSE_S / 2, f"close(2) took {closed_s:.1f} s: this case shows nothing"

    obey(counter.serial_printer, "clear")
    start = len(counter.serial_printer.printer.marks)
    with our_printer(url, MODEL) as printer:
        expect_printed(printer.print_when_ready(slip(), "aftr", void_predecessor=True))
    lines, cuts = paper_since(counter.serial_printer, start)
    assert cuts >= 1 and any("小炒黄牛肉4" in line for line in lines), lines


def _fill(line: Transport) -> None:
    """Write until the line takes nothing for a second."""
    while line.write(b"\n" * _ROUND_BYTES, time.monotonic() + 1.0):
        continue


def _stop_is_quick_while_the_line_is_closing(url: str) -> None:
    """open(2) waits for a close(2) under way, without regard to O_NONBLOCK; the device's own thread bears that."""
    with our_printer(url, MODEL, connected=False) as printer:
        wait_until(lambda: printer.device.state is DeviceState.OPENING, "the device to open its line")
        began_s = time.monotonic()
    assert time.monotonic() - began_s < STOP_S, "stop() waited for a port that is closing"


def _closing() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("close serial:")]
