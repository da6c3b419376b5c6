"""A HID-POS scanner as a line of bytes: reports of the kernel's hidraw driver, each read whole.

Nothing is typed and nothing has to be grabbed: Linux makes no keyboard of such a device.
"""

from __future__ import annotations

import fcntl
import os
import struct

from drivers.base import DeviceError, DeviceGone
from drivers.transport.base import Monotonic
from drivers.transport.descriptor import DescriptorTransport, leads_to, open_error
from drivers.transport.evdev import EventSource
from drivers.transport.hid_report import DESCRIPTOR_BYTES_MAX, ScanReport, scan_report, text_of

# linux/hidraw.h: _IOR('H', 1, int) and _IOR('H', 2, struct { __u32 size; __u8 value[4096]; })
_HIDIOCGRDESCSIZE = 0x80044801
_HIDIOCGRDESC = 0x90044802
_SIZE = struct.Struct("=I")
_REPORT_BYTES_MAX = 4096


class HidrawTransport:
    """A read-only Transport: reports in, characters out, each scan ended by a carriage return."""

    def __init__(self, source: EventSource, layout: ScanReport, monotonic: Monotonic) -> None:
        self._source = source
        self._layout = layout
        self._monotonic = monotonic
        self._ready = bytearray()
        self._closed = False

    @property
    def bytes_per_s(self) -> float | None:
        """A report comes whole; the line has no rate."""
        return None

    def write(self, data: bytes, deadline_s: float) -> int:
        """Return 0: reports to the scanner differ by maker. Whether it is still there is what `read` tells."""
        if self._closed:
            raise DeviceGone("device.closed", f"{self.describe()}: closed")
        return 0

    def read(self, timeout_s: float, limit: int = 4096) -> bytes:
        """See Transport.read; waits on over reports that are no scans."""
        deadline_s = self._monotonic() + timeout_s
        wait_s = timeout_s
        while not self._ready:
            report = self._source.read(wait_s, _REPORT_BYTES_MAX)
            if not report:
                return b""
            self._ready += text_of(report, self._layout)
            wait_s = max(0.0, deadline_s - self._monotonic())
        data = bytes(self._ready[:limit])
        del self._ready[:limit]
        return data

    def wake(self) -> None:
        """See Transport.wake."""
        self._source.wake()

    def close(self) -> None:
        """See Transport.close."""
        self._closed = True
        self._source.close()

    def describe(self) -> str:
        """See Transport.describe."""
        return self._source.describe()


def open_hidraw(path: str, monotonic: Monotonic) -> HidrawTransport:
    """Open a hidraw device and read from its descriptor where scans stand in its reports.

    Raises DeviceGone `device.absent`; DeviceError `device.denied`, `device.busy`, `device.wrong_kind` (no scanner),
    `device.open_failed`.
    """
    description = f"hid:{path}"
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise open_error(description, error) from error
    try:
        layout = scan_report(_report_descriptor(descriptor))
        device_number = os.fstat(descriptor).st_rdev
    except OSError as error:
        os.close(descriptor)
        raise open_error(description, error) from error
    if layout is None:
        os.close(descriptor)
        raise DeviceError("device.wrong_kind", f"{description}: no bar code scanner (HID usage page 8C)")
    source = DescriptorTransport(
        descriptor,
        description,
        monotonic,
        close=lambda: os.close(descriptor),
        still_there=lambda: leads_to(path, device_number),
    )
    return HidrawTransport(source, layout, monotonic)


def _report_descriptor(descriptor: int) -> bytes:
    size = bytearray(_SIZE.size)
    fcntl.ioctl(descriptor, _HIDIOCGRDESCSIZE, size)
    count = min(_SIZE.unpack(size)[0], DESCRIPTOR_BYTES_MAX)
    described = bytearray(_SIZE.pack(count) + bytes(DESCRIPTOR_BYTES_MAX))
    fcntl.ioctl(descriptor, _HIDIOCGRDESC, described)
    return bytes(described[_SIZE.size : _SIZE.size + count])
