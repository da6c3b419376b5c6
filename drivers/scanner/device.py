"""A scanner on a serial line, a USB port that shows as one (CDC-ACM), HID-POS or a grabbed keyboard: supervised,
each scan one event.

Set the scanner to send bytes as they are (UTF-8 or GBK) with a carriage return at the end; one in keyboard mode loses
Chinese.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from drivers.base import DeviceState, OnEvent
from drivers.registry import OpenTransport, open_transport
from drivers.scanner.framing import ANY_TERMINATOR, Frame, Framer, FramingPolicy, gap_s_at
from drivers.supervisor import Supervisor
from drivers.transport.base import Monotonic, Transport

_LISTEN_S = 1.0


@dataclass(frozen=True, slots=True)
class Scan:
    """One scan: whole, once, in order. `repeats` counts the same text just before, `corrupt` is not to be used."""

    device: str
    text: str
    at_monotonic_s: float
    repeats: int = 0
    corrupt: bool = False


OnScan = Callable[[Scan], None]
"""Takes scans on the device's own thread; must return soon and must not raise."""


def policy_for(url: str) -> FramingPolicy:
    """How a scanner at this address ends its scans when nothing else is known.

    On a keyboard Tab is a key that ends an entry as Enter does; on other lines it may stand inside a text.
    """
    typed = url.startswith(("hid:/dev/input/", "events:"))
    return FramingPolicy(terminators=ANY_TERMINATOR + b"\t") if typed else FramingPolicy()


class ScannerDevice:
    """One scanner. Events: `scanner.ready`, `scanner.absent`, `scanner.lost`, `scanner.overflow`."""

    def __init__(
        self,
        name: str,
        url: str,
        on_scan: OnScan,
        on_event: OnEvent,
        *,
        policy: FramingPolicy | None = None,
        monotonic: Monotonic = time.monotonic,
        open_transport: OpenTransport = open_transport,
    ) -> None:
        self.name = name
        self._on_scan = on_scan
        self._policy = policy or policy_for(url)
        self._monotonic = monotonic
        self._supervisor = Supervisor(
            name,
            "scanner",
            url,
            self._serve,
            on_event,
            monotonic=monotonic,
            open_transport=open_transport,
            shows_bytes=False,
        )

    @property
    def state(self) -> DeviceState:
        """How the scanner stands now; any thread may ask."""
        return self._supervisor.state

    def start(self) -> None:
        """Begin to look for the scanner."""
        self._supervisor.start()

    def stop(self) -> None:
        """Let go of the scanner; no scan is reported afterwards."""
        self._supervisor.stop()

    def _serve(self, transport: Transport) -> None:
        gap_s = max(self._policy.gap_s, gap_s_at(transport.bytes_per_s))
        framer = Framer(replace(self._policy, gap_s=gap_s))
        self._supervisor.report(DeviceState.READY, "scanner.ready")
        while not self._supervisor.stopping():
            due_s = framer.due_s()
            wait_s = _LISTEN_S if due_s is None else max(0.0, due_s - self._monotonic())
            data = transport.read(min(wait_s, _LISTEN_S))
            now_s = self._monotonic()
            overflows = framer.overflows
            # Bytes that are here came before the pause ended, even if this thread was late to look.
            frames = framer.feed(data, now_s) if data else framer.idle(now_s)
            if framer.overflows > overflows:
                self._supervisor.emit("scanner.overflow")
            for frame in frames:
                self._hand_over(frame)

    def _hand_over(self, frame: Frame) -> None:
        if not self._supervisor.stopping():
            self._on_scan(Scan(self.name, frame.text, frame.at_s, frame.repeats, frame.corrupt))
