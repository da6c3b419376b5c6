"""An emulated printer whose line is tapped: when bytes of the host go onto it, and when they are through."""

import threading
import time
from pathlib import Path

from drivers.emulators.endpoints import PtyEndpoint
from drivers.emulators.printer import EmulatedPrinter
from drivers.emulators.printer_station import PrinterStation
from drivers.emulators.profiles import profile_for
from drivers.emulators.station import Served

BODY = b"\x1b@"
"""ESC @: with it begins the body of every slip, and nothing else that a driver sends."""


class Tap:
    """What has passed since `reset`: bytes with the moment at which they came."""

    def __init__(self) -> None:
        self._lock = threading.Condition()
        self._parts: list[tuple[float, bytes]] = []

    def reset(self) -> None:
        """Forget what has passed."""
        with self._lock:
            self._parts = []

    def note(self, data: bytes) -> None:
        """Note bytes that pass now."""
        now_s = time.monotonic()
        with self._lock:
            self._parts.append((now_s, data))
            self._lock.notify_all()

    def parts(self) -> list[tuple[float, bytes]]:
        """Return what has passed, in order."""
        with self._lock:
            return list(self._parts)

    def body_at_s(self, offset: int = 0, timeout_s: float = 30.0) -> float:
        """Wait until the body's byte at `offset` has passed and return when that was; TimeoutError if it never does."""
        with self._lock:
            self._lock.wait_for(lambda: passed_at_s(self._parts, offset) is not None, timeout_s)
            at_s = passed_at_s(self._parts, offset)
        if at_s is None:
            raise TimeoutError("no slip came")
        return at_s


def passed_at_s(parts: list[tuple[float, bytes]], offset: int) -> float | None:
    """Return when the byte at `offset` of the first body passed, None when it has not."""
    begin = b"".join(data for _, data in parts).find(BODY)
    if begin < 0:
        return None
    end = 0
    for at_s, data in parts:
        end += len(data)
        if end > begin + offset:
            return at_s
    return None


class _TappedPrinter(EmulatedPrinter):
    """A printer that notes what came through its line."""

    def __init__(self, profile: str, through: Tap) -> None:
        super().__init__(profile_for(profile), keep_marks=False)
        self._through = through

    def feed(self, data: bytes) -> bytes:
        """See EmulatedPrinter.feed."""
        self._through.note(data)
        return super().feed(data)


class _TappedStation(PrinterStation):
    """A station that notes what the host gave to its line."""

    def __init__(self, printer: EmulatedPrinter, link: Path, baud: int | None, onto: Tap) -> None:
        super().__init__(printer, PtyEndpoint(link), baud=baud)
        self._onto = onto

    def hear(self, data: bytes) -> None:
        """See PrinterStation.hear."""
        self._onto.note(data)
        super().hear(data)


class TappedPrinter(Served):
    """A printer on a pty in a thread of its own; with `baud` its line takes bytes at that speed."""

    def __init__(self, link: Path, profile: str = "epson", baud: int | None = None) -> None:
        self.onto_line = Tap()
        self.through_line = Tap()
        super().__init__(_TappedStation(_TappedPrinter(profile, self.through_line), link, baud, self.onto_line))

    def reset(self) -> None:
        """Forget what has passed."""
        self.onto_line.reset()
        self.through_line.reset()
