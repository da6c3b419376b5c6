"""Scans on their way from a scanner's thread to the use case: in order, none lost, none waited for.

Separate from the devices because a use case may take long (a disk that syncs slowly) while the scanner goes on: the
line must be read meanwhile, or the kernel drops what it can't hold.
"""

import logging
import queue
import threading
from collections.abc import Callable
from typing import Any

from agent.core.errors import StoreboxError
from drivers.scanner.device import Scan

log = logging.getLogger("storebox.scans")

QUEUE_MAX = 64
"""What waits while one is taken; nobody scans so far ahead of the page."""
TOLD_AGAIN_S = 2.0
STOP_S = 5.0

Take = Callable[[str, int], bool]
"""Takes a scan's text and how often the same came just before; returns whether it was refused."""
Refuse = Callable[[str], None]
"""Tells the cashier a code."""


class ScanQueue:
    """Hands the scans of one scanner to `take`, one after the other, on a thread of its own.

    A corrupt scan, and one that finds the queue full, is told by `refuse` in its turn (`scanner.corrupt`,
    `scanner.too_fast`), once within TOLD_AGAIN_S. `signal` is called after every refusal, so that the scanner beeps.
    """

    def __init__(
        self, name: str, take: Take, refuse: Refuse, signal: Callable[[], None], monotonic_s: Callable[[], float]
    ) -> None:
        self._take = take
        self._refuse = refuse
        self._signal = signal
        self._monotonic_s = monotonic_s
        self._waiting: queue.Queue[Scan | None] = queue.Queue(QUEUE_MAX)
        self._lost = threading.Event()
        self._told: dict[str, float] = {}
        self._thread = threading.Thread(target=self._run, name=f"scans {name}", daemon=True)

    def start(self) -> None:
        """Begin to take scans."""
        self._thread.start()

    def stop(self) -> None:
        """Take what waits, then end; the scanner has to be silent already. Waits STOP_S at most, harmless before
        `start` and twice.
        """
        if not self._thread.is_alive():
            return
        try:
            self._waiting.put(None, timeout=STOP_S)
        except queue.Full:
            log.error("scans are left behind: the one before them does not end")
            return
        self._thread.join(STOP_S)

    def offer(self, scan: Scan) -> None:
        """Queue a scan; on the scanner's thread. Never waits."""
        try:
            self._waiting.put_nowait(scan)
        except queue.Full:
            log.error("a scan was dropped: %d wait before it", QUEUE_MAX)
            self._lost.set()

    def _run(self) -> None:
        while True:
            scan = self._waiting.get()
            if scan is None:
                return
            self._deal_with(scan)
            if self._lost.is_set():
                self._lost.clear()
                self._tell("scanner.too_fast")

    def _deal_with(self, scan: Scan) -> None:
        if scan.corrupt:
            self._tell("scanner.corrupt")
            return
        try:
            refused = self._take(scan.text, scan.repeats)
        except StoreboxError as error:
            self._tell(error.code)
        except Exception:
            # A fault of ours in one scan must not end the scanner; the text may be a payment code and is not logged.
            log.exception("a scan could not be taken")
            self._tell("scanner.not_taken")
        else:
            if refused:
                self._signal()

    def _tell(self, code: str) -> None:
        now_s = self._monotonic_s()
        if now_s - self._told.get(code, -TOLD_AGAIN_S) >= TOLD_AGAIN_S:
            self._told[code] = now_s
            self._refuse(code)
        self._signal()


def refusal(code: str, till: str, values: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return the event that a till's page shows as a refused scan."""
    return {"till": till, "action": "refused", "code": code, "values": values or {}, "family": "refused"}
