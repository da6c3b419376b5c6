"""What the core and the use cases ask of the world: clock, randomness, keys, journal, platforms, printers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from agent.core.chain import Entry, Identity


class Clock(Protocol):
    """Wall and monotonic time."""

    def now_ms(self) -> int:
        """Return wall time in milliseconds UTC; may be wrong and may step."""

    def monotonic_s(self) -> float:
        """Return seconds that never go back, for waiting and measuring."""


class Entropy(Protocol):
    """Source of randomness."""

    def random_bytes(self, count: int) -> bytes:
        """Return `count` unpredictable bytes."""


class Signer(Protocol):
    """A private key that never leaves its holder."""

    @property
    def public_key(self) -> bytes:
        """Return the Ed25519 public key, 32 bytes."""

    def sign(self, message: bytes) -> bytes:
        """Return the Ed25519 signature of `message`, 64 bytes."""


@dataclass(frozen=True, slots=True)
class Watermark:
    """How far HQ has acknowledged an epoch: `next_seq` is the number that it wants next, `head` its last hash."""

    epoch: int
    next_seq: int
    head: bytes | None


class OutgoingJournal(Protocol):
    """The journal as the uplink sees it; every method may be called from the uplink's own thread."""

    def identity(self) -> Identity:
        """Return store, box and the present epoch."""

    def epochs(self) -> Sequence[int]:
        """Return every epoch that has entries here, oldest first; the last is the present one."""

    def last_seq(self, epoch: int) -> int:
        """Return the number of the last entry of an epoch, 0 when it has none."""

    def entries(self, epoch: int, first_seq: int, limit: int, bytes_max: int) -> Sequence[Entry]:
        """Return entries from `first_seq`, at least one when there is one, at most `limit` and `bytes_max` of body."""

    def head_before(self, epoch: int, seq: int) -> bytes:
        """Return the hash before entry `seq` (genesis for 1); raises `Broken` when there is no such place."""

    def watermark(self, epoch: int) -> Watermark:
        """Return the last receipt's place for an epoch; `next_seq` 1 before any."""

    def record_receipt(self, receipt: Mapping[str, object]) -> None:
        """Store a receipt of HQ whose signature was verified, and move the watermark to its `next_seq`.

        A lower `next_seq` than before is stored as well and journaled as `hq.rolled_back`.
        """

    def stop_epoch(self, reason: str) -> None:
        """Stop selling in this epoch: HQ knows more of it than this box does."""


class HeartbeatSource(Protocol):
    """What a box tells about itself with each upload."""

    def heartbeat(self) -> Mapping[str, object]:
        """Return unsent entries and money, open attempts, today's totals, versions and device states."""
