"""Keeps one device: opens it, serves it, notices that it went away, opens it again.

One thread a device, so that a device that hangs in the kernel holds up nobody else. Between attempts it sleeps,
never longer than RETRY_CAP_S, so that a cable that comes back is in use again within a second.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from drivers.base import CONNECTED, DeviceError, DeviceEvent, DeviceState, OnEvent, step
from drivers.recorder import RecordedLine
from drivers.registry import OpenTransport
from drivers.threads import SYSTEM_THREADS, Running, Threads
from drivers.transport.base import Monotonic, Transport

RETRY_FIRST_S = 0.1
RETRY_CAP_S = 0.8
STEADY_S = 2.0
"""A connection that held so long starts the retries anew."""

_JOIN_S = 2.0

Serve = Callable[[Transport], None]


class Supervisor:
    """Runs `serve` with an open transport whenever there is one.

    `serve` identifies the device, calls `report` with READY or DEGRADED, and returns only when `stopping`; it
    raises DeviceError when the device is lost. Events go out on this thread, one for each change of state or code.
    The detail of an event about a lost line ends with its last bytes; only their counts unless `shows_bytes`.
    """

    def __init__(
        self,
        name: str,
        kind: str,
        url: str,
        serve: Serve,
        on_event: OnEvent,
        *,
        monotonic: Monotonic,
        open_transport: OpenTransport,
        threads: Threads = SYSTEM_THREADS,
        shows_bytes: bool = True,
    ) -> None:
        self._name = name
        self._kind = kind
        self._url = url
        self._serve = serve
        self._on_event = on_event
        self._monotonic = monotonic
        self._open_transport = open_transport
        self._shows_bytes = shows_bytes
        self._state = DeviceState.ABSENT
        self._was_connected = False
        self._announced: tuple[DeviceState, str] | None = None
        self._threads = threads
        self._stop = threads.event()
        self._lock = threading.Lock()
        self._transport: Transport | None = None
        self._running: Running | None = None

    @property
    def state(self) -> DeviceState:
        """The state now; any thread may ask."""
        return self._state

    @property
    def connected(self) -> bool:
        """Whether there is a line to the device."""
        return self._state in CONNECTED

    def start(self) -> None:
        """Start the device's thread; once only."""
        self._running = self._threads.start(f"{self._kind} {self._name}", self._run)

    def stop(self) -> None:
        """End the thread and let go of the device; returns within about two seconds whatever the device does."""
        self._stop.set()
        self.wake()
        if self._running is not None and not self._threads.within(self._running):
            self._running.join(_JOIN_S)

    def stopping(self) -> bool:
        """Whether `stop` has been called; `serve` returns soon after."""
        return self._stop.is_set()

    def wake(self) -> None:
        """End the wait that `serve` is in, so that it looks for work."""
        with self._lock:
            if self._transport is not None:
                self._transport.wake()

    def report(self, state: DeviceState, code: str, detail: str = "") -> None:
        """Set the state, and tell about it when it or the code is another than the last one told."""
        self._state = step(self._state, state)
        self._was_connected = self._was_connected or state in CONNECTED
        if self._announced != (state, code):
            self._announced = (state, code)
            self.emit(code, detail)

    def emit(self, code: str, detail: str = "") -> None:
        """Tell about something that is not a state."""
        self._on_event(DeviceEvent(self._name, code, self._state, detail))

    def _run(self) -> None:
        wait_s = RETRY_FIRST_S
        while not self._stop.is_set():
            began_s = self._monotonic()
            self._connect_and_serve()
            if self._monotonic() - began_s >= STEADY_S:
                wait_s = RETRY_FIRST_S
            self._stop.wait(wait_s)
            wait_s = min(wait_s * 2, RETRY_CAP_S)
        self.report(DeviceState.ABSENT, f"{self._kind}.stopped")

    def _connect_and_serve(self) -> None:
        self._state = step(self._state, DeviceState.OPENING)
        try:
            transport = self._open_transport(self._url, self._monotonic)
        except DeviceError as error:
            self._report_away(error.code, error.detail)
            return
        except Exception as error:  # noqa: BLE001 - a line that nobody foresaw must not end its supervision either
            self._report_away("device.fault", repr(error))
            return
        line = RecordedLine(transport, shows_bytes=self._shows_bytes)
        self._hold(line)
        try:
            self._serve(line)
        except DeviceError as error:
            self._report_away(error.code, line.recorder.added_to(error.detail))
        except Exception as error:  # noqa: BLE001 - a fault of ours in one device must not end its supervision
            self._report_away("device.fault", line.recorder.added_to(repr(error)))
        finally:
            self._hold(None)
            line.close()

    def _hold(self, transport: Transport | None) -> None:
        with self._lock:
            self._transport = transport
            if transport is not None and self._stop.is_set():
                transport.wake()

    def _report_away(self, code: str, detail: str) -> None:
        """LOST once it has been there, ABSENT before; only what an absent device does not explain has its own code."""
        state = DeviceState.LOST if self._was_connected else DeviceState.ABSENT
        if code in ("device.absent", "device.gone"):
            code = "device.lost" if state is DeviceState.LOST else "device.absent"
        self.report(state, f"{self._kind}.{code.partition('.')[2]}", detail)
