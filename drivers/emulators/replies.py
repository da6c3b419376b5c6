"""The printer's voice: what it says, when it says it, and how faults bend that."""

from __future__ import annotations

import random
from collections import deque

XON, XOFF = b"\x11", b"\x13"


class Replies:
    """Answers on their way to the host, in order, each with the time at which it is due.

    `silent` swallows, `garbled` replaces every byte by noise (from a fixed seed), `late_s` delays.
    """

    def __init__(self) -> None:
        self.silent = False
        self.garbled = False
        self.late_s = 0.0
        self._noise = random.Random(20260504)
        self._queue: deque[tuple[float, bytes]] = deque()
        self._last_due_s = float("-inf")

    def reset_faults(self) -> None:
        """Speak clearly and at once again."""
        self.silent = self.garbled = False
        self.late_s = 0.0

    def drop(self) -> None:
        """Forget what wasn't said yet (power lost)."""
        self._queue.clear()
        self._last_due_s = float("-inf")

    def say(self, data: bytes, at_s: float) -> None:
        """Queue an answer, due at `at_s` plus the lateness; never before an earlier one."""
        if self.silent:
            return
        if self.garbled:
            data = self._noise.randbytes(len(data))
        due_s = max(at_s + self.late_s, self._last_due_s)
        self._last_due_s = due_s
        self._queue.append((due_s, data))

    def due(self, now_s: float) -> bytes:
        """Take out everything due by now."""
        parts = []
        while self._queue and self._queue[0][0] <= now_s:
            parts.append(self._queue.popleft()[1])
        return b"".join(parts)

    @property
    def next_due_s(self) -> float | None:
        """When the next answer is due, or None."""
        return self._queue[0][0] if self._queue else None
