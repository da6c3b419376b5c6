"""From entries to the data of slips, and on to documents: receipts, refunds, drawer slips, copies."""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from agent.core import receipt_parts as parts
from agent.core.codes import receipt_code
from agent.core.events import (
    AttemptParked,
    DrawerMoved,
    RefundEnded,
    RefundLine,
    SaleCompleted,
    SaleLine,
    SaleRefunded,
    TenderLine,
)
from agent.core.moment import written
from agent.core.receipt_notices import (
    CommandCard,
    DrawerMove,
    DrawerSlip,
    PendingSlip,
    PreBill,
    command_card_document,
    drawer_document,
    pending_document,
    prebill_document,
)
from agent.core.receipt_parts import Person, Reduction, SlipLine
from agent.core.receipt_refund import RefundSlip, RefundState, RefundWay, refund_document
from agent.core.receipt_sale import SaleSlip, SlipTender, sale_document
from agent.core.sale import Basket
from agent.services.shop import Actor, Shop, StoreFacts, Translate
from agent.services.trade import Trade
from agent.store.unit import Unit

REASONS = {
    "price_override": "Price changed",
    "member": "Member price",
    "coupon": "Coupon",
    "manual": "Discount",
    "staff": "Staff discount",
}
"""Reasons that the box knows, and the message ids of their names; any other reason was typed and is shown as it is."""


PARKED_WITHIN_ENTRIES = 5000
"""How far back the parking of a payment is looked for when its sale is paid otherwise."""


@lru_cache(maxsize=8)
def slip_shop(store: str, facts: StoreFacts) -> parts.Shop:
    """Return the shop's head as it stands on every slip."""
    return parts.Shop(store, facts.name, facts.branch, facts.address, facts.phone, facts.complaint_phone)


def person(unit_connection: Any, staff: str) -> Person:
    """Return a person's short name and number; a third-party till has only its key's name."""
    row = unit_connection.execute("SELECT name FROM staff WHERE id = ?", (staff,)).fetchone()
    return Person(staff if row is None else row[0], staff.removeprefix("key:"))


def reason_name(reason: str, translate: Translate) -> str:
    """Return what a slip calls a discount's reason."""
    known = REASONS.get(reason)
    return reason if known is None else translate(known)


def _slip_line(line: SaleLine, translate: Translate) -> SlipLine:
    if not line.discounts:
        return SlipLine(line.name, line.quantity, line.unit, line.price_fen, line.list_fen)
    reductions = tuple(
        Reduction(reason_name(discount.reason, translate), discount.amount_fen)
        for discount in line.discounts
        if discount.scope == "line"
    )
    return SlipLine(line.name, line.quantity, line.unit, line.price_fen, line.list_fen, reductions)


def _reductions(lines: Iterable[SaleLine], translate: Translate) -> tuple[Reduction, ...]:
    sums: dict[str, int] = {}
    for line in lines:
        for discount in line.discounts:
            sums[discount.reason] = sums.get(discount.reason, 0) + discount.amount_fen
    return tuple(Reduction(reason_name(reason, translate), amount_fen) for reason, amount_fen in sums.items())


def _slip_tender(shop: Shop, unit: Unit, tender: TenderLine) -> SlipTender:
    data = shop.tenders.get(tender.kind)
    name = tender.kind if data is None else data.name(shop.store.language)
    shown = SlipTender(
        name=name,
        amount_fen=tender.amount_fen,
        given_fen=tender.given_fen,
        change_fen=tender.change_fen,
        reference=tender.reference,
        provisional=tender.provisional,
    )
    if tender.attempt is None:
        return shown
    row = unit.connection.execute(
        "SELECT txn, customer_paid_fen, platform_discount_fen, merchant_discount_fen, platform FROM view_attempt"
        " WHERE attempt = ?",
        (tender.attempt,),
    ).fetchone()
    transaction, customer_fen, platform_fen, merchant_fen, platform = row or (None, 0, 0, 0, tender.kind)
    return SlipTender(
        name=name,
        amount_fen=tender.amount_fen,
        customer_paid_fen=customer_fen,
        platform_reduction=Reduction(shop.translate("Platform discount"), platform_fen) if platform_fen else None,
        merchant_reduction=Reduction(shop.translate("Shop's discount"), merchant_fen) if merchant_fen else None,
        platform=_tender_name(shop, platform),
        transaction=transaction,
        out_trade_no=tender.attempt,
    )


def phone_slip(shop: Shop, basket: Basket, url: str) -> dict[str, Any]:
    """Return the bill of a sale that is not paid yet, with the code that the customer's own phone opens."""
    translate, price = shop.translate, basket.priced()
    slip = PreBill(
        shop=slip_shop(shop.identity.store, shop.store),
        sale=basket.sale,
        lines=tuple(_slip_line(line, translate) for line in price.lines),
        total_fen=price.total_fen,
        code=url,
    )
    return prebill_document(slip, translate, shop.store.language)


def receipt_slip(shop: Shop, unit: Unit, actor: Actor, event: SaleCompleted) -> dict[str, Any]:
    """Return the document of a sale's receipt."""
    translate = shop.translate
    slip = SaleSlip(
        shop=slip_shop(shop.identity.store, shop.store),
        sale=event.sale,
        written_at=written(unit.now_ms, shop.store.zone),
        till=event.till,
        cashier=Person(actor.name, actor.staff.removeprefix("key:")),
        lines=tuple(_slip_line(line, translate) for line in event.lines),
        total_fen=event.total_fen - event.rounding_fen,
        tenders=tuple(_slip_tender(shop, unit, tender) for tender in event.tenders),
        reductions=_reductions(event.lines, translate),
        rounding_fen=event.rounding_fen,
        calling=event.calling,
        receipt=receipt_code(event.sale),
    )
    return sale_document(slip, translate, shop.store.language)


def _refund_slip_line(line: RefundLine, translate: Translate) -> SlipLine:
    off_fen = line.list_fen - line.total_fen
    reductions = (Reduction(translate("less its share of discounts"), off_fen),) if off_fen else ()
    price_fen = line.list_fen // line.quantity if line.unit == "pc" and line.quantity else None
    exact = price_fen is not None and price_fen * line.quantity == line.list_fen
    return SlipLine(line.name, line.quantity, line.unit, price_fen if exact else None, line.list_fen, reductions)


def _way(shop: Shop, tender: TenderLine, sale: Mapping[str, Any] | None) -> RefundWay:
    data = shop.tenders.get(tender.kind)
    name = tender.kind if data is None else data.name(shop.store.language)
    original = sale is not None and any(one["kind"] == tender.kind for one in sale["tenders"])
    if tender.attempt is None:
        return RefundWay(name, tender.amount_fen, original)
    return RefundWay(name, tender.amount_fen, original, RefundState.QUEUED, platform=name)


def refund_slip(
    shop: Shop, unit: Unit, actor: Actor, event: SaleRefunded, sale: Mapping[str, Any] | None, sold_ms: int | None
) -> dict[str, Any]:
    """Return the document of a refund's slip."""
    translate = shop.translate
    approver = None if event.approved_by is None else person(unit.connection, event.approved_by)
    slip = RefundSlip(
        shop=slip_shop(shop.identity.store, shop.store),
        refund=event.refund,
        sale=event.sale,
        sale_written_at=None if sold_ms is None else written(sold_ms, shop.store.zone),
        written_at=written(unit.now_ms, shop.store.zone),
        clerk=Person(actor.name, actor.staff.removeprefix("key:")),
        reason=event.reason,
        lines=tuple(_refund_slip_line(line, translate) for line in event.lines),
        total_fen=event.total_fen,
        ways=tuple(_way(shop, tender, sale) for tender in event.tenders),
        approver=approver,
        receipt=None if event.sale is None else receipt_code(event.sale),
    )
    return refund_document(slip, translate, shop.store.language)


def _tender_name(shop: Shop, kind: str) -> str:
    """Return what the shop calls a tender, or the tender that a platform's money is."""
    by_platform = next((one for one in shop.tenders.values() if one.platform == kind), None)
    tender = shop.tenders.get(kind, by_platform)
    return kind if tender is None else tender.name(shop.store.language)


def orphan_refund_slip(shop: Shop, unit: Unit, event: RefundEnded) -> dict[str, Any]:
    """Return the customer's slip of a payment that no sale wanted and that went back: paid twice, mostly."""
    translate = shop.translate
    sale, staff = unit.connection.execute(
        "SELECT sale, staff FROM view_attempt WHERE attempt = ?", (event.attempt,)
    ).fetchone()
    sold = unit.connection.execute("SELECT at_ms FROM view_sale WHERE sale = ?", (sale,)).fetchone()
    name = _tender_name(shop, event.platform)
    way = RefundWay(
        name,
        event.amount_fen,
        original_way=True,
        platform=name,
        customer_fen=event.customer_fen,
        platform_fen=event.platform_fen,
        transaction=event.refund_transaction,
    )
    slip = RefundSlip(
        shop=slip_shop(shop.identity.store, shop.store),
        refund=event.out_refund_no,
        sale=sale,
        sale_written_at=None if sold is None else written(sold[0], shop.store.zone),
        written_at=written(unit.now_ms, shop.store.zone),
        clerk=person(unit.connection, staff),
        reason=translate("Paid twice; this is what was too much") if sold else translate("No sale needed this payment"),
        lines=(),
        total_fen=event.amount_fen,
        ways=(way,),
        receipt=receipt_code(sale),
        for_customer=True,
    )
    return refund_document(slip, translate, shop.store.language)


def _parked_by(unit: Unit, attempt: str) -> Person | None:
    """Return who let a payment be parked. It was minutes ago, so only the journal's tail is asked."""
    row = unit.connection.execute(
        "SELECT json_extract(body, '$.approved_by') FROM journal WHERE kind = ? AND json_extract(body, '$.attempt') = ?"
        " AND seq > (SELECT max(seq) FROM journal) - ? ORDER BY seq DESC LIMIT 1",
        (AttemptParked.KIND, attempt, PARKED_WITHIN_ENTRIES),
    ).fetchone()
    return None if row is None else person(unit.connection, row[0])


def pending_slip(
    shop: Shop, unit: Unit, actor: Actor, event: SaleCompleted, attempt: str, platform: str, amount_fen: int
) -> dict[str, Any]:
    """Return the slip of a parked payment whose sale was paid otherwise; its code finds the sale again at any till."""

    def name_of(kind: str) -> str:
        tender = shop.tenders.get(kind)
        return kind if tender is None else tender.name(shop.store.language)

    slip = PendingSlip(
        shop=slip_shop(shop.identity.store, shop.store),
        sale=event.sale,
        short_number=event.sale.rpartition("-")[2],
        written_at=written(unit.now_ms, shop.store.zone),
        platform=name_of(platform),
        amount_fen=amount_fen,
        cashier=Person(actor.name, actor.staff.removeprefix("key:")),
        second="+".join(dict.fromkeys(name_of(tender.kind) for tender in event.tenders)),
        second_fen=sum(tender.amount_fen for tender in event.tenders),
        approver=_parked_by(unit, attempt),
        code=receipt_code(event.sale),
    )
    return pending_document(slip, shop.translate, shop.store.language)


def unpaid_slip(shop: Shop, unit: Unit, actor: Actor, sale: str, platform: str, amount_fen: int) -> dict[str, Any]:
    """Return the slip of a payment that nobody can look up now, and beside which nothing else was taken."""
    tender = shop.tenders.get(platform)
    slip = PendingSlip(
        shop=slip_shop(shop.identity.store, shop.store),
        sale=sale,
        short_number=sale.rpartition("-")[2],
        written_at=written(unit.now_ms, shop.store.zone),
        platform=platform if tender is None else tender.name(shop.store.language),
        amount_fen=amount_fen,
        cashier=Person(actor.name, actor.staff.removeprefix("key:")),
        code=receipt_code(sale),
    )
    return pending_document(slip, shop.translate, shop.store.language)


def drawer_slip(shop: Shop, unit: Unit, trade: Trade, event: DrawerMoved) -> dict[str, Any]:
    """Return the document of a drawer movement."""
    approver = None if event.approved_by is None else person(unit.connection, event.approved_by)
    slip = DrawerSlip(
        shop=slip_shop(shop.identity.store, shop.store),
        move=DrawerMove(event.movement),
        written_at=written(unit.now_ms, shop.store.zone),
        till=trade.till,
        staff=person(unit.connection, trade.staff),
        amount_fen=event.amount_fen,
        reason=event.reason,
        bag=event.reference or "",
        second=approver,
    )
    return drawer_document(slip, shop.translate, shop.store.language)


def help_slip(shop: Shop) -> dict[str, Any]:
    """Return the card of command codes."""
    card = CommandCard(slip_shop(shop.identity.store, shop.store))
    return command_card_document(card, shop.translate, shop.store.language)


def copy_document(shop: Shop, document: Mapping[str, Any], copy: int) -> dict[str, Any]:
    """Return the document of a copy (`agent.core.receipt_parts.as_copy`)."""
    return parts.as_copy(document, copy, shop.translate)
