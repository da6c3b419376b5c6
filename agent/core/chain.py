"""The hash chain of the journal: what an entry's hash covers, and how a run of entries is checked."""

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256

HASH_VERSION = 1


@dataclass(frozen=True, slots=True)
class Identity:
    """Which journal this is: a store's box in one incarnation."""

    store: str
    box: str
    epoch: int

    def __str__(self) -> str:
        return f"{self.store}/{self.box}/{self.epoch}"


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of a journal; `body` is the canonical JSON text exactly as stored, `hash` 32 bytes."""

    seq: int
    at_ms: int
    kind: str
    body: str
    hash: bytes


@dataclass(frozen=True, slots=True)
class ChainFault:
    """The first entry that breaks the chain, and the code of the reason."""

    seq: int
    code: str


def genesis(identity: Identity) -> bytes:
    """Return the hash before the first entry of an epoch."""
    return sha256(f"{identity.store}/{identity.box}/{identity.epoch}".encode()).digest()


def next_hash(previous: bytes, seq: int, at_ms: int, kind: str, body: str) -> bytes:
    """Return the hash of an entry that follows the entry with hash `previous`."""
    return sha256(previous + f"{seq}\n{at_ms}\n{kind}\n{body}".encode()).digest()


def next_hash_of_bytes(previous: bytes, seq: int, at_ms: int, kind: bytes, body: bytes) -> bytes:
    """The same over raw stored bytes: a verifier must not fail on text that is no longer valid UTF-8."""
    return sha256(previous + b"%d\n%d\n%b\n%b" % (seq, at_ms, kind, body)).digest()


def first_fault(previous: bytes, next_seq: int, entries: Iterable[Entry]) -> ChainFault | None:
    """Return the first fault of `entries`, which should continue at `next_seq` after hash `previous`, or None."""
    head = previous
    expected = next_seq
    for entry in entries:
        if entry.seq != expected:
            return ChainFault(expected, "chain.gap")
        head = next_hash(head, entry.seq, entry.at_ms, entry.kind, entry.body)
        if head != entry.hash:
            return ChainFault(entry.seq, "chain.hash_differs")
        expected += 1
    return None
