"""The machine's clock and randomness, as the ports of the core ask for them."""

import secrets
import time


class SystemClock:
    """Wall and monotonic time of this machine."""

    def now_ms(self) -> int:
        """Return wall time in milliseconds UTC."""
        return time.time_ns() // 1_000_000

    def monotonic_s(self) -> float:
        """Return seconds that never go back."""
        return time.monotonic()


class SystemEntropy:
    """The machine's random source."""

    def random_bytes(self, count: int) -> bytes:
        """Return `count` unpredictable bytes."""
        return secrets.token_bytes(count)
