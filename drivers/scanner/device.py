"""A scanner on a serial line, a USB port that shows as one (CDC-ACM), HID-POS or a grabbed keyboard: supervised,
each scan one event.

Set the scanner to send bytes as they are (UTF-8 or GBK) with a carriage return at the end; one in keyboard mode loses
Chinese.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace

from drivers.base import DeviceState, OnEvent
from drivers.registry import OpenTransport, open_transport
from drivers.scanner.commands import COMMANDS, ReplySplitter, Verdict
from drivers.scanner.framing import ANY_TERMINATOR, Frame, Framer, FramingPolicy, gap_s_at
from drivers.supervisor import Supervisor
from drivers.transport.base import Monotonic, Transport

_LISTEN_S = 1.0
_SAY_S = 0.2
_SAYINGS_MAX = 8
"""A scanner that reads nothing must not gather beeps."""


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
    """One scanner. Events: `scanner.ready`, `scanner.absent`, `scanner.lost`, `scanner.overflow`, and for one whose
    maker is known `scanner.setting_refused`.
    """

    def __init__(
        self,
        name: str,
        url: str,
        on_scan: OnScan,
        on_event: OnEvent,
        *,
        model: str = "",
        policy: FramingPolicy | None = None,
        monotonic: Monotonic = time.monotonic,
        open_transport: OpenTransport = open_transport,
    ) -> None:
        self.name = name
        self._on_scan = on_scan
        self._model = model
        self._commands = COMMANDS[model]
        self._to_say: deque[bytes] = deque(maxlen=_SAYINGS_MAX)
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

    def beep(self) -> None:
        """Let the scanner beep soon, where its maker's scanners can; any thread. Says nothing to an unknown one."""
        self._say(self._commands.beep)

    def trigger(self, *, on: bool) -> None:
        """Begin or end reading as if the trigger were pulled or released, where the scanner can; any thread."""
        self._say(self._commands.trigger if on else self._commands.release)

    def _say(self, command: bytes) -> None:
        if command and self._supervisor.connected:
            self._to_say.append(command)
            self._supervisor.wake()

    def _serve(self, transport: Transport) -> None:
        splitter = ReplySplitter(self._model)
        self._to_say.clear()
        self._to_say.extend(self._commands.set_up)
        gap_s = max(self._policy.gap_s, gap_s_at(transport.bytes_per_s))
        framer = Framer(replace(self._policy, gap_s=gap_s))
        self._supervisor.report(DeviceState.READY, "scanner.ready")
        while not self._supervisor.stopping():
            self._speak(transport, splitter)
            due_s = framer.due_s()
            wait_s = _LISTEN_S if due_s is None else max(0.0, due_s - self._monotonic())
            data = transport.read(min(wait_s, _LISTEN_S))
            now_s = self._monotonic()
            data = self._without_replies(splitter, data)
            overflows = framer.overflows
            # Bytes that are here came before the pause ended, even if this thread was late to look.
            frames = framer.feed(data, now_s) if data else framer.idle(now_s)
            if framer.overflows > overflows:
                self._supervisor.emit("scanner.overflow")
            for frame in frames:
                self._hand_over(frame)

    def _speak(self, transport: Transport, splitter: ReplySplitter) -> None:
        while self._to_say:
            command = self._to_say.popleft()
            splitter.expect(command)
            transport.write(command, self._monotonic() + _SAY_S)

    def _without_replies(self, splitter: ReplySplitter, data: bytes) -> bytes:
        if not data:
            return splitter.give_up()
        scans, replies = splitter.feed(data)
        for reply in replies:
            if reply.verdict is not Verdict.DONE:
                self._supervisor.emit("scanner.setting_refused", f"{reply.command}: {reply.verdict.name}")
        return scans

    def _hand_over(self, frame: Frame) -> None:
        if not self._supervisor.stopping():
            self._on_scan(Scan(self.name, frame.text, frame.at_s, frame.repeats, frame.corrupt))
