"""A worker that repeats a step on its own thread and sleeps in between."""

import logging
import threading
from collections.abc import Callable

from sync.uplink import Uplink

_log = logging.getLogger("storebox.sync")
AFTER_DEFECT_S = 30.0
GATHER_S = 0.15
"""A sale writes several entries within milliseconds; headquarters sees them together, still within a second."""


class StepThread:
    """Calls `step`, waits as long as it says, and begins again; `wake` ends a wait, `stop` ends the thread."""

    def __init__(self, name: str, step: Callable[[], float], gather_s: float = 0.0) -> None:
        """`gather_s` is waited after a wake, so that what comes in a burst goes in one step."""
        self._step = step
        self._gather_s = gather_s
        self._ended = threading.Event()
        self._woken = threading.Event()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def wake(self) -> None:
        """End the present wait. Never blocks; may be called from any thread, as often as one likes."""
        self._woken.set()

    def stop(self, timeout_s: float = 5.0) -> bool:
        """Ask the thread to end and tell whether it did; a request under way is left to its own time-out."""
        self._stopping = True
        self._ended.set()
        self._woken.set()
        if self._thread.is_alive():
            self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while not self._stopping:
            if self._woken.wait(self._wait_s()) and self._gather_s:
                self._ended.wait(self._gather_s)
            self._woken.clear()

    def _wait_s(self) -> float:
        try:
            return self._step()
        except Exception:  # noqa: BLE001 - a defect in one step must not end the thread; it is logged whole
            _log.exception("step failed in %s", self._thread.name)
            return AFTER_DEFECT_S


class UplinkThread(StepThread):
    """The uplink on its own thread."""

    def __init__(self, uplink: Uplink) -> None:
        super().__init__("uplink", uplink.step, GATHER_S)
        self._uplink = uplink

    def hurry(self) -> None:
        """Send now, whatever the backoff says (`sync now`)."""
        self._uplink.hurry()
        self.wake()
