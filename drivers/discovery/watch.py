"""Watches what is plugged in and out. Looking again is the truth; udev is only a hint to look now.

Works without pyudev, without udev and in containers that get no events: then a change is seen at the next look.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, Protocol

from drivers.discovery.found import Found

LOOK_EVERY_S = 1.5
SETTLE_S = 0.25
"""After an event udev still has its links to make."""
EVENTS_MAX = 1_000
"""What a machine says without end does not keep anybody from looking."""

_SUBSYSTEMS = ("tty", "usb", "usbmisc", "input", "hidraw")


class Happening(Enum):
    """What became of a device."""

    PLUGGED = "plugged"
    UNPLUGGED = "unplugged"
    RENAMED = "renamed"
    """The same device file under another address, as when udev has made its links."""


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that happened to one device."""

    happening: Happening
    found: Found


class Hint(Protocol):
    """Waits until it may be time to look again."""

    def wait(self, timeout_s: float) -> bool:
        """Return at a hint, or after `timeout_s`; whether there was one."""


class UdevHint:
    """Hints by pyudev. `usable` is false where the library or the kernel's events are missing; it then only waits."""

    def __init__(self, pause: Callable[[float], object], udev: Path = Path("/run/udev/control")) -> None:
        self._pause = pause
        self._monitor = _monitor("udev" if udev.exists() else "kernel")

    @property
    def usable(self) -> bool:
        """Whether hints can come at all."""
        return self._monitor is not None

    def wait(self, timeout_s: float) -> bool:
        """See Hint.wait."""
        if self._monitor is None:
            self._pause(timeout_s)
            return False
        hinted = self._monitor.poll(timeout_s) is not None
        if hinted:
            self._pause(SETTLE_S)
            for _ in range(EVENTS_MAX):  # one device makes several events
                if self._monitor.poll(0) is None:
                    break
        return hinted


def changes(before: list[Found], after: list[Found]) -> list[Change]:
    """What happened between two looks."""
    old, new = {one.device: one for one in before}, {one.device: one for one in after}
    gone = [Change(Happening.UNPLUGGED, one) for device, one in old.items() if device not in new]
    come = [Change(Happening.PLUGGED, one) for device, one in new.items() if device not in old]
    swapped = [
        change
        for device, one in new.items()
        if device in old and one != old[device]
        for change in _swap(old[device], one)
    ]
    return gone + swapped + come


def watch(look: Callable[[], list[Found]], hint: Hint, every_s: float = LOOK_EVERY_S) -> Iterator[list[Change]]:
    """Yield what is there as plugged, then after each look what has changed, often nothing; for ever."""
    before: list[Found] = []
    while True:
        after = look()
        yield changes(before, after)
        before = after
        hint.wait(every_s)


def _swap(before: Found, after: Found) -> list[Change]:
    same = (before.usb.port, before.usb.vendor_id, before.usb.product_id, before.serial_number)
    if same == (after.usb.port, after.usb.vendor_id, after.usb.product_id, after.serial_number):
        return [Change(Happening.RENAMED, after)] if before.url != after.url else []
    return [Change(Happening.UNPLUGGED, before), Change(Happening.PLUGGED, after)]


def _monitor(source: str) -> Any:
    try:
        import pyudev

        monitor = pyudev.Monitor.from_netlink(pyudev.Context(), source=source)
        for subsystem in _SUBSYSTEMS:
            monitor.filter_by(subsystem)
        monitor.start()
    except (ImportError, OSError):
        return None
    return monitor
