"""Judging the payments of one order: what the journal counts as taken against what the bill lists."""

from collections.abc import Iterator

from agent.core.bill import BillKind
from agent.core.moment import platform_day
from agent.core.payment import AttemptState
from agent.core.reconcile.classes import LineClass, Owner, Settlement
from agent.core.reconcile.facts import Payment
from agent.core.reconcile.finding import Finding, Listed, Reason, line_key
from agent.core.reconcile.judging import agreed, fee_reason, finding, is_net, settled_fits
from agent.core.reconcile.orders import Order
from agent.core.reconcile.scope import ONE_DAY, Scope
from agent.core.reconcile.statement import StatementState


def judge_payments(order: Order, scope: Scope) -> Iterator[Finding]:
    """Yield a finding for each payment of the journal that is in scope, and for each payment line of the bill."""
    lines = order.of_kind(BillKind.PAYMENT)
    holder = _holder(order.payments, lines)
    main = _main_line(holder, lines)
    if main is not None:
        yield _pair(order, holder, main, scope)
        for extra in lines:
            if extra is not main:
                yield _extra(main, extra)
    else:
        yield from _absent(holder, scope)
    for payment in order.payments:
        if payment is not holder and (main is not None or scope.covers(payment.platform_day)):
            yield finding(
                LineClass.DUPLICATE,
                Reason("difference.recorded_twice", other=holder.attempt),
                Settlement.WRITE_OFF,
                Owner.HQ,
                payment,
            )


def _holder(payments: list[Payment], lines: list[Listed]) -> Payment:
    """Return the payment that the bill's line is of, where several carry one platform number: the one it names."""
    named = {one.line.out_trade_no for one in lines}
    return min(payments, key=lambda one: (one.attempt not in named, one.store, one.attempt))


def _main_line(payment: Payment, lines: list[Listed]) -> Listed | None:
    return min(
        lines,
        key=lambda one: (
            one.line.transaction != payment.transaction,
            one.line.out_trade_no != payment.attempt,
            one.line.amount_fen != payment.amount_fen,
            one.day != payment.platform_day,
            one.day,
            line_key(one.line),
        ),
        default=None,
    )


def _extra(main: Listed, extra: Listed) -> Finding:
    if extra.line.transaction == main.line.transaction:
        reason = Reason("difference.listed_twice")
        return finding(LineClass.DUPLICATE, reason, Settlement.RE_QUERY, Owner.PLATFORM, listed=extra)
    reason = Reason("difference.charged_twice", other=main.line.transaction)
    return finding(LineClass.DUPLICATE, reason, Settlement.REFUND, Owner.HQ, listed=extra)


def _pair(order: Order, payment: Payment, listed: Listed, scope: Scope) -> Finding:
    if payment.is_paid:
        return _paid(payment, listed, scope)
    if payment.is_open:
        return _open(order, payment, listed)
    return _undone(order, payment, listed, scope)


def _paid(payment: Payment, listed: Listed, scope: Scope) -> Finding:
    line, net = listed.line, is_net(listed, payment)
    if payment.transaction and line.transaction and payment.transaction != line.transaction:
        reason = Reason("difference.other_number", other=line.transaction)
        return finding(LineClass.STATUS_DIFFERS, reason, Settlement.RE_QUERY, Owner.HQ, payment, listed=listed)
    if line.amount_fen != payment.amount_fen and not net:
        reason = Reason("difference.amount_differs", ours_fen=payment.amount_fen, theirs_fen=line.amount_fen)
        return finding(LineClass.AMOUNT_DIFFERS, reason, Settlement.RE_QUERY, Owner.HQ, payment, listed=listed)
    if not net and not settled_fits(listed, payment.amount_fen, payment.merchant_discount_fen):
        expected_fen = payment.amount_fen - payment.merchant_discount_fen
        reason = Reason("difference.settled_differs", ours_fen=expected_fen, theirs_fen=line.settled_fen)
        return finding(LineClass.AMOUNT_DIFFERS, reason, Settlement.RE_QUERY, Owner.HQ, payment, listed=listed)
    fee = fee_reason(scope, payment.method, listed)
    if fee is not None:
        return finding(LineClass.FEE_DIFFERS, fee, Settlement.RE_QUERY, Owner.HQ, payment, listed=listed)
    if listed.day != payment.platform_day or listed.day != platform_day(line.at_ms):
        reason = Reason("difference.other_day", day=payment.platform_day.isoformat(), found=listed.day.isoformat())
        return finding(LineClass.OTHER_DAY, reason, Settlement.NOTHING, Owner.NOBODY, payment, listed=listed)
    return agreed("difference.net_of_coupon" if net else "difference.none", payment, None, listed)


def _open(order: Order, payment: Payment, listed: Listed) -> Finding:
    if order.of_kind(BillKind.REVERSAL):
        reason, settlement = Reason("difference.undone_there"), Settlement.RE_QUERY
    else:
        reason, settlement = Reason("difference.paid_there", amount_fen=listed.line.amount_fen), Settlement.CONFIRM
    return finding(LineClass.STATUS_DIFFERS, reason, settlement, Owner.BOX, payment, listed=listed)


def _undone(order: Order, payment: Payment, listed: Listed, scope: Scope) -> Finding:
    """Judge money on the bill that the journal says was not kept: it must have gone back."""
    amount_fen = listed.line.amount_fen
    ours = sum(one.amount_fen for one in order.refunds if one.is_done)
    known = {one.out_refund_no for one in order.refunds}
    theirs = sum(
        one.line.amount_fen
        for one in order.listed
        if one.line.kind is not BillKind.PAYMENT and one.line.out_refund_no not in known
    )
    if theirs >= amount_fen:
        return agreed("difference.reversed_pair", payment, None, listed)
    if ours + theirs >= amount_fen:
        return agreed("difference.given_back", payment, None, listed)
    ended_day = platform_day(payment.started_at_ms if payment.ended_at_ms is None else payment.ended_at_ms)
    may_follow = ended_day > listed.day and not scope.is_here(listed.day + ONE_DAY)
    if payment.state is AttemptState.REVERSED and may_follow:
        reason = Reason("difference.reversal_next_bill")
        return finding(LineClass.NOT_YET, reason, Settlement.NOTHING, Owner.NOBODY, payment, listed=listed)
    reason = Reason("difference.taken_not_kept", state=payment.state.value, amount_fen=amount_fen)
    return finding(LineClass.STATUS_DIFFERS, reason, Settlement.REFUND, Owner.BOX, payment, listed=listed)


def _absent(payment: Payment, scope: Scope) -> Iterator[Finding]:
    """Judge a payment of the journal that no bill lists; what nobody took is no line."""
    day = payment.platform_day
    if not scope.covers(day):
        return
    if payment.is_open:
        reason = Reason("difference.still_open")
        yield finding(LineClass.NOT_YET, reason, Settlement.RE_QUERY, Owner.BOX, payment)
    elif payment.is_paid:
        yield _missing(payment, scope.states[day], scope)


def _missing(payment: Payment, state: StatementState, scope: Scope) -> Finding:
    day = payment.platform_day
    if state is StatementState.NOT_DUE:
        reason = Reason("difference.bill_not_due", day=day.isoformat())
        return finding(LineClass.NOT_YET, reason, Settlement.NOTHING, Owner.NOBODY, payment)
    if state is StatementState.OVERDUE:
        reason = Reason("difference.bill_late", day=day.isoformat())
        return finding(LineClass.NOT_YET, reason, Settlement.RE_QUERY, Owner.HQ, payment)
    if state is StatementState.NOTHING:
        reason = Reason("difference.no_bill", day=day.isoformat())
        return finding(LineClass.JOURNAL_ONLY, reason, Settlement.RE_QUERY, Owner.HQ, payment)
    if scope.may_be_next_door(payment.at_ms, day):
        reason = Reason("difference.next_bill")
        return finding(LineClass.NOT_YET, reason, Settlement.NOTHING, Owner.NOBODY, payment)
    reason = Reason("difference.not_on_bill", day=day.isoformat())
    return finding(LineClass.JOURNAL_ONLY, reason, Settlement.RE_QUERY, Owner.BOX, payment)
