"""A HID keyboard scanner as a line of bytes: grabbed, so that no scan is typed into whatever has the focus.

The device file gives packed `struct input_event`; anything else that gives the same bytes can stand in for it: a pipe
in a test, an emulated keyboard.
"""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from drivers.base import DeviceError
from drivers.transport.base import Monotonic
from drivers.transport.descriptor import DescriptorTransport, leads_to, open_error
from drivers.transport.keys import EV_KEY, EVENT, KeyTranslator
from drivers.transport.translated import Source, TranslatedTransport

if TYPE_CHECKING:
    import evdev

CHARACTERS_PER_S = 60.0
"""A low-speed keyboard is asked every 8 ms (USB 2.0, 5.7.4) and needs two reports for one character."""

_EVENTS_A_READ = 64
_KEYS_OF_A_SCANNER = frozenset({2, 11, 28, 30})
"""1, 0, Enter and A: a mouse, a power button or a pedal lacks them."""


def open_keyboard(path: str, monotonic: Monotonic) -> TranslatedTransport:
    """Open an input device below /dev/input and take it away from everybody else.

    Raises DeviceGone `device.absent`; DeviceError `device.denied`, `device.busy` (another program has grabbed it),
    `device.wrong_kind` (no keyboard), `device.no_library` (evdev is not installed), `device.open_failed`.
    """
    description = f"hid:{path}"
    device = _open(path, description)
    try:
        _check_kind(device, description)
        device.grab()
        device_number = os.fstat(device.fd).st_rdev
    except OSError as error:
        device.close()
        raise open_error(description, error) from error
    except DeviceError:
        device.close()
        raise
    source = DescriptorTransport(
        device.fd, description, monotonic, close=device.close, still_there=lambda: leads_to(path, device_number)
    )
    return _keyboard(source, monotonic)


def open_events(path: str, monotonic: Monotonic) -> TranslatedTransport:
    """Open a named pipe of packed input events, as an emulated keyboard gives; its end is the cable being pulled.

    Raises as `open_keyboard` does; DeviceError `device.wrong_kind` for anything that is no pipe.
    """
    description = f"events:{path}"
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise open_error(description, error) from error
    status = os.fstat(descriptor)
    if not stat.S_ISFIFO(status.st_mode):
        os.close(descriptor)
        raise DeviceError("device.wrong_kind", f"{description}: not a named pipe")
    source = DescriptorTransport(
        descriptor,
        description,
        monotonic,
        close=lambda: os.close(descriptor),
        still_there=lambda: _is_file(path, status),
    )
    return _keyboard(source, monotonic)


def _keyboard(source: Source, monotonic: Monotonic) -> TranslatedTransport:
    events_bytes = EVENT.size * _EVENTS_A_READ
    return TranslatedTransport(source, KeyTranslator().feed, events_bytes, monotonic, bytes_per_s=CHARACTERS_PER_S)


def _open(path: str, description: str) -> evdev.InputDevice[str]:
    try:
        import evdev
    except ImportError as error:
        raise DeviceError("device.no_library", f"{description}: {error}") from error
    try:
        # Read-only: with write access the kernel may set the lamps anew, and some scanners beep at that.
        return evdev.InputDevice(path, readonly=True)
    except OSError as error:
        raise open_error(description, error) from error


def _check_kind(device: evdev.InputDevice[str], description: str) -> None:
    missing = _KEYS_OF_A_SCANNER - set(device.capabilities().get(EV_KEY, []))
    if missing:
        raise DeviceError("device.wrong_kind", f"{description}: {device.name!r} is no keyboard")


def _is_file(path: str, known: os.stat_result) -> bool:
    try:
        status = os.stat(path)
    except OSError:
        return False
    return (status.st_dev, status.st_ino) == (known.st_dev, known.st_ino)
