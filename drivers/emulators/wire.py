"""The serial line's speed: bytes leave at ten bits a byte, no matter how they were handed over.

Pure arithmetic on a given monotonic time. The n-th byte of a busy period is through at its start
plus n byte times, so waking late delays nothing that follows.
"""

from __future__ import annotations

import math
from collections import deque

BITS_A_BYTE = 10
BUFFER_S = 0.1
WAKE_S = 0.01


class Wire:
    """Bytes on their way at `baud` bits a second."""

    def __init__(self, baud: int) -> None:
        self._bytes_a_second = baud / BITS_A_BYTE
        self._capacity = max(64, math.ceil(self._bytes_a_second * BUFFER_S))
        self._batch = max(1, math.ceil(self._bytes_a_second * WAKE_S))
        self._queue: deque[bytes] = deque()
        self._queued = 0
        self._start_s = float("-inf")
        self._through = 0
        self._held = False

    @property
    def room(self) -> int:
        """Bytes that may be pushed: about a tenth of a second's worth is kept."""
        return max(0, self._capacity - self._queued)

    def push(self, data: bytes, now_s: float) -> None:
        """The host handed these over now; they follow what is still on the line."""
        if not data:
            return
        if not self._queued:
            free_at_s = self._start_s + self._through / self._bytes_a_second
            if now_s > free_at_s:
                self._start_s, self._through = now_s, 0
        self._queue.append(data)
        self._queued += len(data)

    def take(self, now_s: float, limit: int) -> bytes:
        """Bytes that are through by now, at most `limit`.

        When the limit holds bytes back the line stands still: it goes on from the moment at which
        the limit lets it, without making up for the time lost.
        """
        if not self._queued:
            return b""
        if self._held and limit > 0:
            self._start_s, self._through, self._held = now_s, 0, False
        elapsed = (now_s - self._start_s) * self._bytes_a_second + 1e-6
        allowed = min(self._queued, int(elapsed) - self._through)
        if allowed > limit or limit <= 0:
            self._held = True
            allowed = max(0, limit)
        return self._pop(max(0, allowed))

    def clear(self) -> None:
        """Lose what is on the line (unplugged)."""
        self._queue.clear()
        self._queued = 0
        self._held = False

    @property
    def next_due_s(self) -> float | None:
        """When the next batch is through, or None when the line is idle or held."""
        if not self._queued or self._held:
            return None
        wanted = self._through + min(self._batch, self._queued)
        return self._start_s + wanted / self._bytes_a_second

    def _pop(self, count: int) -> bytes:
        self._queued -= count
        self._through += count
        parts = []
        while count:
            head = self._queue.popleft()
            if len(head) > count:
                self._queue.appendleft(head[count:])
                head = head[:count]
            parts.append(head)
            count -= len(head)
        return b"".join(parts)
