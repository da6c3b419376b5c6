"""Which USB device an address means: vendor and product, told apart by serial number or by the port it is in."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from drivers.base import DeviceError, DeviceGone

LIBUSB = "libusb-1.0.so.0"
"""The library's name on every Linux."""

_IDS = re.compile(r"([0-9a-fA-F]{4}):([0-9a-fA-F]{4})")
_PORT = re.compile(r"\d+-\d+(?:\.\d+)*")


@dataclass(frozen=True, slots=True)
class UsbName:
    """How a configuration names a device. `port` is the kernel's name of it, `1-1.2`: bus and the ports to it."""

    vendor_id: int
    product_id: int
    serial: str = ""
    port: str = ""

    def __str__(self) -> str:
        options = "&".join(f"{key}={value}" for key, value in (("serial", self.serial), ("port", self.port)) if value)
        return f"{self.vendor_id:04x}:{self.product_id:04x}" + (f"?{options}" if options else "")


def usb_name(address: str, options: Mapping[str, str]) -> UsbName:
    """Read `04b8:0e15` and its options. Raises ValueError that says what was expected."""
    ids = _IDS.fullmatch(address)
    if ids is None:
        raise ValueError("expected usb:VENDOR:PRODUCT in four hexadecimal digits each, as lsusb shows them")
    port = options.get("port", "")
    if port and not _PORT.fullmatch(port):
        raise ValueError("port is the bus and the ports to the device, such as 1-1.2")
    return UsbName(int(ids[1], 16), int(ids[2], 16), options.get("serial", ""), port)


def has_libusb() -> bool:
    """Whether pyusb and libusb are installed."""
    if find_spec("usb") is None:
        return False
    try:
        ctypes.CDLL(LIBUSB)
    except OSError:
        return False
    return True


def load_backend() -> Any:
    """pyusb's door to libusb-1.0. Raises DeviceError `device.no_libusb` when either is not installed."""
    try:
        from usb.backend import libusb1
    except ImportError as error:
        raise DeviceError("device.no_libusb", f"pyusb: {error}") from error
    # By name: looking for it any other way starts programs, and a supervisor comes here every second.
    backend = libusb1.get_backend(find_library=lambda name: LIBUSB)
    if backend is None:
        raise DeviceError("device.no_libusb", "libusb-1.0 is not installed, or has no access to /dev/bus/usb")
    return backend


def find_printer(name: UsbName, backend: Any) -> Any:
    """The one device (of pyusb) with this name. Raises DeviceGone `device.absent`, DeviceError `device.ambiguous`
    when the name fits several, `device.denied` when a serial number may not be asked for.
    """
    import usb.core

    wanted = {"idVendor": name.vendor_id, "idProduct": name.product_id}
    try:
        found = list(usb.core.find(find_all=True, backend=backend, **wanted))
    except OSError as error:
        raise DeviceError("device.open_failed", f"usb:{name}: {error}") from error
    if name.port:
        found = [device for device in found if port_of(device) == name.port]
    if name.serial:
        found = [device for device in found if _serial_of(device, name) == name.serial]
    if not found:
        raise DeviceGone("device.absent", f"usb:{name}: no such device is plugged in")
    if len(found) > 1:
        ports = ", ".join(sorted(f"port={port_of(device)}" for device in found))
        raise DeviceError("device.ambiguous", f"usb:{name}: {len(found)} devices have this name; add one of {ports}")
    return found[0]


def port_of(device: Any) -> str:
    """The kernel's name of the device's place, `1-1.2`."""
    return f"{device.bus}-{'.'.join(str(number) for number in device.port_numbers or ())}"


def _serial_of(device: Any, name: UsbName) -> str | None:
    try:
        serial: str | None = device.serial_number
    except OSError as error:
        if isinstance(error, PermissionError):
            raise DeviceError("device.denied", f"usb:{name}: {error}") from error
        return None  # unplugged meanwhile
    except ValueError as error:  # pyusb cannot read a single string: most often it may not open the device
        raise DeviceError("device.denied", f"usb:{name}: {error}") from error
    return serial
