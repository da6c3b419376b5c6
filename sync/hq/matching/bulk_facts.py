"""Facts as a flat file: what must agree as columns for DuckDB, and each fact whole as JSON beside them."""

import json
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

from agent.core.payment import AttemptState
from agent.core.reconcile.facts import Contradiction, Facts, Payment, Refund

COLUMNS = ("kind", "number", "transaction", "back", "amount_fen", "settled_fen", "counts", "odd", "place")
"""Columns of the file, split by tabs, nothing quoted.

`kind` is P or R. `counts` is 1 for what a line of the day's bill must answer, else 0: a fact that is only known.
`odd` is 1 for what only the classifier can judge. `place` is the byte at which the whole fact begins in its own file.
"""
NUMBERS = frozenset({"amount_fen", "settled_fen", "counts", "odd", "place"})
"""The columns that are whole numbers."""
REPLACED = "\ufffd"
"""What stands for a tab or the end of a line inside a number; no platform's number has one."""
_PAYMENT = tuple(Payment.__dataclass_fields__)
_REFUND = tuple(Refund.__dataclass_fields__)
_FLAT = str.maketrans(dict.fromkeys("\t\r\n\0", REPLACED))


class FlatFacts:
    """Two files: columns, and each fact whole. Written once, then read where a closer look is needed."""

    def __init__(self, path: Path, day: date) -> None:
        """Take the files' place, nothing is there yet, and the day whose bill is matched."""
        self.path = path
        self._whole = path.with_name(f"{path.name}.whole")
        self._day = day

    def write(self, facts: Iterable[Facts]) -> None:
        """Write facts; an order and its refunds must come together."""
        place = 0
        with self.path.open("wb") as columns, self._whole.open("wb") as wholes:
            for some in facts:
                for values, fact, names in _values_of(some, self._day):
                    columns.write(_row((*values, place)))
                    place += wholes.write(_whole(fact, names))

    def at(self, places: Iterable[int]) -> Facts:
        """Return the facts at some places, in the order of numbers as the book gives them."""
        payments, refunds = [], []
        with self._whole.open("rb") as file:
            for place in sorted(places):
                file.seek(place)
                kind, values = json.loads(file.readline())
                if kind == "P":
                    payments.append(_payment(values))
                else:
                    refunds.append(Refund(*values))
        payments.sort(key=lambda one: (one.store, one.attempt))
        refunds.sort(key=lambda one: (one.store, one.out_refund_no))
        return Facts(payments, refunds)


def _values_of(facts: Facts, day: date) -> Iterator[tuple[tuple[object, ...], Payment | Refund, tuple[str, ...]]]:
    """Yield the values of each row but its place; a refund carries the platform's number of its order."""
    transactions = {(one.store, one.attempt): one.transaction for one in facts.payments}
    for payment in facts.payments:
        covered = payment.platform_day == day
        least_fen = max(0, payment.amount_fen - payment.merchant_discount_fen)
        odd = (covered and payment.is_open) or (not payment.is_paid and payment.transaction is not None)
        counts = covered and payment.is_paid
        numbers = (payment.amount_fen, least_fen, int(counts), int(odd))
        yield ("P", payment.attempt, payment.transaction, "", *numbers), payment, _PAYMENT
    for refund in facts.refunds:
        covered = refund.first_day == day
        transaction = transactions.get((refund.store, refund.attempt))
        counts, odd = covered and refund.is_done, covered and refund.state == "started"
        numbers = (refund.amount_fen, refund.amount_fen, int(counts), int(odd))
        yield ("R", refund.attempt, transaction, refund.out_refund_no, *numbers), refund, _REFUND


def _payment(values: list[Any]) -> Payment:
    known = dict(zip(_PAYMENT, values, strict=True))
    known["state"] = AttemptState(known["state"])
    known["contradictions"] = tuple(Contradiction(*one) for one in known["contradictions"])
    return Payment(**known)


def _row(values: tuple[object, ...]) -> bytes:
    cells = (str(one) if isinstance(one, int) else str(one or "").translate(_FLAT) for one in values)
    return ("\t".join(cells) + "\n").encode("utf-8")


def _whole(fact: Payment | Refund, names: tuple[str, ...]) -> bytes:
    values = [getattr(fact, name) for name in names]
    kind = "P" if isinstance(fact, Payment) else "R"
    return (json.dumps([kind, values], default=_plain, separators=(",", ":")) + "\n").encode("utf-8")


def _plain(value: object) -> object:
    if isinstance(value, Contradiction):
        return [value.code, value.amount_fen, value.transaction]
    raise TypeError(f"no part of a fact: {value!r}")
