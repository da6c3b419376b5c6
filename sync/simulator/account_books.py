"""The books of one merchant account of WeChat Pay or Alipay: orders that wait for a phone, and what was said of each.

Built on the wallet's books. An order's particulars (subject, terminal, who is asked for a password …) stand beside it;
they are what the platforms echo in answers, notifications and bills.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path

from agent.core.moment import PLATFORM_ZONE, at
from sync.simulator.behaviour import Behaviour
from sync.simulator.orders import Books, Order, Refund

_SCHEMA = """
CREATE TABLE IF NOT EXISTS particulars(number TEXT PRIMARY KEY, document TEXT NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS order_of_payer ON trade_order(payer, state);
"""
_WECHAT_PREFIXES = {"29": "4200009999", "50": "5030000999"}
Particulars = Mapping[str, str]


class AccountBooks(Books):
    """Books of one merchant; thread-safe like those they are built on."""

    def __init__(self, path: Path, now_ms: Callable[[], int], platform: str, hurry: int = 1) -> None:
        super().__init__(path, now_ms, hurry)
        self._platform = platform
        self._connection.executescript(_SCHEMA)

    def begin(
        self, out_trade_no: str, amount_fen: int, payer: str, how: Behaviour, particulars: Particulars
    ) -> tuple[Order, bool]:
        """Begin an order, or return the one that has this number; tells whether it is new."""
        with self._lock:
            known = self._order(out_trade_no)
            if known is not None:
                return known, False
            self._insert("trade_order", asdict(self._new_order(out_trade_no, amount_fen, payer, how, self._now_ms())))
            self._insert("particulars", {"number": out_trade_no, "document": json.dumps(dict(particulars))})
            return self._known(out_trade_no), True

    def offer(
        self, out_trade_no: str, amount_fen: int, expires_at_ms: int, particulars: Particulars
    ) -> tuple[Order, bool]:
        """Begin an order that waits for whoever scans it, or return the one that has this number."""
        # When it ends was said by the merchant, so nobody hurries it: the division is taken back.
        waits_s = self._hurry * max(1, (expires_at_ms - self._now_ms()) // 1000)
        return self.begin(out_trade_no, amount_fen, "", Behaviour("closed", "EXPIRED", waits_s), particulars)

    def take(self, out_trade_no: str, payer: str, discount_percent: int = 0) -> Order | None:
        """Let a customer pay an order that waits; None when it does not wait any more."""
        with self._lock:
            order = self._order(out_trade_no)
            if order is None or order.state != "waiting":
                return None
            self._update(
                out_trade_no,
                state="paid",
                payer=payer,
                code=None,
                paid_at_ms=self._now_ms(),
                platform_discount_fen=order.amount_fen * discount_percent // 100,
            )
            return self._known(out_trade_no)

    def give_up(self, out_trade_no: str) -> Order | None:
        """Let a customer cancel an order that waits for a password."""
        with self._lock:
            order = self._order(out_trade_no)
            if order is None or order.state != "waiting":
                return None
            self._update(out_trade_no, state="declined", code="USER_CANCELLED")
            return self._known(out_trade_no)

    def close_order(self, out_trade_no: str) -> Order | None:
        """Close an order that waits; returns it as it is then, None when there is none."""
        with self._lock:
            order = self._order(out_trade_no)
            if order is not None and order.state in ("waiting", "declined"):
                self._update(out_trade_no, state="closed", code="MERCHANT_CLOSED")
                return self._known(out_trade_no)
            return order

    def particulars(self, number: str) -> dict[str, str]:
        """Return what was said of an order or refund when it began."""
        with self._lock:
            rows = self._rows("SELECT document FROM particulars WHERE number = ?", (number,))
        found: dict[str, str] = json.loads(rows[0][0]) if rows else {}
        return found

    def note(self, number: str, particulars: Particulars) -> None:
        """Keep what was said of a refund; the first time counts."""
        with self._lock:
            self._connection.execute(
                "INSERT OR IGNORE INTO particulars(number, document) VALUES (?, ?)",
                (number, json.dumps(dict(particulars))),
            )

    def by_token(self, token: str) -> Order | None:
        """Return the order whose QR code holds a token."""
        with self._lock:
            query = "SELECT number FROM particulars WHERE json_extract(document, '$.token') = ?"
            rows = self._rows(query, (token,))
            return self._order(rows[0][0]) if rows else None

    def refunds_of(self, out_trade_no: str) -> list[Refund]:
        """Return what went back of an order, in the order in which it did."""
        with self._lock:
            return sorted(self._refunds(out_trade_no), key=lambda one: (one.at_ms, one.out_refund_no))

    def waiting_for(self, payer: str) -> list[Order]:
        """Return the orders for which a customer's password is awaited, the newest first."""
        with self._lock:
            query = (
                "SELECT out_trade_no FROM trade_order WHERE payer = ? AND state = 'waiting' ORDER BY created_at_ms DESC"
            )
            orders = [self._order(row[0]) for row in self._rows(query, (payer,))]
        return [order for order in orders if order is not None and order.state == "waiting"]

    def spent_by(self, payer: str) -> int:
        """Return what a customer has paid here and did not get back."""
        with self._lock:
            paid = self._rows(
                "SELECT coalesce(sum(amount_fen - platform_discount_fen), 0) FROM trade_order"
                " WHERE payer = ? AND state = 'paid'",
                (payer,),
            )
            back = self._rows(
                "SELECT coalesce(sum(r.amount_fen - r.platform_fen), 0) FROM refund r"
                " JOIN trade_order o USING (out_trade_no) WHERE o.payer = ? AND o.state = 'paid'",
                (payer,),
            )
        return int(paid[0][0]) - int(back[0][0])

    def latest_of(self, payer: str, limit: int = 10) -> list[Order]:
        """Return a customer's latest payments."""
        with self._lock:
            query = (
                f"SELECT {', '.join(Order.__slots__)} FROM trade_order"
                " WHERE payer = ? AND paid_at_ms IS NOT NULL ORDER BY paid_at_ms DESC LIMIT ?"
            )
            return [Order(*row) for row in self._rows(query, (payer, limit))]

    def newest_kept(self) -> Order | None:
        """Return the newest order that was paid and of which nothing went back; None without any."""
        with self._lock:
            query = (
                f"SELECT {', '.join(Order.__slots__)} FROM trade_order o WHERE state = 'paid' AND NOT EXISTS"
                " (SELECT 1 FROM refund r WHERE r.out_trade_no = o.out_trade_no) ORDER BY paid_at_ms DESC LIMIT 1"
            )
            rows = self._rows(query)
            return Order(*rows[0]) if rows else None

    def _number(self, prefix: str, now_ms: int) -> str:
        """Return a number in the platform's own form: WeChat's 28 digits from 42 or 50, Alipay's from the date."""
        day = at(now_ms, PLATFORM_ZONE).strftime("%Y%m%d")
        if self._platform == "alipay":
            return f"{day}2200140{self._count():013d}"
        return f"{_WECHAT_PREFIXES[prefix]}{day}{self._count():010d}"
