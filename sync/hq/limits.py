"""Keeping headquarters upright when every box comes back at once: a rate for each box and a bound on the backlog."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from agent.core.errors import TryLater

BOXES_REMEMBERED = 20_000


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
    """Counts the uploads that wait for the database; beyond its bound a box is told when to come back."""

    def __init__(self, waiting_max: int = 32, monotonic_s: Callable[[], float] = time.monotonic) -> None:
        self._waiting_max = waiting_max
        self._monotonic_s = monotonic_s
        self._waiting = 0
        self._mean_s = 0.02
        self._lock = threading.Lock()

    @contextmanager
    def place(self) -> Iterator[None]:
        """Hold a place in the queue while the block runs."""
        with self._lock:
            if self._waiting >= self._waiting_max:
                raise TryLater("hq.backlog", retry_after_s=max(1, round(self._waiting * self._mean_s * 2)))
            self._waiting += 1
        began_s = self._monotonic_s()
        try:
            yield
        finally:
            with self._lock:
                self._waiting -= 1
                self._mean_s = 0.9 * self._mean_s + 0.1 * (self._monotonic_s() - began_s)
