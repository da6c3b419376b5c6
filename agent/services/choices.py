"""Codes with two readings that wait for a person's word: in memory only, one a till, for a minute."""

import threading
from dataclasses import dataclass, field

from agent.core.recognition import Recognition

KEPT_S = 60.0
"""As long as a wallet's payment code lives; an older choice asks for another scan."""


@dataclass(frozen=True, slots=True)
class _Pending:
    token: str
    staff: str
    until_s: float
    readings: tuple[Recognition, ...] = field(repr=False)


class PendingChoices:
    """What each till asked last. Any later scan at the till, or its first answer, ends the question.

    A reading may hold a payment code: it is neither stored nor sent anywhere, and answers go by an opaque token.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._of_till: dict[str, _Pending] = {}

    def offer(self, till: str, staff: str, token: str, readings: tuple[Recognition, ...], now_s: float) -> None:
        """Keep what this person at this till may choose from; `now_s` is monotonic."""
        with self._lock:
            self._drop_old(now_s)
            self._of_till[till] = _Pending(token, staff, now_s + KEPT_S, readings)

    def take(self, till: str, staff: str, token: str, now_s: float) -> tuple[Recognition, ...] | None:
        """Return the readings once, to the one who was asked; None when the question is over or was never put."""
        with self._lock:
            self._drop_old(now_s)
            found = self._of_till.get(till)
            if found is None or (found.token, found.staff) != (token, staff):
                return None
            del self._of_till[till]
            return found.readings

    def forget(self, till: str, now_s: float) -> None:
        """End the till's question: something else was scanned."""
        with self._lock:
            self._drop_old(now_s)
            self._of_till.pop(till, None)

    def _drop_old(self, now_s: float) -> None:
        self._of_till = {till: one for till, one in self._of_till.items() if now_s < one.until_s}
