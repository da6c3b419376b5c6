"""The printer's body as its sensors see it, and the status bytes of the ESC/POS reference."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(slots=True)
class Health:
    """Sensors and errors. `cutter_blocked` is the cause, `cutter_error` what the printer noticed.

    `drawer_open` is None when no drawer with a switch is connected. Most switches pull pin 3 down when the drawer is
    open; `drawer_open_is_high` is one that lets it go. A pin that nobody pulls is high.
    """

    paper: Literal["ok", "low", "out"] = "ok"
    cover_open: bool = False
    cutter_blocked: bool = False
    cutter_error: bool = False
    drawer_open: bool | None = None
    drawer_open_is_high: bool = False

    @property
    def drawer_pin_high(self) -> bool:
        """Pin 3 of the drawer's socket."""
        return self.drawer_open is None or self.drawer_open is self.drawer_open_is_high

    @property
    def offline(self) -> bool:
        """Nothing is printed and nothing buffered is executed."""
        return self.paper == "out" or self.cover_open or self.cutter_error


def transmit_status(health: Health, n: int) -> int:
    """The answer to `DLE EOT n` (real-time status), n 1 to 4."""
    near_end = health.paper != "ok"
    paper_end = health.paper == "out"
    bits = {
        1: 0x04 * health.drawer_pin_high | 0x08 * health.offline,
        2: 0x04 * health.cover_open | 0x20 * paper_end | 0x40 * health.cutter_error,
        3: 0x08 * health.cutter_error,
        4: 0x0C * near_end | 0x60 * paper_end,
    }
    return 0x12 | bits[n]


def automatic_status(health: Health) -> bytes:
    """The four bytes of Automatic Status Back (`GS a`)."""
    first = 0x10 | 0x04 * health.drawer_pin_high | 0x08 * health.offline | 0x20 * health.cover_open
    second = 0x08 * health.cutter_error
    third = 0x03 * (health.paper != "ok") | 0x0C * (health.paper == "out")
    return bytes((first, second, third, 0x0F))


def automatic_status_part(status: bytes, mask: int) -> bytes:
    """The bits of an automatic status that `GS a` with this mask watches."""
    first = (0x04 if mask & 0x01 else 0) | (0x28 if mask & 0x02 else 0) | (0x40 * (mask >> 6 & 1))
    second = 0x6C if mask & 0x04 else 0
    third = 0x0F if mask & 0x08 else 0
    return bytes((status[0] & first, status[1] & second, status[2] & third))


def paper_sensor_status(health: Health) -> int:
    """The answer to `GS r 1`: 03 near end, 0C end."""
    return 0x03 * (health.paper != "ok") | 0x0C * (health.paper == "out")


def drawer_status(health: Health) -> int:
    """The answer to `GS r 2`: bit 0 is the drawer's pin 3."""
    return 0x01 * health.drawer_pin_high
