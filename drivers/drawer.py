"""The cash drawer, known only through the printer's socket: pin 3 is a switch in the drawer.

Whether high means open depends on the drawer's wiring, so it is data of the profile. Pure.
"""

from __future__ import annotations

from enum import Enum

from drivers.printer.status import PrinterHealth


class DrawerState(Enum):
    """What the switch says; UNKNOWN when the printer has not said anything."""

    OPEN = "open"
    CLOSED = "closed"
    UNKNOWN = "unknown"


def drawer_state(health: PrinterHealth, *, open_is_high: bool) -> DrawerState:
    """Read the switch from the printer's last word. Without a drawer the pin reads high or low for ever."""
    if health.drawer_pin_high is None:
        return DrawerState.UNKNOWN
    return DrawerState.OPEN if health.drawer_pin_high is open_is_high else DrawerState.CLOSED
