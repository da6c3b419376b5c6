"""Watching the wall clock against the monotonic one: steps are written down, drift is not."""

from agent.core.ports import Clock

STEP_MS = 2_000


class ClockWatch:
    """Remembers both clocks at the last look that was accepted."""

    __slots__ = ("_clock", "_monotonic_s", "_seen", "_wall_ms")

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._wall_ms = clock.now_ms()
        self._monotonic_s = clock.monotonic_s()
        self._seen = (self._wall_ms, self._monotonic_s)

    def begin(self, last_entry_ms: int) -> None:
        """Start watching; a clock that stands before the last entry has stepped back while the box was off."""
        now_ms = self._clock.now_ms()
        self._wall_ms = last_entry_ms if now_ms < last_entry_ms - STEP_MS else now_ms
        self._monotonic_s = self._clock.monotonic_s()

    def look(self) -> tuple[int, int] | None:
        """Return from where to where the wall clock stepped since the last accepted look, or None."""
        wall_ms, monotonic_s = self._clock.now_ms(), self._clock.monotonic_s()
        self._seen = (wall_ms, monotonic_s)
        expected_ms = self._wall_ms + round((monotonic_s - self._monotonic_s) * 1_000)
        return (expected_ms, wall_ms) if abs(wall_ms - expected_ms) > STEP_MS else None

    def accept(self) -> None:
        """Take the last look as the new beginning: the step, if any, is on disk."""
        self._wall_ms, self._monotonic_s = self._seen
