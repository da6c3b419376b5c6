"""Sales that another till rang up: lines, tenders and its own number in one step, by the same rules as the counter."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from agent.core import sale as rules
from agent.core.canonical import canonical
from agent.core.errors import Refused
from agent.core.events import Discount, SaleLine, TenderLine
from agent.core.ids import sale_number
from agent.core.money import price_of
from agent.core.sale import Basket
from agent.core.tenders import Offline, Proof, Reference, checked_amount
from agent.services.authority import require
from agent.services.shop import Actor, Shop
from agent.services.tendering import complete, tender_of
from agent.services.trade import beginning
from agent.store.unit import Unit

Shown = dict[str, Any]
_NEEDS_PLATFORM = (Proof.PLATFORM_ANSWER, Proof.HQ_SIGNATURE, Proof.CONSUMED, Proof.BALANCE)


def record_sale(
    shop: Shop,
    actor: Actor,
    reference: str,
    lines: Sequence[Mapping[str, Any]],
    tenders: Sequence[Mapping[str, Any]],
    key: str | None = None,
) -> Shown:
    """Journal a paid sale of another till and print its receipt; returns `Completed` of docs/decisions/002.

    `reference` is the other till's number and taken once (`sale.reference_known`). The tenders must cover the total
    exactly (`sale.not_covered`); those that need a platform's answer are refused, since nobody here asked it.
    """
    require(shop, actor, "sell")
    rows = tuple(_line(number, line) for number, line in enumerate(lines, 1))
    taken = tuple(_tender(shop, actor, tender) for tender in tenders)
    for kind in dict.fromkeys(tender.kind for tender in taken):
        _check_amount(shop, actor, kind, sum(tender.amount_fen for tender in taken if tender.kind == kind))

    def command(unit: Unit) -> Shown:
        trade = beginning(unit.connection, actor)
        known = unit.connection.execute("SELECT sale FROM view_sale WHERE reference = ?", (reference,)).fetchone()
        if known is not None:
            raise Refused("sale.reference_known", reference=reference[:60], sale=known[0])
        number = sale_number(unit.identity.store, unit.identity.epoch, unit.counter("sale"))
        basket = Basket(number, actor.till, trade.shift, actor.staff, trade.day, reference=reference, channel="api")
        ringing = rules.ask_total(rules.add_lines(basket, rows))
        paid = replace(ringing, tenders=taken)
        if paid.due_fen != 0:
            raise Refused("sale.not_covered", total_fen=ringing.total_fen, tendered_fen=paid.tendered_fen)
        return complete(shop, unit, actor, paid, trade)

    asked = {"reference": reference, "lines": [dict(line) for line in lines], "tenders": [dict(one) for one in tenders]}
    answer: Shown = shop.writer.run(command, key=key, fingerprint=canonical(asked))
    shop.wake_printer(shop.tills[actor.till].printer)
    shop.changed(actor.till)
    return answer


def _line(number: int, data: Mapping[str, Any]) -> SaleLine:
    """Build a line; its discounts come off its list total (`sale.bad_amount` when they are more)."""
    discounts = tuple(Discount(str(one["reason"])[:40], int(one["amount_fen"])) for one in data.get("discounts") or ())
    quantity, unit, list_fen = int(data["quantity"]), str(data.get("unit", "pc")), int(data["list_fen"])
    if (
        unit not in ("pc", "g")
        or not 0 <= quantity <= rules.QUANTITY_MAX
        or any(one.amount_fen < 0 for one in discounts)
    ):
        raise Refused("sale.bad_quantity", quantity=str(quantity)[:20])
    total_fen = list_fen - sum(one.amount_fen for one in discounts)
    if not 0 <= total_fen <= list_fen <= rules.AMOUNT_MAX_FEN:
        raise Refused("sale.bad_amount", amount_fen=total_fen)
    price_fen = data.get("price_fen")
    fits = price_fen is not None and price_of(int(price_fen), quantity, unit) == list_fen
    return SaleLine(
        line=number,
        sku=str(data.get("sku") or "")[:64],
        name=str(data["name"])[:80],
        quantity=quantity,
        unit=unit,
        price_fen=int(price_fen) if fits and price_fen is not None else None,
        list_fen=list_fen,
        discounts=discounts,
        total_fen=total_fen,
        tax_code=str(data.get("tax_code") or "")[:32],
        tax_bp=int(data.get("tax_bp") or 0),
        department=str(data.get("department") or "")[:40],
    )


def _tender(shop: Shop, actor: Actor, data: Mapping[str, Any]) -> TenderLine:
    tender = tender_of(shop, str(data["kind"]))
    amount_fen = int(data["amount_fen"])
    if amount_fen <= 0:
        raise Refused("tender.bad_amount", amount_fen=amount_fen)
    if tender.proof in _NEEDS_PLATFORM:
        raise Refused("tender.needs_platform", kind=tender.kind)
    reference = str(data.get("reference") or "").strip()[:64] or None
    if tender.reference is Reference.REQUIRED and reference is None:
        raise Refused("tender.reference_missing", kind=tender.kind)
    given_fen = data.get("given_fen")
    if given_fen is not None and int(given_fen) < amount_fen:
        raise Refused("tender.bad_amount", amount_fen=int(given_fen))
    return TenderLine(
        tender.kind,
        amount_fen,
        tender.account_of(actor.till),
        given_fen=None if given_fen is None else int(given_fen),
        change_fen=None if given_fen is None else int(given_fen) - amount_fen,
        reference=reference,
        provisional=tender.offline is Offline.PROVISIONAL,
    )


def _check_amount(shop: Shop, actor: Actor, kind: str, amount_fen: int) -> None:
    """Refuse what the sale may not carry in one tender, in however many parts."""
    tender = tender_of(shop, kind)
    require(shop, actor, tender.act, amount_fen=checked_amount(tender, amount_fen))
