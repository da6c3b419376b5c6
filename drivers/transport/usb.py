"""USB printers through libusb: no kernel driver needed, end-points found by themselves.

pyusb is imported when a line is opened, and needs the system's libusb-1.0. A bulk transfer cannot be ended from
another thread, so every one has a short time-out: a listening thread reads all the time, since a printer that nobody
reads from stops, and the writer writes small pieces. What libusb took before a time-out is counted.
"""

from __future__ import annotations

import errno
import threading
from typing import Any

from drivers.base import DeviceGone
from drivers.transport.base import Monotonic
from drivers.transport.descriptor import describe_error, open_error
from drivers.transport.printer_port import PortStatus, parse_device_id, port_status_from
from drivers.transport.usb_claim import Claim, claim_printer
from drivers.transport.usb_find import UsbName, find_printer, load_backend

WRITE_PIECE_BYTES = 4096
READ_BYTES = 4096
"""A multiple of every packet size, else a full packet would overflow the buffer."""

_WRITE_SLICE_MS = 100
_LISTEN_SLICE_MS = 400
_CONTROL_TIMEOUT_MS = 1000
_PRESENCE_EVERY_S = 1.0
_CLOSE_PATIENCE_S = 0.05
"""An ordinary close takes less; nobody waits longer for another."""
_KEPT_BYTES = 64 * 1024
"""What is kept of a printer that talks while nobody listens; the newest."""

_CLASS_REQUEST_IN = 0xA1
_GET_DEVICE_ID, _GET_PORT_STATUS = 0, 1
_DEVICE_ID_BYTES_MAX = 1023


def open_usb(name: UsbName, monotonic: Monotonic, *, backend: Any = None) -> UsbTransport:
    """Open the printer interface of the device with this name.

    Raises DeviceGone `device.absent`; DeviceError `device.no_libusb`, `device.denied`, `device.busy`,
    `device.ambiguous` when two devices have this name, `device.no_printer_port` when it has no interface of class 7
    that takes bytes, `device.open_failed`. `backend` is pyusb's, for tests.
    """
    backend = backend or load_backend()
    description = f"usb:{name}"
    device = find_printer(name, backend)
    try:
        claim = claim_printer(device, description)
    except OSError as error:
        raise open_error(description, error) from error
    return UsbTransport(claim, description, monotonic)


class UsbTransport:
    """The printer's two end-points; keeps the contract of Transport. Owns the claimed interface."""

    def __init__(self, claim: Claim, description: str, monotonic: Monotonic) -> None:
        self._claim = claim
        self._description = description
        self._monotonic = monotonic
        self._changed = threading.Condition()
        self._heard = bytearray()
        self._failure: DeviceGone | None = None
        self._woken = False
        self._closed = False
        self._listener = threading.Thread(target=self._listen, name=f"listen {description}", daemon=True)
        self._listener.start()

    @property
    def bytes_per_s(self) -> float | None:
        """USB has none that a printer keeps to."""
        return None

    def write(self, data: bytes, deadline_s: float) -> int:
        """See Transport.write."""
        taken = 0
        while taken < len(data):
            try:
                taken += self._write_piece(data[taken : taken + WRITE_PIECE_BYTES], deadline_s)
            except OSError as error:
                if taken:
                    break
                raise self._gone(error) from error
            except DeviceGone:
                if taken:
                    break
                raise
            if taken < len(data) and (self._consume_wake() or self._monotonic() >= deadline_s):
                break
        return taken

    def read(self, timeout_s: float, limit: int = 4096) -> bytes:
        """See Transport.read."""
        deadline_s = self._monotonic() + timeout_s
        with self._changed:
            while not self._heard:
                self._check_open()
                if self._failure is not None:
                    raise self._failure
                rest_s = deadline_s - self._monotonic()
                if rest_s > 0 and not self._woken:
                    self._changed.wait(rest_s)
                elif self._woken or rest_s <= 0:
                    self._woken = False
                    return b""
            data = bytes(self._heard[:limit])
            del self._heard[:limit]
            return data

    def wake(self) -> None:
        """See Transport.wake."""
        with self._changed:
            self._woken = True
            self._changed.notify_all()

    def close(self) -> None:
        """See Transport.close. A transfer under way ends within its time-out; a thread of its own waits for it."""
        with self._changed:
            if self._closed:
                return
            self._closed = True
            self._changed.notify_all()
        reaper = threading.Thread(target=self._reap, name=f"close {self._description}", daemon=True)
        reaper.start()
        reaper.join(_CLOSE_PATIENCE_S)

    def describe(self) -> str:
        """See Transport.describe."""
        return self._description

    def port_status(self) -> PortStatus | None:
        """GET_PORT_STATUS; None when the printer does not answer it. Raises DeviceGone when it went away."""
        answer = self._ask(_GET_PORT_STATUS, 0, 1)
        return port_status_from(answer[0]) if answer else None

    def device_id(self) -> dict[str, str]:
        """GET_DEVICE_ID, by short names; empty when the printer does not say."""
        return parse_device_id(self._ask(_GET_DEVICE_ID, self._claim.configuration_index, _DEVICE_ID_BYTES_MAX))

    def _write_piece(self, piece: bytes, deadline_s: float) -> int:
        from usb.core import USBTimeoutError

        self._check_open()
        rest_ms = (deadline_s - self._monotonic()) * 1000
        # libusb takes 0 as "for ever".
        timeout_ms = max(1, min(_WRITE_SLICE_MS, int(rest_ms)))
        try:
            return int(self._claim.device.write(self._claim.out_endpoint, piece, timeout_ms))
        except USBTimeoutError:
            return 0

    def _listen(self) -> None:
        """Read until the line is closed or gone."""
        while not self._closed:
            data, failure = b"", None
            try:
                data = self._hear()
            except DeviceGone as gone:
                failure = gone
            except OSError as error:
                failure = self._gone(error)
            if not data and failure is None:
                continue
            with self._changed:
                self._heard += data
                del self._heard[:-_KEPT_BYTES]
                self._failure = failure
                self._changed.notify_all()
            if failure is not None:
                return

    def _hear(self) -> bytes:
        from usb.core import USBTimeoutError

        if self._claim.in_endpoint is None:
            # Without an end-point to read from, only the port's status tells that the printer is still there.
            self._ask(_GET_PORT_STATUS, 0, 1)
            with self._changed:
                self._changed.wait_for(lambda: self._closed, _PRESENCE_EVERY_S)
            return b""
        try:
            return bytes(self._claim.device.read(self._claim.in_endpoint, READ_BYTES, _LISTEN_SLICE_MS))
        except USBTimeoutError:
            return b""

    def _ask(self, request: int, value: int, length: int) -> bytes:
        """A request of the printer class; empty when the printer knows none. A lost device raises."""
        from usb.core import USBTimeoutError

        place = (
            self._claim.interface << 8 | self._claim.alternate if request == _GET_DEVICE_ID else self._claim.interface
        )
        try:
            answer = self._claim.device.ctrl_transfer(
                _CLASS_REQUEST_IN, request, value, place, length, _CONTROL_TIMEOUT_MS
            )
        except USBTimeoutError:
            return b""
        except OSError as error:
            if error.errno == errno.EPIPE:  # a stall is how a device says that it does not know a request
                return b""
            raise self._gone(error) from error
        return bytes(answer)

    def _consume_wake(self) -> bool:
        with self._changed:
            woken, self._woken = self._woken, False
            return woken

    def _check_open(self) -> None:
        if self._closed:
            raise DeviceGone("device.closed", f"{self._description}: closed")

    def _gone(self, error: OSError) -> DeviceGone:
        return DeviceGone("device.gone", f"{self._description}: {describe_error(error)}")

    def _reap(self) -> None:
        self._listener.join()
        self._claim.give_back()
