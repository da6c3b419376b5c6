"""Keeping headquarters upright when every box comes back at once: a rate for each box and a bound on the backlog."""

import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from agent.core.errors import TryLater

BOXES_REMEMBERED = 20_000
TURN_MAX_S = 60.0
"""Nobody is sent away for longer: a box that went elsewhere meanwhile would keep its turn empty."""


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at_s: float


class RateLimit:
    """A token bucket for each box."""

    def __init__(
        self, per_second: float = 10.0, burst: int = 60, monotonic_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._per_second = per_second
        self._burst = burst
        self._monotonic_s = monotonic_s
        self._buckets: dict[tuple[str, str], _Bucket] = {}
        self._lock = threading.Lock()

    def take(self, store: str, box: str) -> None:
        """Count one request; raises `TryLater` with the time to wait when the box asks too often."""
        now_s = self._monotonic_s()
        with self._lock:
            if len(self._buckets) > BOXES_REMEMBERED:
                self._buckets.clear()
            bucket = self._buckets.setdefault((store, box), _Bucket(float(self._burst), now_s))
            bucket.tokens = min(self._burst, bucket.tokens + (now_s - bucket.at_s) * self._per_second)
            bucket.at_s = now_s
            if bucket.tokens < 1:
                wait_s = max(1, round((1 - bucket.tokens) / self._per_second))
                raise TryLater("box.too_many_requests", retry_after_s=wait_s)
            bucket.tokens -= 1


class Backlog:
    """Counts the uploads that wait for the database; beyond its bound a box is told when to come back.

    `at_once` of them work, the others wait: more would only take the processor from each other, and connections of the
    database. Each box that is sent away gets a turn of its own, one after another at the rate at which work gets done,
    so that a chain which comes back at once asks about once more a box, and not each second.
    """

    def __init__(
        self, waiting_max: int = 32, at_once: int = 8, monotonic_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._waiting_max = waiting_max
        self._at_once = at_once
        self._working = threading.Semaphore(at_once)
        self._monotonic_s = monotonic_s
        self._waiting = 0
        self._mean_s = 0.02
        self._next_turn_s = 0.0
        self._lock = threading.Lock()

    @contextmanager
    def place(self) -> Iterator[None]:
        """Hold a place in the queue, and wait for its turn, while the block runs."""
        with self._lock:
            if self._waiting >= self._waiting_max:
                raise TryLater("hq.backlog", retry_after_s=self._turn())
            self._waiting += 1
        try:
            with self._working:
                yield from self._timed()
        finally:
            with self._lock:
                self._waiting -= 1

    def _timed(self) -> Iterator[None]:
        """Learn from work that was done; what was refused says nothing about how long work takes."""
        began_s = self._monotonic_s()
        yield
        with self._lock:
            self._mean_s = 0.9 * self._mean_s + 0.1 * (self._monotonic_s() - began_s)

    def _turn(self) -> int:
        """Return the seconds until the next turn that nobody was promised yet."""
        now_s = self._monotonic_s()
        each_s = self._mean_s / self._at_once
        self._next_turn_s = max(self._next_turn_s, now_s + self._waiting * each_s) + each_s
        self._next_turn_s = min(self._next_turn_s, now_s + TURN_MAX_S)
        return max(1, math.ceil(self._next_turn_s - now_s))
