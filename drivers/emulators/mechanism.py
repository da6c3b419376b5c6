"""The head and the motor: how long printing takes, when it is asked to take time at all."""

from __future__ import annotations

from drivers.emulators.paper import Cut, Image, Line, Op, Qr

LINE_DOTS = 24


class Mechanism:
    """Busy until `free_at_s`. A line takes `line_s`, as do a cut and each 24 dots of a picture.

    Work that waited starts the moment the line before it is done, however late we look.
    """

    def __init__(self, line_s: float, now_s: float) -> None:
        self._line_s = line_s
        self._ready_since_s = now_s
        self.free_at_s = now_s

    def busy(self, now_s: float) -> bool:
        """Still printing."""
        return self.free_at_s > now_s

    def ready(self, now_s: float) -> None:
        """Work arrived, or may go on: nothing can have started before this."""
        self._ready_since_s = now_s

    def stop(self, now_s: float) -> None:
        """Power is gone, so is the movement."""
        self.free_at_s = now_s

    def strike(self, op: Op) -> None:
        """Take the time that something on paper needs."""
        if not self._line_s:
            return
        match op:
            case Line() | Cut():
                lines = 1
            case Image():
                lines = max(1, op.height // LINE_DOTS)
            case Qr():
                lines = max(1, op.modules * op.module_dots // LINE_DOTS)
            case _:
                return
        self.free_at_s = max(self.free_at_s, self._ready_since_s) + lines * self._line_s
