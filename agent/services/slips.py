"""What goes to paper: entries turned into documents and put into the spool, in the command that wrote the entry."""

import re
from collections.abc import Mapping
from typing import Any

from agent.core.events import (
    DayClosed,
    DrawerMoved,
    RefundEnded,
    SaleCompleted,
    SaleRefunded,
    SlipNotPrinted,
    SlipQueued,
)
from agent.core.sale import Basket
from agent.core.tenders import Print
from agent.services.journaling import record
from agent.services.report_documents import day_slip, shift_slip
from agent.services.shop import Actor, Shop
from agent.services.slip_documents import (
    copy_document,
    drawer_slip,
    help_slip,
    orphan_refund_slip,
    pending_slip,
    phone_slip,
    receipt_slip,
    refund_slip,
    unpaid_slip,
)
from agent.services.trade import Trade
from agent.store.spool import Slip, SlipState, enqueue, find_slip, mark_result
from agent.store.unit import Unit

_NAME = re.compile(r"(.+)-([PD])(\d+)$")
"""A slip's name: what it is of, then P and the number of the copy; D where a deputy prints it."""
_WITHOUT_PAPER = tuple(f"slip.{policy}" for policy in ("ask", "never"))
"""Codes of slips that the shop's policy does not print by itself."""


def queue_slip(
    shop: Shop,
    unit: Unit,
    trade: Trade,
    slip: str,
    purpose: str,
    document: Mapping[str, Any],
    *,
    subject: str | None = None,
    copy: int = 0,
    printer: str | None = None,
) -> str:
    """Put a slip into a printer's queue, that of the till's own without a name, and journal it; returns `slip`."""
    name = printer or shop.tills[trade.till].printer
    enqueue(unit, slip, printer=name, kind=purpose, document=document, sale=subject, copy=copy)
    record(
        unit,
        SlipQueued(**trade.fields(), slip=slip, purpose=purpose, subject=subject, printer=name, copy=copy),
    )
    return slip


def _policy(shop: Shop, event: SaleCompleted) -> Print:
    if shop.store.receipts != "tender":
        return Print(shop.store.receipts)
    policies = [shop.tenders[tender.kind].print for tender in event.tenders if tender.kind in shop.tenders]
    if not policies or Print.ALWAYS in policies:
        return Print.ALWAYS
    return Print.ASK if Print.ASK in policies else Print.NEVER


def queue_receipt(shop: Shop, unit: Unit, actor: Actor, event: SaleCompleted) -> str:
    """Queue a sale's receipt and return the slip's name; by policy of its tenders it may stay unprinted at first."""
    trade = Trade(event.till, event.shift, event.staff, event.day)
    document = receipt_slip(shop, unit, actor, event)
    drawer = any(shop.tenders[tender.kind].drawer for tender in event.tenders if tender.kind in shop.tenders)
    policy = _policy(shop, event)
    if drawer:
        document = with_drawer(shop, trade, document)
    slip = queue_slip(shop, unit, trade, f"{event.sale}-P0", "receipt", document, subject=event.sale)
    if policy is not Print.ALWAYS:
        mark_result(unit, slip, SlipState.NOT_PRINTED, f"slip.{policy.value}")
        record(unit, SlipNotPrinted(slip, f"slip.{policy.value}"))
    return slip


def queue_pending_slips(shop: Shop, unit: Unit, actor: Actor, event: SaleCompleted) -> None:
    """Queue a slip for each parked payment of a sale that was now paid otherwise: the customer's word that no money is
    kept twice. It comes whatever the receipt's policy says."""
    parked = unit.connection.execute(
        "SELECT attempt, platform, amount_fen FROM view_attempt"
        " WHERE state IN ('open', 'parked') AND state = 'parked' AND sale = ? ORDER BY started_ms",
        (event.sale,),
    ).fetchall()
    trade = Trade(event.till, event.shift, event.staff, event.day)
    for attempt, platform, amount_fen in parked:
        document = pending_slip(shop, unit, actor, event, attempt, platform, amount_fen)
        queue_slip(shop, unit, trade, f"{attempt}-P0", "pending", document, subject=event.sale)


def queue_orphan_refund_slip(shop: Shop, unit: Unit, trade: Trade, event: RefundEnded) -> str:
    """Queue the slip of a payment that no sale wanted and that went back."""
    document = orphan_refund_slip(shop, unit, event)
    return queue_slip(shop, unit, trade, f"{event.out_refund_no}-P0", "refund", document, subject=event.out_refund_no)


def queue_unpaid_slip(shop: Shop, unit: Unit, actor: Actor, trade: Trade, attempt: str) -> str:
    """Queue the slip of a payment whose outcome nobody knows, beside which nothing was taken; the second is a copy."""
    name = f"{attempt}-W-P0"
    first = find_slip(unit.connection, name)
    if first is not None:
        return queue_copy(shop, unit, trade, first)
    sale, platform, amount_fen = unit.connection.execute(
        "SELECT sale, platform, amount_fen FROM view_attempt WHERE attempt = ?", (attempt,)
    ).fetchone()
    document = unpaid_slip(shop, unit, actor, sale, platform, amount_fen)
    return queue_slip(shop, unit, trade, name, "pending", document, subject=sale)


def queue_phone_slip(shop: Shop, unit: Unit, trade: Trade, basket: Basket, attempt: str, url: str) -> str:
    """Queue the bill with the code that the customer's own phone opens; as often as it is asked for."""
    number = unit.counter(f"phone slip {attempt}")
    document = phone_slip(shop, basket, url)
    return queue_slip(shop, unit, trade, f"{attempt}-B{number}-P0", "bill", document, subject=basket.sale)


def queue_refund_slip(
    shop: Shop, unit: Unit, actor: Actor, event: SaleRefunded, sale: Mapping[str, Any] | None, sold_ms: int | None
) -> str:
    """Queue a refund's slip; it opens the drawer when cash goes back."""
    trade = Trade(event.till, event.shift, event.staff, event.day)
    document = refund_slip(shop, unit, actor, event, sale, sold_ms)
    if any(tender.kind == "cash" for tender in event.tenders):
        document = with_drawer(shop, trade, document)
    return queue_slip(shop, unit, trade, f"{event.refund}-P0", "refund", document, subject=event.refund)


def queue_shift_slip(shop: Shop, unit: Unit, trade: Trade, report: Mapping[str, Any], purpose: str) -> str:
    """Queue an X or Z report."""
    document = shift_slip(shop, unit, trade, report, purpose)
    number = unit.counter(f"slip {trade.shift}")
    return queue_slip(
        shop, unit, trade, f"{trade.shift}-{purpose.upper()}{number}-P0", purpose, document, subject=trade.shift
    )


def queue_day_slip(shop: Shop, unit: Unit, trade: Trade, report: Mapping[str, Any], event: DayClosed) -> str:
    """Queue the store's day report."""
    document = day_slip(shop, unit, trade, report, event)
    number = unit.counter(f"slip {trade.day}")
    return queue_slip(shop, unit, trade, f"{trade.day}-D{number}-P0", "day", document, subject=trade.day)


def queue_drawer_slip(shop: Shop, unit: Unit, trade: Trade, event: DrawerMoved) -> str:
    """Queue the slip of a drawer movement; it opens the drawer."""
    document = with_drawer(shop, trade, drawer_slip(shop, unit, trade, event))
    number = unit.counter("drawer slip")
    name = f"{unit.identity.store}-{unit.identity.epoch}-D{number:06d}-P0"
    return queue_slip(shop, unit, trade, name, "drawer", document, subject=event.reference)


def queue_help_slip(shop: Shop, unit: Unit, trade: Trade) -> str:
    """Queue the card of command codes."""
    number = unit.counter("help slip")
    name = f"{unit.identity.store}-{unit.identity.epoch}-H{number:06d}-P0"
    return queue_slip(shop, unit, trade, name, "help", help_slip(shop))


def with_drawer(shop: Shop, trade: Trade, document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the document of a slip that opens its till's drawer, wherever the slip itself is printed."""
    return {**document, "drawer": shop.tills[trade.till].printer}


def stand_in_name(slip: str) -> str:
    """Return the name of the slip that a deputy prints for this one; that of a stand-in is its own."""
    return _NAME.sub(r"\1-D\3", slip)


def _stem(slip: str) -> str:
    """Return what all copies and stand-ins of a slip have in common."""
    return _NAME.sub(r"\1", slip)


def copy_of(connection: Any, slip: Slip) -> int:
    """Return the number that the next copy of a slip carries: 1 for the first, 0 while by policy there was no paper
    yet, since what comes then is no copy."""
    papers = _papers(connection, slip)
    if all(code in _WITHOUT_PAPER for _, _, code in papers):
        return 0
    return max(copy for _, copy, _ in papers) + 1


def has_receipt(connection: Any, sale: str) -> bool:
    """Tell whether a sale's receipt was printed or is on its way; False while by policy nobody has asked for one."""
    slip = find_slip(connection, f"{sale}-P0")
    return slip is None or copy_of(connection, slip) > 0


def _papers(connection: Any, slip: Slip) -> list[tuple[int, int, str | None]]:
    """Return of a slip and what was printed again of it: number in the name, number as a copy, code of its end."""
    rows = connection.execute(
        "SELECT slip, copy, code FROM spool WHERE slip >= ?1 || '-P' AND slip < ?1 || '-Q'", (_stem(slip.slip),)
    ).fetchall()
    return [(int(name.rpartition("-P")[2]), copy, code) for name, copy, code in rows] or [(0, slip.copy, slip.code)]


def queue_copy(shop: Shop, unit: Unit, trade: Trade, slip: Slip) -> str:
    """Queue a copy of a slip; it says that it is one and carries its number. A copy never opens the drawer.

    The first paper of a slip that by policy was not printed is no copy and says nothing of the kind.
    """
    copy = copy_of(unit.connection, slip)
    number = max(number for number, _, _ in _papers(unit.connection, slip)) + 1
    document = copy_document(shop, slip.document, copy)
    return queue_slip(
        shop,
        unit,
        trade,
        f"{_stem(slip.slip)}-P{number}",
        slip.kind,
        document,
        subject=slip.sale,
        copy=copy,
        printer=slip.printer if shop.till_of(slip.printer) is None else shop.tills[trade.till].printer,
    )
