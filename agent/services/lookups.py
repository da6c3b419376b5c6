"""Look-ups under way and just answered, in memory: pages and other tills ask for them by their number."""

import threading
from dataclasses import dataclass, field
from typing import Any

from agent.core.errors import Refused, TryLater
from agent.core.lookup import Question

KEPT_MAX = 64
RUNNING_MAX = 8
"""Each waits for a platform or for headquarters on a thread of its own."""


@dataclass
class Lookup:
    """One look-up: who asked what at which till, and the answer once there is one."""

    lookup: str
    till: str
    question: Question
    asked_ms: int
    answer: dict[str, Any] | None = field(default=None, repr=False)


class Lookups:
    """The look-ups of a box. Several threads may use it; what is older than the last 64 is gone."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[str, Lookup] = {}

    def begin(self, lookup: Lookup) -> Lookup | None:
        """Keep a new look-up; returns the one that already asks the same at this till, if any.

        Refuses while the till looks something else up (`lookup.busy`): one customer at a time.
        """
        with self._lock:
            running = [one for one in self._kept.values() if one.answer is None]
            here = next((one for one in running if one.till == lookup.till), None)
            if here is not None and here.question == lookup.question:
                return here
            if here is not None or len(running) >= RUNNING_MAX:
                raise TryLater("lookup.busy")
            while len(self._kept) >= KEPT_MAX:
                del self._kept[next(one.lookup for one in self._kept.values() if one.answer is not None)]
            self._kept[lookup.lookup] = lookup
            return None

    def end(self, lookup: str, answer: dict[str, Any] | None) -> None:
        """Keep the answer; without one the look-up is forgotten."""
        with self._lock:
            if answer is None:
                self._kept.pop(lookup, None)
            else:
                self._kept[lookup].answer = answer

    def get(self, lookup: str) -> Lookup:
        """Return a look-up; refuses one that was never made or is gone (`lookup.gone`)."""
        with self._lock:
            found = self._kept.get(lookup)
        if found is None:
            raise Refused("lookup.gone")
        return found
