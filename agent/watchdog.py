"""Telling the service manager that the box is ready, and that it still works: sd_notify without a library.

The sign of life comes from the event loop that serves the pages, after the journal was read and its writer answered;
a loop that hangs, a disk that does not answer, a writer that died: each ends the signs, and systemd starts anew.
"""

import asyncio
import logging
import os
import socket
from collections.abc import Callable

log = logging.getLogger("storebox.watchdog")


class Notifier:
    """Sends states to `NOTIFY_SOCKET`; says nothing when nobody asked for them."""

    def __init__(self, address: str = "") -> None:
        self._address = f"\0{address[1:]}" if address.startswith("@") else address

    @classmethod
    def from_environment(cls) -> "Notifier":
        """Return the notifier that the service manager asked for, once; children do not inherit it."""
        return cls(os.environ.pop("NOTIFY_SOCKET", ""))

    def tell(self, *states: str) -> None:
        """Send states such as `READY=1`; a manager that went away is no reason to stop."""
        if not self._address:
            return
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
            try:
                sender.sendto("\n".join(states).encode(), self._address)
            except OSError as error:
                log.warning("the service manager did not hear %s: %s", states[0], error)


def interval_s() -> float | None:
    """Return how often a sign of life is due: half of what the manager allows; None when it wants none."""
    allowed, meant_for = os.environ.pop("WATCHDOG_USEC", ""), os.environ.pop("WATCHDOG_PID", "")
    if not allowed.isdecimal() or meant_for not in ("", str(os.getpid())):
        return None
    return int(allowed) / 2_000_000


async def signs_of_life(notifier: Notifier, every_s: float, works: Callable[[], None]) -> None:
    """Give a sign of life each time `works` returned, on a thread, within the interval; until cancelled."""
    while True:
        try:
            await asyncio.wait_for(asyncio.to_thread(works), every_s)
        except Exception as error:  # noqa: BLE001 - whatever is wrong, the sign is left out and the reason logged
            log.error("no sign of life: %r", error)
        else:
            notifier.tell("WATCHDOG=1")
        await asyncio.sleep(every_s)
