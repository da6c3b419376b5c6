"""What both platforms' bills share: which day may be asked for, the rows of a day, and files that live for minutes."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from secrets import token_urlsafe
from typing import Literal

from agent.core.moment import PLATFORM_ZONE, at, milliseconds
from agent.core.money import half_up
from sync.simulator.account_books import AccountBooks
from sync.simulator.orders import Order, Refund

FEE_BASIS_POINTS = 60
READY_AT = time(10)
KEPT_DAYS = 90

Trade = tuple[Literal["payment", "refund", "reversal"], int, Order, Refund | None]
"""Kind, moment in milliseconds UTC, the order, and for a refund the refund."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a wish for a day's bill meets: `ready`, `late`, `missing` or `wrong_day`; the trades when it is ready."""

    state: Literal["ready", "late", "missing", "wrong_day"]
    trades: list[Trade]


def asked(books: AccountBooks, day: date, weather: str, now_ms: int) -> Asked:
    """Return a day's trades by the platforms' rules: from 10:00 of the next day, for three months."""
    now = at(now_ms, PLATFORM_ZONE)
    if weather == "ok" and (day >= now.date() or day < now.date() - timedelta(days=KEPT_DAYS)):
        return Asked("wrong_day", [])
    early = weather == "ok" and now.date() == day + timedelta(days=1) and now.time() < READY_AT
    if weather == "late" or early:
        return Asked("late", [])
    trades = trades_of(books, day)
    if weather == "missing" or not trades:
        return Asked("missing", [])
    return Asked("ready", [] if weather == "empty" else trades[:-1] if weather == "short" else trades)


def trades_of(books: AccountBooks, day: date) -> list[Trade]:
    """Return everything that moved money on a day (GMT+8), in the order in which it did."""
    begins = datetime.combine(day, time(), PLATFORM_ZONE)
    paid, refunds, undone = books.between(milliseconds(begins), milliseconds(begins + timedelta(days=1)))
    rows: list[Trade] = [("payment", order.paid_at_ms or 0, order, None) for order in paid]
    for refund in refunds:
        order = books.find(refund.out_trade_no)
        if order is not None:
            rows.append(("refund", refund.at_ms, order, refund))
    rows += [("reversal", order.reversed_at_ms or 0, order, None) for order in undone]
    return sorted(rows, key=lambda row: (row[1], row[2].out_trade_no, row[0] != "payment"))


def fee_fen(amount_fen: int) -> int:
    """Return the fee of an amount, half up to the fen."""
    return half_up(amount_fen * FEE_BASIS_POINTS, 10_000)


@dataclass(frozen=True, slots=True)
class Movement:
    """One movement of money on a merchant's account: of a trade, or of its fee."""

    trade: Trade
    is_fee: bool
    incoming: bool
    amount_fen: int
    balance_fen: int

    @property
    def is_payment(self) -> bool:
        """Tell whether it belongs to a payment, not to what goes back."""
        return self.trade[0] == "payment"


def movements_of(trades: Sequence[Trade]) -> list[Movement]:
    """Return what trades move, each followed by its fee; the account is empty when the day begins."""
    found, balance_fen = [], 0
    for trade in trades:
        kind, _, order, refund = trade
        whole_fen = refund.amount_fen if refund is not None else order.amount_fen
        for is_fee, amount_fen in ((False, whole_fen), (True, fee_fen(whole_fen))):
            incoming = (kind == "payment") is not is_fee
            balance_fen += amount_fen if incoming else -amount_fen
            found.append(Movement(trade, is_fee, incoming, amount_fen, balance_fen))
    return found


class Shelf:
    """Bills that were asked for, each under a token that is good for a while. Thread-safe."""

    def __init__(self, lives_s: int, now_ms: Callable[[], int]) -> None:
        self._lives_ms = lives_s * 1000
        self._now_ms = now_ms
        self._lock = threading.Lock()
        self._files: dict[str, tuple[int, bytes]] = {}

    def put(self, content: bytes) -> str:
        """Keep a file and return its token."""
        token = token_urlsafe(24)
        with self._lock:
            now_ms = self._now_ms()
            self._files = {key: kept for key, kept in self._files.items() if kept[0] > now_ms}
            self._files[token] = now_ms + self._lives_ms, content
        return token

    def take(self, token: str) -> bytes | None:
        """Return a file, None when its time is over."""
        with self._lock:
            ends_at_ms, content = self._files.get(token, (0, b""))
        return content if ends_at_ms > self._now_ms() else None
