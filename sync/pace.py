"""How long to wait: full-jitter exponential backoff, and headquarters' own Retry-After."""

from dataclasses import dataclass

from agent.core.errors import StoreboxError
from agent.core.ports import Entropy


@dataclass(frozen=True, slots=True)
class Pace:
    """The uplink's waiting times."""

    base_s: float = 1.0
    cap_s: float = 60.0
    heartbeat_s: float = 60.0
    blocked_s: float = 600.0
    credentials_s: float = 60.0
    key_list_s: float = 60.0


def fraction(entropy: Entropy) -> float:
    """Return an even random number from 0 up to 1."""
    return int.from_bytes(entropy.random_bytes(4), "big") / 2**32


def backoff_s(pace: Pace, failures: int, entropy: Entropy) -> float:
    """Return the wait after the `failures`-th failure in a row: anything from 0 to twice the last ceiling."""
    ceiling_s = min(pace.cap_s, pace.base_s * 2.0 ** min(failures - 1, 30))
    return ceiling_s * fraction(entropy)


def after_error_s(pace: Pace, error: StoreboxError, failures: int, entropy: Entropy) -> float:
    """Return the wait after an error; headquarters' Retry-After is a floor, spread over half as much again."""
    asked = error.values.get("retry_after_s")
    if isinstance(asked, int) and asked > 0:
        return asked * (1 + fraction(entropy) / 2)
    return backoff_s(pace, failures, entropy)
