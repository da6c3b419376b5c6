"""Words that wait for their byte of the stream."""

from __future__ import annotations

from drivers.emulators.words import Word

MAX_WAITING = 1000


class Schedule:
    """Words by the count of received bytes at which they are due; at the same byte in order."""

    def __init__(self) -> None:
        self._waiting: list[tuple[int, Word]] = []

    def add(self, at: int, word: Word) -> None:
        """Obey `word` after the `at`-th byte; beyond 1,000 waiting words the last one gives way."""
        self._waiting.append((at, word))
        self._waiting.sort(key=lambda entry: entry[0])
        del self._waiting[MAX_WAITING:]

    def reach(self, received: int, wanted: int) -> int:
        """How many of `wanted` bytes may be taken before the next word is due."""
        return min(wanted, self._waiting[0][0] - received) if self._waiting else wanted

    def due(self, received: int) -> Word | None:
        """Take out the next word that is due."""
        if self._waiting and self._waiting[0][0] <= received:
            return self._waiting.pop(0)[1]
        return None

    def clear(self) -> None:
        """Forget them all."""
        self._waiting.clear()
