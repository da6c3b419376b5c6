"""Attempts in the journal and its view: begun in the writer's command, read by whoever asks."""

from dataclasses import replace
from typing import Any

from agent.core import sale as rules
from agent.core.errors import Refused
from agent.core.events import AttemptStarted
from agent.core.ids import attempt_number
from agent.core.payment import AttemptState
from agent.core.timing import Method
from agent.core.undoing import AttemptUndoing
from agent.services import baskets
from agent.services.journaling import record
from agent.services.shop import Actor, Shop
from agent.services.stopped import refuse_stopped
from agent.services.trade import Trade, trading
from agent.store.unit import Unit

Shown = dict[str, Any]
Row = dict[str, Any]

_COLUMNS = (
    "attempt, sale, till, shift, staff, day, platform, method, merchant, custody, amount_fen, code_tail, state, parked,"
    " undoing, started_ms, expires_ms, ended_ms, platform_at_ms, txn, code, used"
)


def begin(
    shop: Shop,
    unit: Unit,
    actor: Actor,
    method: Method,
    platform: str,
    *,
    merchant: str,
    custody: str,
    random_characters: str,
    code_tail: str = "",
    lifetime_s: float | None = None,
) -> Shown:
    """Journal the beginning of an attempt for all that is due at the actor's till.

    Returns `{attempt, amount_fen, sale, expires_at_ms}`. Called inside a command of the writer, for every method.
    `lifetime_s` is how long an offer or an order token lives. Refuses a second live attempt for one sale
    (`sale.attempt_open`) and a sale with nothing due.
    """
    trade = trading(unit.connection, actor)
    basket = rules.ask_total(baskets.required(unit.connection, actor.till))
    if basket.attempt is not None:
        raise Refused("sale.attempt_open", attempt=basket.attempt)
    refuse_stopped(shop, basket)
    due_fen = basket.due_fen
    if due_fen <= 0:
        raise Refused("tender.above_due", amount_fen=0, due_fen=due_fen)
    number = attempt_number(basket.sale, basket.attempts + 1, random_characters)
    expires_at_ms = None if lifetime_s is None else unit.now_ms + int(lifetime_s * 1000)
    record(
        unit,
        AttemptStarted(
            **trade.fields(),
            attempt=number,
            sale=basket.sale,
            platform=platform,
            merchant=merchant,
            custody=custody,
            method=method.value,
            amount_fen=due_fen,
            code_tail=code_tail,
            expires_at_ms=expires_at_ms,
        ),
    )
    baskets.save(unit, replace(basket, attempt=number, attempts=basket.attempts + 1))
    shop.in_flight.begun(number, method, shop.clock.monotonic_s(), lifetime_s, shop.chance())
    return {"attempt": number, "amount_fen": due_fen, "sale": basket.sale, "expires_at_ms": expires_at_ms}


def begin_undoing(shop: Shop, number: str) -> None:
    """Put on disk that an attempt without an end is to be undone, once; before the platform hears of it."""

    def command(unit: Unit) -> None:
        found = row(unit.connection, number)
        if found is None or found["undoing"] or found["state"] not in (AttemptState.OPEN, AttemptState.PARKED):
            return
        trade = Trade(found["till"], found["shift"], found["staff"], found["day"])
        record(unit, AttemptUndoing(**trade.fields(), attempt=number, sale=found["sale"]))

    shop.writer.run(command)


def row(connection: Any, number: str) -> Row | None:
    """Return an attempt's row of the view, or None."""
    found = connection.execute(f"SELECT {_COLUMNS} FROM view_attempt WHERE attempt = ?", (number,)).fetchone()
    return None if found is None else _named(found)


def of_bill(connection: Any, platform: str, number: str, transaction: str) -> Row | None:
    """Return the attempt that a line of a platform's bill names: by the platform's number, then by ours."""
    found = connection.execute(
        f"SELECT {_COLUMNS} FROM view_attempt WHERE platform = ? AND txn = ?", (platform, transaction)
    ).fetchone()
    return row(connection, number) if found is None else _named(found)


def known(connection: Any, number: str) -> Row:
    """Return an attempt's row; refuses an unknown one (`attempt.unknown`)."""
    found = row(connection, number)
    if found is None:
        raise Refused("attempt.unknown", attempt=number[:40])
    return found


def unresolved(connection: Any) -> list[Row]:
    """Return every attempt that has no end yet, oldest first."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM view_attempt WHERE state IN ('open', 'parked') ORDER BY started_ms"
    ).fetchall()
    return [_named(found) for found in rows]


def unused(connection: Any) -> list[Row]:
    """Return every paid attempt whose money no sale has taken and no refund gives back, oldest first."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM view_attempt WHERE state = 'paid' AND used = 0 ORDER BY started_ms"
    ).fetchall()
    return [_named(found) for found in rows]


def given_back_fen(connection: Any, number: str) -> int:
    """Return how much of an attempt's own money goes or went back because no sale wants it."""
    found = connection.execute(
        "SELECT coalesce(sum(r.amount_fen), 0) FROM view_platform_refund r JOIN view_attempt a"
        " ON a.attempt = r.attempt AND a.platform = r.platform"
        " WHERE r.attempt = ? AND r.orphan AND r.state <> 'refused'",
        (number,),
    ).fetchone()
    return int(found[0])


def _named(found: Any) -> Row:
    return dict(zip(_COLUMNS.split(", "), found, strict=True))
