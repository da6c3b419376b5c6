"""Facts as a flat file: what must agree as columns for DuckDB, and each fact whole as JSON beside them."""

import json
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from agent.core.payment import AttemptState
from agent.core.reconcile.facts import Contradiction, Facts, Payment, Refund

COLUMNS = ("kind", "number", "transaction", "back", "amount_fen", "settled_fen", "counts", "odd", "fact")
"""Columns of the file, split by tabs, nothing quoted.

`kind` is P or R. `counts` is 1 for what a line of the day's bill must answer, else 0: a fact that is only known.
`odd` is 1 for what only the classifier can judge.
"""
REPLACED = "\ufffd"
"""What stands for a tab or the end of a line inside a number; no platform's number has one."""
_PAYMENT = tuple(Payment.__dataclass_fields__)
_REFUND = tuple(Refund.__dataclass_fields__)
_FLAT = str.maketrans(dict.fromkeys("\t\r\n\0", REPLACED))


def rows_of(facts: Facts, day: date) -> Iterator[str]:
    """Yield the rows of a day's matching, each with its end; a refund carries the platform's number of its order."""
    transactions = {(one.store, one.attempt): one.transaction for one in facts.payments}
    for payment in facts.payments:
        covered = payment.platform_day == day
        least_fen = max(0, payment.amount_fen - payment.merchant_discount_fen)
        odd = (covered and payment.is_open) or (not payment.is_paid and payment.transaction is not None)
        values = ("P", payment.attempt, payment.transaction, "", payment.amount_fen, least_fen)
        yield _row(values, covered and payment.is_paid, odd, payment, _PAYMENT)
    for refund in facts.refunds:
        covered = refund.first_day == day
        transaction = transactions.get((refund.store, refund.attempt))
        values = ("R", refund.attempt, transaction, refund.out_refund_no, refund.amount_fen, refund.amount_fen)
        yield _row(values, covered and refund.is_done, covered and refund.state == "started", refund, _REFUND)


def facts_in(rows: Iterable[tuple[str, str]]) -> Facts:
    """Return the facts of kinds and JSON texts, in the order of numbers as the book gives them."""
    payments, refunds = [], []
    for kind, text in rows:
        if kind == "P":
            payments.append(_payment(json.loads(text)))
        else:
            refunds.append(Refund(*json.loads(text)))
    payments.sort(key=lambda one: (one.store, one.attempt))
    refunds.sort(key=lambda one: (one.store, one.out_refund_no))
    return Facts(payments, refunds)


def _payment(values: list[Any]) -> Payment:
    known = dict(zip(_PAYMENT, values, strict=True))
    known["state"] = AttemptState(known["state"])
    known["contradictions"] = tuple(Contradiction(*one) for one in known["contradictions"])
    return Payment(**known)


def _row(values: tuple[object, ...], counts: bool, odd: bool, fact: Payment | Refund, names: tuple[str, ...]) -> str:
    cells = [str(one or "").translate(_FLAT) if not isinstance(one, int) else str(one) for one in values]
    whole = json.dumps([getattr(fact, name) for name in names], default=_plain, separators=(",", ":"))
    return "\t".join((*cells, str(int(counts)), str(int(odd)), whole)) + "\n"


def _plain(value: object) -> object:
    if isinstance(value, Contradiction):
        return [value.code, value.amount_fen, value.transaction]
    raise TypeError(f"no part of a fact: {value!r}")
