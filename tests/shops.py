"""A whole shop on a temporary folder for tests: real store and rules, fake clock, printer and platform."""

import threading
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from agent.core.catalog import Catalog, catalog_of, item_from
from agent.core.chain import Identity
from agent.core.payment import (
    Custody,
    Offer,
    OfferVerdict,
    PlatformAnswer,
    RefundAnswer,
    RefundLimits,
    RefundVerdict,
    Verdict,
    Way,
)
from agent.core.roles import Matrix
from agent.core.scale_labels import layouts_from
from agent.core.tenders import tenders_from
from agent.core.timing import Timing
from agent.services.language import translator
from agent.services.shop import Actor, Shop, StoreFacts, TillPlace
from agent.store import journal, views
from agent.store.connection import Readers
from agent.store.writer import Writer

CONFIG = Path(__file__).parent.parent / "config"
START_MS = 1_790_995_200_000  # 2026-10-03 10:00 in Shanghai


class FakeClock:
    """A clock that stands still until it is told to go on; wall and monotonic time move together."""

    def __init__(self, at_ms: int = START_MS) -> None:
        self.at_ms = at_ms
        self.passed_s = 0.0

    def now_ms(self) -> int:
        return self.at_ms

    def monotonic_s(self) -> float:
        return self.passed_s

    def advance(self, seconds: float) -> None:
        self.at_ms += int(seconds * 1000)
        self.passed_s += seconds


class CountingEntropy:
    """Bytes that are different each time and the same in each run."""

    def __init__(self) -> None:
        self._count = 0
        self._lock = threading.Lock()

    def random_bytes(self, count: int) -> bytes:
        with self._lock:
            self._count += 1
            return self._count.to_bytes(8, "big").rjust(count, b"\0")[-count:]


@dataclass
class FakeResult:
    outcome: str = "printed"
    code: str | None = None


@dataclass
class FakeWitness:
    cuts_after: int | None = None
    printed: str | None = None


@dataclass
class FakePrinter:
    """A printer that keeps what it printed and answers what it is told to."""

    slips: list[Mapping[str, Any]] = field(default_factory=list)
    answers: list[FakeResult] = field(default_factory=list)
    kicks: int = 0
    away_code: str | None = None
    trouble_code: str | None = None
    doubted: list[tuple[str, int | None]] = field(default_factory=list)
    witnesses: list[FakeWitness] = field(default_factory=list)
    voided: list[bool] = field(default_factory=list)

    def away(self) -> str | None:
        return self.away_code

    def process_id(self, number: int) -> str:
        return f"{number:04d}"

    def trouble(self) -> str | None:
        return self.away_code or self.trouble_code

    def doubt(self, mark: str, cuts_after: int | None) -> None:
        self.doubted.append((mark, cuts_after))

    def witness(self, document: Mapping[str, Any], *, void_predecessor: bool = False) -> FakeWitness:
        return self.witnesses.pop(0) if self.witnesses else FakeWitness()

    def print(
        self,
        document: Mapping[str, Any],
        mark: str,
        *,
        void_predecessor: bool = False,
        cuts_after: int | None = None,
    ) -> FakeResult:
        self.voided.append(void_predecessor)
        answer = self.answers.pop(0) if self.answers else FakeResult()
        if answer.outcome != "not_started":
            self.slips.append(document)
        return answer

    def kick(self) -> FakeResult:
        self.kicks += 1
        return FakeResult()


@dataclass
class FakePlatform:
    """A platform that pays at once, or answers what it is told to."""

    name: str = "wechat"
    answers: list[Verdict] = field(default_factory=list)
    clock: FakeClock = field(default_factory=FakeClock)
    paid: dict[str, int] = field(default_factory=dict)
    refunds: dict[str, int] = field(default_factory=dict)
    pays: int = 0
    merchant: str = "M1"
    custody: Custody = Custody.DIRECT
    timing: Timing = field(default_factory=Timing)
    refund_limits: RefundLimits = field(default_factory=RefundLimits)
    calls: list[tuple[str, str]] = field(default_factory=list)
    """Every call: its verb and order."""
    offers: dict[str, int] = field(default_factory=dict)
    offer_answers: list[OfferVerdict] = field(default_factory=list)
    refund_answers: list[RefundAnswer] = field(default_factory=list)

    def _answer(self, number: str, verdict: Verdict) -> PlatformAnswer:
        return PlatformAnswer(
            verdict,
            number,
            transaction=f"42{abs(hash(number)) % 10**26:026d}" if verdict is Verdict.PAID else None,
            platform_at_ms=self.clock.now_ms(),
            amount_fen=self.paid.get(number),
        )

    def pay(self, out_trade_no: str, amount_fen: int, auth_code: str, subject: str) -> PlatformAnswer:
        self.calls.append(("pay", out_trade_no))
        self.pays += 1
        verdict = self.answers.pop(0) if self.answers else Verdict.PAID
        if verdict in (Verdict.PAID, Verdict.UNKNOWN):
            self.paid[out_trade_no] = amount_fen
        return self._answer(out_trade_no, verdict)

    def query(self, out_trade_no: str) -> PlatformAnswer:
        self.calls.append(("query", out_trade_no))
        if self.answers:
            return self._answer(out_trade_no, self.answers.pop(0))
        waiting = Verdict.PENDING if out_trade_no in self.offers else Verdict.NOT_FOUND
        return self._answer(out_trade_no, Verdict.PAID if out_trade_no in self.paid else waiting)

    def find(self, transaction: str) -> PlatformAnswer:
        self.calls.append(("find", transaction))
        numbers = [number for number in self.paid if self._answer(number, Verdict.PAID).transaction == transaction]
        return self._answer(numbers[0], Verdict.PAID) if numbers else PlatformAnswer(Verdict.NOT_FOUND, "")

    def offer(
        self, way: Way, out_trade_no: str, amount_fen: int, subject: str, expires_at_ms: int, payer: str | None = None
    ) -> Offer:
        self.calls.append(("offer", out_trade_no))
        verdict = self.offer_answers.pop(0) if self.offer_answers else OfferVerdict.OPEN
        if verdict is not OfferVerdict.REFUSED:
            self.offers[out_trade_no] = amount_fen
        opened = verdict is OfferVerdict.OPEN
        return Offer(verdict, out_trade_no, qr=f"weixin://wxpay/bizpayurl?pr={out_trade_no}" if opened else None)

    def close(self, out_trade_no: str) -> PlatformAnswer:
        self.calls.append(("close", out_trade_no))
        if self.answers:
            return self._answer(out_trade_no, self.answers.pop(0))
        if out_trade_no in self.paid:
            return self._answer(out_trade_no, Verdict.PAID)
        known = self.offers.pop(out_trade_no, None) is not None
        return self._answer(out_trade_no, Verdict.CLOSED if known else Verdict.NOT_FOUND)

    def reverse(self, out_trade_no: str) -> PlatformAnswer:
        self.calls.append(("reverse", out_trade_no))
        if self.answers:
            return self._answer(out_trade_no, self.answers.pop(0))
        self.paid.pop(out_trade_no, None)
        return self._answer(out_trade_no, Verdict.REVERSED)

    def refund(self, out_trade_no: str, out_refund_no: str, amount_fen: int, total_fen: int) -> RefundAnswer:
        self.calls.append(("refund", out_refund_no))
        if self.refund_answers:
            return self.refund_answers.pop(0)
        self.refunds[out_refund_no] = amount_fen
        return RefundAnswer(RefundVerdict.DONE, out_refund_no, f"50{out_refund_no}", amount_fen, amount_fen)

    def query_refund(self, out_trade_no: str, out_refund_no: str) -> RefundAnswer:
        self.calls.append(("query_refund", out_refund_no))
        if out_refund_no not in self.refunds:
            return RefundAnswer(RefundVerdict.NOT_FOUND, out_refund_no)
        amount_fen = self.refunds[out_refund_no]
        return RefundAnswer(RefundVerdict.DONE, out_refund_no, f"50{out_refund_no}", amount_fen, amount_fen)


def config(name: str) -> dict[str, Any]:
    """Return a file of config/ as data."""
    return tomllib.loads((CONFIG / name).read_text())


def demo_catalog() -> Catalog:
    """Return the demo's catalogue."""
    return catalog_of((item_from(row) for row in config("demo/catalogue.toml")["item"]), 1)


def make_shop(folder: Path, *, tills: tuple[str, ...] = ("1", "2"), language: str = "zh-CN", **changes: Any) -> Shop:
    """Return a shop of its own in a folder, enrolled alone, not yet opened."""
    clock = FakeClock()
    identity = Identity("S001", "B1", 1)
    path = folder / "journal.db"
    journal.enrol(path, identity, views=views, at_ms=clock.now_ms())
    writer = Writer(path, views=views, clock=clock)
    return Shop(
        identity=identity,
        writer=writer,
        read=Readers(path).get,
        clock=clock,
        entropy=CountingEntropy(),
        store=StoreFacts(
            "湘味小馆",
            "人民路店",
            "人民路18号",
            "0731-55550101",
            "长沙湘味餐饮有限公司",
            ZoneInfo("Asia/Shanghai"),
            time(5, 0),
            language=language,
        ),
        catalog=demo_catalog(),
        tenders=tenders_from(config("tenders.toml")),
        matrix=Matrix.from_data(config("roles.toml")),
        tills={till: TillPlace(till, f"receipt{till}") for till in tills},
        translate=translator(language),
        scale_layouts=layouts_from(config("scale_labels.toml")),
        pepper=b"pepper",
        payer_key=b"payer",
        **changes,
    )


CASHIER = Actor("07", "当班", "cashier", "1")
LEAD = Actor("03", "王领班", "shift_lead", "1")
MANAGER = Actor("01", "李店长", "store_manager", "1")
OTHER_MANAGER = Actor("02", "赵店长", "store_manager", "2")
