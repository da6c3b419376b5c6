"""A USB bus in memory, for pyusb: devices of the printer class, each with any line of ours inside.

pyusb and everything above it are the real ones; only libusb, and with it the kernel and the hardware, is played here.
"""

from __future__ import annotations

import errno
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from usb.backend import IBackend
from usb.core import USBError, USBTimeoutError

from drivers.base import DeviceError
from drivers.transport.base import Transport

OUT, IN = 0x02, 0x81
_BULK, _INTERRUPT = 2, 3
_STRING, _DEVICE_ID, _PORT_STATUS = 6, 0, 1


@dataclass
class FakePrinter:
    """A device: `open_inside` opens the line on which what it is told and what it says goes."""

    open_inside: Callable[[], Transport]
    vendor_id: int = 0x04B8
    product_id: int = 0x0E15
    serial: str = "POS0001"
    ports: tuple[int, ...] = (1, 2)
    device_id: bytes = b"MFG:EPSON;CMD:ESC/POS;MDL:TM-T88V;CLS:PRINTER;"
    port_status: int = 0x18
    interface_class: int = 7
    talks: bool = True
    """Has an end-point to read from."""
    configured: bool = True
    denied: bool = False
    busy: bool = False
    plugged: bool = True
    kernel_driver: bool = False
    calls: list[str] = field(default_factory=list)
    """What was done to it, in order."""


@dataclass
class _Handle:
    printer: FakePrinter
    inside: Transport | None = None


class FakeUsbBus(IBackend):  # type: ignore[misc]
    """pyusb's backend for the given printers."""

    def __init__(self, *printers: FakePrinter) -> None:
        self.printers = list(printers)

    def enumerate_devices(self) -> Any:
        return iter([printer for printer in self.printers if printer.plugged])

    def get_device_descriptor(self, dev: FakePrinter) -> Any:
        return SimpleNamespace(
            bLength=18, bDescriptorType=1, bcdUSB=0x200, bDeviceClass=0, bDeviceSubClass=0, bDeviceProtocol=0,
            bMaxPacketSize0=64, idVendor=dev.vendor_id, idProduct=dev.product_id, bcdDevice=0x100, iManufacturer=0,
            iProduct=0, iSerialNumber=3 if dev.serial else 0, bNumConfigurations=1, address=7, bus=1,
            port_number=dev.ports[-1], port_numbers=dev.ports, speed=2,
        )  # fmt: skip

    def get_configuration_descriptor(self, dev: FakePrinter, config: int) -> Any:
        if config:
            raise IndexError(config)
        return SimpleNamespace(
            bLength=9, bDescriptorType=2, wTotalLength=0, bNumInterfaces=1, bConfigurationValue=1, iConfiguration=0,
            bmAttributes=0xC0, bMaxPower=1, extra_descriptors=None,
        )  # fmt: skip

    def get_interface_descriptor(self, dev: FakePrinter, intf: int, alt: int, config: int) -> Any:
        """Setting 0 only takes bytes; setting 1, where there is one, talks too."""
        if intf or alt > dev.talks:
            raise IndexError(intf)
        return SimpleNamespace(
            bLength=9, bDescriptorType=4, bInterfaceNumber=0, bAlternateSetting=alt, bNumEndpoints=3 if alt else 1,
            bInterfaceClass=dev.interface_class, bInterfaceSubClass=1, bInterfaceProtocol=2 if alt else 1,
            iInterface=0, extra_descriptors=None,
        )  # fmt: skip

    def get_endpoint_descriptor(self, dev: FakePrinter, ep: int, intf: int, alt: int, config: int) -> Any:
        talking = ((IN + 1, _INTERRUPT), (OUT, _BULK), (IN, _BULK))
        address, kind = talking[ep] if alt else (OUT, _BULK)
        return SimpleNamespace(
            bLength=7, bDescriptorType=5, bEndpointAddress=address, bmAttributes=kind, wMaxPacketSize=64, bInterval=0,
            bRefresh=0, bSynchAddress=0, extra_descriptors=None,
        )  # fmt: skip

    def open_device(self, dev: FakePrinter) -> _Handle:
        if dev.denied:
            raise USBError("Access denied (insufficient permissions)", -3, errno.EACCES)
        return _Handle(dev)

    def close_device(self, dev_handle: _Handle) -> None:
        if dev_handle.inside is not None:
            dev_handle.inside.close()

    def get_configuration(self, dev_handle: _Handle) -> int:
        return 1 if dev_handle.printer.configured else 0

    def set_configuration(self, dev_handle: _Handle, config_value: int) -> None:
        dev_handle.printer.calls.append("set configuration")
        dev_handle.printer.configured = True

    def set_interface_altsetting(self, dev_handle: _Handle, intf: int, altsetting: int) -> None:
        dev_handle.printer.calls.append(f"setting {altsetting}")

    def is_kernel_driver_active(self, dev_handle: _Handle, intf: int) -> bool:
        return dev_handle.printer.kernel_driver

    def detach_kernel_driver(self, dev_handle: _Handle, intf: int) -> None:
        dev_handle.printer.calls.append("detach")
        dev_handle.printer.kernel_driver = False

    def attach_kernel_driver(self, dev_handle: _Handle, intf: int) -> None:
        dev_handle.printer.calls.append("attach")
        dev_handle.printer.kernel_driver = True

    def claim_interface(self, dev_handle: _Handle, intf: int) -> None:
        if dev_handle.printer.busy or dev_handle.printer.kernel_driver:
            raise USBError("Resource busy", -6, errno.EBUSY)
        dev_handle.printer.calls.append("claim")
        dev_handle.inside = dev_handle.printer.open_inside()

    def release_interface(self, dev_handle: _Handle, intf: int) -> None:
        dev_handle.printer.calls.append("release")

    def bulk_write(self, dev_handle: _Handle, ep: int, intf: int, data: Any, timeout: int) -> int:
        assert timeout > 0, "libusb takes 0 as for ever"
        taken = self._inside(dev_handle, lambda line: line.write(data.tobytes(), time.monotonic() + timeout / 1000))
        if not taken:
            raise USBTimeoutError("Operation timed out", -7, errno.ETIMEDOUT)
        return int(taken)

    def bulk_read(self, dev_handle: _Handle, ep: int, intf: int, buff: Any, timeout: int) -> int:
        assert timeout > 0 and ep == IN
        data: bytes = self._inside(dev_handle, lambda line: line.read(timeout / 1000, len(buff)))
        if not data:
            raise USBTimeoutError("Operation timed out", -7, errno.ETIMEDOUT)
        buff[: len(data)] = type(buff)("B", data)
        return len(data)

    def ctrl_transfer(
        self, dev_handle: _Handle, request_type: int, request: int, value: int, index: int, data: Any, timeout: int
    ) -> int:
        printer = dev_handle.printer
        if not printer.plugged:
            raise USBError("No such device", -4, errno.ENODEV)
        if request_type == 0x80 and request == _STRING:
            answer = _string(printer.serial if value & 0xFF else "\u0409")
        elif request_type == 0xA1 and request == _DEVICE_ID and printer.device_id:
            answer = (len(printer.device_id) + 2).to_bytes(2, "big") + printer.device_id
        elif request_type == 0xA1 and request == _PORT_STATUS:
            answer = bytes((printer.port_status,))
        else:
            raise USBError("Pipe error", -9, errno.EPIPE)
        count = min(len(answer), len(data))
        data[:count] = type(data)("B", answer[:count])
        return count

    def _inside(self, handle: _Handle, act: Callable[[Transport], Any]) -> Any:
        if not handle.printer.plugged or handle.inside is None:
            raise USBError("No such device (it may have been disconnected)", -4, errno.ENODEV)
        try:
            return act(handle.inside)
        except DeviceError as error:
            raise USBError("No such device (it may have been disconnected)", -4, errno.ENODEV) from error


def _string(text: str) -> bytes:
    data = text.encode("utf-16-le")
    return bytes((len(data) + 2, 3)) + data
