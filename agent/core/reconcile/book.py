"""Entries become facts: what was started, how it ended, what contradicts it. The order of the entries does not matter.

A restored box and its old disk may both have ended an order. Money that one of them saw wins over none; else the later
end counts.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from agent.core.payment import AttemptState
from agent.core.reconcile.facts import Contradiction, Facts, Payment, Refund

Body = Mapping[str, Any]


@dataclass(slots=True)
class _Order:
    started: list[tuple[int, Body]] = field(default_factory=list)
    ended: list[tuple[int, Body]] = field(default_factory=list)
    parked: bool = False
    contradictions: set[Contradiction] = field(default_factory=set)


@dataclass(slots=True)
class _Back:
    started: list[tuple[int, Body]] = field(default_factory=list)
    ended: list[tuple[int, Body]] = field(default_factory=list)


class Book:
    """Takes entries one by one; the same entry twice counts once in effect."""

    def __init__(self) -> None:
        self._orders: dict[tuple[str, str], _Order] = {}
        self._backs: dict[tuple[str, str], _Back] = {}

    def take(self, store: str, at_ms: int, kind: str, body: Body) -> None:
        """Take an entry; other kinds than those of money at platforms change nothing."""
        taker = _TAKERS.get(kind)
        if taker is not None:
            taker(self, store, at_ms, body)

    def facts(self) -> Facts:
        """Return what is known now, in the order of numbers; an end without its beginning is a fact too."""
        payments = [_payment(store, attempt, order) for (store, attempt), order in sorted(self._orders.items())]
        merchants = {(one.store, one.attempt): one.merchant for one in payments}
        refunds = [_refund(store, number, back, merchants) for (store, number), back in sorted(self._backs.items())]
        return Facts(payments, refunds)

    def _order(self, store: str, body: Body) -> _Order:
        return self._orders.setdefault((store, str(body["attempt"])), _Order())

    def _back(self, store: str, body: Body) -> _Back:
        return self._backs.setdefault((store, str(body["out_refund_no"])), _Back())

    def _started(self, store: str, at_ms: int, body: Body) -> None:
        self._order(store, body).started.append((at_ms, body))

    def _ended(self, store: str, at_ms: int, body: Body) -> None:
        self._order(store, body).ended.append((at_ms, body))

    def _parked(self, store: str, at_ms: int, body: Body) -> None:
        self._order(store, body).parked = True

    def _contradicted(self, store: str, at_ms: int, body: Body) -> None:
        said = Contradiction(str(body["code"]), int(body["amount_fen"]), body.get("transaction"))
        self._order(store, body).contradictions.add(said)

    def _refund_started(self, store: str, at_ms: int, body: Body) -> None:
        self._back(store, body).started.append((at_ms, body))

    def _refund_ended(self, store: str, at_ms: int, body: Body) -> None:
        self._back(store, body).ended.append((at_ms, body))


_TAKERS: dict[str, Callable[[Book, str, int, Body], None]] = {
    "attempt.started": Book._started,
    "attempt.ended": Book._ended,
    "attempt.parked": Book._parked,
    "attempt.contradicted": Book._contradicted,
    "refund.started": Book._refund_started,
    "refund.ended": Book._refund_ended,
}
KINDS = tuple(_TAKERS)
"""The kinds of entries that facts are made of."""


def _first(entries: list[tuple[int, Body]]) -> tuple[int, Body] | None:
    return min(entries, key=lambda one: (one[0], str(sorted(one[1].items(), key=str))), default=None)


def _end(entries: list[tuple[int, Body]], winner: str) -> tuple[int, Body] | None:
    ranked = sorted(
        entries, key=lambda one: (one[1]["outcome"] == winner, one[0], str(sorted(one[1].items(), key=str)))
    )
    return ranked[-1] if ranked else None


def _payment(store: str, attempt: str, order: _Order) -> Payment:
    began, ended = _first(order.started), _end(order.ended, "paid")
    start: Body = began[1] if began else {}
    end: Body = ended[1] if ended else {}
    known = {**start, **{name: end[name] for name in ("till", "day", "platform", "amount_fen") if name in end}}
    state = AttemptState.PARKED if order.parked else AttemptState.OPEN
    ended_at_ms = ended[0] if ended else None
    return Payment(
        store=store,
        attempt=attempt,
        platform=str(known.get("platform", "")),
        merchant=str(end.get("merchant") or start.get("merchant") or ""),
        method=str(start.get("method", "")),
        sale=str(start.get("sale", "")),
        till=str(known.get("till", "")),
        day=str(known.get("day", "")),
        amount_fen=int(known.get("amount_fen", 0)),
        state=AttemptState(end["outcome"]) if ended else state,
        started_at_ms=began[0] if began else (ended_at_ms or 0),
        ended_at_ms=ended_at_ms,
        transaction=end.get("transaction"),
        platform_at_ms=end.get("platform_at_ms"),
        platform_discount_fen=int(end.get("platform_discount_fen", 0)),
        merchant_discount_fen=int(end.get("merchant_discount_fen", 0)),
        contradictions=tuple(
            sorted(order.contradictions, key=lambda one: (one.code, one.amount_fen, one.transaction or ""))
        ),
    )


def _refund(store: str, number: str, back: _Back, merchants: Mapping[tuple[str, str], str]) -> Refund:
    began, ended = _first(back.started), _end(back.ended, "done")
    start: Body = began[1] if began else {}
    end: Body = ended[1] if ended else {}
    known = {**end, **start}
    attempt = str(known.get("attempt", ""))
    ended_at_ms = ended[0] if ended else None
    return Refund(
        store=store,
        out_refund_no=number,
        attempt=attempt,
        platform=str(end.get("platform") or start.get("platform") or ""),
        merchant=merchants.get((store, attempt), ""),
        refund=start.get("refund"),
        till=str(known.get("till", "")),
        day=str(known.get("day", "")),
        amount_fen=int(known.get("amount_fen", 0)),
        state=str(end["outcome"]) if ended else "started",
        started_at_ms=began[0] if began else (ended_at_ms or 0),
        ended_at_ms=ended_at_ms,
        refund_transaction=end.get("refund_transaction"),
        orphan=bool(start.get("orphan", False)),
    )
