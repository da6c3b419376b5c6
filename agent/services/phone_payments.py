"""Paying on the customer's own phone while the shop may be offline: the order's code, and the proof that comes back.

The order is an attempt, on disk before its code is shown. It ends by a pay-proof that the counter scans, checked with
no network; by a query over headquarters; or by a close after its time.
"""

from typing import Any

from agent.core.canonical import canonical
from agent.core.errors import Refused
from agent.core.events import PassAccepted
from agent.core.ids import base32_characters
from agent.core.moment import at
from agent.core.pay_passes import PayProof, proof_in
from agent.core.payment import AttemptState, Custody, PlatformAnswer, Verdict
from agent.core.timing import Method
from agent.services import attempts, baskets
from agent.services.attempts import Row
from agent.services.authority import require
from agent.services.journaling import record
from agent.services.payments import attempt
from agent.services.phone_orders import PLATFORM, PhoneOrders
from agent.services.settling import settle
from agent.services.shop import Actor, Shop
from agent.services.slips import queue_phone_slip
from agent.services.tendering import tender_of
from agent.services.trade import Trade, trading
from agent.store.unit import Unit

Shown = dict[str, Any]
TENDER = "pay_proof"
JUST_NOW_MS = 180_000
"""So long after its sale was completed by a query a proof is told as paid: the customer could not know."""


def start_phone_payment(shop: Shop, actor: Actor, key: str | None = None) -> Shown:
    """Put an order for all that is due on disk and return the attempt; its `qr` is the address for the phone.

    Needs no network. Refuses `phone.not_set_up` where this box has no pay page, a second live attempt for one sale
    (`sale.attempt_open`), and as a tender is refused.
    """
    phone = _phone(shop)
    require(shop, actor, tender_of(shop, TENDER).act)
    random_characters = base32_characters(shop.entropy.random_bytes(4))

    def command(unit: Unit) -> Shown:
        return attempts.begin(
            shop,
            unit,
            actor,
            Method.PHONE,
            PLATFORM,
            merchant="",
            custody=Custody.HQ.value,
            random_characters=random_characters,
            lifetime_s=phone.lifetime_s,
        )

    started: Shown = shop.writer.run(command, key=key, fingerprint=canonical({"method": "phone"}))
    shop.changed(actor.till)
    shop.wake_resolver()
    return attempt(shop, started["attempt"])


def print_code(shop: Shop, actor: Actor, number: str) -> Shown:
    """Print the code of a live order for a customer who can't see the screen; returns `{slip}`.

    Refuses an unknown attempt, one that has ended (`attempt.ended`) and one without a code (`phone.no_code`).
    """
    phone = _phone(shop)

    def command(unit: Unit) -> Shown:
        found = attempts.known(unit.connection, number)
        if found["state"] not in (AttemptState.OPEN, AttemptState.PARKED):
            raise Refused("attempt.ended", state=found["state"])
        url = phone.url(found, shop.identity) if found["method"] == Method.PHONE else None
        basket = baskets.by_sale(unit.connection, found["sale"])
        if url is None or basket is None:
            raise Refused("phone.no_code", attempt=number[:40])
        return {"slip": queue_phone_slip(shop, unit, trading(unit.connection, actor), basket, number, url)}

    answer: Shown = shop.writer.run(command)
    shop.wake_printer(shop.tills[actor.till].printer)
    return answer


def take_proof(shop: Shop, actor: Actor, text: str) -> Shown:
    """Take a pay-proof that was scanned: complete its sale, with no network; returns `{sale, till, attempt, already}`.

    The proof pays the sale that it names, at whichever till of this box it is scanned. `already`: the sale was
    completed by headquarters' word a moment ago. Refuses with `pass.…`: what is not whole, not signed by headquarters,
    of another store, too old, for no sale of this box, of another amount, used before; and `pass.sale_over` when its
    money is not wanted any more and goes back, or waits for the cashier, as any late payment.
    """
    proof, signed = proof_in(text)
    phone = shop.phone
    if phone is None:
        raise Refused("pass.no_headquarters")
    if not signed.is_signed_by(phone.proof_keys(proof.store, proof.issued_s * 1000)):
        raise Refused("pass.not_signed")
    if proof.store != shop.identity.store:
        raise Refused("pass.other_store", store=proof.store)
    if shop.clock.now_ms() > proof.expires_s * 1000:
        raise Refused("pass.expired")
    found = attempts.row(shop.read(), proof.out_trade_no)
    if found is None:
        raise Refused("pass.unknown_sale", attempt=proof.out_trade_no)
    if found["amount_fen"] != proof.amount_fen:
        raise Refused("pass.amount_differs", due_fen=found["amount_fen"], paid_fen=proof.amount_fen)
    return _accepted(shop, actor, proof, found)


def _accepted(shop: Shop, actor: Actor, proof: PayProof, found: Row) -> Shown:
    already = found["state"] == AttemptState.PAID
    if already and not _is_news(shop, actor, proof, found):
        at_written = at(found["ended_ms"], shop.store.zone).strftime("%H:%M")
        raise Refused("pass.used", at=at_written, sale=proof.sale)

    state = (
        _noted(shop, actor, proof) if already and found["txn"] == proof.transaction else _settled(shop, actor, proof)
    )
    after = attempts.known(shop.read(), proof.out_trade_no)
    if state is None:
        raise Refused(after["code"] or "pass.unknown_sale", attempt=proof.out_trade_no)
    if after["txn"] != proof.transaction or not _took_it(shop, proof.out_trade_no, proof.sale):
        raise Refused("pass.sale_over")
    return {"sale": proof.sale, "till": found["till"], "attempt": attempt(shop, proof.out_trade_no), "already": already}


def _settled(shop: Shop, actor: Actor, proof: PayProof) -> AttemptState | None:
    """Take the proof in as the platform's word; what it changes and that it was taken are one commit."""
    answer = PlatformAnswer(
        Verdict.PAID,
        proof.out_trade_no,
        transaction=proof.transaction,
        platform_at_ms=proof.paid_s * 1000,
        amount_fen=proof.amount_fen,
        customer_paid_fen=proof.customer_paid_fen,
        platform_discount_fen=proof.platform_discount_fen,
        merchant_discount_fen=proof.merchant_discount_fen,
        platform=proof.platform,
    )

    def note(unit: Unit, trade: Trade) -> None:
        record(unit, _entry(trade, actor, proof))

    return settle(shop, proof.out_trade_no, answer, note)


def _noted(shop: Shop, actor: Actor, proof: PayProof) -> AttemptState:
    """Journal that the proof was shown after headquarters' word had completed the sale: it is used up."""

    def command(unit: Unit) -> Shown:
        found = attempts.known(unit.connection, proof.out_trade_no)
        record(unit, _entry(Trade(found["till"], found["shift"], found["staff"], found["day"]), actor, proof))
        return {}

    shop.writer.run(command)
    return AttemptState.PAID


def _is_news(shop: Shop, actor: Actor, proof: PayProof, found: Row) -> bool:
    """Tell whether a proof of a paid attempt is the first word of it at the counter, or one of another payment."""
    if found["txn"] != proof.transaction:
        return True
    row = shop.read().execute("SELECT 1 FROM view_pass WHERE subject = ?", (proof.out_trade_no,)).fetchone()
    basket = baskets.current(shop.read(), actor.till)
    quiet = basket is None or not basket.lines
    fresh = shop.clock.now_ms() - (found["ended_ms"] or 0) < JUST_NOW_MS
    return row is None and quiet and fresh and found["till"] == actor.till


def _took_it(shop: Shop, number: str, sale: str) -> bool:
    """Tell whether the sale has the money of an attempt, completed or in part."""
    basket = baskets.by_sale(shop.read(), sale)
    if basket is not None and any(tender.attempt == number for tender in basket.tenders):
        return True
    used = attempts.known(shop.read(), number)["used"]
    return bool(used) and not attempts.given_back_fen(shop.read(), number)


def _entry(trade: Trade, actor: Actor, proof: PayProof) -> PassAccepted:
    return PassAccepted(
        **trade.fields(),
        kind="P1",
        subject=proof.out_trade_no,
        sale=proof.sale,
        amount_fen=proof.amount_fen,
        issued_at_ms=proof.issued_s * 1000,
        platform=proof.platform,
        transaction=proof.transaction,
        scanned_at=actor.till,
        scanned_by=actor.staff,
    )


def _phone(shop: Shop) -> PhoneOrders:
    if shop.phone is None:
        raise Refused("phone.not_set_up")
    return shop.phone
