"""Which platforms answer: since when one is down, and whether it is the platform or the shop's own line."""

import threading
from collections.abc import Callable
from dataclasses import dataclass

from agent.core.phase import Line
from sync.platforms.base import NowMs, wall_ms

DOWN_AFTER = 2
"""So many calls in a row without a believed answer: one lost answer is no outage."""
_LINE = "network."
"""Codes of errors on the way begin so; others come from who was reached."""

Changed = Callable[[], None]


@dataclass(frozen=True, slots=True)
class PlatformLamp:
    """How a platform is; `since_ms` is when the first call in a row went unanswered."""

    state: str
    code: str | None = None
    since_ms: int | None = None


@dataclass
class _Heard:
    misses: int = 0
    code: str | None = None
    since_ms: int | None = None
    answered_ms: int | None = None


class PlatformHealth:
    """Hears how each call to a platform ended; `listener(name)` is what a platform is opened with. Thread-safe."""

    def __init__(self, now_ms: NowMs = wall_ms, changed: Changed | None = None) -> None:
        """`changed` is called, on the calling thread, when a lamp changes."""
        self._now_ms = now_ms
        self._lock = threading.Lock()
        self._heard: dict[str, _Heard] = {}
        self.changed = changed

    def listener(self, name: str) -> Callable[[str | None], None]:
        """Return what hears the outcomes of one platform: None after a believed answer, else a code."""
        with self._lock:
            self._heard.setdefault(name, _Heard())
        return lambda code: self.hear(name, code)

    def hear(self, name: str, code: str | None) -> None:
        """A call to a platform ended."""
        with self._lock:
            heard = self._heard.setdefault(name, _Heard())
            before = _lamp(heard)
            if code is None:
                self._heard[name] = _Heard(answered_ms=self._now_ms())
            else:
                heard.since_ms = self._now_ms() if heard.misses == 0 else heard.since_ms
                heard.misses += 1
                heard.code = code
            after = _lamp(self._heard[name])
        if after != before and self.changed is not None:
            self.changed()

    def lamp(self, name: str) -> PlatformLamp:
        """Return how a platform is; one that was never asked is `ok`."""
        with self._lock:
            return _lamp(self._heard.get(name, _Heard()))

    def lamps(self) -> dict[str, dict[str, object]]:
        """Return the lamps as pages see them, by platform: state `ok` or `down`, code, `since_ms`."""
        with self._lock:
            found = {name: _lamp(heard) for name, heard in sorted(self._heard.items())}
        return {
            name: {"state": lamp.state, "code": lamp.code, "since_ms": lamp.since_ms, "platform": True}
            for name, lamp in found.items()
        }

    def line(self, name: str, others_answer: bool) -> Line:
        """Return whose fault it is that a platform does not answer.

        It is the line's when the error is one of the way and nobody else outside answers either: no other platform,
        and not headquarters (`others_answer`).
        """
        with self._lock:
            heard = self._heard.get(name, _Heard())
            if heard.misses == 0:
                return Line.UP
            others = others_answer or any(
                other.misses == 0 and other.answered_ms is not None and other.answered_ms >= (heard.since_ms or 0)
                for known, other in self._heard.items()
                if known != name
            )
            on_the_way = (heard.code or "").startswith(_LINE)
            if on_the_way and not others:
                return Line.LINE_DOWN
            return Line.PLATFORM_DOWN if heard.misses >= DOWN_AFTER else Line.UP


def _lamp(heard: _Heard) -> PlatformLamp:
    if heard.misses < DOWN_AFTER:
        return PlatformLamp("ok")
    return PlatformLamp("down", heard.code, heard.since_ms)
