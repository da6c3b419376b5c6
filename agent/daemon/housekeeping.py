"""What a running box does once a minute: seal what came after headquarters had everything, forget what is over."""

from collections.abc import Callable

from agent.core.ports import Clock
from agent.store.answers import forget_answers
from agent.store.spool import forget_slips
from agent.store.unit import Unit
from agent.store.writer import Writer
from sync.threads import StepThread

EVERY_S = 60.0
PRUNE_EVERY_S = 6 * 3600.0
DAY_MS = 86_400_000
ANSWERS_KEPT_DAYS = 31
SLIPS_KEPT_DAYS = 92
"""A slip can be reprinted as long; the journal keeps for ever that it was printed."""


class Housekeeping:
    """A thread of its own; every act is one command of the writer, so trade never waits for more than that."""

    def __init__(self, writer: Writer, clock: Clock, also: Callable[[], None] = lambda: None) -> None:
        """`also` is done each time as well."""
        self._writer = writer
        self._also = also
        self._clock = clock
        self._prune_at_s = clock.monotonic_s() + EVERY_S
        self._thread = StepThread("housekeeping", self.step)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End after the present act."""
        self._thread.stop()

    def step(self) -> float:
        """Do what is due; returns seconds until the next time."""
        if self._writer.stopped is None:
            self._writer.seal_if_idle()
        if self._clock.monotonic_s() >= self._prune_at_s:
            self._prune_at_s = self._clock.monotonic_s() + PRUNE_EVERY_S
            self._writer.run(_prune)
        self._also()
        return EVERY_S


def _prune(unit: Unit) -> int:
    gone = forget_answers(unit.connection, unit.now_ms - ANSWERS_KEPT_DAYS * DAY_MS)
    return gone + forget_slips(unit.connection, unit.now_ms - SLIPS_KEPT_DAYS * DAY_MS)
