"""A till's shift: open with a counted float, X, drawer movements, blind count, close with Z."""

from collections.abc import Mapping
from typing import Any

from agent.core.canonical import canonical
from agent.core.errors import Refused
from agent.core.events import DrawerMoved, ShiftClosed, ShiftOpened
from agent.core.roles import Answer
from agent.core.sale import BasketState
from agent.core.shift import DrawerSums, ShiftCounted, compared, counted
from agent.services import baskets, unfinished
from agent.services.authority import record_approval, require
from agent.services.journaling import record
from agent.services.reports import counts_off, drawer_sums, shift_report
from agent.services.shop import Actor, Approval, Shop
from agent.services.slips import queue_drawer_slip, queue_shift_slip
from agent.services.trade import beginning, open_day, open_shift, trading
from agent.store.drafts import load_drafts
from agent.store.unit import Unit

Shown = dict[str, Any]
_ACT_OF = {"paid_in": "pay_in", "paid_out": "pay_out", "drop": "drop_cash", "no_sale": "open_drawer"}


def open_a_shift(shop: Shop, actor: Actor, float_fen: int, key: str | None = None) -> Shown:
    """Begin the till's shift with a counted float; refused without an open day or with a shift open already."""
    require(shop, actor, "open_shift")
    if not 0 <= float_fen <= 10**9:
        raise Refused("tender.bad_amount", amount_fen=float_fen)

    def command(unit: Unit) -> Shown:
        day = open_day(unit.connection)
        if day is None:
            raise Refused("day.not_open", till=actor.till)
        if open_shift(unit.connection, actor.till) is not None:
            raise Refused("shift.open_already", till=actor.till)
        # A dead disk may hold shifts of this day that nobody has heard of: numbers of another epoch are others.
        number = unit.counter(f"shift {day} {actor.till}") + 100 * (unit.identity.epoch - 1)
        shift = f"{day}-{actor.till}-{number}"
        record(unit, ShiftOpened(actor.till, shift, actor.staff, day, float_fen))
        return {"shift": shift, "day": day, "float_fen": float_fen}

    answer: Shown = shop.writer.run(
        command, key=key, fingerprint=canonical({"till": actor.till, "float_fen": float_fen})
    )
    shop.changed(actor.till)
    return answer


def x_report(shop: Shop, actor: Actor) -> Shown:
    """Return the running shift's figures; the expected cash is not among them before the count."""
    require(shop, actor, "print_x_report")
    connection = shop.read()
    shift = trading(connection, actor).shift or ""
    return shift_report(shop, connection, shift, with_cash=_sees_cash(shop, actor))


def print_x(shop: Shop, actor: Actor) -> Shown:
    """Print the running shift's figures."""
    require(shop, actor, "print_x_report")

    def command(unit: Unit) -> Shown:
        trade = trading(unit.connection, actor)
        report = shift_report(shop, unit.connection, trade.shift or "", with_cash=_sees_cash(shop, actor))
        return {"slip": queue_shift_slip(shop, unit, trade, report, "x")}

    answer: Shown = shop.writer.run(command)
    shop.wake_printer(shop.tills[actor.till].printer)
    return answer


def _sees_cash(shop: Shop, actor: Actor) -> bool:
    return shop.matrix.may(actor.role, "see_expected_cash").answer is Answer.YES


def move_drawer(
    shop: Shop,
    actor: Actor,
    movement: str,
    amount_fen: int,
    reason: str,
    reference: str | None = None,
    approval: Approval | None = None,
    key: str | None = None,
) -> Shown:
    """Cash in or out without a sale (paid_in, paid_out, drop), or the drawer opened without one (no_sale)."""
    act = _ACT_OF.get(movement)
    if act is None:
        raise Refused("drawer.bad_movement", movement=movement[:40])
    if movement != "no_sale" and not 0 < amount_fen <= 10**9:
        raise Refused("tender.bad_amount", amount_fen=amount_fen)
    approver = require(shop, actor, act, approval, amount_fen=amount_fen)

    def command(unit: Unit) -> Shown:
        trade = (trading if movement == "no_sale" else beginning)(unit.connection, actor)
        if movement in ("paid_out", "drop"):
            _check_cash(drawer_sums(unit.connection, trade.shift or ""), amount_fen)
        record_approval(unit, trade, act, approver, reference, reason)
        event = DrawerMoved(
            **trade.fields(),
            movement=movement,
            amount_fen=0 if movement == "no_sale" else amount_fen,
            reason=reason[:200],
            reference=(reference or "")[:64] or None,
            approved_by=approver,
        )
        record(unit, event)
        return {"slip": queue_drawer_slip(shop, unit, trade, event)}

    asked = {"movement": movement, "amount_fen": amount_fen, "till": actor.till}
    answer: Shown = shop.writer.run(command, key=key, fingerprint=canonical(asked))
    shop.wake_printer(shop.tills[actor.till].printer)
    shop.changed(actor.till)
    return answer


def _check_cash(sums: DrawerSums, amount_fen: int) -> None:
    if amount_fen > sums.expected_fen:
        raise Refused("drawer.not_enough", amount_fen=amount_fen)


def close_shift(
    shop: Shop,
    actor: Actor,
    denominations: Mapping[str, int],
    reason: str | None = None,
    approval: Approval | None = None,
    recounted: bool = False,
    key: str | None = None,
) -> Shown:
    """Close the till's shift on a blind count; returns the Z report.

    A difference must be counted again once (`count.differs`, with the difference, which is told only once the count is
    on record: whoever knows it can't count blind any more), then needs a reason
    (`count.reason_missing`) and who may accept it. Refused while the till's basket is unpaid (`shift.basket_open`), and
    while one that was set aside has cash of this drawer in it (`shift.cash_in_basket`);
    other unfinished things are listed by name.
    """
    counted_fen = counted(denominations)

    def command(unit: Unit) -> Shown:
        trade = trading(unit.connection, actor)
        shift = open_shift(unit.connection, actor.till)
        act = "close_shift" if shift is None or shift["staff"] == actor.staff else "close_other_shift"
        approver = require(shop, actor, act, approval)
        _refuse_open_basket(unit, actor)
        sums = drawer_sums(unit.connection, trade.shift or "")
        count = compared(counted_fen, sums.expected_fen)
        difference_fen = count.over_fen + count.short_fen
        if difference_fen:
            again = recounted and counts_off(unit.connection, trade.shift or "") > 0
            approver = _accepted(shop, actor, count.over_fen, count.short_fen, reason, approval, again) or approver
        record_approval(unit, trade, act, approver, trade.shift, reason or "")
        event = ShiftClosed(
            **trade.fields(),
            z_number=unit.counter(f"z {actor.till}"),
            counted_fen=counted_fen,
            expected_fen=sums.expected_fen,
            denominations={key: pieces for key, pieces in denominations.items() if pieces},
            over_fen=count.over_fen,
            short_fen=count.short_fen,
            reason=(reason or "").strip()[:200] or None,
            approved_by=approver,
            unfinished=unfinished.listed(shop, unit.connection, actor.till),
        )
        record(unit, event)
        unit.seal()
        report = shift_report(shop, unit.connection, trade.shift or "", with_cash=True, closed=event)
        slip = queue_shift_slip(shop, unit, trade, report, "z")
        return {**report, "slip": slip}

    asked = {"till": actor.till, "counted_fen": counted_fen}
    try:
        answer: Shown = shop.writer.run(command, key=key, fingerprint=canonical(asked))
    except Refused as error:
        if error.code == "count.differs":
            _note_count(shop, actor, counted_fen, error)
        raise
    shop.wake_printer(shop.tills[actor.till].printer)
    shop.changed(actor.till)
    return answer


def _note_count(shop: Shop, actor: Actor, counted_fen: int, differs: Refused) -> None:
    """Journal a count whose difference is about to be told, in a command of its own: the refused one left nothing."""
    over_fen, short_fen = int(differs.values["over_fen"] or 0), int(differs.values["short_fen"] or 0)

    def command(unit: Unit) -> None:
        trade = trading(unit.connection, actor)
        record(unit, ShiftCounted(**trade.fields(), counted_fen=counted_fen, over_fen=over_fen, short_fen=short_fen))

    shop.writer.run(command)
    shop.changed(actor.till)


def _refuse_open_basket(unit: Unit, actor: Actor) -> None:
    basket = baskets.current(unit.connection, actor.till)
    if basket is not None and (basket.lines or basket.state is BasketState.PAYING):
        raise Refused("shift.basket_open", sale=basket.sale)
    for draft in load_drafts(unit.connection, actor.till):
        cash_fen = baskets.cash_fen(baskets.basket_from(draft.body))
        if cash_fen:
            raise Refused("shift.cash_in_basket", sale=draft.sale, amount_fen=cash_fen)


def _accepted(
    shop: Shop,
    actor: Actor,
    over_fen: int,
    short_fen: int,
    reason: str | None,
    approval: Approval | None,
    recounted: bool,
) -> str | None:
    if not recounted:
        raise Refused("count.differs", over_fen=over_fen, short_fen=short_fen)
    if not (reason or "").strip():
        raise Refused("count.reason_missing", over_fen=over_fen, short_fen=short_fen)
    return require(shop, actor, "accept_difference", approval, amount_fen=over_fen + short_fen)
