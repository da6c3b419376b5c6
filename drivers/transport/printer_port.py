"""What the port of a USB printer tells without the printer's command language: its device ID and three status bits.

IEEE 1284 device IDs and the port status are those of the USB Device Class Definition for Printing Devices 1.1, 4.2.
Cheap printers answer both from their USB chip, so "no paper" is a hint and "paper" proves nothing.
"""

from __future__ import annotations

import fcntl
import struct
from dataclasses import dataclass
from typing import Protocol, TypeGuard, runtime_checkable

_LPGETSTATUS = 0x060B
"""linux/lp.h; usblp answers it from GET_PORT_STATUS."""

_PAPER_EMPTY, _SELECTED, _NO_ERROR = 0x20, 0x10, 0x08
_LENGTH_BYTES = 2
_LONG_NAMES = {"MANUFACTURER": "MFG", "MODEL": "MDL", "COMMAND SET": "CMD", "SERIALNUMBER": "SN", "SERN": "SN"}


@dataclass(frozen=True, slots=True)
class PortStatus:
    """The three bits of a printer port."""

    paper_empty: bool
    selected: bool
    error: bool


def port_status_from(value: int) -> PortStatus:
    """Read the byte that GET_PORT_STATUS and LPGETSTATUS give."""
    return PortStatus(bool(value & _PAPER_EMPTY), bool(value & _SELECTED), not value & _NO_ERROR)


def usblp_port_status(descriptor: int) -> PortStatus | None:
    """Ask through the kernel's usblp; None when the descriptor is no usblp or the printer does not say."""
    answer = bytearray(struct.calcsize("i"))
    try:
        fcntl.ioctl(descriptor, _LPGETSTATUS, answer)
    except OSError:
        return None
    (value,) = struct.unpack("i", answer)
    return port_status_from(value)


def parse_device_id(data: bytes) -> dict[str, str]:
    """The keys of a device ID, `MFG:EPSON;CMD:ESC/POS;MDL:TM-T88V;`, under their short names.

    Takes it with or without its two bytes of length; keys are upper case; what is no pair is left out.
    """
    # A length of two bytes is below 1024 or so, hence begins with a control character; a key never does.
    text = data[_LENGTH_BYTES:] if data[:1] < b" " and len(data) > _LENGTH_BYTES else data
    pairs = (part.partition(":") for part in text.decode("ascii", "replace").strip("\0 \n").split(";"))
    found: dict[str, str] = {}
    for key, colon, value in pairs:
        name = key.strip().upper()
        if colon and name:
            found.setdefault(_LONG_NAMES.get(name, name), value.strip())
    return found


@runtime_checkable
class PrinterPort(Protocol):
    """A line whose port has a status of its own."""

    def port_status(self) -> PortStatus | None:
        """The three bits now; None when the printer does not say. Raises DeviceGone when it went away."""


def has_port_status(line: object) -> TypeGuard[PrinterPort]:
    """Whether this line has one."""
    return isinstance(line, PrinterPort)
