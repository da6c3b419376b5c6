"""The cable between box and emulated printer: a kernel's buffer, a line's speed, and a plug that can be pulled."""

from __future__ import annotations

from dataclasses import dataclass

from drivers.base import DeviceGone
from drivers.emulators.printer import EmulatedPrinter
from drivers.emulators.replies import XOFF, XON
from drivers.emulators.wire import Wire
from tests.simulation.world import World

_FLOW = XOFF + XON
_XONXOFF_BYTES = 64


@dataclass(frozen=True)
class Cable:
    """What lies between; `kernel_bytes` is what the kernel takes while the printer reads nothing."""

    baud: int | None = None
    kernel_bytes: int = 4096
    xonxoff: bool = False
    claims_rate: bool = True
    keeps_after_close: bool = True
    """Bytes that the kernel holds still leave after we have closed the line, or were killed."""


class EmulatedLine:
    """Moves bytes and answers between whoever has the line open and the printer, in the world's time."""

    def __init__(self, world: World, printer: EmulatedPrinter, cable: Cable) -> None:
        self.world = world
        self.printer = printer
        self.cable = cable
        self.outward = bytearray()
        self.inward = bytearray()
        self.handle: LineTransport | None = None
        self._wire = Wire(cable.baud) if cable.baud else None
        self._held = False

    def open(self, url: str, monotonic: object) -> LineTransport:
        """Open the line as the registry would."""
        if not self.printer.plugged:
            raise DeviceGone("device.absent", f"{url}: not there")
        self.inward.clear()
        self.handle = LineTransport(self)
        return self.handle

    def say(self, word: str) -> None:
        """A person or fate does something to the printer."""
        self._hear(self.printer.command(word))
        self.advance()

    def next_due_s(self) -> float | None:
        times = [self.printer.next_due_s, self._wire.next_due_s if self._wire else None]
        return min((at_s for at_s in times if at_s is not None), default=None)

    def advance(self) -> None:
        """Let bytes through and lines be printed, as far as they are due."""
        self._hear(self.printer.tick())
        while self._leave() + self._arrive():
            pass

    @property
    def room(self) -> int:
        return self.cable.kernel_bytes - len(self.outward)

    @property
    def at_rest(self) -> bool:
        """Nothing is on its way to paper any more."""
        return not self.outward and self.next_due_s() is None

    def closed(self) -> None:
        """Whoever had it open has it no more."""
        self.handle = None
        self.inward.clear()
        self._held = False  # as the kernel forgets an XOFF with the last close
        if not self.cable.keeps_after_close:
            self.outward.clear()

    def _leave(self) -> int:
        if self._held or not self.outward:
            return 0
        count = min(len(self.outward), self._wire.room if self._wire else self._welcome)
        part = bytes(self.outward[:count])
        del self.outward[:count]
        if self._wire:
            self._wire.push(part, self.world.now_s)
        else:
            self._hear(self.printer.feed(part))
        return count

    def _arrive(self) -> int:
        if self._wire is None:
            return 0
        data = self._wire.take(self.world.now_s, self._welcome)
        if data:
            self._hear(self.printer.feed(data))
        return len(data)

    @property
    def _welcome(self) -> int:
        """How much may arrive at once: with XON and XOFF little, since the printer must get a word in."""
        if not self.cable.xonxoff:
            return self.printer.room
        return 0 if self._held else _XONXOFF_BYTES

    def _hear(self, answers: bytes) -> None:
        if self.cable.xonxoff:
            for value in answers:
                if value in _FLOW:
                    self._held = value == XOFF[0]
        if self.handle is not None:
            self.inward += answers
        if not self.printer.plugged:
            self._pulled()

    def _pulled(self) -> None:
        self.outward.clear()
        self.inward.clear()
        self._held = False
        if self._wire:
            self._wire.clear()
        if self.handle is not None:
            self.handle.cut = True
            self.handle = None


class LineTransport:
    """The line while it is open; keeps the contract of Transport."""

    def __init__(self, line: EmulatedLine) -> None:
        self._line = line
        self._world = line.world
        self.cut = False
        self._closed = False
        self._woken = False

    @property
    def bytes_per_s(self) -> float | None:
        cable = self._line.cable
        return cable.baud / 10 if cable.baud and cable.claims_rate else None

    def write(self, data: bytes, deadline_s: float) -> int:
        self._world.touch()
        taken = 0
        while taken < len(data):
            if self.cut or self._closed:
                if taken:
                    break
                raise DeviceGone("device.gone", "the cable was pulled")
            part = data[taken : taken + self._line.room]
            taken += len(part)
            self._line.outward += part
            self._line.advance()
            if not part and not self._wait(lambda: self._line.room > 0, deadline_s - self._world.now_s):
                break
        self._world.touch()
        return taken

    def read(self, timeout_s: float, limit: int = 4096) -> bytes:
        self._world.touch()
        line = self._line
        if not (self.cut or self._closed or line.inward) and timeout_s > 0:
            self._wait(lambda: line.inward, timeout_s)
        if self.cut or self._closed:
            raise DeviceGone("device.gone", "the cable was pulled")
        data = bytes(line.inward[:limit])
        del line.inward[:limit]
        return data

    def wake(self) -> None:
        self._woken = True

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            if self._line.handle is self:
                self._line.closed()

    def describe(self) -> str:
        return "emulated:"

    def _wait(self, ready: object, timeout_s: float) -> bool:
        """False when the time is up or somebody called wake."""
        self._world.wait(lambda: self._woken or self.cut or ready(), timeout_s)  # type: ignore[operator]
        woken, self._woken = self._woken, False
        return not woken and bool(self.cut or ready())  # type: ignore[operator]
