"""A wish desk over a real table with a platform in memory that counts what it is asked; time moves when told."""

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from agent.core.chain import Identity
from agent.core.payment import (
    Offer,
    OfferVerdict,
    Platform,
    PlatformAnswer,
    RefundAnswer,
    RefundVerdict,
    Verdict,
    Way,
)
from agent.core.wish import Verb, Wish
from sync.hq.database import Database
from sync.hq.pay.desk import Taken, WishDesk
from sync.hq.pay.keeper import Keeper
from sync.hq.pay.merchants import Merchants
from sync.hq.pay.notes import Notes
from sync.hq.pay.phone import PhoneOrders
from sync.hq.pay.plan import PayPlan
from tests.unit.sync.fakes import AT_MS, SeededEntropy

BOX = Identity("S001", "B1", 1)
NUMBER = "S001_1_000001_A1ABCD"


class Wall:
    """A wall clock that a test moves."""

    def __init__(self) -> None:
        self.at_ms = AT_MS

    def __call__(self) -> int:
        return self.at_ms

    def passes(self, seconds: float) -> None:
        self.at_ms += int(seconds * 1000)


class MemoryPlatform:
    """A platform that keeps orders in memory. `lost` verbs happen and are not heard of; `before` runs in each call."""

    name = "wallet"

    def __init__(self, now_ms: Callable[[], int]) -> None:
        self._now_ms = now_ms
        self.calls: list[str] = []
        self.orders: dict[str, PlatformAnswer] = {}
        self.refunds: dict[str, RefundAnswer] = {}
        self.verdict = Verdict.PAID
        self.lost: set[str] = set()
        self.before: Callable[[str], None] = lambda _: None
        self._lock = threading.Lock()

    def count(self, verb: str) -> int:
        return self.calls.count(verb)

    def _called(self, verb: str) -> None:
        with self._lock:
            self.calls.append(verb)
        self.before(verb)

    def _told(self, verb: str, answer: PlatformAnswer) -> PlatformAnswer:
        return (
            PlatformAnswer(Verdict.UNKNOWN, answer.out_trade_no, code="network.no_answer")
            if verb in self.lost
            else answer
        )

    def pay(self, out_trade_no: str, amount_fen: int, auth_code: str, subject: str) -> PlatformAnswer:
        self._called("pay")
        if self.orders.get(out_trade_no) is None:
            self.orders[out_trade_no] = PlatformAnswer(
                self.verdict, out_trade_no, f"T{len(self.orders)}", self._now_ms(), amount_fen, amount_fen
            )
        return self._told("pay", self.orders[out_trade_no])

    def query(self, out_trade_no: str) -> PlatformAnswer:
        self._called("query")
        found = self.orders.get(out_trade_no, PlatformAnswer(Verdict.NOT_FOUND, out_trade_no))
        return self._told("query", found)

    def find(self, transaction: str) -> PlatformAnswer:
        self._called("find")
        found = next((one for one in self.orders.values() if one.transaction == transaction), None)
        return self._told("find", found or PlatformAnswer(Verdict.NOT_FOUND, ""))

    def reverse(self, out_trade_no: str) -> PlatformAnswer:
        self._called("reverse")
        found = self.orders.get(out_trade_no)
        paid = found is not None and found.verdict is Verdict.PAID
        verdict = Verdict.REVERSED if paid or (found and found.verdict is Verdict.REVERSED) else Verdict.CLOSED
        self.orders[out_trade_no] = PlatformAnswer(verdict, out_trade_no)
        return self._told("reverse", self.orders[out_trade_no])

    def close(self, out_trade_no: str) -> PlatformAnswer:
        self._called("close")
        found = self.orders.get(out_trade_no)
        if found is None or found.verdict is not Verdict.PAID:
            self.orders[out_trade_no] = PlatformAnswer(Verdict.CLOSED, out_trade_no)
        return self._told("close", self.orders[out_trade_no])

    def offer(
        self, way: Way, out_trade_no: str, amount_fen: int, subject: str, expires_at_ms: int, payer: str | None = None
    ) -> Offer:
        self._called("offer")
        self.orders[out_trade_no] = PlatformAnswer(Verdict.PENDING, out_trade_no, amount_fen=amount_fen)
        if "offer" in self.lost:
            return Offer(OfferVerdict.UNKNOWN, out_trade_no, code="network.no_answer")
        return Offer(OfferVerdict.OPEN, out_trade_no, qr=f"weixin://{out_trade_no}/{self.count('offer')}")

    def refund(self, out_trade_no: str, out_refund_no: str, amount_fen: int, total_fen: int) -> RefundAnswer:
        self._called("refund")
        known = self.refunds.setdefault(
            out_refund_no, RefundAnswer(RefundVerdict.DONE, out_refund_no, "RT", amount_fen, amount_fen)
        )
        return replace(known, verdict=RefundVerdict.UNKNOWN) if "refund" in self.lost else known

    def query_refund(self, out_trade_no: str, out_refund_no: str) -> RefundAnswer:
        self._called("query_refund")
        return self.refunds.get(out_refund_no, RefundAnswer(RefundVerdict.NOT_FOUND, out_refund_no))


class Bench:
    """One payments' process; `beside` gives another one over the same table and platform."""

    def __init__(
        self,
        state: Path,
        plan: PayPlan = PayPlan(),
        wall: Wall | None = None,
        platform: MemoryPlatform | None = None,
        database_url: str | None = None,
    ) -> None:
        self.state, self.plan, self.url = state, plan, database_url
        self.wall = wall or Wall()
        self.platform = platform or MemoryPlatform(self.wall)
        self.monotonic_s = 0.0
        self.database = Database.open(state, database_url)
        merchant: Platform = self.platform  # type: ignore[assignment]
        merchants = Merchants(state, plan, SeededEntropy(), self.wall, {"wallet": merchant, "wechat": merchant})
        self.notes = Notes(self.database)
        self.notes.start()
        self.desk = WishDesk(self.database, merchants, plan, self.notes, self.wall, lambda: self.monotonic_s)
        self.phone = PhoneOrders(self.database, merchants, self.wall)
        self.keeper = Keeper(self.database, self.desk, self.notes, self.wall, self.phone)

    def beside(self) -> "Bench":
        return Bench(self.state, self.plan, self.wall, self.platform, self.url)

    def close(self) -> None:
        self.notes.stop()
        self.database.close()

    def take(self, wish: Wish, box: Identity = BOX) -> Taken:
        taken = self.desk.take(box, wish)
        assert self.notes.written(box.store, wish.out_trade_no)
        return taken

    def rows(self, query: str) -> list[tuple[object, ...]]:
        with self.database.read() as connection:
            return [tuple(row) for row in connection.exec_driver_sql(query)]


def pay(number: str = NUMBER, amount_fen: int = 1000, code: str = "134567890123456789") -> Wish:
    return Wish(Verb.PAY, "wallet", number, amount_fen=amount_fen, auth_code=code, subject="店")


def query(number: str = NUMBER) -> Wish:
    return Wish(Verb.QUERY, "wallet", number)


def reverse(number: str = NUMBER) -> Wish:
    return Wish(Verb.REVERSE, "wallet", number)


def close(number: str = NUMBER) -> Wish:
    return Wish(Verb.CLOSE, "wallet", number)


def offer(number: str = NUMBER, amount_fen: int = 1000) -> Wish:
    return Wish(Verb.OFFER, "wallet", number, amount_fen=amount_fen, way=Way.QR, expires_at_ms=AT_MS + 120_000)


def refund(amount_fen: int = 400, refund_no: str = "S001_1_000001_R1ABCD", total_fen: int = 1000) -> Wish:
    return Wish(Verb.REFUND, "wallet", NUMBER, amount_fen=amount_fen, out_refund_no=refund_no, total_fen=total_fen)
