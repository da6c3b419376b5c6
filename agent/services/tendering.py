"""Taking money at the counter and completing the sale: one command commits sale, slip and answer together."""

from typing import Any

from agent.core import sale as rules
from agent.core.canonical import canonical
from agent.core.errors import Refused
from agent.core.events import SaleCompleted, TenderLine, plain
from agent.core.ids import calling_number
from agent.core.money import rounded_down_to_jiao
from agent.core.roles import Answer
from agent.core.sale import Basket
from agent.core.tenders import Offline, Proof, Reference, Tender, checked_amount
from agent.services import baskets
from agent.services.authority import record_approval, require
from agent.services.journaling import record
from agent.services.shop import Actor, Approval, Shop
from agent.services.slips import has_receipt, queue_pending_slips, queue_receipt
from agent.services.stations import queue_station_slips
from agent.services.stopped import refuse_stopped
from agent.services.trade import Trade, trading
from agent.store.unit import Unit

Shown = dict[str, Any]


def tender_of(shop: Shop, kind: str) -> Tender:
    """Return an enabled tender; refuses others (`tender.unknown`)."""
    tender = shop.tenders.get(kind)
    if tender is None or not tender.enabled:
        raise Refused("tender.unknown", kind=kind[:40])
    return tender


def complete(shop: Shop, unit: Unit, actor: Actor, basket: Basket, trade: Trade, rounding_fen: int = 0) -> Shown:
    """Journal the paid sale, queue its slip, remove the draft; returns `Completed` of docs/decisions/002."""
    ended = rules.completed(basket, rounding_fen)
    price = ended.priced()
    calling = calling_number(unit.counter(f"calling {trade.day}"))
    event = SaleCompleted(
        **trade.fields(),
        sale=ended.sale,
        total_fen=price.total_fen,
        lines=price.lines,
        tenders=ended.tenders,
        reference=ended.reference,
        channel=ended.channel,
        salesperson=ended.salesperson,
        member=ended.member,
        calling=calling,
        rounding_fen=rounding_fen,
        entity=shop.store.entity,
        directives=dict(shop.directives),
    )
    record(unit, event)
    baskets.save(unit, ended)
    slip = queue_receipt(shop, unit, actor, event)
    queue_pending_slips(shop, unit, actor, event)
    queue_station_slips(shop, unit, trade, event, ended.label)
    return {
        "sale": ended.sale,
        "calling": calling,
        "total_fen": price.total_fen,
        "change_fen": sum(tender.change_fen or 0 for tender in ended.tenders),
        "tenders": [plain(tender) for tender in ended.tenders],
        "slip": slip,
        "receipt": has_receipt(unit.connection, ended.sale),
    }


def after_tender(shop: Shop, unit: Unit, actor: Actor, basket: Basket, trade: Trade, rounding_fen: int = 0) -> Shown:
    """Complete the sale when it is paid in full, else keep the basket; returns `{basket, completed, attempt}`."""
    if basket.due_fen == rounding_fen:
        done = complete(shop, unit, actor, basket, trade, rounding_fen)
        return {"basket": None, "completed": done, "attempt": None}
    baskets.save(unit, basket)
    return {"basket": baskets.shown(basket), "completed": None, "attempt": None}


def _payable(shop: Shop, unit: Unit, actor: Actor) -> Basket:
    basket = rules.ask_total(baskets.required(unit.connection, actor.till))
    if basket.attempt is not None:
        raise Refused("sale.attempt_open", attempt=basket.attempt)
    refuse_stopped(shop, basket)
    return basket


def pay_cash(shop: Shop, actor: Actor, given_fen: int | None, key: str | None = None) -> Shown:
    """Take cash: `given_fen` above what is due gives change, below is a part payment, None is the exact amount."""
    tender = tender_of(shop, "cash")
    require(shop, actor, tender.act)

    def command(unit: Unit) -> Shown:
        trade = trading(unit.connection, actor)
        basket = _payable(shop, unit, actor)
        due_fen = basket.due_fen
        if due_fen == 0:
            return after_tender(shop, unit, actor, basket, trade)
        rounding_fen = due_fen - rounded_down_to_jiao(due_fen) if shop.store.cash_rounding else 0
        given = due_fen - rounding_fen if given_fen is None else given_fen
        if given < due_fen - rounding_fen:
            rounding_fen = 0
        if due_fen == rounding_fen:
            return after_tender(shop, unit, actor, basket, trade, rounding_fen)
        line = rules.cash_tender(due_fen - rounding_fen, given, tender.account_of(actor.till))
        return after_tender(shop, unit, actor, rules.take(basket, line), trade, rounding_fen)

    return _paid(shop, actor, command, key, {"cash": given_fen, "till": actor.till})


def pay_other(
    shop: Shop,
    actor: Actor,
    kind: str,
    amount_fen: int | None,
    reference: str | None = None,
    approval: Approval | None = None,
    key: str | None = None,
) -> Shown:
    """Take any tender whose proof is at the counter: card slip, voucher, static code, on account, comp.

    `amount_fen` None takes all that is due. Cap and right are of the sale: parts in one tender count together. Refuses
    tenders that need a platform's answer (`tender.needs_platform`) and a missing reference
    (`tender.reference_missing`).
    """
    tender = tender_of(shop, kind)
    if tender.proof is Proof.COUNT:
        return pay_cash(shop, actor, amount_fen, key)
    if tender.proof in (Proof.PLATFORM_ANSWER, Proof.HQ_SIGNATURE, Proof.CONSUMED, Proof.BALANCE):
        raise Refused("tender.needs_platform", kind=kind)
    if tender.reference is Reference.REQUIRED and not (reference or "").strip():
        raise Refused("tender.reference_missing", kind=kind)

    def command(unit: Unit) -> Shown:
        trade = trading(unit.connection, actor)
        basket = _payable(shop, unit, actor)
        wished_fen = basket.due_fen if amount_fen is None else amount_fen
        of_sale_fen = wished_fen + sum(one.amount_fen for one in basket.tenders if one.kind == kind)
        checked_amount(tender, of_sale_fen)
        approver = require(shop, actor, tender.act, approval, amount_fen=of_sale_fen)
        record_approval(unit, trade, tender.act, approver, basket.sale, kind)
        line = TenderLine(
            kind,
            wished_fen,
            tender.account_of(actor.till),
            reference=(reference or "").strip()[:64] or None,
            provisional=tender.offline is Offline.PROVISIONAL,
        )
        return after_tender(shop, unit, actor, rules.take(basket, line), trade)

    asked = {"kind": kind, "amount_fen": amount_fen, "reference": reference, "till": actor.till}
    return _paid(shop, actor, command, key, asked)


def finish_free(shop: Shop, actor: Actor, key: str | None = None) -> Shown:
    """Complete a sale whose total is zero: everything was given, nothing is owed."""

    def command(unit: Unit) -> Shown:
        basket = _payable(shop, unit, actor)
        if basket.due_fen:
            raise Refused("sale.not_free", due_fen=basket.due_fen)
        return after_tender(shop, unit, actor, basket, trading(unit.connection, actor))

    return _paid(shop, actor, command, key, {"free": True, "till": actor.till})


def _paid(shop: Shop, actor: Actor, command: Any, key: str | None, asked: dict[str, Any]) -> Shown:
    answer: Shown = shop.writer.run(command, key=key, fingerprint=canonical(asked))
    if answer["completed"]:
        shop.wake_printer(shop.tills[actor.till].printer)
    shop.changed(actor.till)
    return answer


def offered(shop: Shop, actor: Actor) -> list[Shown]:
    """Return the tenders that this person may take at this till, in the order of the data."""
    return [
        {"kind": tender.kind, "name": tender.name_zh, "name_en": tender.name_en, "offline": tender.offline.value}
        for tender in shop.tenders.values()
        if tender.enabled and shop.matrix.may(actor.role, tender.act).answer is not Answer.NO
    ]
