"""A HID-POS scanner as a line of bytes: reports of the kernel's hidraw driver, each read whole.

Nothing is typed and nothing has to be grabbed: Linux makes no keyboard of such a device.
"""

from __future__ import annotations

import fcntl
import os
import struct

from drivers.base import DeviceError
from drivers.transport.base import Monotonic
from drivers.transport.descriptor import DescriptorTransport, leads_to, open_error
from drivers.transport.hid_report import DESCRIPTOR_BYTES_MAX, ScanReport, scan_report, text_of
from drivers.transport.translated import Source, TranslatedTransport

# linux/hidraw.h: _IOR('H', 1, int) and _IOR('H', 2, struct { __u32 size; __u8 value[4096]; })
_HIDIOCGRDESCSIZE = 0x80044801
_HIDIOCGRDESC = 0x90044802
_SIZE = struct.Struct("=I")
_REPORT_BYTES_MAX = 4096


def open_hidraw(path: str, monotonic: Monotonic) -> TranslatedTransport:
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
    return scans(source, layout, monotonic)


def scans(source: Source, layout: ScanReport, monotonic: Monotonic) -> TranslatedTransport:
    """A line of what stands in the reports of `source`, each scan ended by a carriage return."""
    return TranslatedTransport(source, lambda report: text_of(report, layout), _REPORT_BYTES_MAX, monotonic)


def _report_descriptor(descriptor: int) -> bytes:
    size = bytearray(_SIZE.size)
    fcntl.ioctl(descriptor, _HIDIOCGRDESCSIZE, size)
    count = min(_SIZE.unpack(size)[0], DESCRIPTOR_BYTES_MAX)
    described = bytearray(_SIZE.pack(count) + bytes(DESCRIPTOR_BYTES_MAX))
    fcntl.ioctl(descriptor, _HIDIOCGRDESC, described)
    return bytes(described[_SIZE.size : _SIZE.size + count])
