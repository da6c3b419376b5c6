"""A customer display on a serial line: supervised, always showing the newest screen, never waited for.

A display says nothing: whether it shows anything can't be known, only that the line takes bytes. The screen is sent
again now and then, because one that was switched off and on forgets it and tells nobody.
"""

from __future__ import annotations

import threading
import time

from drivers.base import DeviceState, OnEvent
from drivers.display.protocol import BEGIN, CHARSETS, EMPTY, Screen, encode
from drivers.registry import OpenTransport, open_transport
from drivers.supervisor import Supervisor
from drivers.threads import SYSTEM_THREADS, Threads
from drivers.transport.base import Monotonic, Transport

AGAIN_S = 15.0
WRITE_S = 2.0
"""At 1200 baud a screen takes half a second."""


class DisplayDevice:
    """One display. Events: `display.ready`, `display.stalled` (takes no bytes), `display.absent`, `display.lost`."""

    def __init__(
        self,
        name: str,
        url: str,
        on_event: OnEvent,
        *,
        charset: str = "gbk",
        again_s: float = AGAIN_S,
        write_s: float = WRITE_S,
        monotonic: Monotonic = time.monotonic,
        open_transport: OpenTransport = open_transport,
        threads: Threads = SYSTEM_THREADS,
    ) -> None:
        self.name = name
        self._charset = CHARSETS[charset]
        self._again_s = again_s
        self._write_s = write_s
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._wanted = EMPTY
        self._supervisor = Supervisor(
            name,
            "display",
            url,
            self._serve,
            on_event,
            monotonic=monotonic,
            open_transport=open_transport,
            threads=threads,
        )

    @property
    def state(self) -> DeviceState:
        """How the display stands now; any thread may ask."""
        return self._supervisor.state

    def start(self) -> None:
        """Begin to look for the display."""
        self._supervisor.start()

    def stop(self) -> None:
        """Let go of the display; it keeps what it shows."""
        self._supervisor.stop()

    def show(self, screen: Screen) -> None:
        """Show this from now on; any thread. Never waits: of several screens at once the last one is shown."""
        with self._lock:
            if screen == self._wanted:
                return
            self._wanted = screen
        self._supervisor.wake()

    def _serve(self, transport: Transport) -> None:
        shown: Screen | None = None
        while not self._supervisor.stopping():
            with self._lock:
                wanted = self._wanted
            if wanted != shown:
                begin = BEGIN if shown is None else b""
                shown = wanted if self._send(transport, begin + encode(wanted, self._charset)) else None
            if shown is not None and not self._listen(transport, wanted):
                shown = None

    def _send(self, transport: Transport, data: bytes) -> bool:
        """Whether the line took all; half a screen, perhaps half a command, is begun anew."""
        deadline_s = self._monotonic() + self._write_s
        taken = transport.write(data, deadline_s)
        if taken < len(data):
            if self._monotonic() >= deadline_s:  # else a newer screen ended the wait
                self._supervisor.report(DeviceState.DEGRADED, "display.stalled")
            return False
        self._supervisor.report(DeviceState.READY, "display.ready")
        return True

    def _listen(self, transport: Transport, wanted: Screen) -> bool:
        """Wait for a new screen; False when the time has come to show the old one again."""
        ends_s = self._monotonic() + self._again_s
        while not self._supervisor.stopping():
            with self._lock:
                if self._wanted != wanted:
                    return True
            left_s = ends_s - self._monotonic()
            if left_s <= 0:
                return False
            # Nothing is expected; waiting for it is how the end of the line is noticed.
            transport.read(min(left_s, 1.0))
        return True
