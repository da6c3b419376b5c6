"""Facts and lines in few words. The day is 3 October 2026, the platform's clock."""

from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from typing import Any

from agent.core.bill import BillKind, BillLine
from agent.core.payment import AttemptState
from agent.core.reconcile.facts import Facts, Payment, Refund
from agent.core.reconcile.fees import FeeContract
from agent.core.reconcile.finding import Finding, Match
from agent.core.reconcile.matching import match
from agent.core.reconcile.scope import Terms
from agent.core.reconcile.statement import Statement, StatementState

CHINA = timezone(timedelta(hours=8))
DAY = date(2026, 10, 3)
BEFORE, AFTER = DAY - timedelta(days=1), DAY + timedelta(days=1)
MERCHANT = "1900000001"
RATE = FeeContract(6000, first_day=date(2026, 1, 1))
TERMS = Terms(contracts=(RATE,))


def at(text: str = "12:00:00", day: date = DAY) -> int:
    """Return milliseconds of a platform's time."""
    return int(datetime.fromisoformat(f"{day} {text}").replace(tzinfo=CHINA).timestamp() * 1000)


def number(count: int = 1, store: str = "S001") -> str:
    """Return an out_trade_no of ours."""
    return f"{store}_1_{count:06d}_A1K7QF"


def payment(count: int = 1, **changes: Any) -> Payment:
    """Return a payment of 100 yuan that the platform confirmed at noon."""
    plain = Payment(
        store="S001",
        attempt=number(count),
        platform="wechat",
        merchant=MERCHANT,
        method="code",
        sale=f"S001-1-{count:06d}",
        till="1",
        day=DAY.isoformat(),
        amount_fen=10_000,
        state=AttemptState.PAID,
        started_at_ms=at() - 5_000,
        ended_at_ms=at() + 1_000,
        transaction=f"42{count:026d}",
        platform_at_ms=at(),
    )
    return replace(plain, **changes)


def undone(state: AttemptState, count: int = 1, **changes: Any) -> Payment:
    """Return an order without money of ours."""
    return payment(count, state=state, transaction=None, platform_at_ms=None, **changes)


def refund(count: int = 1, amount_fen: int = 4_000, **changes: Any) -> Refund:
    """Return a refund of 40 yuan, done an hour after the payment."""
    plain = Refund(
        store="S001",
        out_refund_no=f"S001_1_{count:06d}_R1K7QF",
        attempt=number(count),
        platform="wechat",
        merchant=MERCHANT,
        refund=f"S001-1-{count:06d}-R1",
        till="1",
        day=DAY.isoformat(),
        amount_fen=amount_fen,
        state="done",
        started_at_ms=at("13:00:00"),
        ended_at_ms=at("13:00:02"),
        refund_transaction=f"50{count:027d}",
    )
    return replace(plain, **changes)


def paid(count: int = 1, **changes: Any) -> BillLine:
    """Return the bill's line of `payment`."""
    plain = BillLine(BillKind.PAYMENT, MERCHANT, number(count), f"42{count:026d}", None, None, at(), 10_000, 10_000, 60)
    return replace(plain, **changes)


def refunded(count: int = 1, amount_fen: int = 4_000, **changes: Any) -> BillLine:
    """Return the bill's line of `refund`."""
    plain = BillLine(
        BillKind.REFUND,
        MERCHANT,
        number(count),
        f"42{count:026d}",
        f"S001_1_{count:06d}_R1K7QF",
        f"50{count:027d}",
        at("13:00:01"),
        amount_fen,
        amount_fen,
        (amount_fen * 6 + 500) // 1000,
    )
    return replace(plain, **changes)


def reversed_line(count: int = 1, **changes: Any) -> BillLine:
    """Return the bill's line of a reversal of `payment`."""
    plain = {"kind": BillKind.REVERSAL, "at_ms": at("12:00:40")}
    return paid(count, **{**plain, **changes})


def statement(*lines: BillLine, day: date = DAY, **changes: Any) -> Statement:
    """Return a bill that is here."""
    return replace(Statement("wechat", MERCHANT, day, StatementState.READY, lines, "ab" * 32), **changes)


def matched(facts: list[Payment | Refund], *statements: Statement | BillLine, terms: Terms = TERMS) -> Match:
    """Match facts with statements; bare lines are the bill of the day."""
    lines = [one for one in statements if isinstance(one, BillLine)]
    bills = [one for one in statements if isinstance(one, Statement)]
    if lines or not bills:
        bills.append(statement(*lines))
    payments = [one for one in facts if isinstance(one, Payment)]
    refunds = [one for one in facts if isinstance(one, Refund)]
    return match(Facts(payments, refunds), bills, terms)


def told(one: Finding) -> tuple[str, str]:
    """Return class and reason of a finding, the reason without its noun."""
    return one.line_class.value, one.reason.code.partition(".")[2]


def classes(found: Match) -> list[tuple[str, str]]:
    """Return class and reason of every finding, in its order."""
    return [told(one) for one in found.findings]
