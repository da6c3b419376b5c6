"""What a match changes in the books: `bill.matched` once a bill, differences found and settled, each once.

A difference has a number of its own, made of the numbers of its line, so that the same difference found again is the
same. One that a later match no longer finds is settled by the facts.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

from agent.core.events_matching import BillMatched, DifferenceFound, DifferenceSettled
from agent.core.ids import base32_characters
from agent.core.reconcile.classes import DIFFERENCES
from agent.core.reconcile.finding import Finding, Match
from agent.core.reconcile.statement import Statement

BY_FACTS = "facts"
"""How a difference was settled that nobody had to settle."""


@dataclass(frozen=True, slots=True)
class Changes:
    """Events to write, in order; empty when the books already say all of it."""

    matched: BillMatched | None
    found: tuple[DifferenceFound, ...]
    settled: tuple[DifferenceSettled, ...]


def changes(
    match: Match, statement: Statement, known: Mapping[str, Mapping[str, object]], last: Mapping[str, object] | None
) -> Changes:
    """Return what a match of a statement's day adds to the books.

    `known` are the bodies of this day's open differences by number, `last` the body of its last `bill.matched`, as the
    journal has them. Findings of other days are left to the match of their day.
    """
    found = differences(match, statement)
    new = [one for number, one in found.items() if known.get(number) != one.body()]
    gone = [
        DifferenceSettled(difference=number, settlement=BY_FACTS, by="", reason="", approved_by=None)
        for number in sorted(known)
        if number not in found
    ]
    matched = bill_matched(match, statement)
    return Changes(None if matched.body() == last else matched, tuple(new), tuple(gone))


def bill_matched(match: Match, statement: Statement) -> BillMatched:
    """Return the event that says what came of matching a statement."""
    return BillMatched(
        platform=statement.platform,
        merchant=statement.merchant,
        bill_day=statement.day.isoformat(),
        sha256=statement.sha256,
        state=statement.state.value,
        classes={
            line_class.value: {
                "lines": total.lines,
                "journal_fen": total.journal_fen,
                "bill_fen": total.bill_fen,
                "fee_fen": total.fee_fen,
            }
            for line_class, total in match.totals.items()
            if total.lines
        },
        alarms=tuple(one.code for one in match.alarms),
    )


def differences(match: Match, statement: Statement) -> dict[str, DifferenceFound]:
    """Return the differences of the statement's day by their numbers."""
    found: dict[str, DifferenceFound] = {}
    for one in match.findings:
        if one.line_class in DIFFERENCES and one.platform_day == statement.day:
            number = _number(statement, one, 0)
            twin = 0
            while number in found:
                twin += 1
                number = _number(statement, one, twin)
            found[number] = _event(number, statement, one)
    return found


def _number(statement: Statement, one: Finding, twin: int) -> str:
    """Return a difference's number: the same line of the same account has the same one for ever."""
    side = "journal" if one.listed is None else "bill" if one.payment is None and one.refund is None else "both"
    place = "" if side != "bill" or one.listed is None else str(one.listed.line.at_ms)
    parts = (
        statement.platform,
        statement.merchant,
        statement.day.isoformat(),
        one.kind,
        one.out_trade_no,
        one.out_refund_no or "",
        one.transaction or "" if side == "bill" else "",
        place,
        str(twin),
    )
    return "D" + base32_characters(sha256("\n".join(parts).encode()).digest()[:15])


def _event(number: str, statement: Statement, one: Finding) -> DifferenceFound:
    fact = one.payment or one.refund
    return DifferenceFound(
        difference=number,
        platform=statement.platform,
        merchant=statement.merchant,
        bill_day=statement.day.isoformat(),
        line_kind=one.kind,
        line_class=one.line_class.value,
        code=one.reason.code,
        settlement=one.settlement.value,
        owner=one.owner.value,
        out_trade_no=one.out_trade_no,
        out_refund_no=one.out_refund_no,
        transaction=one.transaction,
        store=one.store,
        business_day=one.business_day,
        till=None if fact is None else fact.till,
        journal_fen=one.journal_fen,
        bill_fen=one.bill_fen,
        fee_fen=one.fee_fen,
        values=dict(one.reason.values),
    )
