"""The journal as the uplink sees it: what to send next, and what HQ has acknowledged."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from agent.core.canonical import canonical
from agent.core.chain import Entry, Identity
from agent.core.ports import Watermark
from agent.store import journal
from agent.store.connection import Readers
from agent.store.restoring import history_behind
from agent.store.unit import Unit
from agent.store.writer import Writer

RECEIPTS_KEPT = 1_000
_NEWEST = "SELECT next_seq, head FROM receipt WHERE epoch = ? ORDER BY id DESC LIMIT 1"


class Outgoing:
    """Implements `agent.core.ports.OutgoingJournal`; every method may be called from any thread but the writer's."""

    def __init__(self, writer: Writer, readers: Readers) -> None:
        self._writer = writer
        self._readers = readers

    def identity(self) -> Identity:
        """Return store, box and the present epoch."""
        return self._writer.identity

    def epochs(self) -> Sequence[int]:
        """Return every epoch to send, oldest first; the last is the present one.

        What comes back from headquarters is not among them until it is whole.
        """
        connection = self._readers.get()
        if history_behind(connection):
            return [self._writer.identity.epoch]
        return journal.epochs(connection)

    def last_seq(self, epoch: int) -> int:
        """Return the number of the last entry of an epoch, 0 when it has none."""
        return journal.last_seq(self._readers.get(), epoch)

    def entries(self, epoch: int, first_seq: int, limit: int, bytes_max: int) -> Sequence[Entry]:
        """Return entries from `first_seq`, at least one when there is one, at most `limit` and `bytes_max` of body."""
        return journal.entries(self._readers.get(), epoch, first_seq, limit, bytes_max)

    def head_before(self, epoch: int, seq: int) -> bytes:
        """Return the hash before entry `seq` (genesis for 1); raises `Broken` when there is no such place."""
        return journal.head_before(self._readers.get(), epoch, seq)

    def watermark(self, epoch: int) -> Watermark:
        """Return the last receipt's place for an epoch; `next_seq` 1 before any."""
        return watermark(self._readers.get(), epoch)

    def record_receipt(self, receipt: Mapping[str, object]) -> None:
        """Store a receipt whose signature was verified; a lower `next_seq` than before is journaled as well."""
        self._writer.run(lambda unit: _record(unit, receipt))

    def stop_epoch(self, reason: str) -> None:
        """Stop selling in this epoch: HQ knows more of it than this box does."""
        self._writer.stop_epoch(reason)


def watermark(connection: Any, epoch: int) -> Watermark:
    """Return how far HQ has acknowledged an epoch."""
    row = connection.execute(_NEWEST, (epoch,)).fetchone()
    return Watermark(epoch, int(row[0]), bytes.fromhex(row[1])) if row is not None else Watermark(epoch, 1, None)


def receipt_of(connection: Any, epoch: int) -> Mapping[str, Any] | None:
    """Return the last receipt of HQ for an epoch as it was received, or None."""
    row = connection.execute("SELECT body FROM receipt WHERE epoch = ? ORDER BY id DESC LIMIT 1", (epoch,)).fetchone()
    return json.loads(row[0]) if row is not None else None


def _record(unit: Unit, receipt: Mapping[str, object]) -> None:
    epoch, next_seq, at_ms = (int(str(receipt[name])) for name in ("epoch", "next_seq", "at_ms"))
    before = watermark(unit.connection, epoch)
    identifier = unit.connection.execute(
        "INSERT INTO receipt(epoch, next_seq, head, at_ms, received_ms, body) VALUES(?, ?, ?, ?, ?, ?)",
        (epoch, next_seq, str(receipt["head"]), at_ms, unit.now_ms, canonical(dict(receipt))),
    ).lastrowid
    unit.connection.execute("DELETE FROM receipt WHERE id <= ?", (identifier - RECEIPTS_KEPT,))
    if next_seq < before.next_seq and unit.tip.stopped is None:
        unit.append("hq.rolled_back", {"epoch": epoch, "from_seq": before.next_seq, "to_seq": next_seq})
