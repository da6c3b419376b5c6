"""The match: facts and statements of one merchant account in, every line in exactly one finding out.

A day is judged again whenever something new arrives, with its neighbours' bills where they are here: near midnight a
line may stand next door. The order of the input never matters, the same input gives the same findings, and a new fact
changes its own order only.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date

from agent.core.bill import BillKind
from agent.core.reconcile.classes import LineClass
from agent.core.reconcile.facts import Facts, Payment
from agent.core.reconcile.finding import ClassTotal, Finding, Listed, Match, Reason
from agent.core.reconcile.orders import Order, grouped
from agent.core.reconcile.payments import judge_payments
from agent.core.reconcile.refunds import judge_refunds, judge_reversals
from agent.core.reconcile.scope import Scope, Terms
from agent.core.reconcile.statement import Statement, StatementState, check_unit, newest
from agent.core.reconcile.strangers import judge_strangers


def match(facts: Facts, statements: Iterable[Statement], terms: Terms) -> Match:
    """Match one merchant's facts with its statements; days without a statement are not judged.

    `facts` should hold what happened on those days and every order and refund that the bills name. Raises `Refused`
    (`bill.wrong_unit`) for a bill in fen that was taken for yuan, or the other way round.
    """
    by_day = newest(statements)
    scope = Scope({day: one.state for day, one in by_day.items()}, terms)
    lines = (
        Listed(one.day, line) for one in by_day.values() if one.state is StatementState.READY for line in one.lines
    )
    findings = findings_of(facts, lines, scope)
    check_unit(unit_pairs(findings))
    empty = {day for day, one in by_day.items() if one.state is StatementState.NOTHING or not one.lines}
    return Match(findings, totals_of(findings), alarms(facts.payments, scope, empty))


def findings_of(facts: Facts, lines: Iterable[Listed], scope: Scope) -> tuple[Finding, ...]:
    """Return the findings of some groups of a bill, in their order; whoever asks sees to the bill as a whole."""
    found = (one for order in grouped(facts, lines) for one in _judged(order, scope))
    return tuple(sorted(found, key=Finding.sort_key))


def _judged(order: Order, scope: Scope) -> Iterator[Finding]:
    if not order.payments and not order.refunds:
        yield from judge_strangers(order, scope)
        return
    if order.payments:
        yield from judge_payments(order, scope)
        yield from judge_reversals(order)
    else:
        listed = [one for one in order.listed if one.line.kind is not BillKind.REFUND]
        yield from judge_strangers(Order(listed=listed), scope)
    yield from judge_refunds(order, scope)


def totals_of(findings: Iterable[Finding]) -> dict[LineClass, ClassTotal]:
    """Return what each class adds up to; every class is named."""
    totals = {one: ClassTotal() for one in LineClass}
    for found in findings:
        totals[found.line_class].add(found)
    return totals


def alarms(payments: Iterable[Payment], scope: Scope, empty: Iterable[date]) -> tuple[Reason, ...]:
    """Return what must be told of as a whole: a bill that is overdue, and none or an empty one where we took money."""
    taken: dict[date, list[int]] = {day: [] for day in empty}
    for one in payments:
        if one.is_paid and one.platform_day in taken:
            taken[one.platform_day].append(one.amount_fen)
    return alarms_of(scope.states, {day: (len(amounts), sum(amounts)) for day, amounts in taken.items()})


def alarms_of(states: Mapping[date, StatementState], taken: Mapping[date, tuple[int, int]]) -> tuple[Reason, ...]:
    """Return the alarms; `taken` is how many payments and fen we took on each day whose bill lists nothing."""
    found = []
    for day, state in sorted(states.items()):
        if state is StatementState.OVERDUE:
            found.append(Reason("bill.overdue", day=day.isoformat()))
        lines, amount_fen = taken.get(day, (0, 0))
        if lines and state in (StatementState.NOTHING, StatementState.READY):
            found.append(Reason("bill.nothing_but_payments", day=day.isoformat(), count=lines, amount_fen=amount_fen))
    return tuple(found)


def unit_pairs(findings: Iterable[Finding]) -> Iterator[tuple[int, int]]:
    """Yield our amount and the bill's in fen for each payment of both: what proves the bill's unit."""
    return (
        (one.payment.amount_fen, one.listed.line.amount_fen)
        for one in findings
        if one.payment is not None and one.payment.is_paid and one.listed is not None
    )


def of_day(found: Match, day: date) -> Match:
    """Return the part of a match that belongs to one day, where its neighbours' bills were given with it."""
    findings = tuple(one for one in found.findings if one.platform_day == day)
    named = tuple(one for one in found.alarms if one.values.get("day") == day.isoformat())
    return Match(findings, totals_of(findings), named)
