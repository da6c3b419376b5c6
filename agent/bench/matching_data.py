"""The day whose matching is measured: a bill of WeChat Pay, the facts of its orders, differences at known places.

Every `REFUND_EVERY`th order has a refund that agrees, every `PLANTED_EVERY`th has something planted in it, in turn.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import TextIO

from agent.bench.plan import Progress
from agent.core.payment import AttemptState
from agent.core.reconcile.facts import Facts, Payment, Refund
from sync.hq.matching.bulk_facts import FlatFacts

MERCHANT, DAY = "1900000001", date(2026, 10, 3)
RATE_PPM = 6_000
REFUND_EVERY, PLANTED_EVERY = 50, 1_000
STEP = 10_000
PLANTED = (
    "amount_differs", "duplicate", "platform_only", "journal_only", "fee_differs", "refund_missing", "refund_extra",
    "status_differs", "not_yet",
)  # fmt: skip
"""Each is the class that is to be found."""
FACT_COLUMNS = ("number", "transaction", "back", "amount_fen", "settled_fen", "state", "at_ms")
"""Columns of `facts.tsv`, which others read: less than our own file holds."""
BILL, FACTS, FLAT_FACTS = "bill", "facts.tsv", "facts"
_BEGINS_MS = 1_790_956_800_000
HEAD = (
    "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,"
    "应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,"
    "手续费,费率,订单金额,申请退款金额,费率备注"
)
FOOT = "总交易单数"

Classes = Mapping[str, tuple[int, int, int]]
"""Findings, fen of the journal and fen of the bill of each class."""


def write(folder: Path, count: int, progress: Progress) -> Classes:
    """Write a day of so many orders; returns what is to be found in it."""
    found: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    with (
        progress("orders to match", count) as advance,
        (folder / BILL).open("w", encoding="utf-8", newline="") as bill,
        (folder / FACTS).open("w", encoding="utf-8", newline="") as plain,
    ):
        bill.write(f"{HEAD}\r\n")

        def orders() -> Iterator[Facts]:
            for place in range(count):
                if place % STEP == 0:
                    advance(min(STEP, count - place))
                yield _order(place, bill, plain, found)

        FlatFacts(folder / FLAT_FACTS, DAY).write(orders())
        bill.write(f"{FOOT},应结订单总金额\r\n`{count},`0.00\r\n")
    return {name: (one[0], one[1], one[2]) for name, one in found.items()}


def _order(place: int, bill: TextIO, plain: TextIO, found: dict[str, list[int]]) -> Facts:
    planted = PLANTED[place // PLANTED_EVERY % len(PLANTED)] if place % PLANTED_EVERY == 0 else ""
    amount_fen = 1_000 + place * 7_919 % 29_000
    at_s = 86_395 if planted == "not_yet" else 3_600 + place * 104_729 % 76_000
    payment = _payment(place, amount_fen, _BEGINS_MS + at_s * 1_000, is_open=planted == "status_differs")
    transaction = payment.transaction or f"42{place * 7_919:026d}"
    billed_fen = amount_fen + (planted == "amount_differs")
    fee_fen = _fee_fen(billed_fen) + 5 * (planted == "fee_differs")
    number = f"PORTAL{place}" if planted == "platform_only" else payment.attempt
    lines = 0 if planted in ("journal_only", "not_yet") else 2 if planted == "duplicate" else 1
    bill.writelines(_line(transaction, number, billed_fen, fee_fen, at_s) for _ in range(lines))
    taken_fen = 0 if planted in ("platform_only", "status_differs") else amount_fen
    of_payment = "matched" if planted in ("", "refund_missing", "refund_extra", "duplicate") else planted
    _count(found, of_payment, taken_fen, billed_fen if lines else 0)
    if planted == "duplicate":
        _count(found, planted, 0, billed_fen)
    facts = Facts([] if planted == "platform_only" else [payment], _refunds(place, payment, planted))
    for refund in facts.refunds:
        _count(found, planted or "matched", -refund.amount_fen, 0 if planted else -refund.amount_fen)
    if planted == "refund_extra" or (facts.refunds and not planted):
        back_fen = amount_fen // 3
        bill.write(_line(transaction, number, back_fen, _fee_fen(back_fen), at_s + 60, back=_back(payment)))
    if planted == "refund_extra":
        _count(found, planted, 0, -(amount_fen // 3))
    plain.writelines(_plain(facts))
    return facts


def _count(found: dict[str, list[int]], name: str, journal_fen: int, bill_fen: int) -> None:
    for place, value in enumerate((1, journal_fen, bill_fen)):
        found[name][place] += value


def _payment(place: int, amount_fen: int, at_ms: int, *, is_open: bool) -> Payment:
    store = f"S{place % 200:03d}"
    return Payment(
        store=store,
        attempt=f"{store}_1_{place:07d}_A1K7QF",
        platform="wechat",
        merchant=MERCHANT,
        method="code",
        sale="X",
        till="1",
        day=DAY.isoformat(),
        amount_fen=amount_fen,
        state=AttemptState.OPEN if is_open else AttemptState.PAID,
        started_at_ms=at_ms - 4_000,
        ended_at_ms=None if is_open else at_ms + 900,
        transaction=None if is_open else f"42{place * 7_919:026d}",
        platform_at_ms=None if is_open else at_ms,
    )


def _refunds(place: int, payment: Payment, planted: str) -> list[Refund]:
    if planted != "refund_missing" and (planted or place % REFUND_EVERY):
        return []
    refund = Refund(
        store=payment.store,
        out_refund_no=_back(payment),
        attempt=payment.attempt,
        platform=payment.platform,
        merchant=MERCHANT,
        refund="X-R1",
        till="1",
        day=payment.day,
        amount_fen=payment.amount_fen // 3,
        state="done",
        started_at_ms=payment.at_ms + 60_000,
        ended_at_ms=payment.at_ms + 61_000,
    )
    return [refund]


def _back(payment: Payment) -> str:
    return payment.attempt.replace("_A", "_R")


def _plain(facts: Facts) -> Iterator[str]:
    for one in facts.payments:
        cells = (one.attempt, one.transaction or "", "", one.amount_fen, one.amount_fen, one.state.value, one.at_ms)
        yield "\t".join(map(str, cells)) + "\n"
    for back in facts.refunds:
        amount_fen, at_ms = back.amount_fen, back.started_at_ms
        cells = (back.attempt, "", back.out_refund_no, amount_fen, amount_fen, back.state, at_ms)
        yield "\t".join(map(str, cells)) + "\n"


def _line(transaction: str, number: str, amount_fen: int, fee_fen: int, at_s: int, back: str = "") -> str:
    clock = f"{DAY.isoformat()} {at_s // 3600:02d}:{at_s // 60 % 60:02d}:{at_s % 60:02d}"
    paid, returned = ("0.00", _yuan(amount_fen)) if back else (_yuan(amount_fen), "0.00")
    cells = (clock, "wx0000000000000001", MERCHANT, "0", "T1", transaction, number, "oX", "MICROPAY",
             "REFUND" if back else "SUCCESS", "OTHERS", "CNY", paid, "0.00", f"50{transaction}" if back else "0",
             back or "0", returned, "0.00", "ORIGINAL" if back else "", "", "茶,大杯", "shift=1",
             f"{'-' if back else ''}{_yuan(fee_fen)}000", "0.60%", paid, returned, "")  # fmt: skip
    return ",".join(f"`{cell}" for cell in cells) + "\r\n"


def _fee_fen(amount_fen: int) -> int:
    return (amount_fen * RATE_PPM + 500_000) // 1_000_000


def _yuan(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02d}"
