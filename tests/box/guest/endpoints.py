"""The device's end of a USB cable, as the emulated devices of `drivers.emulators` know it: `Endpoint`."""

from __future__ import annotations

import contextlib
import os
import socket
import stat
import termios
import threading
import time
import tty
from pathlib import Path

from tests.box.guest.gadgets import Gadget, Identity
from tests.box.guest.keyboard import REPORT_BYTES, REPORT_DESCRIPTOR, reports

APPEARS_S = 8.0
_PUMP_IDLE_S = 0.005
_PUMP_BYTES = 4096


class NeverAppeared(OSError):
    """A device file that a plugged-in gadget has did not come."""


class GadgetEndpoint:
    """A cable with one device file behind it; what is common to printers, serial lines and keyboards."""

    def __init__(self, gadget: Gadget, path: Path) -> None:
        self._gadget = gadget
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
        self._gadget.plug()
        self._descriptor = _open_when_there(self._path)

    def close(self) -> None:
        """Pull the cable."""
        if self._descriptor < 0:
            return
        self._gadget.unplug()
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
        gadget = Gadget(socket_number, identity, f"acm.{identity.serial_number}", {})
        number = (gadget.function / "port_num").read_text().strip()
        super().__init__(gadget, Path(f"/dev/ttyGS{number}"))

    def open(self) -> None:
        """Take up the line first and set it raw, so that it never echoes to the host; then put the cable in."""
        self._descriptor = _open_when_there(self._path)
        tty.setraw(self._descriptor)
        termios.tcflush(self._descriptor, termios.TCIOFLUSH)
        self._gadget.plug()


class KeyboardEndpoint(GadgetEndpoint):
    """USB HID keyboard: what is written is typed, key by key, on a keyboard of the United States."""

    def __init__(self, socket_number: int, identity: Identity) -> None:
        attributes: dict[str, str | bytes] = {
            "protocol": "1",
            "subclass": "1",
            "report_length": str(REPORT_BYTES),
            "report_desc": REPORT_DESCRIPTOR,
        }
        super().__init__(Gadget(socket_number, identity, "hid.it", attributes), Path("/dev/hidg0"))

    def open(self) -> None:
        """Put the cable in; writing waits for the host to fetch each report."""
        super().open()
        os.set_blocking(self._descriptor, True)

    def write(self, data: bytes) -> None:
        """Type it. Raises KeyError for a character that the keyboard does not have."""
        for report in reports(data.decode()):
            super().write(report)


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
