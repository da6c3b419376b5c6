"""What every device shares: its states, its one family of errors, its events.

Separate from the drivers so that the agent can speak about any device without knowing which one it is.

A device's life::

    ABSENT -> OPENING -> READY <-> DEGRADED
      ^          |         |          |
      |          v         v          v
      +------- ABSENT     LOST <------+      LOST -> OPENING -> READY | DEGRADED | LOST

ABSENT was never there since start; LOST was there and went away. Both are retried for ever.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Protocol


class DeviceState(Enum):
    """How a device stands towards the box; the only five answers."""

    ABSENT = "absent"
    OPENING = "opening"
    READY = "ready"
    DEGRADED = "degraded"
    LOST = "lost"


CONNECTED = frozenset({DeviceState.READY, DeviceState.DEGRADED})

TRANSITIONS: dict[DeviceState, frozenset[DeviceState]] = {
    DeviceState.ABSENT: frozenset({DeviceState.OPENING}),
    DeviceState.OPENING: frozenset({DeviceState.READY, DeviceState.DEGRADED, DeviceState.LOST, DeviceState.ABSENT}),
    DeviceState.READY: frozenset({DeviceState.DEGRADED, DeviceState.LOST, DeviceState.ABSENT}),
    DeviceState.DEGRADED: frozenset({DeviceState.READY, DeviceState.LOST, DeviceState.ABSENT}),
    DeviceState.LOST: frozenset({DeviceState.OPENING, DeviceState.ABSENT}),
}


class DeviceError(Exception):
    """A device or its address cannot be used; `code` is stable, `detail` is for the technician."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail


class DeviceGone(DeviceError):
    """The device went away, or is not there: open it again later."""


class DeviceTimeout(DeviceError):
    """The device is connected and did not answer in time."""


@dataclass(frozen=True, slots=True)
class DeviceEvent:
    """Something about a device changed. `code` is stable; its sentences live with whoever shows it."""

    device: str
    code: str
    state: DeviceState
    detail: str = ""


class OnEvent(Protocol):
    """Takes events on the device's own thread; must return soon and must not raise."""

    def __call__(self, event: DeviceEvent, /) -> None: ...


def step(state: DeviceState, to: DeviceState) -> DeviceState:
    """Return `to`; raise ValueError when the table above does not lead there from `state`."""
    if to is not state and to not in TRANSITIONS[state]:
        raise ValueError(f"no transition {state.value} -> {to.value}")
    return to
