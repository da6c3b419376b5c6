"""Serial lines: pyserial opens and configures, reading and writing are our own.

pyserial's own read and write lose count on time-outs and raise three kinds of error for one unplugged cable;
its open and termios set-up are what years of adapters have taught it. Linux has no DTR/DSR flow control: wire
the printer's DTR to CTS and use rtscts=1, or use xonxoff=1. Works on a pty, which has no modem lines.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import struct
import termios

import serial

from drivers.transport.base import Monotonic
from drivers.transport.descriptor import GONE_ERRORS, DescriptorTransport, leads_to, open_error

BITS_PER_BYTE = 10
"""8N1: a start bit, eight of data, a stop bit."""

# linux/serial.h: in struct serial_struct only members of fixed width stand before closing_wait, so its place is
# the same on every machine; the buffer is larger than the structure anywhere.
_SERIAL_STRUCT_ROOM_BYTES = 128
_CLOSING_WAIT_OFFSET_BYTES = 40
_CLOSING_WAIT_NONE = 65535
_TIOCGSERIAL = 0x541E
_TIOCSSERIAL = 0x541F

_PTY_MAJORS = range(136, 144)
"""UNIX98_PTY_SLAVE_MAJOR and its seven successors (linux/major.h)."""


def open_serial(
    path: str, monotonic: Monotonic, *, baud: int = 9600, rtscts: bool = False, xonxoff: bool = False
) -> DescriptorTransport:
    """Open the line raw, 8N1, for nobody else. Raises DeviceGone `device.absent`, or DeviceError with
    `device.denied`, `device.busy` or `device.open_failed`; all are worth a retry.
    """
    description = f"serial:{path}?baud={baud}"
    try:
        port = serial.Serial(path, baud, timeout=0, write_timeout=0, rtscts=rtscts, xonxoff=xonxoff, exclusive=True)
    except (*GONE_ERRORS, ValueError) as error:
        raise open_error(description, error) from error
    try:
        descriptor: int = port.fileno()
        device_number = os.fstat(descriptor).st_rdev
        _prepare(port, descriptor, device_number)
    except GONE_ERRORS as error:
        port.close()
        raise open_error(description, error) from error

    def close() -> None:
        _stop_waiting_for_output(descriptor)
        port.close()

    return DescriptorTransport(
        descriptor,
        description,
        monotonic,
        close=close,
        bytes_per_s=baud / BITS_PER_BYTE,
        still_there=lambda: leads_to(path, device_number),
    )


def _prepare(port: serial.Serial, descriptor: int, device_number: int) -> None:
    os.set_blocking(descriptor, False)
    if os.major(device_number) not in _PTY_MAJORS:
        # flock stops only those who ask; TIOCEXCL stops the rest. A pty would keep the mark after our death
        # for as long as its master lives, and shut us out of it.
        fcntl.ioctl(descriptor, termios.TIOCEXCL)
    with contextlib.suppress(OSError, ValueError, NotImplementedError):
        # FTDI chips hold single bytes back for 16 ms unless asked; other lines do not know the request.
        port.set_low_latency_mode(True)


def _stop_waiting_for_output(descriptor: int) -> None:
    """Ask close(2) not to wait 30 s for a printer that reads nothing; needs CAP_SYS_ADMIN, so may be refused."""
    with contextlib.suppress(*GONE_ERRORS):
        settings = bytearray(_SERIAL_STRUCT_ROOM_BYTES)
        fcntl.ioctl(descriptor, _TIOCGSERIAL, settings)
        struct.pack_into("H", settings, _CLOSING_WAIT_OFFSET_BYTES, _CLOSING_WAIT_NONE)
        fcntl.ioctl(descriptor, _TIOCSSERIAL, settings)
