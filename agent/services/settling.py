"""A platform's word taken in: an attempt ends once, its sale is completed or released, money nobody wants goes back."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from agent.core import sale as rules
from agent.core.events import AttemptContradicted, AttemptEnded, RefundStarted, TenderLine
from agent.core.ids import base32_characters, refund_attempt_number
from agent.core.ledger import clearing_account
from agent.core.payer import payer_hash
from agent.core.payment import NUMBER_USED, AttemptState, PlatformAnswer, Verdict, counts_as_paid
from agent.core.wish import BOX_REPLACED
from agent.services import attempts, baskets
from agent.services.attempts import Row
from agent.services.journaling import record
from agent.services.shop import Actor, Shop
from agent.services.slip_documents import person
from agent.services.tendering import after_tender
from agent.services.trade import Trade
from agent.store.unit import Unit

Shown = dict[str, Any]

_END_OF = {
    Verdict.PAID: AttemptState.PAID,
    Verdict.DECLINED: AttemptState.DECLINED,
    Verdict.REVERSED: AttemptState.REVERSED,
    Verdict.CLOSED: AttemptState.CLOSED,
    Verdict.NOT_FOUND: AttemptState.NEVER_EXISTED,
}
Note = Callable[[Unit, Trade], None]
_LIVE = (AttemptState.OPEN, AttemptState.PARKED)
_NO_MONEY_OF_ITS_OWN = "attempt.transaction_known"
"""The platform named a payment that another sale has: nothing more came, so nothing goes back."""


@dataclass(frozen=True, slots=True)
class _Taking:
    """What a settling command works with."""

    shop: Shop
    unit: Unit
    found: Row
    answer: PlatformAnswer
    random_characters: str
    of_undo: bool

    @property
    def trade(self) -> Trade:
        """Where the attempt was begun; what becomes of it is booked there."""
        return Trade(self.found["till"], self.found["shift"], self.found["staff"], self.found["day"])

    @property
    def platform(self) -> str:
        """The platform that has the money."""
        return self.answer.platform or str(self.found["platform"])


def settle(
    shop: Shop, number: str, answer: PlatformAnswer, note: Note | None = None, *, of_undo: bool = False
) -> AttemptState | None:
    """Take in a platform's answer: end the attempt once, complete or release its sale; None while it stays open.

    UNKNOWN and PENDING leave it open. NOT_FOUND ends it: the caller passes it on only after a confirmed reverse or
    close. A PAID that does not count, or comes after another end, is journaled as contradicted, and the money it names
    goes back under a number of its own. Money for a sale that was paid otherwise or given up goes back by itself, or is
    offered to the cashier, by the shop's policy. An attempt that ended returns its end. `note` is called in the same
    command when the answer changed anything: it journals by what the word came.

    `NUMBER_USED` ends it as declined and contradicted: what the platform has under that number was there before, so it
    is neither taken for this sale nor given back, whatever is heard of it later.

    `BOX_REPLACED`, which headquarters sign as they sign receipts, ends it as declined and stops the epoch.

    `of_undo`: it is the answer to an undo. Of an attempt that is being undone no other answer says PAID: an undo that
    is still under way would take that money back.
    """
    shop.in_flight.heard(number, answer.verdict, answer.code)
    random_characters = base32_characters(shop.entropy.random_bytes(4))

    def command(unit: Unit) -> Shown:
        found = attempts.row(unit.connection, number)
        if found is None:
            return {"state": None, "till": "", "completed": None}
        taking, before = _Taking(shop, unit, found, answer, random_characters, of_undo), unit.last_seq
        taken = _taken_in(taking)
        if note is not None and unit.last_seq > before:
            note(unit, taking.trade)
        return taken

    result: Shown = shop.writer.run(command)
    if answer.code == BOX_REPLACED and shop.writer.stopped is None:
        shop.writer.stop_epoch("box.replaced")  # after the end of the attempt: nothing is written from here on
    if result["completed"]:
        shop.wake_printer(shop.tills[result["till"]].printer)
    if result["state"]:
        shop.in_flight.forget(number)
    if result["till"]:
        shop.changed(result["till"])
    if result.get("refund"):
        shop.wake_resolver()
    return AttemptState(result["state"]) if result["state"] else None


def _taken_in(taking: _Taking) -> Shown:
    found, answer = taking.found, taking.answer
    state = AttemptState(found["state"])
    if state not in _LIVE:
        refund = _late(taking, state)
        return {"state": state.value, "till": found["till"] if refund else "", "completed": None, "refund": refund}
    end = _END_OF.get(answer.verdict)
    open_still = {"state": None, "till": found["till"], "completed": None}
    if end is None or (end is AttemptState.PAID and found["undoing"] and not taking.of_undo):
        return open_still
    if end is AttemptState.PAID:
        code = _contradiction(taking)
        if code is not None:
            return {**open_still, "refund": _contradicted(taking, code, code != _NO_MONEY_OF_ITS_OWN)}
    if answer.code == NUMBER_USED:
        _contradicted(taking, NUMBER_USED, False)
    record(taking.unit, _ended(taking, end))
    if end is not AttemptState.PAID:
        release(taking.unit, found)
        return {"state": end.value, "till": found["till"], "completed": None}
    completed, refund = _use(taking)
    return {"state": end.value, "till": found["till"], "completed": completed, "refund": refund}


def _contradiction(taking: _Taking) -> str | None:
    found, answer = taking.found, taking.answer
    code = counts_as_paid(answer, found["amount_fen"], found["started_ms"])
    if code is not None:
        return code
    other = taking.unit.connection.execute(
        "SELECT attempt FROM view_attempt WHERE platform = ? AND txn = ?", (taking.platform, answer.transaction)
    ).fetchone()
    return None if other is None else _NO_MONEY_OF_ITS_OWN


def _late(taking: _Taking, state: AttemptState) -> bool:
    """A word about an attempt that has ended; True when its money goes back now."""
    found, answer = taking.found, taking.answer
    if answer.code == NUMBER_USED and state is AttemptState.PAID:
        return _contradicted(taking, NUMBER_USED, False)
    if answer.verdict is not Verdict.PAID:
        return False
    if state is not AttemptState.PAID:
        if found["code"] == NUMBER_USED:
            return _contradicted(taking, NUMBER_USED, False)
        return _contradicted(taking, "attempt.paid_after_end", True)
    if answer.transaction in (None, found["txn"]):
        return False
    elsewhere = taking.platform != found["platform"]
    return _contradicted(taking, "attempt.second_transaction", elsewhere)


def _contradicted(taking: _Taking, code: str, gives_back: bool) -> bool:
    """Journal what does not fit, once for each payment named; True when its money goes back now.

    A second payment at the same platform under one number is left to people: a refund by that number would take the
    first one back, which the sale has.
    """
    found, answer, unit = taking.found, taking.answer, taking.unit
    name = f"contradicted {found['attempt']} {code} {answer.transaction}"
    if unit.counter(name) > 1:
        return False
    amount_fen = answer.amount_fen or 0
    money = f"booked {found['attempt']} {answer.transaction}"
    booked = gives_back and amount_fen > 0 and unit.counter(money) == 1
    record(
        unit,
        AttemptContradicted(
            **taking.trade.fields(),
            attempt=found["attempt"],
            code=code,
            amount_fen=amount_fen,
            transaction=answer.transaction,
            platform=taking.platform,
            booked=booked,
        ),
    )
    if booked:
        give_back(unit, found, taking.trade, taking.random_characters, amount_fen, taking.platform)
    return booked


def _ended(taking: _Taking, end: AttemptState) -> AttemptEnded:
    found, answer = taking.found, taking.answer
    paid = end is AttemptState.PAID
    discounts_fen = answer.platform_discount_fen + answer.merchant_discount_fen
    customer_fen = answer.customer_paid_fen
    return AttemptEnded(
        **taking.trade.fields(),
        attempt=found["attempt"],
        platform=taking.platform,
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
        payer=payer_hash(taking.shop.payer_key, taking.platform, answer.payer) if paid else None,
        code=answer.code,
    )


def release(unit: Unit, found: Row) -> None:
    """Free the sale of an attempt for another tender."""
    basket = baskets.by_sale(unit.connection, found["sale"])
    if basket is not None and basket.attempt == found["attempt"]:
        baskets.save(unit, replace(basket, attempt=None))


def tender_line(shop: Shop, found: Row, platform: str) -> TenderLine:
    """Return the tender that a paid attempt is for a sale."""
    kind = next((kind for kind, tender in shop.tenders.items() if tender.platform == platform), platform)
    return TenderLine(kind, found["amount_fen"], clearing_account(platform), attempt=found["attempt"])


def _use(taking: _Taking) -> tuple[Shown | None, bool]:
    """Use the money for its sale; without one it goes back, or waits for the cashier. Returns `(completed, refund)`."""
    shop, unit, found = taking.shop, taking.unit, taking.found
    basket = baskets.by_sale(unit.connection, found["sale"])
    if basket is None or basket.attempt != found["attempt"]:
        if shop.store.abandoned == "offer":
            return None, False
        give_back(unit, found, taking.trade, taking.random_characters, found["amount_fen"], taking.platform)
        return None, True
    paid = rules.take(replace(rules.taken_up(basket), attempt=None), tender_line(shop, found, taking.platform))
    actor = Actor(found["staff"], person(unit.connection, found["staff"]).name, "cashier", found["till"])
    return after_tender(shop, unit, actor, paid, taking.trade)["completed"], False


def give_back(unit: Unit, found: Row, trade: Trade, random_characters: str, amount_fen: int, platform: str) -> None:
    """Register that an attempt's money goes back, under a number of its own; the resolver executes it."""
    number = refund_attempt_number(found["sale"], unit.counter(f"refund {found['sale']}"), random_characters)
    record(
        unit,
        RefundStarted(
            **trade.fields(),
            out_refund_no=number,
            refund=None,
            attempt=found["attempt"],
            platform=platform,
            amount_fen=amount_fen,
            orphan=True,
        ),
    )
