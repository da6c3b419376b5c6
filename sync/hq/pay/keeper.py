"""Orders and refunds whose box fell silent: headquarters bring them to their end, whichever of their processes lives.

A silent order is claimed by a lease in its row, so that two processes never work on it together, and the box that comes
back meanwhile is told to ask again. Paid stays paid; what is not paid is undone, and can't be paid any more after it.
After two hours every platform's own times for asking and undoing are long over, but an offer is left its expiry.
"""

import logging
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Connection, Table, select, update
from sqlalchemy.exc import SQLAlchemyError

from agent.core.chain import Identity
from agent.core.errors import StoreboxError
from agent.core.payment import Platform, PlatformAnswer, RefundAnswer, RefundVerdict, Verdict
from agent.core.wish import Verb, Wish
from sync.hq.database import Database
from sync.hq.pay.book import Order, order_of
from sync.hq.pay.desk import SILENT_MS, WishDesk
from sync.hq.pay.notes import Notes
from sync.hq.pay.phone_book import PhoneState
from sync.hq.tables import phone_order, wish, wish_order

_log = logging.getLogger("storebox.hq.pay")
EVERY_S = 60.0
LEASE_MS = 120_000
"""Longer than a question and an undoing at a platform take."""
AT_ONCE = 50
GIVEN_UP_MS = 30 * 24 * 3600 * 1000
"""An order that no wallet has told the end of for so long is matching's affair."""
PAUSE_MIN_MS, PAUSE_MAX_MS = 60_000, 3_600_000


class Keeper:
    """One step looks after what is silent now; its clock is headquarters' own."""

    def __init__(
        self,
        database: Database,
        desk: WishDesk,
        notes: Notes,
        now_ms: Callable[[], int],
        phone: Platform | None = None,
    ) -> None:
        """`phone` are the orders of customers' own phones, which have states of their own."""
        self._phone = phone
        self._database = database
        self._desk = desk
        self._notes = notes
        self._now_ms = now_ms

    def step(self) -> float:
        """Bring what is silent nearer to its end; returns seconds until the next time."""
        for work, silent in (
            (self._keep_order, self._silent_orders),
            (self._keep_refund, self._silent_refunds),
            (self._keep_phone_order, self._silent_phone_orders),
        ):
            for row in silent():
                try:
                    work(row)
                except (StoreboxError, SQLAlchemyError):
                    _log.exception("%s of %s waits", row["out_trade_no"], row["store"])
        return EVERY_S

    def _silent_orders(self) -> list[Mapping[str, Any]]:
        known = wish_order.c
        begun = known.taken_by.is_not(None) | known.undone_at_ms.is_not(None)
        over = known.expires_at_ms.is_(None) | (known.expires_at_ms < self._now_ms()) | known.undone_at_ms.is_not(None)
        return self._silent(wish_order, begun & over)

    def _silent_refunds(self) -> list[Mapping[str, Any]]:
        return self._silent(wish, wish.c.verb == Verb.REFUND.value)

    def _silent_phone_orders(self) -> list[Mapping[str, Any]]:
        """Return phones' orders that a wallet still has long after their end, the latest first."""
        known, now_ms = phone_order.c, self._now_ms()
        held = known.state.in_((PhoneState.TAKEN.value, PhoneState.LEAVING.value))
        over = (known.expires_at_ms < now_ms - SILENT_MS) & (known.expires_at_ms > now_ms - GIVEN_UP_MS)
        query = select(known.store, known.out_trade_no).where(held & over).order_by(known.expires_at_ms.desc())
        with self._database.read() as connection:
            return [dict(row._mapping) for row in connection.execute(query.limit(AT_ONCE))]

    def _keep_phone_order(self, row: Mapping[str, Any]) -> None:
        """Close an order at its wallet; paid stays paid. Two processes at it change nothing: its row has the states."""
        if self._phone is not None and self._phone.query(row["out_trade_no"]).verdict is not Verdict.PAID:
            self._phone.close(row["out_trade_no"])

    def _silent(self, table: Table, which: Any) -> list[Mapping[str, Any]]:
        place = self._due(table) & which
        query = select(table).where(place).order_by(table.c.heard_at_ms).limit(AT_ONCE)
        with self._database.read() as connection:
            return [dict(row._mapping) for row in connection.execute(query)]

    def _due(self, table: Table) -> Any:
        """Return the condition of what has no end, is silent, and is nobody's at present."""
        now_ms, known = self._now_ms(), table.c
        silent = known.outcome.is_(None) & (known.heard_at_ms < now_ms - SILENT_MS)
        return silent & (known.kept_until_ms <= now_ms) & (known.keep_after_ms <= now_ms)

    def _claimed(self, table: Table, place: Any, heard_at_ms: int) -> bool:
        """Take a row for the length of a lease; False when its box or another process was quicker."""
        now_ms = self._now_ms()
        pause_ms = min(PAUSE_MAX_MS, max(PAUSE_MIN_MS, (now_ms - heard_at_ms) // 16))
        lease = {"kept_until_ms": now_ms + LEASE_MS, "keep_after_ms": now_ms + pause_ms}
        with self._database.write() as connection:
            return connection.execute(update(table).where(place & self._due(table)).values(**lease)).rowcount == 1

    def _keep_order(self, row: Mapping[str, Any]) -> None:
        place = (wish_order.c.store == row["store"]) & (wish_order.c.out_trade_no == row["out_trade_no"])
        if not self._claimed(wish_order, place, row["heard_at_ms"]):
            return
        with self._database.read() as connection:
            order = order_of(connection, row["store"], row["out_trade_no"])
        outcome = None if order is None else self._end_of(order)
        self._notes.written(row["store"], row["out_trade_no"])
        with self._database.write() as connection:
            _release(connection, wish_order, place, outcome, self._now_ms())
        _log.info("order %s of %s: %s", row["out_trade_no"], row["store"], outcome or "not known yet")

    def _end_of(self, order: Order) -> str | None:
        """Ask the platform, undo what is not paid, and return the end; None when it is not known."""
        found = self._wished(order, Verb.QUERY)
        if found.verdict is Verdict.UNKNOWN and order.undone_at_ms is None:
            return None
        if found.verdict is Verdict.PAID and order.undone_at_ms is None:
            return found.verdict.value
        if found.verdict in (Verdict.DECLINED, Verdict.REVERSED, Verdict.CLOSED):
            return found.verdict.value
        undone = self._wished(order, Verb.CLOSE if order.taken_by == Verb.OFFER else Verb.REVERSE)
        if undone.verdict is Verdict.NOT_FOUND:
            return "never_existed"
        ends = (Verdict.REVERSED, Verdict.CLOSED, Verdict.PAID, Verdict.DECLINED)
        return undone.verdict.value if undone.verdict in ends else None

    def _wished(self, order: Order, verb: Verb) -> PlatformAnswer:
        answer = self._desk.take(_box_of(order), Wish(verb, order.platform, order.out_trade_no), kept=True).answer
        assert isinstance(answer, PlatformAnswer)
        return answer

    def _keep_refund(self, row: Mapping[str, Any]) -> None:
        place = (wish.c.store == row["store"]) & (wish.c.out_trade_no == row["out_trade_no"])
        place &= (wish.c.verb == row["verb"]) & (wish.c.out_refund_no == row["out_refund_no"])
        if not self._claimed(wish, place, row["heard_at_ms"]):
            return
        with self._database.read() as connection:
            order = order_of(connection, row["store"], row["out_trade_no"])
        if order is not None:
            self._give_back(order, row)
        self._notes.written(row["store"], row["out_trade_no"])
        with self._database.write() as connection:
            _release(connection, wish, place, None, self._now_ms())

    def _give_back(self, order: Order, row: Mapping[str, Any]) -> None:
        """Ask for a refund, and submit it again under its number where the platform never had it."""
        refund = row["out_refund_no"]
        question = Wish(Verb.QUERY_REFUND, order.platform, order.out_trade_no, out_refund_no=refund)
        found = self._desk.take(_box_of(order), question, kept=True).answer
        assert isinstance(found, RefundAnswer)
        if found.verdict is RefundVerdict.NOT_FOUND:
            again = Wish(
                Verb.REFUND,
                order.platform,
                order.out_trade_no,
                amount_fen=row["amount_fen"],
                total_fen=row["total_fen"],
                out_refund_no=refund,
            )
            self._desk.take(_box_of(order), again, kept=True)


def _box_of(order: Order) -> Identity:
    return Identity(order.store, order.box, order.epoch)


def _release(connection: Connection, table: Table, place: Any, outcome: str | None, now_ms: int) -> None:
    """Give a row back to its box; with an end it is nobody's any more."""
    connection.execute(update(table).where(place).values(kept_until_ms=0))
    if outcome is not None:
        ended = update(table).where(place & table.c.outcome.is_(None)).values(outcome=outcome, ended_at_ms=now_ms)
        connection.execute(ended)
