"""Which lines belong together: everything about one order at a platform, by the platform's number, then by ours.

Orders of the journal that carry one platform number are one group: money may have been recorded twice. A line of the
bill that names no order of ours stands in a group without facts. Amounts and times join nothing.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from agent.core.bill import BillKind
from agent.core.reconcile.facts import Facts, Payment, Refund
from agent.core.reconcile.finding import Listed, line_key


@dataclass(slots=True)
class Order:
    """One group; payments are more than one only when they share a platform number."""

    payments: list[Payment] = field(default_factory=list)
    refunds: list[Refund] = field(default_factory=list)
    listed: list[Listed] = field(default_factory=list)

    def of_kind(self, kind: BillKind) -> list[Listed]:
        """Return the bill's lines of a kind, in an order of their own."""
        return sorted(
            (one for one in self.listed if one.line.kind is kind), key=lambda one: (one.day, line_key(one.line))
        )


def grouped(facts: Facts, lines: Iterable[Listed]) -> Iterator[Order]:
    """Yield the groups; every fact and every line is in exactly one."""
    index = _Index(facts)
    for one in lines:
        index.place(one)
    yield from index.orders.values()
    yield from index.strangers.values()


class _Index:
    def __init__(self, facts: Facts) -> None:
        self.orders: dict[str, Order] = {}
        self.strangers: dict[tuple[str, str], Order] = defaultdict(Order)
        self._by_number: dict[str, str] = {}
        self._by_transaction: dict[str, str] = {}
        self._by_refund: dict[str, str] = {}
        for payment in sorted(facts.payments, key=lambda one: one.attempt):
            self._add_payment(payment)
        for refund in facts.refunds:
            self._add_refund(refund)

    def _add_payment(self, payment: Payment) -> None:
        name = payment.attempt
        if payment.transaction:
            name = self._by_transaction.setdefault(payment.transaction, name)
        self._by_number[payment.attempt] = name
        self.orders.setdefault(name, Order()).payments.append(payment)

    def _add_refund(self, refund: Refund) -> None:
        name = self._by_number.setdefault(refund.attempt, refund.attempt)
        self._by_refund[refund.out_refund_no] = name
        self.orders.setdefault(name, Order()).refunds.append(refund)

    def place(self, one: Listed) -> None:
        line = one.line
        name = self._by_transaction.get(line.transaction) if line.transaction else None
        if name is None:
            name = self._by_number.get(line.out_trade_no)
        if name is None and line.out_refund_no:
            name = self._by_refund.get(line.out_refund_no)
        if name is not None:
            self.orders[name].listed.append(one)
        else:
            self.strangers[line.transaction, line.out_trade_no].listed.append(one)
