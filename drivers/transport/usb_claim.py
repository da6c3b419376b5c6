"""Takes the printer interface of a USB device, and gives it back as it was.

A device is never reset and its configuration never changed while it has one: both make it a new device, and what was
in its buffer is lost.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import Any

from drivers.base import DeviceError

PRINTER_CLASS = 7
_BIDIRECTIONAL = 2
_IPP_OVER_USB = 4
"""A web server inside the printer, which takes no ESC/POS."""


@dataclass
class Claim:
    """A claimed interface of a device of pyusb, and what it takes to let go of it."""

    device: Any
    interface: int
    alternate: int
    configuration_index: int
    out_endpoint: int
    in_endpoint: int | None
    kernel_driver_detached: bool

    def give_back(self) -> None:
        """Release the interface and let the kernel's driver have it again, if it had it. Never raises OSError: on a
        device that went away there is nothing to release.
        """
        import usb.util

        with contextlib.suppress(OSError):
            usb.util.release_interface(self.device, self.interface)
        if self.kernel_driver_detached:
            with contextlib.suppress(OSError, NotImplementedError):
                self.device.attach_kernel_driver(self.interface)
        with contextlib.suppress(OSError):
            usb.util.dispose_resources(self.device)


def claim_printer(device: Any, description: str) -> Claim:
    """Claim the interface of class 7. Raises DeviceError `device.no_printer_port` when there is none, OSError of pyusb
    (EACCES, EBUSY, ENODEV) when it cannot be had.
    """
    import usb.util

    configuration = _active_configuration(device)
    chosen = _choose(configuration)
    if chosen is None:
        raise DeviceError(
            "device.no_printer_port", f"{description}: no interface of the printer class that takes bytes"
        )
    setting, out_endpoint, in_endpoint = chosen
    number = setting.bInterfaceNumber
    detached = _detach_kernel_driver(device, number)
    claim = Claim(device, number, setting.bAlternateSetting, configuration.index, out_endpoint, in_endpoint, detached)
    try:
        usb.util.claim_interface(device, number)
        if setting.bAlternateSetting:
            device.set_interface_altsetting(number, setting.bAlternateSetting)
    except OSError:
        claim.give_back()
        raise
    return claim


def _active_configuration(device: Any) -> Any:
    import usb.core

    try:
        return device.get_active_configuration()
    except usb.core.USBError as error:
        if error.errno is not None:
            raise
        device.set_configuration()  # it has none so far, as after a bad start
        return device.get_active_configuration()


def _choose(configuration: Any) -> tuple[Any, int, int | None] | None:
    """Interface setting and its end-points: one that also talks, when there is one."""
    candidates: list[tuple[tuple[bool, bool, int], int, tuple[Any, int, int | None]]] = []
    for setting in configuration:
        if setting.bInterfaceClass != PRINTER_CLASS or setting.bInterfaceProtocol == _IPP_OVER_USB:
            continue
        out_endpoint, in_endpoint = _endpoints(setting)
        if out_endpoint is not None:
            talks = in_endpoint is not None
            rank = (not talks, setting.bInterfaceProtocol != _BIDIRECTIONAL, setting.bAlternateSetting)
            candidates.append((rank, len(candidates), (setting, out_endpoint, in_endpoint)))
    return min(candidates)[2] if candidates else None


def _endpoints(setting: Any) -> tuple[int | None, int | None]:
    """The first bulk end-points out and in."""
    import usb.util

    found: dict[int, int] = {}
    for endpoint in setting:
        if usb.util.endpoint_type(endpoint.bmAttributes) == usb.util.ENDPOINT_TYPE_BULK:
            direction = usb.util.endpoint_direction(endpoint.bEndpointAddress)
            found.setdefault(direction, endpoint.bEndpointAddress)
    return found.get(usb.util.ENDPOINT_OUT), found.get(usb.util.ENDPOINT_IN)


def _detach_kernel_driver(device: Any, interface: int) -> bool:
    """Ask usblp to let go, if it holds the interface; whether it did."""
    try:
        if not device.is_kernel_driver_active(interface):
            return False
        device.detach_kernel_driver(interface)
    except NotImplementedError:  # no such thing on this system
        return False
    return True
