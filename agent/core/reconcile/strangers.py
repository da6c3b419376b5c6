"""Judging lines of the bill that name no order of the journal."""

from collections import defaultdict
from collections.abc import Iterator

from agent.core.reconcile.classes import LineClass, Owner, Settlement
from agent.core.reconcile.facts import store_of
from agent.core.reconcile.finding import Finding, Listed, Reason, line_key
from agent.core.reconcile.judging import finding
from agent.core.reconcile.orders import Order
from agent.core.reconcile.scope import Scope


def judge_strangers(order: Order, scope: Scope) -> Iterator[Finding]:
    """Yield a finding for each line; one that says the same as another is a duplicate, if it has any number at all."""
    by_key: dict[tuple[object, ...], list[Listed]] = defaultdict(list)
    for one in sorted(order.listed, key=lambda one: (one.day, line_key(one.line))):
        line = one.line
        by_key[line.kind, line.transaction, line.out_trade_no, line.out_refund_no].append(one)
    for (_, transaction, number, _), lines in by_key.items():
        yield _stranger(lines[0], scope)
        for one in lines[1:]:
            if transaction or number:
                reason = Reason("difference.listed_twice")
                yield finding(LineClass.DUPLICATE, reason, Settlement.RE_QUERY, Owner.PLATFORM, listed=one)
            else:
                yield _stranger(one, scope)


def _stranger(listed: Listed, scope: Scope) -> Finding:
    line = listed.line
    store = store_of(line.out_trade_no)
    if store is None:
        reason = Reason("difference.foreign_number")
        return finding(LineClass.PLATFORM_ONLY, reason, Settlement.ASSIGN, Owner.HQ, listed=listed)
    if not scope.journal_is_here(store, line.at_ms):
        reason = Reason("difference.journal_late", store=store)
        return finding(LineClass.NOT_YET, reason, Settlement.NOTHING, Owner.BOX, listed=listed)
    reason = Reason("difference.our_number", store=store)
    return finding(LineClass.PLATFORM_ONLY, reason, Settlement.RE_QUERY, Owner.BOX, listed=listed)
