"""How much of an order went back, by the platform's refund bills: the answer for a merchant without a V2 key.

`trade_state=REFUND` says that refunds began, not how much they are; v3 tells of a refund only under its own number,
and whoever gave money back past this box (the merchant's portal) made up numbers that nobody here knows. V2's
refundquery lists them by order; without its key the refund bill does, from ten o'clock of the next day. Until then
the order is an unknown outcome: the sale it belongs to can be parked, and the resolver goes on asking.
"""

import threading
from collections.abc import Callable, Mapping
from datetime import date, timedelta

from agent.core.bill import Bill, BillVerdict
from agent.core.errors import Refused
from agent.core.moment import platform_day
from sync.platforms.amounts import fen
from sync.platforms.base import NowMs
from sync.platforms.wechat.bill_rows import Rows

DAYS_MAX = 90
"""Bills are kept for three months."""
ORDERS_MAX = 50_000
"""Refunded orders of one day that are remembered; a merchant with more of them has a V2 key."""
AGAIN_AFTER_MS = 600_000
_GONE = ("SUCCESS", "PROCESSING", "")


class BilledRefunds:
    """Adds up refund bills. Each day's is fetched once, one that is not there every ten minutes. Thread-safe."""

    def __init__(self, fetch: Callable[[date], Bill], now_ms: NowMs) -> None:
        self._fetch = fetch
        self._now_ms = now_ms
        self._lock = threading.Lock()
        self._known: dict[date, Mapping[str, int]] = {}
        self._asked_at_ms: dict[date, int] = {}

    def returned_fen(self, out_trade_no: str, paid_at_ms: int, amount_fen: int) -> int | None:
        """Return what went back of an order by yesterday, None while that can't be known.

        That is until the first bill tells of it: the platform says that something went back, so none is no answer.
        """
        day, today = platform_day(paid_at_ms), platform_day(self._now_ms())
        if (today - day).days > DAYS_MAX:
            return None
        returned_fen = 0
        with self._lock:
            while day < today and returned_fen < amount_fen:
                refunds = self._of(day)
                if refunds is None:
                    return None
                returned_fen += refunds.get(out_trade_no, 0)
                day += timedelta(days=1)
        return returned_fen or None

    def _of(self, day: date) -> Mapping[str, int] | None:
        if day not in self._known:
            now_ms = self._now_ms()
            if now_ms - self._asked_at_ms.get(day, -AGAIN_AFTER_MS) < AGAIN_AFTER_MS:
                return None
            self._asked_at_ms[day] = now_ms
            refunds = _refunds_in(self._fetch(day))
            if refunds is None:
                return None
            self._known = {kept: found for kept, found in self._known.items() if (day - kept).days <= DAYS_MAX}
            self._known[day] = refunds
        return self._known[day]


def _refunds_in(bill: Bill) -> Mapping[str, int] | None:
    """Return what went back by order, None when the bill does not say."""
    if bill.verdict is BillVerdict.NOTHING:
        return {}
    if bill.verdict is not BillVerdict.READY or bill.content is None:
        return None
    found: dict[str, int] = {}
    try:
        for row in Rows(bill.content, "总交易单数", free_text="商品名称"):
            if row["交易状态"] in ("REFUND", "REVOKED") and row["退款状态"] in _GONE:
                number = row["商户订单号"]
                found[number] = found.get(number, 0) + abs(fen(row.get("申请退款金额") or row["退款金额"]))
    except (Refused, KeyError, ValueError):
        return None
    return found if len(found) <= ORDERS_MAX else None
