"""Taking money on a platform: attempts on disk first, then one resolver that drives each to its end.

No handler waits for a platform: `start_code_payment` answers with the attempt; the resolver asks, waits, reverses, and
completes the sale when the platform's word is in.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from agent.core import sale as rules
from agent.core.canonical import canonical
from agent.core.errors import Refused
from agent.core.events import (
    AttemptContradicted,
    AttemptEnded,
    AttemptParked,
    AttemptStarted,
    RefundStarted,
    TenderLine,
)
from agent.core.ids import attempt_number, base32_characters, refund_attempt_number
from agent.core.ledger import clearing_account
from agent.core.payment import AttemptState, PlatformAnswer, Verdict, counts_as_paid
from agent.services import baskets
from agent.services.authority import record_approval, require
from agent.services.journaling import record
from agent.services.shop import Actor, Approval, Shop
from agent.services.slip_documents import person
from agent.services.tendering import after_tender
from agent.services.trade import Trade, trading
from agent.store.unit import Unit
from sync.platforms.errors import situation

Shown = dict[str, Any]
ANSWER_WITHIN_S = 45
"""How long the cashier is told to wait before the attempt is reversed."""

_END_OF = {
    Verdict.PAID: AttemptState.PAID,
    Verdict.DECLINED: AttemptState.DECLINED,
    Verdict.REVERSED: AttemptState.REVERSED,
    Verdict.CLOSED: AttemptState.CLOSED,
    Verdict.NOT_FOUND: AttemptState.NEVER_EXISTED,
}


def start_code_payment(
    shop: Shop, actor: Actor, kind: str, auth_code: str, key: str | None = None
) -> tuple[Shown, Callable[[], None]]:
    """Put an attempt for all that is due on disk; returns the answer and the call that submits it.

    The caller runs the returned call on a thread of its own, at most once; when it never runs (a crash), the resolver
    only ever queries. Refuses a second live attempt for one sale (`sale.attempt_open`).
    """
    tender = shop.tenders.get(kind)
    platform = shop.platforms.get(tender.platform or kind) if tender else None
    if tender is None or platform is None or not tender.enabled:
        raise Refused("payment.not_supported", platform=kind[:40])
    require(shop, actor, tender.act)
    random_characters = base32_characters(shop.entropy.random_bytes(4))
    fresh = False

    def command(unit: Unit) -> Shown:
        nonlocal fresh
        trade = trading(unit.connection, actor)
        basket = rules.ask_total(baskets.required(unit.connection, actor.till))
        if basket.attempt is not None:
            raise Refused("sale.attempt_open", attempt=basket.attempt)
        due_fen = basket.due_fen
        if due_fen <= 0:
            raise Refused("tender.above_due", amount_fen=0, due_fen=due_fen)
        number = attempt_number(basket.sale, basket.attempts + 1, random_characters)
        record(
            unit,
            AttemptStarted(
                **trade.fields(),
                attempt=number,
                sale=basket.sale,
                platform=platform.name,
                merchant="",
                custody="direct",
                method="code",
                amount_fen=due_fen,
                code_tail=auth_code[-4:],
            ),
        )
        baskets.save(unit, replace(basket, attempt=number, attempts=basket.attempts + 1))
        fresh = True
        return {"attempt": number, "amount_fen": due_fen, "sale": basket.sale}

    started: Shown = shop.writer.run(command, key=key, fingerprint=canonical({"kind": kind, "tail": auth_code[-4:]}))
    shop.changed(actor.till)

    def submit() -> None:
        answer = platform.pay(started["attempt"], started["amount_fen"], auth_code, shop.store.name)
        if settle(shop, started["attempt"], answer) is None:
            shop.wake_resolver()

    def already_submitted() -> None:
        shop.wake_resolver()

    return attempt(shop, started["attempt"]), submit if fresh else already_submitted


def attempt(shop: Shop, number: str) -> Shown:
    """Return an attempt as pages see it; refuses an unknown one (`attempt.unknown`)."""
    found = row(shop.read(), number)
    if found is None:
        raise Refused("attempt.unknown", attempt=number[:40])
    waited_s = max(0, (shop.clock.now_ms() - found["started_ms"]) // 1000)
    return {
        "attempt": found["attempt"],
        "sale": found["sale"],
        "platform": found["platform"],
        "amount_fen": found["amount_fen"],
        "state": found["state"],
        "code": found["code"],
        "said": _said(found["platform"], found["code"]),
        "started_ms": found["started_ms"],
        "seconds_left": max(0, ANSWER_WITHIN_S - waited_s),
    }


def _said(platform: str, code: str | None) -> Shown | None:
    """Return what a platform's code means, in both languages, where a table knows it."""
    known = situation(platform, code)
    return None if known is None else {"zh": known.zh, "en": known.en}


_COLUMNS = (
    "attempt, sale, till, shift, staff, day, platform, amount_fen,"
    " code_tail, state, parked, started_ms, txn, code, used"
)


def row(connection: Any, number: str) -> dict[str, Any] | None:
    """Return an attempt's row of the view, or None."""
    found = connection.execute(f"SELECT {_COLUMNS} FROM view_attempt WHERE attempt = ?", (number,)).fetchone()
    return None if found is None else dict(zip(_COLUMNS.split(", "), found, strict=True))


def unresolved(connection: Any) -> list[dict[str, Any]]:
    """Return every attempt that has no end yet, oldest first."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM view_attempt WHERE state IN ('open', 'parked') ORDER BY started_ms"
    ).fetchall()
    return [dict(zip(_COLUMNS.split(", "), found, strict=True)) for found in rows]


def _actor_of(unit: Unit, found: dict[str, Any]) -> Actor:
    return Actor(found["staff"], person(unit.connection, found["staff"]).name, "cashier", found["till"])


def _contradiction(unit: Unit, found: dict[str, Any], answer: PlatformAnswer) -> str | None:
    code = counts_as_paid(answer, found["amount_fen"], found["started_ms"])
    if code is None:
        other = unit.connection.execute(
            "SELECT attempt FROM view_attempt WHERE platform = ? AND txn = ?", (found["platform"], answer.transaction)
        ).fetchone()
        code = None if other is None else "attempt.transaction_known"
    return code


def settle(shop: Shop, number: str, answer: PlatformAnswer) -> AttemptState | None:
    """Take in a platform's answer: end the attempt once, complete or release its sale; None while it stays open.

    Time-outs and unlisted answers leave it open. A PAID that does not count is journaled as contradicted and leaves it
    open. Money for a sale that was paid otherwise or given up is refunded under its own number.
    """
    random_characters = base32_characters(shop.entropy.random_bytes(4))

    def command(unit: Unit) -> Shown:
        found = row(unit.connection, number)
        if found is None or found["state"] not in ("open", "parked"):
            return {"state": None if found is None else found["state"], "till": "", "completed": None}
        end = _END_OF.get(answer.verdict)
        if end is None:
            return {"state": None, "till": found["till"], "completed": None}
        trade = Trade(found["till"], found["shift"], found["staff"], found["day"])
        if end is AttemptState.PAID:
            code = _contradiction(unit, found, answer)
            if code is not None:
                if found["code"] != code:
                    record(
                        unit,
                        AttemptContradicted(
                            **trade.fields(),
                            attempt=number,
                            code=code,
                            amount_fen=answer.amount_fen or 0,
                            transaction=answer.transaction,
                        ),
                    )
                return {"state": None, "till": found["till"], "completed": None}
        record(unit, _ended(trade, found, answer, end))
        if end is AttemptState.PAID:
            completed = _use(shop, unit, found, trade, random_characters)
        else:
            completed = None
            _release(unit, found)
        return {"state": end.value, "till": found["till"], "completed": completed}

    result: Shown = shop.writer.run(command)
    if result["completed"]:
        shop.wake_printer(shop.tills[result["till"]].printer)
    if result["state"] and result["till"]:
        shop.changed(result["till"])
    return AttemptState(result["state"]) if result["state"] else None


def _ended(trade: Trade, found: dict[str, Any], answer: PlatformAnswer, end: AttemptState) -> AttemptEnded:
    paid = end is AttemptState.PAID
    discounts_fen = answer.platform_discount_fen + answer.merchant_discount_fen
    customer_fen = answer.customer_paid_fen
    return AttemptEnded(
        **trade.fields(),
        attempt=found["attempt"],
        platform=found["platform"],
        amount_fen=found["amount_fen"],
        outcome=end.value,
        transaction=answer.transaction if paid else None,
        platform_at_ms=answer.platform_at_ms if paid else None,
        customer_paid_fen=0
        if not paid
        else found["amount_fen"] - discounts_fen
        if customer_fen is None
        else customer_fen,
        platform_discount_fen=answer.platform_discount_fen if paid else 0,
        merchant_discount_fen=answer.merchant_discount_fen if paid else 0,
        payer=answer.payer if paid else None,
        code=answer.code,
    )


def _release(unit: Unit, found: dict[str, Any]) -> None:
    basket = baskets.by_sale(unit.connection, found["sale"])
    if basket is not None and basket.attempt == found["attempt"]:
        baskets.save(unit, replace(basket, attempt=None))


def _use(shop: Shop, unit: Unit, found: dict[str, Any], trade: Trade, random_characters: str) -> Shown | None:
    basket = baskets.by_sale(unit.connection, found["sale"])
    if basket is None or basket.attempt != found["attempt"]:
        _give_back(unit, found, trade, random_characters)
        return None
    line = TenderLine(
        _kind_of(shop, found["platform"]),
        found["amount_fen"],
        clearing_account(found["platform"]),
        attempt=found["attempt"],
    )
    paid = rules.take(replace(basket, attempt=None), line)
    done = after_tender(shop, unit, _actor_of(unit, found), paid, trade)
    return done["completed"]  # type: ignore[no-any-return]


def _kind_of(shop: Shop, platform: str) -> str:
    return next((kind for kind, tender in shop.tenders.items() if tender.platform == platform), platform)


def _give_back(unit: Unit, found: dict[str, Any], trade: Trade, random_characters: str) -> None:
    record(
        unit,
        RefundStarted(
            **trade.fields(),
            out_refund_no=refund_attempt_number(
                found["sale"], unit.counter(f"refund {found['sale']}"), random_characters
            ),
            refund=None,
            attempt=found["attempt"],
            platform=found["platform"],
            amount_fen=found["amount_fen"],
            orphan=True,
        ),
    )


def park(shop: Shop, actor: Actor, number: str, approval: Approval | None = None) -> Shown:
    """Release the sale of an open attempt to another tender; what the attempt proves later is refunded by itself."""

    def command(unit: Unit) -> Shown:
        found = row(unit.connection, number)
        if found is None:
            raise Refused("attempt.unknown", attempt=number[:40])
        if found["state"] != AttemptState.OPEN:
            raise Refused("attempt.ended", state=found["state"])
        approver = require(shop, actor, "park_payment", approval, amount_fen=found["amount_fen"])
        trade = trading(unit.connection, actor)
        record_approval(unit, trade, "park_payment", approver, number, "")
        record(
            unit,
            AttemptParked(**trade.fields(), attempt=number, sale=found["sale"], approved_by=approver or actor.staff),
        )
        _release(unit, found)
        return {"sale": found["sale"], "till": found["till"]}

    done: Shown = shop.writer.run(command)
    shop.changed(done["till"])
    return attempt(shop, number)
