"""Giving money back at the counter: found by sale, by line, or without a receipt; decided in the writer."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from agent.core.canonical import canonical
from agent.core.errors import Broken, Refused, TryLater
from agent.core.events import RefundLine, RefundStarted, SaleRefunded
from agent.core.ids import base32_characters, refund_attempt_number, refund_number
from agent.core.payment import RefundVerdict
from agent.core.refund import Refunded, RefundPlan, plan_refund, refund_without_receipt
from agent.services import attempts, platform_refunds, portal_refunds
from agent.services.authority import record_approval, require
from agent.services.journaling import record
from agent.services.shop import Actor, Approval, Shop
from agent.services.slips import queue_refund_slip
from agent.services.tendering import tender_of
from agent.services.trade import Trade, beginning
from agent.store.journal import entry
from agent.store.restoring import history_behind
from agent.store.unit import Unit

Shown = dict[str, Any]
LATE_DAYS = 30
DAY_MS = 86_400_000
RECENT_MAX = 200


def sale_body(connection: Any, sale: str) -> dict[str, Any]:
    """Return the body of a sale's entry; refuses an unknown number (`sale.unknown`).

    A number that is not here while older history comes back from headquarters is `restore.history_behind`, later.
    """
    row = connection.execute("SELECT epoch, seq FROM view_sale WHERE sale = ?", (sale,)).fetchone()
    if row is None and history_behind(connection):
        raise TryLater("restore.history_behind", sale=sale[:40])
    if row is None:
        raise Refused("sale.unknown", sale=sale[:40])
    found = entry(connection, row[0], row[1])
    if found is None:
        raise Broken("journal.entry_missing", epoch=row[0], seq=row[1])
    body: dict[str, Any] = json.loads(found.body)
    return body


def refunded(connection: Any, sale: str) -> Refunded:
    """Return what went back of a sale before."""
    lines = connection.execute(
        "SELECT line, units, amount_fen FROM view_refunded_line WHERE sale = ?", (sale,)
    ).fetchall()
    tenders = connection.execute(
        "SELECT tender, amount_fen FROM view_refunded_tender WHERE sale = ?", (sale,)
    ).fetchall()
    count = connection.execute("SELECT refunds FROM view_sale WHERE sale = ?", (sale,)).fetchone()
    return Refunded(
        {line: units for line, units, _ in lines},
        {line: amount_fen for line, _, amount_fen in lines},
        dict(tenders),
        0 if count is None else count[0],
    )


def sale(shop: Shop, number: str) -> Shown:
    """Return a sale with the units and money of each line that went back; `portal` is what the platform gave back
    without the store.
    """
    connection = shop.read()
    body = sale_body(connection, number)
    before = refunded(connection, number)
    row = connection.execute("SELECT at_ms, refunded_fen FROM view_sale WHERE sale = ?", (number,)).fetchone()
    return {
        **body,
        "at_ms": row[0],
        "refunded_fen": row[1],
        "portal": portal_refunds.of_sale(connection, body),
        "refunded": {str(line): units for line, units in before.units.items()},
    }


def recent(shop: Shop, day: str | None = None, limit: int = 50) -> list[Shown]:
    """Return the newest sales, of one business day when given, newest first.

    `refunded_fen` went back, of it `portal_fen` in the merchant's portal.
    """
    names = "sale, calling, at_ms, till, staff, day, total_fen, refunded_fen, portal_fen"
    rows = shop.read().execute(
        f"SELECT {names} FROM view_sale WHERE ?1 IS NULL OR day = ?1 ORDER BY at_ms DESC, rowid DESC LIMIT ?2",
        (day, max(1, min(limit, RECENT_MAX))),
    )
    return [dict(zip(names.split(", "), found, strict=True)) for found in rows.fetchall()]


def _acts(body: Mapping[str, Any], at_ms: int, trade: Trade, now_ms: int, in_cash: bool) -> tuple[str, ...]:
    """Return the acts that a refund is: by the sale's age, and by the way when that is another than the money came."""
    age = "refund" if body["day"] == trade.day else "refund_other_day"
    if now_ms - at_ms > LATE_DAYS * DAY_MS:
        age = "refund_late"
    if in_cash and any(tender["kind"] != "cash" for tender in body["tenders"]):
        return (age, "refund_wallet_in_cash")
    return (age,)


def _approved(
    shop: Shop,
    unit: Unit,
    actor: Actor,
    trade: Trade,
    acts: Sequence[str],
    approval: Approval | None,
    amount_fen: int,
    number: str,
    reason: str,
) -> str | None:
    """Return who approved, None when the actor may do every act alone; journals the approvals."""
    approver = None
    for act in acts:
        allowed_by = require(shop, actor, act, approval, amount_fen=amount_fen)
        record_approval(unit, trade, act, allowed_by, number, reason)
        approver = allowed_by or approver
    return approver


def refund_sale(
    shop: Shop,
    actor: Actor,
    number: str,
    lines: Mapping[int, int] | None,
    reason: str,
    in_cash: bool = False,
    approval: Approval | None = None,
    key: str | None = None,
) -> Shown:
    """Give back units of a sale's lines, or all that is left (`lines` None), the original way or in cash.

    A wallet's share is registered and executed by the resolver, at once when the platform can be reached. Refuses
    more than is left, what went back in the merchant's portal already (`refund.given_in_portal`) too; who may is the
    matrix' word, by day and way, and by all that went back of the sale: parts are no way around a limit.
    """
    if not reason.strip():
        raise Refused("refund.reason_missing")
    random_characters = base32_characters(shop.entropy.random_bytes(4))

    def command(unit: Unit) -> Shown:
        trade = beginning(unit.connection, actor)
        body = sale_body(unit.connection, number)
        before = refunded(unit.connection, number)
        cash_account = tender_of(shop, "cash").account_of(actor.till) if in_cash else None
        plan = _to_this_drawer(shop, actor, _planned(unit.connection, body, before, lines, cash_account))
        _check_refundable(shop, body, plan)
        row = unit.connection.execute("SELECT at_ms FROM view_sale WHERE sale = ?", (number,)).fetchone()
        acts = _acts(body, row[0], trade, unit.now_ms, in_cash)
        of_sale_fen = sum(before.tender_fen.values()) + plan.total_fen
        approver = _approved(shop, unit, actor, trade, acts, approval, of_sale_fen, number, reason)
        name = refund_number(number, before.count + 1)
        event = _event(shop, trade, name, number, reason, approver, plan)
        record(unit, event)
        _start_platform_refunds(shop, unit, trade, number, before.count + 1, event, random_characters)
        slip = queue_refund_slip(shop, unit, actor, event, body, row[0])
        return {**_answer(event), "slip": slip}

    asked = {"sale": number, "lines": None if lines is None else {str(k): v for k, v in lines.items()}, "cash": in_cash}
    return _given(shop, actor, command, key, asked)


def _planned(
    connection: Any, body: Mapping[str, Any], before: Refunded, lines: Mapping[int, int] | None, account: str | None
) -> RefundPlan:
    """Plan a refund; where too little is left because money went back in the portal, say that."""
    try:
        return plan_refund(body, before, lines, account)
    except Refused as error:
        in_portal_fen = sum(one["amount_fen"] for one in portal_refunds.of_sale(connection, body))
        if error.code != "refund.above_paid" or not in_portal_fen:
            raise
        left_fen = sum(tender["amount_fen"] for tender in body["tenders"]) - sum(before.tender_fen.values())
        raise Refused("refund.given_in_portal", amount_fen=in_portal_fen, left_fen=left_fen) from error


def _check_refundable(shop: Shop, body: Mapping[str, Any], plan: RefundPlan) -> None:
    """Refuse to draw on a tender that brought no money, a meal on the house: nobody paid it, nobody gets it back."""
    for tender in plan.tenders:
        kind = body["tenders"][int(tender.reference or 0)]["kind"]
        data = shop.tenders.get(kind)
        if data is not None and not data.refundable:
            raise Refused("refund.not_refundable", kind=kind)


def _to_this_drawer(shop: Shop, actor: Actor, plan: RefundPlan) -> RefundPlan:
    """Cash leaves the drawer of the till that refunds, whichever till took it."""
    account = shop.tenders["cash"].account_of(actor.till)
    tenders = tuple(
        type(tender)(**{**asdict(tender), "account": account}) if tender.kind == "cash" else tender
        for tender in plan.tenders
    )
    return RefundPlan(plan.lines, tenders, plan.total_fen)


def _event(
    shop: Shop,
    trade: Trade,
    name: str,
    number: str | None,
    reason: str,
    approver: str | None,
    plan: RefundPlan,
    reference: str | None = None,
) -> SaleRefunded:
    return SaleRefunded(
        **trade.fields(),
        refund=name,
        sale=number,
        reason=reason.strip()[:200],
        approved_by=approver,
        total_fen=plan.total_fen,
        lines=plan.lines,
        tenders=plan.tenders,
        reference=reference,
        entity=shop.store.entity,
    )


def _start_platform_refunds(
    shop: Shop, unit: Unit, trade: Trade, number: str, count: int, event: SaleRefunded, random_characters: str
) -> None:
    for place, tender in enumerate(event.tenders):
        if tender.attempt is None:
            continue
        found = attempts.row(unit.connection, tender.attempt)
        if found is not None:
            check_limits(shop, unit, found, tender.amount_fen)
        record(
            unit,
            RefundStarted(
                **trade.fields(),
                out_refund_no=refund_attempt_number(number, count * 10 + place, random_characters),
                refund=event.refund,
                attempt=tender.attempt,
                platform=tender.kind if found is None else found["platform"],
                amount_fen=tender.amount_fen,
            ),
        )


def check_limits(shop: Shop, unit: Unit, found: Mapping[str, Any], amount_fen: int) -> None:
    """Refuse a refund that its platform would refuse: too late, too many parts, above what was paid.

    Better now than after the customer has left with a slip that promises the money.
    """
    went = unit.connection.execute(
        "SELECT count(*), coalesce(sum(amount_fen), 0) FROM view_platform_refund"
        " WHERE attempt = ? AND platform = ? AND state <> 'refused'",
        (found["attempt"], found["platform"]),
    ).fetchone()
    if went[1] + amount_fen > found["amount_fen"]:
        raise Refused("refund.above_paid", left_fen=found["amount_fen"] - went[1])
    platform = shop.platforms.get(found["platform"])
    if platform is None:
        return
    limits = platform.refund_limits
    paid_ms = found["platform_at_ms"] or found["started_ms"]
    if limits.within_days is not None and unit.now_ms - paid_ms > limits.within_days * DAY_MS:
        raise Refused("refund.platform_too_late", days=limits.within_days)
    if limits.parts_max is not None and went[0] >= limits.parts_max:
        raise Refused("refund.too_many_parts", parts=limits.parts_max)


def queued(shop: Shop) -> list[Shown]:
    """Return every refund that its platform has not ended, oldest first: what the queue's page shows (C15, C16).

    `phase` is `queued` (not handed in yet, or nothing is known), `balance_low` (to be tried again) or `on_its_way`;
    `ahead` is how many of its platform come before it.
    """
    shown: list[Shown] = []
    for found in platform_refunds.started(shop.read()):
        verdict, code = shop.refunds_in_flight.said(found["out_refund_no"])
        phase = {RefundVerdict.TRY_LATER: "balance_low", RefundVerdict.ACCEPTED: "on_its_way"}.get(
            verdict or RefundVerdict.UNKNOWN, "queued"
        )
        ahead = sum(one["platform"] == found["platform"] and one["phase"] != "on_its_way" for one in shown)
        names = ("out_refund_no", "refund", "attempt", "platform", "till", "amount_fen", "started_ms")
        shown.append({**{name: found[name] for name in names}, "phase": phase, "code": code, "ahead": ahead})
    return shown


def _answer(event: SaleRefunded) -> Shown:
    return {
        "refund": event.refund,
        "sale": event.sale,
        "total_fen": event.total_fen,
        "tenders": [asdict(tender) for tender in event.tenders],
    }


def refund_lines(lines: Sequence[Mapping[str, Any]]) -> tuple[RefundLine, ...]:
    """Build the lines of a refund without a receipt from plain data."""
    return tuple(
        RefundLine(
            line=number,
            sku=str(line.get("sku", ""))[:64],
            name=str(line["name"])[:80],
            quantity=int(line.get("quantity", 1)),
            unit=str(line.get("unit", "pc")),
            list_fen=int(line.get("list_fen", line["total_fen"])),
            total_fen=int(line["total_fen"]),
            tax_code=str(line.get("tax_code", "")),
            tax_bp=int(line.get("tax_bp", 0)),
            department=str(line.get("department", "")),
        )
        for number, line in enumerate(lines, 1)
    )


def refund_goods(
    shop: Shop,
    actor: Actor,
    lines: Sequence[RefundLine],
    reason: str,
    approval: Approval | None = None,
    reference: str | None = None,
    key: str | None = None,
) -> Shown:
    """Give cash back for goods whose sale is not known; the matrix treats it like a sale of another day."""
    if not reason.strip():
        raise Refused("refund.reason_missing")
    plan = refund_without_receipt(lines, "cash", tender_of(shop, "cash").account_of(actor.till))
    if plan.total_fen <= 0:
        raise Refused("refund.nothing_left", sale="")

    def command(unit: Unit) -> Shown:
        trade = beginning(unit.connection, actor)
        approver = require(shop, actor, "refund_other_day", approval, amount_fen=plan.total_fen)
        record_approval(unit, trade, "refund_other_day", approver, None, reason)
        store, epoch = unit.identity.store, unit.identity.epoch
        name = f"{store}-{epoch}-N{unit.counter('refund without receipt'):06d}"
        event = _event(shop, trade, name, None, reason, approver, plan, reference)
        record(unit, event)
        slip = queue_refund_slip(shop, unit, actor, event, None, None)
        return {**_answer(event), "slip": slip}

    asked = {"lines": [asdict(line) for line in lines], "reference": reference}
    return _given(shop, actor, command, key, asked)


def _given(shop: Shop, actor: Actor, command: Any, key: str | None, asked: dict[str, Any]) -> Shown:
    answer: Shown = shop.writer.run(command, key=key, fingerprint=canonical(asked))
    shop.wake_printer(shop.tills[actor.till].printer)
    shop.wake_resolver()
    shop.changed(actor.till)
    return answer
