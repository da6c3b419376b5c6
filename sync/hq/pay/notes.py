"""What the platforms answered, written behind the answer that went to the box: many in one commit, none on its way.

A note that a crash takes away costs nothing: the platform is asked again by whoever needs to know.
"""

import logging
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, or_, update
from sqlalchemy.exc import SQLAlchemyError

from agent.core.errors import TryLater
from sync.hq.database import Database
from sync.hq.tables import wish, wish_order

_log = logging.getLogger("storebox.hq.pay")
AGAIN_AFTER_S = 1.0
WRITTEN_WITHIN_S = 5.0
WAITING_MAX = 20_000

_Order = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Note:
    """What is known of an order or refund after an answer. `verb` "" for a question; `outcome` None: no end yet."""

    store: str
    out_trade_no: str
    verb: str
    out_refund_no: str
    at_ms: int
    outcome: str | None = None
    answer: str | None = None
    order_outcome: str | None = None
    transaction: str | None = None
    heard: bool = True
    """Whether it was the box that asked."""


class Notes:
    """A thread that writes notes in the order in which they came."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: list[Note] = []
        self._pending: dict[_Order, int] = {}
        self._changed = threading.Condition()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="wish notes", daemon=True)

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def stop(self, timeout_s: float = 5.0) -> None:
        """Write what is waiting, then end."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def put(self, note: Note) -> None:
        """Take a note; never blocks. Beyond a bound the oldest is dropped, as a crash would."""
        with self._changed:
            if len(self._waiting) >= WAITING_MAX:
                self._done([self._waiting.pop(0)])
            self._waiting.append(note)
            key = (note.store, note.out_trade_no)
            self._pending[key] = self._pending.get(key, 0) + 1
            self._changed.notify_all()

    def written(self, store: str, out_trade_no: str, timeout_s: float = WRITTEN_WITHIN_S) -> bool:
        """Wait until nothing of an order waits to be written here, and tell whether that is so."""
        key = (store, out_trade_no)
        with self._changed:
            return self._changed.wait_for(lambda: key not in self._pending, timeout_s)

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._stopping)
                if not self._waiting:
                    return
                batch, self._waiting = self._waiting, []
            self._write(batch)

    def _write(self, batch: list[Note]) -> None:
        while True:
            try:
                with self._database.write() as connection:
                    apply(connection, batch)
            except (SQLAlchemyError, TryLater):
                _log.warning("notes wait: the database does not answer", exc_info=True)
                if self._pause():
                    return
            else:
                with self._changed:
                    self._done(batch)
                return

    def _pause(self) -> bool:
        with self._changed:
            return bool(self._changed.wait_for(lambda: self._stopping, AGAIN_AFTER_S))

    def _done(self, notes: Iterable[Note]) -> None:
        for note in notes:
            key = (note.store, note.out_trade_no)
            self._pending[key] -= 1
            if not self._pending[key]:
                del self._pending[key]
        self._changed.notify_all()


def apply(connection: Connection, notes: Iterable[Note]) -> None:
    """Write notes; the newest answer about an order's end stands.

    Rows are locked as acts lock them, the order's before its wishes', and orders by their numbers: two processes that
    note what they heard never wait for each other in a ring.
    """
    for note in sorted(notes, key=lambda one: (one.store, one.out_trade_no)):
        _note_order(connection, note)
        if note.verb:
            _note_act(connection, note)


def _note_act(connection: Connection, note: Note) -> None:
    place = (wish.c.store == note.store) & (wish.c.out_trade_no == note.out_trade_no)
    place &= (wish.c.verb == note.verb) & (wish.c.out_refund_no == note.out_refund_no)
    values: dict[str, Any] = {"sending_until_ms": 0, **_heard(note)}
    if note.outcome is not None:
        values |= {"outcome": note.outcome, "answer": note.answer}
    connection.execute(update(wish).where(place).values(**values))


def _note_order(connection: Connection, note: Note) -> None:
    place = (wish_order.c.store == note.store) & (wish_order.c.out_trade_no == note.out_trade_no)
    if note.heard:
        connection.execute(update(wish_order).where(place).values(**_heard(note)))
    if note.order_outcome is None:
        return
    newest = or_(wish_order.c.ended_at_ms.is_(None), wish_order.c.ended_at_ms <= note.at_ms)
    since_undone = or_(wish_order.c.undone_at_ms.is_(None), wish_order.c.undone_at_ms <= note.at_ms)
    ended = {"outcome": note.order_outcome, "ended_at_ms": note.at_ms}
    if note.transaction is not None:
        ended["transaction"] = note.transaction
    connection.execute(update(wish_order).where(place & newest & since_undone).values(**ended))


def _heard(note: Note) -> Mapping[str, Any]:
    return {"heard_at_ms": note.at_ms} if note.heard else {}


Put = Callable[[Note], None]
