"""Judging what went back of one order: refunds by their own numbers, and reversals, which have none."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date

from agent.core.bill import BillKind
from agent.core.moment import platform_day
from agent.core.payment import AttemptState
from agent.core.reconcile.classes import LineClass, Owner, Settlement
from agent.core.reconcile.facts import Refund
from agent.core.reconcile.finding import Finding, Listed, Reason, line_key
from agent.core.reconcile.judging import agreed, fee_reason, finding, settled_fits
from agent.core.reconcile.orders import Order
from agent.core.reconcile.scope import ONE_DAY, Scope
from agent.core.reconcile.statement import StatementState

_NOT_KEPT = (AttemptState.REVERSED, AttemptState.CLOSED, AttemptState.DECLINED, AttemptState.NEVER_EXISTED)


def judge_refunds(order: Order, scope: Scope) -> Iterator[Finding]:
    """Yield a finding for each refund of the journal that is in scope, and each refund line of the bill."""
    by_number: dict[str, list[Listed]] = defaultdict(list)
    for one in order.of_kind(BillKind.REFUND):
        by_number[_number_of(order, one)].append(one)
    for refund in order.refunds:
        lines = by_number.pop(refund.out_refund_no, [])
        if lines:
            main = min(lines, key=lambda one: _fit(refund, one))
            yield _pair(order, refund, main, scope)
            yield from (_extra(main, one) for one in lines if one is not main)
        else:
            yield from _absent(refund, scope)
    for lines in by_number.values():
        yield _unknown(order, lines[0])
        yield from (_extra(lines[0], one) for one in lines[1:])


def judge_reversals(order: Order) -> Iterator[Finding]:
    """Yield a finding for each reversal of the bill."""
    lines = order.of_kind(BillKind.REVERSAL)
    if lines:
        yield _reversal(order, lines[0])
        yield from (_extra(lines[0], one) for one in lines[1:])


def _number_of(order: Order, one: Listed) -> str:
    """Return the refund's number: the shop's, else by the platform's own."""
    number, transaction = one.line.out_refund_no or "", one.line.refund_transaction
    if any(refund.out_refund_no == number for refund in order.refunds) or not transaction:
        return number
    return next((refund.out_refund_no for refund in order.refunds if refund.refund_transaction == transaction), number)


def _fit(refund: Refund, one: Listed) -> tuple[object, ...]:
    transaction_differs = one.line.refund_transaction != refund.refund_transaction
    return one.line.amount_fen != refund.amount_fen, transaction_differs, one.day, line_key(one.line)


def _extra(main: Listed, extra: Listed) -> Finding:
    code = "difference.listed_twice"
    if main.line.refund_transaction != extra.line.refund_transaction:
        code = "difference.refunded_twice"
    return finding(LineClass.DUPLICATE, Reason(code), Settlement.RE_QUERY, Owner.PLATFORM, listed=extra)


def _pair(order: Order, refund: Refund, listed: Listed, scope: Scope) -> Finding:
    line = listed.line
    if not refund.is_done:
        refused = refund.state == "refused"
        reason = Reason("difference.refund_done_after_refusal" if refused else "difference.refund_done_there")
        owner = Owner.HQ if refused else Owner.BOX
        return finding(LineClass.STATUS_DIFFERS, reason, Settlement.CONFIRM, owner, None, refund, listed)
    if line.amount_fen != refund.amount_fen:
        reason = Reason("difference.amount_differs", ours_fen=refund.amount_fen, theirs_fen=line.amount_fen)
        return finding(LineClass.AMOUNT_DIFFERS, reason, Settlement.RE_QUERY, Owner.HQ, None, refund, listed)
    payment = next((one for one in order.payments if one.attempt == refund.attempt), None)
    discount_fen = 0 if payment is None else payment.merchant_discount_fen
    if not settled_fits(listed, refund.amount_fen, discount_fen):
        reason = Reason("difference.settled_differs", ours_fen=refund.amount_fen, theirs_fen=line.settled_fen)
        return finding(LineClass.AMOUNT_DIFFERS, reason, Settlement.RE_QUERY, Owner.HQ, None, refund, listed)
    fee = fee_reason(scope, "" if payment is None else payment.method, listed)
    if fee is not None:
        return finding(LineClass.FEE_DIFFERS, fee, Settlement.RE_QUERY, Owner.HQ, None, refund, listed)
    if not refund.first_day <= listed.day <= refund.last_day or listed.day != platform_day(line.at_ms):
        reason = Reason("difference.other_day", day=refund.first_day.isoformat(), found=listed.day.isoformat())
        return finding(LineClass.OTHER_DAY, reason, Settlement.NOTHING, Owner.NOBODY, None, refund, listed)
    return agreed("difference.none", None, refund, listed)


def _unknown(order: Order, listed: Listed) -> Finding:
    """Judge a refund on the bill that the journal has not: how some platforms list a reversal, or one of the portal."""
    if any(one.state in _NOT_KEPT for one in order.payments):
        return agreed("difference.reversed_pair", None, None, listed)
    reason = Reason("difference.refund_unknown", amount_fen=listed.line.amount_fen)
    return finding(LineClass.REFUND_EXTRA, reason, Settlement.CONFIRM, Owner.STORE_MANAGER, listed=listed)


def _reversal(order: Order, listed: Listed) -> Finding:
    states = {one.state for one in order.payments}
    paid_fen = [one.line.amount_fen for one in order.of_kind(BillKind.PAYMENT)]
    if AttemptState.PAID in states:
        reason = Reason("difference.reversed_there", amount_fen=listed.line.amount_fen)
        return finding(LineClass.STATUS_DIFFERS, reason, Settlement.RE_QUERY, Owner.HQ, listed=listed)
    if states & {AttemptState.OPEN, AttemptState.PARKED}:
        reason = Reason("difference.undone_there")
        return finding(LineClass.STATUS_DIFFERS, reason, Settlement.RE_QUERY, Owner.BOX, listed=listed)
    if paid_fen and listed.line.amount_fen not in paid_fen:
        reason = Reason("difference.amount_differs", ours_fen=paid_fen[0], theirs_fen=listed.line.amount_fen)
        return finding(LineClass.AMOUNT_DIFFERS, reason, Settlement.RE_QUERY, Owner.HQ, listed=listed)
    return agreed("difference.reversed_pair", None, None, listed)


def _absent(refund: Refund, scope: Scope) -> Iterator[Finding]:
    """Judge a refund of the journal that no bill lists; one that was refused is no line."""
    if not scope.covers(refund.first_day) or refund.state == "refused":
        return
    if refund.is_done:
        yield _missing(refund, scope)
    else:
        reason = Reason("difference.refund_open")
        yield finding(LineClass.NOT_YET, reason, Settlement.RE_QUERY, Owner.BOX, None, refund)


def _missing(refund: Refund, scope: Scope) -> Finding:
    days = _bill_days(refund)
    states = [scope.states.get(day) for day in days]
    if StatementState.NOTHING in states:
        reason = Reason("difference.no_bill", day=refund.first_day.isoformat())
        return finding(LineClass.REFUND_MISSING, reason, Settlement.RE_QUERY, Owner.HQ, None, refund)
    if StatementState.OVERDUE in states:
        reason = Reason("difference.bill_late", day=days[states.index(StatementState.OVERDUE)].isoformat())
        return finding(LineClass.NOT_YET, reason, Settlement.RE_QUERY, Owner.HQ, None, refund)
    if not all(map(scope.is_here, days)) or scope.may_be_next_door(refund.started_at_ms, refund.first_day):
        reason = Reason("difference.next_bill")
        return finding(LineClass.NOT_YET, reason, Settlement.NOTHING, Owner.NOBODY, None, refund)
    reason = Reason("difference.refund_not_on_bill", day=refund.first_day.isoformat())
    return finding(LineClass.REFUND_MISSING, reason, Settlement.RE_QUERY, Owner.BOX, None, refund)


def _bill_days(refund: Refund) -> list[date]:
    """Return the days whose bills may list it: when it was accepted, or the day after when it ended later."""
    if refund.last_day > refund.first_day:
        return [refund.first_day, refund.first_day + ONE_DAY]
    return [refund.first_day]
