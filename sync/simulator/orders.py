"""The wallet's books in SQLite: orders and refunds, each number once for ever, across restarts."""

import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pysqlite3.dbapi2

from sync.simulator.behaviour import Behaviour

_SCHEMA = """
CREATE TABLE IF NOT EXISTS trade_order(
  out_trade_no TEXT PRIMARY KEY,
  transaction_no TEXT NOT NULL,
  state TEXT NOT NULL,
  amount_fen INTEGER NOT NULL,
  platform_discount_fen INTEGER NOT NULL,
  payer TEXT NOT NULL,
  code TEXT,
  created_at_ms INTEGER NOT NULL,
  ends_at_ms INTEGER NOT NULL,
  ends TEXT NOT NULL,
  paid_at_ms INTEGER,
  reversed_at_ms INTEGER
) STRICT;
CREATE TABLE IF NOT EXISTS refund(
  out_refund_no TEXT PRIMARY KEY,
  out_trade_no TEXT NOT NULL,
  refund_transaction TEXT NOT NULL,
  amount_fen INTEGER NOT NULL,
  platform_fen INTEGER NOT NULL,
  at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS order_of_transaction ON trade_order(transaction_no);
CREATE INDEX IF NOT EXISTS refund_of_order ON refund(out_trade_no);
"""


@dataclass(frozen=True, slots=True)
class Order:
    """An order as the wallet has it."""

    out_trade_no: str
    transaction_no: str
    state: str
    amount_fen: int
    platform_discount_fen: int
    payer: str
    code: str | None
    created_at_ms: int
    ends_at_ms: int
    ends: str
    paid_at_ms: int | None = None
    reversed_at_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Refund:
    """A refund that was done."""

    out_refund_no: str
    out_trade_no: str
    refund_transaction: str
    amount_fen: int
    platform_fen: int
    at_ms: int


class Books:
    """Keeps orders and refunds. Thread-safe; every change is on disk before it is answered."""

    def __init__(self, path: Path, now_ms: Callable[[], int], hurry: int = 1) -> None:
        """`hurry` divides how long customers take, for tests that can't wait."""
        self._now_ms = now_ms
        self._hurry = hurry
        self._lock = threading.Lock()
        self._connection: Any = pysqlite3.dbapi2.connect(str(path), check_same_thread=False, isolation_level=None)
        for pragma in ("journal_mode=WAL", "synchronous=FULL"):
            self._connection.execute(f"PRAGMA {pragma}")
        self._connection.executescript(_SCHEMA)

    def pay(self, out_trade_no: str, amount_fen: int, payer: str, how: Behaviour) -> Order:
        """Begin an order, or return the one that has this number."""
        with self._lock:
            known = self._order(out_trade_no)
            if known is not None:
                return known
            now_ms = self._now_ms()
            self._insert("trade_order", asdict(self._new_order(out_trade_no, amount_fen, payer, how, now_ms)))
            return self._known(out_trade_no)

    def find(self, out_trade_no: str) -> Order | None:
        """Return an order as it is by now."""
        with self._lock:
            return self._order(out_trade_no)

    def by_transaction(self, transaction_no: str) -> Order | None:
        """Return the order that has a number of the platform's."""
        with self._lock:
            rows = self._rows("SELECT out_trade_no FROM trade_order WHERE transaction_no = ?", (transaction_no,))
            return self._order(rows[0][0]) if rows else None

    def reverse(self, out_trade_no: str) -> Order:
        """Undo an order; one that never arrived is closed, so that it can't arrive any more."""
        with self._lock:
            now_ms, order = self._now_ms(), self._order(out_trade_no)
            if order is None:
                closed = Behaviour("closed", "ORDER_NEVER_ARRIVED")
                self._insert("trade_order", asdict(self._new_order(out_trade_no, 0, "", closed, now_ms)))
            elif order.state == "paid" and not self._refunds(out_trade_no):
                self._update(out_trade_no, state="reversed", reversed_at_ms=now_ms)
            elif order.state in ("waiting", "declined"):
                self._update(out_trade_no, state="closed")
            return self._known(out_trade_no)

    def refund(self, out_trade_no: str, out_refund_no: str, amount_fen: int) -> Refund | str:
        """Give money back, or return the refund that has this number, or the code of a refusal."""
        with self._lock:
            known = self._refund(out_refund_no)
            if known is not None:
                same = (known.out_trade_no, known.amount_fen) == (out_trade_no, amount_fen)
                return known if same else "REFUND_DIFFERS"
            order = self._order(out_trade_no)
            if order is None or order.state != "paid":
                return "ORDER_NOT_PAID"
            before_fen = sum(item.amount_fen for item in self._refunds(out_trade_no))
            if not 0 < amount_fen <= order.amount_fen - before_fen:
                return "AMOUNT_TOO_LARGE"
            refund = self._new_refund(order, out_refund_no, amount_fen, before_fen)
            self._insert("refund", asdict(refund))
            return refund

    def find_refund(self, out_refund_no: str) -> Refund | None:
        """Return a refund."""
        with self._lock:
            return self._refund(out_refund_no)

    def between(self, from_ms: int, to_ms: int) -> tuple[list[Order], list[Refund], list[Order]]:
        """Return what was paid, refunded and reversed in a span of time, for the bill."""
        with self._lock:
            for row in self._rows("SELECT out_trade_no FROM trade_order WHERE state = 'waiting'"):
                self._order(row[0])
            order_columns = ", ".join(Order.__slots__)
            span = (from_ms, to_ms)
            paid = self._rows(
                f"SELECT {order_columns} FROM trade_order WHERE paid_at_ms >= ? AND paid_at_ms < ?"
                " ORDER BY paid_at_ms, out_trade_no",
                span,
            )
            back = self._rows(
                f"SELECT {', '.join(Refund.__slots__)} FROM refund WHERE at_ms >= ? AND at_ms < ?"
                " ORDER BY at_ms, out_refund_no",
                span,
            )
            undone = self._rows(
                f"SELECT {order_columns} FROM trade_order WHERE reversed_at_ms >= ? AND reversed_at_ms < ?"
                " ORDER BY reversed_at_ms, out_trade_no",
                span,
            )
        return [Order(*row) for row in paid], [Refund(*row) for row in back], [Order(*row) for row in undone]

    def close(self) -> None:
        """Close the database."""
        with self._lock:
            self._connection.close()

    def _new_order(self, out_trade_no: str, amount_fen: int, payer: str, how: Behaviour, now_ms: int) -> Order:
        paid_now = how.waits_s == 0 and how.ends == "paid"
        return Order(
            out_trade_no=out_trade_no,
            transaction_no=self._number("29", now_ms),
            state=how.ends if how.waits_s == 0 else "waiting",
            amount_fen=amount_fen,
            platform_discount_fen=amount_fen * how.discount_percent // 100,
            payer=payer,
            code=how.code,
            created_at_ms=now_ms,
            ends_at_ms=now_ms + how.waits_s * 1000 // self._hurry,
            ends=how.ends,
            paid_at_ms=now_ms if paid_now else None,
        )

    def _new_refund(self, order: Order, out_refund_no: str, amount_fen: int, before_fen: int) -> Refund:
        """Share a refund between customer and platform so that all parts add up to what each gave."""

        def share(refunded_fen: int) -> int:
            return order.platform_discount_fen * refunded_fen // order.amount_fen

        platform_fen = share(before_fen + amount_fen) - share(before_fen)
        now_ms = self._now_ms()
        return Refund(out_refund_no, order.out_trade_no, self._number("50", now_ms), amount_fen, platform_fen, now_ms)

    def _number(self, prefix: str, now_ms: int) -> str:
        """Return a number of 28 digits, as long as the real ones."""
        return f"{prefix}{now_ms:014d}{self._count():012d}"

    def _count(self) -> int:
        """Return how many orders and refunds there are: part of every new number."""
        count = "SELECT (SELECT count(*) FROM trade_order) + (SELECT count(*) FROM refund)"
        found: int = self._rows(count)[0][0]
        return found

    def _order(self, out_trade_no: str) -> Order | None:
        rows = self._rows(
            f"SELECT {', '.join(Order.__slots__)} FROM trade_order WHERE out_trade_no = ?", (out_trade_no,)
        )
        if not rows:
            return None
        order = Order(*rows[0])
        if order.state == "waiting" and self._now_ms() >= order.ends_at_ms:
            paid_at_ms = order.ends_at_ms if order.ends == "paid" else None
            self._update(out_trade_no, state=order.ends, paid_at_ms=paid_at_ms)
            return self._order(out_trade_no)
        return order

    def _known(self, out_trade_no: str) -> Order:
        order = self._order(out_trade_no)
        if order is None:
            raise LookupError(out_trade_no)
        return order

    def _refund(self, out_refund_no: str) -> Refund | None:
        query = f"SELECT {', '.join(Refund.__slots__)} FROM refund WHERE out_refund_no = ?"
        rows = self._rows(query, (out_refund_no,))
        return Refund(*rows[0]) if rows else None

    def _refunds(self, out_trade_no: str) -> list[Refund]:
        query = f"SELECT {', '.join(Refund.__slots__)} FROM refund WHERE out_trade_no = ?"
        return [Refund(*row) for row in self._rows(query, (out_trade_no,))]

    def _rows(self, query: str, values: tuple[object, ...] = ()) -> list[Any]:
        rows: list[Any] = self._connection.execute(query, values).fetchall()
        return rows

    def _insert(self, table: str, values: dict[str, object]) -> None:
        marks = ", ".join("?" * len(values))
        self._connection.execute(f"INSERT INTO {table}({', '.join(values)}) VALUES ({marks})", tuple(values.values()))

    def _update(self, out_trade_no: str, **values: object) -> None:
        settings = ", ".join(f"{name} = ?" for name in values)
        query = f"UPDATE trade_order SET {settings} WHERE out_trade_no = ?"
        self._connection.execute(query, (*values.values(), out_trade_no))
