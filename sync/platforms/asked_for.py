"""Which unknown certificates were asked for lately: an answer under a number that nobody knows costs one question."""

import time
from collections.abc import Callable

AGAIN_AFTER_S = 60.0
AT_ONCE_MAX = 4
"""So many different ones within that time; more are somebody's invention."""


class AskedFor:
    """Remembers for a minute. The caller serialises."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._at_s: dict[str, float] = {}

    def may_ask(self, number: str) -> bool:
        """Tell whether a certificate was not asked for within the last minute, nor too many others."""
        now_s = self._monotonic()
        self._at_s = {key: at_s for key, at_s in self._at_s.items() if now_s - at_s < AGAIN_AFTER_S}
        return number not in self._at_s and len(self._at_s) < AT_ONCE_MAX

    def note(self, number: str) -> None:
        """Remember that the platform answered the question, whatever came of it."""
        self._at_s[number[:80]] = self._monotonic()
