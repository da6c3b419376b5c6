"""The replay's clock: it stands at the basket's time; wall and monotonic time move together, so nothing jumps."""


class BasketClock:
    """Stands where it was set; never goes back."""

    def __init__(self, at_ms: int) -> None:
        self._at_ms = at_ms
        self._start_ms = at_ms

    def set(self, at_ms: int) -> None:
        """Go on to a basket's time; an earlier one leaves the clock where it stands."""
        self._at_ms = max(self._at_ms, at_ms)

    def advance(self, seconds: float) -> None:
        """Go on by some seconds, while a platform is waited for."""
        self._at_ms += int(seconds * 1000)

    def now_ms(self) -> int:
        """Return the basket's time."""
        return self._at_ms

    def monotonic_s(self) -> float:
        """Return the basket's time since the start, so that a step of the basket's clock is no step of the box's."""
        return (self._at_ms - self._start_ms) / 1000
