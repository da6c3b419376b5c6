"""A counter scale on a serial line: supervised, asked or listened to, its newest weight for whoever wants it."""

from __future__ import annotations

import threading
import time

from drivers.base import DeviceState, OnEvent
from drivers.registry import OpenTransport, open_transport
from drivers.scale.protocol import PROTOCOLS, LineReader, ScaleProtocol
from drivers.scale.weighing import SILENT_S, Weighing, Weight
from drivers.supervisor import Supervisor
from drivers.threads import SYSTEM_THREADS, Threads
from drivers.transport.base import Monotonic, Transport

ASK_EVERY_S = 0.2
_ASK_S = 0.5


class ScaleDevice:
    """One scale. Events: `scale.ready`, `scale.silent` (nothing comes), `scale.garbage` (what comes is no weight),
    `scale.absent`, `scale.lost`.
    """

    def __init__(
        self,
        name: str,
        url: str,
        on_event: OnEvent,
        *,
        protocol: str = "continuous",
        monotonic: Monotonic = time.monotonic,
        open_transport: OpenTransport = open_transport,
        threads: Threads = SYSTEM_THREADS,
    ) -> None:
        self.name = name
        self._protocol: ScaleProtocol = PROTOCOLS[protocol]
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._weighing = Weighing()
        self._supervisor = Supervisor(
            name,
            "scale",
            url,
            self._serve,
            on_event,
            monotonic=monotonic,
            open_transport=open_transport,
            threads=threads,
        )

    @property
    def state(self) -> DeviceState:
        """How the scale stands now; any thread may ask."""
        return self._supervisor.state

    def start(self) -> None:
        """Begin to look for the scale."""
        self._supervisor.start()

    def stop(self) -> None:
        """Let go of the scale."""
        self._supervisor.stop()

    def weight(self) -> Weight:
        """What lies on the pan now; any thread."""
        with self._lock:
            return self._weighing.now(self._monotonic())

    def take(self, weighing: int) -> bool:
        """This weighing is sold: True for one caller of several; any thread."""
        with self._lock:
            return self._weighing.take(weighing)

    def give_back(self, weighing: int) -> None:
        """The sale of this weighing came to nothing; any thread."""
        with self._lock:
            self._weighing.give_back(weighing)

    def _serve(self, transport: Transport) -> None:
        reader = LineReader(self._protocol)
        heard_s = self._monotonic()
        asked_s = heard_s - ASK_EVERY_S
        garbage = 0
        while not self._supervisor.stopping():
            now_s = self._monotonic()
            if self._protocol.ask and now_s - asked_s >= ASK_EVERY_S:
                transport.write(self._protocol.ask, now_s + _ASK_S)
                asked_s = now_s
            data = transport.read(ASK_EVERY_S)
            if self._take_in(reader, data):
                heard_s, garbage = self._monotonic(), reader.garbage
                self._supervisor.report(DeviceState.READY, "scale.ready")
            elif self._monotonic() - heard_s > SILENT_S:
                code = "scale.garbage" if reader.garbage > garbage else "scale.silent"
                heard_s, garbage = self._monotonic(), reader.garbage
                self._supervisor.report(DeviceState.DEGRADED, code)

    def _take_in(self, reader: LineReader, data: bytes) -> bool:
        """Whether a reading was among these bytes."""
        readings = reader.feed(data)
        with self._lock:
            for reading in readings:
                self._weighing.feed(reading, self._monotonic())
        return bool(readings)
