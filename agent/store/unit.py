"""What a command sees while the writer runs it: the connection, the time, and how to append."""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from agent.core.canonical import canonical, canonical_event
from agent.core.chain import Identity, next_hash
from agent.core.errors import Broken, Refused
from agent.core.ports import Signer
from agent.core.signing import seal_message
from agent.store.place import Place
from agent.store.ports import Views

SEAL = "seal"
_KIND = re.compile(r"[a-z]+\.[a-z_]+|seal")
_INSERT = "INSERT INTO journal(seq, at_ms, kind, body, hash) VALUES(?, ?, ?, ?, ?)"
_COUNT = (
    "INSERT INTO counter(name, value) VALUES(?, 1) ON CONFLICT(name) DO UPDATE SET value = value + 1 RETURNING value"
)


class Tip:
    """The end of the chain as the writer holds it in memory."""

    __slots__ = ("at_ms", "head", "seq", "since_seal", "stopped")

    def __init__(self, seq: int, head: bytes, at_ms: int, since_seal: int, stopped: str | None) -> None:
        self.seq = seq
        self.head = head
        self.at_ms = at_ms
        self.since_seal = since_seal
        self.stopped = stopped

    def saved(self) -> "Tip":
        """Return a copy to go back to."""
        return Tip(self.seq, self.head, self.at_ms, self.since_seal, self.stopped)


class Unit:
    """One command's work. It is valid only while the command runs, and only on the writer's thread.

    A command that fails after an `append` must let the error through: its work is rolled back as a whole.
    """

    __slots__ = ("_signer", "_views", "connection", "hooks", "identity", "now_ms", "spoiled", "tip")

    def __init__(
        self, connection: Any, identity: Identity, now_ms: int, tip: Tip, views: Views, signer: Signer | None
    ) -> None:
        self.connection = connection
        self.identity = identity
        self.now_ms = now_ms
        self.tip = tip
        self.hooks: list[Callable[[], None]] = []
        self.spoiled = False
        self._views = views
        self._signer = signer

    @property
    def last_seq(self) -> int:
        """Return the number of the last entry, this command's own included."""
        return self.tip.seq

    @property
    def head(self) -> bytes:
        """Return the hash of the last entry, as slips of a day's close show it."""
        return self.tip.head

    def append(self, kind: str, body: Mapping[str, Any]) -> int:
        """Append an entry, evolve the views, and return its number.

        Raises `Refused("journal.epoch_stopped")` when HQ knows more of this epoch than the box does.
        """
        self.spoiled = True
        text = canonical(body)
        # The views see what a rebuild would see: the stored text, not the object that it was made of.
        return self._append(kind, text, json.loads(text))

    def append_event(self, kind: str, body: dict[str, Any]) -> int:
        """Append an event's body, whose keys are text by its class; otherwise like `append`, at a lower cost."""
        self.spoiled = True
        text, data = canonical_event(body)
        return self._append(kind, text, data)

    def _append(self, kind: str, text: str, data: dict[str, Any]) -> int:
        tip = self.tip
        if tip.stopped is not None:
            raise Refused("journal.epoch_stopped", reason=tip.stopped)
        if kind not in _KNOWN_KINDS:
            _check_kind(kind)
        seq = tip.seq + 1
        head = next_hash(tip.head, seq, self.now_ms, kind, text)
        self.connection.execute(_INSERT, (seq, self.now_ms, kind, text, head))
        self._views.evolve(self.connection, Place(self.identity.epoch, seq, self.now_ms), kind, data)
        tip.seq = seq
        tip.head = head
        tip.at_ms = self.now_ms
        tip.since_seal += 1
        self.spoiled = False
        return seq

    def seal(self) -> int | None:
        """Sign the chain so far in an entry of its own; None when there is no key or nothing new to sign."""
        tip = self.tip
        if self._signer is None or tip.since_seal == 0 or tip.stopped is not None:
            return None
        head, sealed_seq = tip.head, tip.seq
        signature = self._signer.sign(seal_message(self.identity, sealed_seq, head))
        seq = self.append(SEAL, {"head": head.hex(), "signature": signature.hex()})
        tip.since_seal = 0
        self.connection.execute(
            "INSERT INTO meta(key, value) VALUES('last_seal', ?) ON CONFLICT(key) DO UPDATE SET value = excluded.value",
            (str(seq),),
        )
        return seq

    def counter(self, name: str) -> int:
        """Count up the counter `name` and return its value, 1 the first time."""
        row = self.connection.execute(_COUNT, (name,)).fetchall()
        return int(row[0][0])

    def after_commit(self, hook: Callable[[], None]) -> None:
        """Have `hook` called on the writer's thread once the work is on disk; it must be quick."""
        self.hooks.append(hook)


_KNOWN_KINDS: set[str] = {SEAL}


def _check_kind(kind: str) -> None:
    if not _KIND.fullmatch(kind):
        raise Broken("journal.kind_malformed", kind=kind[:60])
    _KNOWN_KINDS.add(kind)
