"""Telling the service manager that the box is ready, and that it still works: sd_notify without a library.

The sign of life comes from the event loop that serves the pages, after the journal was read, its writer answered and
the threads of the devices were called. A loop that hangs, a disk that does not answer, a thread that died: each ends
the signs, and systemd starts anew. A device that does not answer is no reason: its thread is there and tries again.
"""

import asyncio
import logging
import os
import socket
import threading
from collections.abc import Callable, Collection

log = logging.getLogger("storebox.watchdog")


class Roll:
    """Threads that must go on for as long as the box does; one that died of a defect is found by name."""

    def __init__(self, kinds: tuple[str, ...], earlier: Collection[threading.Thread]) -> None:
        """Take down who runs now and did not run `earlier`: threads whose name begins with one of the kinds."""
        self._threads = [one for one in threading.enumerate() if one.name.startswith(kinds) and one not in earlier]

    def call(self) -> None:
        """Return when all answer; raises RuntimeError with the names of those who do not."""
        gone = sorted(one.name for one in self._threads if not one.is_alive())
        if gone:
            raise RuntimeError(f"died: {', '.join(gone)}")


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
