"""The device's end of a USB cable, as the emulated devices of `drivers.emulators` know it: `Endpoint`."""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
import stat
import termios
import threading
import time
import tty
from collections.abc import Mapping
from pathlib import Path

from tests.box.guest.gadgets import Gadget, Identity
from tests.box.guest.keyboard import REPORT_BYTES, REPORT_DESCRIPTOR, reports
from tests.unit.drivers import hid_descriptors

APPEARS_S = 8.0
_PUMP_IDLE_S = 0.005
_PUMP_BYTES = 4096
_DATA_OF_A_REPORT_BYTES = 56

# linux/usb/g_printer.h: _IOWR('g', 0x22, unsigned char), with the value itself as the argument.
_GADGET_SET_PRINTER_STATUS = 0xC0016722


class NeverAppeared(OSError):
    """A device file that a plugged-in gadget has did not come."""


class GadgetEndpoint:
    """A cable with one device file behind it; what is common to printers, serial lines and keyboards."""

    def __init__(self, gadget: Gadget, path: Path) -> None:
        self.gadget = gadget
        self._path = path
        self._descriptor = -1

    @property
    def name(self) -> str:
        """The device file on the device's side."""
        return str(self._path)

    @property
    def is_open(self) -> bool:
        """Whether the cable is in."""
        return self._descriptor >= 0

    def open(self) -> None:
        """Put the cable in and take up the device file that comes with it."""
        self.gadget.plug()
        self._descriptor = _open_when_there(self._path)

    def close(self) -> None:
        """Pull the cable."""
        if self._descriptor < 0:
            return
        self.gadget.unplug()
        os.close(self._descriptor)
        self._descriptor = -1

    def fileno(self) -> int:
        """What to poll for reading."""
        return self._descriptor

    def read(self, limit: int) -> bytes:
        """Up to `limit` bytes from the host; empty when there are none or nobody is at the other end."""
        with contextlib.suppress(OSError):
            return os.read(self._descriptor, limit)
        return b""

    def write(self, data: bytes) -> None:
        """Bytes for the host; what nobody takes is lost."""
        with contextlib.suppress(OSError):
            os.write(self._descriptor, data)


class PrinterEndpoint(GadgetEndpoint):
    """USB printer class. A thread reads its device file, since poll(2) on it can hang; the station polls a socket."""

    def __init__(self, socket_number: int, identity: Identity, device_id: str) -> None:
        gadget = Gadget(socket_number, identity, "printer.it", {"pnp_string": device_id, "q_len": "10"})
        super().__init__(gadget, Path("/dev/g_printer0"))
        self._near: socket.socket | None = None
        self._pump: threading.Thread | None = None
        self._pulled = threading.Event()

    def open(self) -> None:
        """Put the cable in and begin to read."""
        super().open()
        self._pulled.clear()
        self._near, far = socket.socketpair()
        self._near.setblocking(False)
        self._pump = threading.Thread(target=self._read_on, args=(self._descriptor, far), daemon=True)
        self._pump.start()

    def close(self) -> None:
        """Pull the cable, end the reading."""
        if self._near is None or self._pump is None:
            return
        self._pulled.set()
        self._near.close()
        self._pump.join()
        self._near = None
        super().close()

    def fileno(self) -> int:
        """What to poll for reading."""
        return self._near.fileno() if self._near is not None else -1

    def read(self, limit: int) -> bytes:
        """Up to `limit` bytes from the host."""
        if self._near is None:
            return b""
        with contextlib.suppress(BlockingIOError):
            return self._near.recv(limit)
        return b""

    def set_port_status(self, value: int) -> None:
        """What GET_PORT_STATUS of the printer class answers from now on."""
        fcntl.ioctl(self._descriptor, _GADGET_SET_PRINTER_STATUS, value)

    def _read_on(self, descriptor: int, far: socket.socket) -> None:
        """Hand on what the host sends; when the station takes nothing, the host has to stop, as with a full printer."""
        with far:
            while not self._pulled.is_set():
                try:
                    data = os.read(descriptor, _PUMP_BYTES)
                except BlockingIOError:
                    data = b""
                except OSError:
                    return
                if not data:
                    time.sleep(_PUMP_IDLE_S)
                    continue
                try:
                    far.sendall(data)
                except OSError:
                    return


class SerialEndpoint(GadgetEndpoint):
    """USB CDC-ACM, what the host calls ttyACM."""

    def __init__(self, socket_number: int, identity: Identity) -> None:
        gadget = Gadget(socket_number, identity, f"acm.{socket_number}", {})
        number = (gadget.function / "port_num").read_text().strip()
        super().__init__(gadget, Path(f"/dev/ttyGS{number}"))

    def open(self) -> None:
        """Take up the line first and set it raw, so that it never echoes to the host; then put the cable in."""
        self._descriptor = _open_when_there(self._path)
        tty.setraw(self._descriptor)
        termios.tcflush(self._descriptor, termios.TCIOFLUSH)
        self.gadget.plug()


class HidEndpoint(GadgetEndpoint):
    """USB HID. Writing waits until the host has fetched the report before."""

    def __init__(self, socket_number: int, identity: Identity, attributes: Mapping[str, str | bytes]) -> None:
        gadget = Gadget(socket_number, identity, f"hid.{socket_number}", attributes)
        minor = (gadget.function / "dev").read_text().strip().partition(":")[2]
        super().__init__(gadget, Path(f"/dev/hidg{minor}"))

    def open(self) -> None:
        """Put the cable in."""
        super().open()
        os.set_blocking(self._descriptor, True)


class KeyboardEndpoint(HidEndpoint):
    """A keyboard: what is written is typed, key by key, on a layout of the United States."""

    def __init__(self, socket_number: int, identity: Identity) -> None:
        report: dict[str, str | bytes] = {"report_length": str(REPORT_BYTES), "report_desc": REPORT_DESCRIPTOR}
        super().__init__(socket_number, identity, {"protocol": "1", "subclass": "1", **report})

    def write(self, data: bytes) -> None:
        """Type it. Raises KeyError for a character that the keyboard does not have."""
        for report in reports(data.decode()):
            super().write(report)


class HidPosEndpoint(HidEndpoint):
    """A HID-POS scanner: what is written goes out in reports that say how long they are, without what ends a scan."""

    def __init__(self, socket_number: int, identity: Identity) -> None:
        report: dict[str, str | bytes] = {"report_length": "64", "report_desc": hid_descriptors.SCANNER}
        super().__init__(socket_number, identity, {"protocol": "0", "subclass": "0", **report})

    def write(self, data: bytes) -> None:
        """Send one scan."""
        rest = data.rstrip(b"\r")
        while rest:
            part, rest = rest[:_DATA_OF_A_REPORT_BYTES], rest[_DATA_OF_A_REPORT_BYTES:]
            super().write(hid_descriptors.report(part, continued=bool(rest)))


def _open_when_there(path: Path) -> int:
    deadline_s = time.monotonic() + APPEARS_S
    while True:
        # Until the kernel has made the device, nothing, or what an earlier program wrote to this name.
        with contextlib.suppress(FileNotFoundError, OSError):
            if stat.S_ISCHR(path.stat().st_mode):
                return os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_NOCTTY)
        if time.monotonic() >= deadline_s:
            raise NeverAppeared(f"{path} did not appear within {APPEARS_S} s")
        time.sleep(0.02)
