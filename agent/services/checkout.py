"""Ringing up: lines, quantities, prices, discounts, hold and recall, cancel."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from agent.core import sale as rules
from agent.core.catalog import Item
from agent.core.errors import Refused
from agent.core.events import LineRemoved, SaleCancelled, SaleLine
from agent.core.money import half_up, percentage, price_of
from agent.core.pricing import Priced, SaleDiscount
from agent.core.roles import Answer
from agent.core.sale import Basket, BasketState
from agent.services import baskets
from agent.services.authority import record_approval, require
from agent.services.journaling import record
from agent.services.shop import Actor, Approval, Shop
from agent.services.trade import beginning, trading
from agent.store.drafts import load_drafts
from agent.store.unit import Unit

Change = Callable[[Unit, Basket], Basket]
Shown = dict[str, Any]


def _change(shop: Shop, actor: Actor, change: Change, *, begin: bool = False) -> Shown:
    def command(unit: Unit) -> Shown:
        basket = baskets.begun(unit, actor) if begin else baskets.required(unit.connection, actor.till)
        changed = change(unit, basket)
        baskets.save(unit, changed)
        return baskets.shown(changed) or {}

    answer: Shown = shop.writer.run(command)
    shop.changed(actor.till)
    return answer


def basket(shop: Shop, actor: Actor) -> Shown | None:
    """Return the till's basket, or None."""
    return baskets.shown(baskets.current(shop.read(), actor.till))


def add_item(
    shop: Shop, actor: Actor, item: Item, quantity: int, price_fen: int | None = None, list_fen: int | None = None
) -> Shown:
    """Add an item; a basket that was being paid goes back to ringing up while no money was taken.

    `price_fen` is typed for an article without a price. Refuses another price than the catalogue's
    (`item.priced`): who may change a price, and that it was changed, is `override_price`.
    """
    require(shop, actor, "sell")
    if price_fen is not None and item.price_fen not in (None, price_fen):
        raise Refused("item.priced", name=item.named(shop.store.language).name)
    shop.stop_sale.check(item.sku, item.named(shop.store.language).name)

    def change(unit: Unit, current: Basket) -> Basket:
        ringing = rules.back_to_ringing(current) if current.state is BasketState.PAYING else current
        return rules.add_item(ringing, item.named(shop.store.language), quantity, price_fen, list_fen)

    return _change(shop, actor, change, begin=True)


def add_code(shop: Shop, actor: Actor, code: str, quantity: int = 1, price_fen: int | None = None) -> Shown:
    """Add the item of a sku or barcode. Refuses unknown codes and open-price items without a price."""
    return add_item(shop, actor, shop.catalog.item(code), quantity, price_fen)


def add_lines(
    shop: Shop,
    actor: Actor,
    lines: Sequence[SaleLine],
    discounts: Sequence[SaleDiscount] = (),
    *,
    reference: str | None = None,
    member: str | None = None,
) -> Shown:
    """Add ready lines of another till or a recording, with discounts of the whole sale, in one step."""
    require(shop, actor, "sell")
    for line in lines:
        shop.stop_sale.check(line.sku, line.name)

    def change(unit: Unit, current: Basket) -> Basket:
        changed = rules.add_lines(current, tuple(lines))
        for discount in discounts:
            changed = rules.discount_sale(changed, discount)
        return replace(changed, reference=reference or changed.reference, member=member or changed.member)

    return _change(shop, actor, change, begin=True)


def change_quantity(shop: Shop, actor: Actor, line: int, quantity: int) -> Shown:
    """Set the quantity of a line; 0 removes it. What becomes less is counted like a line taken out."""
    if quantity == 0:
        return remove_line(shop, actor, line)
    require(shop, actor, "sell")

    def change(unit: Unit, current: Basket) -> Basket:
        changed = rules.change_quantity(current, line, quantity)
        old = next(one for one in current.lines if one.line == line)
        if quantity < old.quantity:
            require(shop, actor, "remove_line")
            _refuse_larger_share(shop, actor, current, changed)
            fewer = old.quantity - quantity
            _record_removed(unit, actor, current, old, fewer, price_of(old.price_fen or 0, fewer, old.unit))
        return changed

    return _change(shop, actor, change)


def remove_line(shop: Shop, actor: Actor, line: int) -> Shown:
    """Take a line out before the total; counted in X and Z."""
    require(shop, actor, "remove_line")

    def change(unit: Unit, current: Basket) -> Basket:
        changed = rules.remove_line(current, line)
        gone = next(old for old in current.lines if old.line == line)
        _refuse_larger_share(shop, actor, current, changed)
        _record_removed(unit, actor, current, gone, gone.quantity, gone.total_fen)
        return changed

    return _change(shop, actor, change)


def _record_removed(unit: Unit, actor: Actor, current: Basket, line: SaleLine, quantity: int, amount_fen: int) -> None:
    trade = trading(unit.connection, actor)
    record(
        unit,
        LineRemoved(**trade.fields(), sale=current.sale, sku=line.sku, quantity=quantity, amount_fen=amount_fen),
    )


def _refuse_larger_share(shop: Shop, actor: Actor, before: Basket, after: Basket) -> None:
    """Refuse to leave an amount off the whole sale on fewer goods, where it is more than the actor may give alone.

    It was allowed as a share of what lay there then.
    """
    off_fen = sum(one.amount_fen or 0 for one in after.discounts)
    if not off_fen:
        return
    fits = off_fen <= sum(line.total_fen for line in after.lines)
    share = _discount_share(after.priced()) if fits else 100
    if fits and share <= _discount_share(before.priced()):
        return
    if not fits or shop.matrix.may(actor.role, "discount", percent=share).answer is not Answer.YES:
        raise Refused("discount.larger_share", amount_fen=off_fen)


def override_price(shop: Shop, actor: Actor, line: int, price_fen: int, approval: Approval | None = None) -> Shown:
    """Sell a line at another unit price."""
    approver = require(shop, actor, "change_price", approval, amount_fen=price_fen)

    def change(unit: Unit, current: Basket) -> Basket:
        changed = rules.override_price(current, line, price_fen)
        record_approval(unit, trading(unit.connection, actor), "change_price", approver, current.sale, "")
        return changed

    return _change(shop, actor, change)


def _share_percent(amount_fen: int, whole_fen: int) -> int:
    """Return a discount's percentage, rounded up, as the role matrix asks for it."""
    return 0 if whole_fen <= 0 else -(-amount_fen * 100 // whole_fen)


def _discount_share(price: Priced) -> int:
    return _share_percent(price.list_fen - price.total_fen, price.list_fen)


def _discount_amount(whole_fen: int, amount_fen: int | None, percent: int | None) -> int:
    if (amount_fen is None) == (percent is None):
        raise Refused("discount.amount_or_percent")
    if amount_fen is not None:
        if amount_fen <= 0:
            raise Refused("discount.negative")
        return amount_fen
    if not 1 <= (percent or 0) <= 100:
        raise Refused("discount.bad_percent", percent=percent or 0)
    return percentage(whole_fen, percent or 0)


def discount_line(
    shop: Shop,
    actor: Actor,
    line: int,
    reason: str,
    amount_fen: int | None = None,
    percent: int | None = None,
    approval: Approval | None = None,
) -> Shown:
    """Reduce one line by an amount or by percent; who may how much is the matrix' word."""

    def change(unit: Unit, current: Basket) -> Basket:
        old = next((one for one in current.lines if one.line == line), None)
        if old is None:
            raise Refused("sale.no_such_line", line=line)
        reduce_fen = _discount_amount(old.total_fen, amount_fen, percent)
        changed = rules.discount_line(current, line, reason[:40], reduce_fen)
        share = _share_percent(old.list_fen - old.total_fen + reduce_fen, old.list_fen)
        if current.discounts:  # what the whole sale has off already comes off this line, too
            share = max(share, _discount_share(changed.priced()))
        approver = require(shop, actor, "discount", approval, percent=share)
        record_approval(unit, trading(unit.connection, actor), "discount", approver, current.sale, reason)
        return changed

    return _change(shop, actor, change)


def discount_sale(
    shop: Shop,
    actor: Actor,
    reason: str,
    amount_fen: int | None = None,
    percent: int | None = None,
    approval: Approval | None = None,
) -> Shown:
    """Reduce the whole sale by an amount or by percent, spread over the lines."""

    def change(unit: Unit, current: Basket) -> Basket:
        before = current.priced()
        reduce_fen = _discount_amount(before.total_fen, amount_fen, percent)
        wished = SaleDiscount(reason[:40], amount_fen, percent)
        changed = rules.discount_sale(current, wished)
        share = _share_percent(before.list_fen - before.total_fen + reduce_fen, before.list_fen)
        approver = require(shop, actor, "discount", approval, percent=share)
        record_approval(unit, trading(unit.connection, actor), "discount", approver, current.sale, reason)
        return changed

    return _change(shop, actor, change)


def clear_discounts(shop: Shop, actor: Actor) -> Shown:
    """Take the discounts of the whole sale back."""
    return _change(shop, actor, lambda unit, current: rules.clear_discounts(current))


def age_checked(shop: Shop, actor: Actor) -> Shown:
    """Note that the cashier checked the customer's age for this sale; no data of the customer is kept."""
    return _change(shop, actor, lambda unit, current: replace(current, age_checked=True), begin=True)


def hold(shop: Shop, actor: Actor, label: str) -> Shown:
    """Set the till's basket aside; any till of the store can recall it."""
    require(shop, actor, "hold_sale")
    return _change(shop, actor, lambda unit, current: rules.hold(current, label))


def held(shop: Shop) -> list[Shown]:
    """Return the held baskets, oldest first."""
    rows = []
    for draft in load_drafts(shop.read()):
        if draft.state != BasketState.HELD:
            continue
        one = baskets.basket_from(draft.body)
        total_fen = one.priced().total_fen
        rows.append(
            {
                "sale": one.sale,
                "label": one.label,
                "total_fen": total_fen,
                "lines": len(one.lines),
                "at_ms": draft.updated_ms,
                "till": one.till,
            }
        )
    return rows


def recall(shop: Shop, actor: Actor, sale: str) -> Shown:
    """Take a held basket up at this till; refused while the till has another (`sale.till_busy`).

    One with cash in another till's drawer goes on there only (`sale.cash_elsewhere`): each count is of one drawer.
    """

    def command(unit: Unit) -> Shown:
        trading(unit.connection, actor)
        if baskets.current(unit.connection, actor.till) is not None:
            raise Refused("sale.till_busy", till=actor.till)
        found = baskets.by_sale(unit.connection, sale)
        if found is None:
            raise Refused("sale.not_held", sale=sale[:40])
        if found.state is not BasketState.HELD:
            raise Refused("sale.not_held", sale=found.sale)
        if found.till != actor.till and baskets.cash_fen(found):
            raise Refused("sale.cash_elsewhere", till=found.till, amount_fen=baskets.cash_fen(found))
        trade = (trading if found.tenders or found.attempt else beginning)(unit.connection, actor)
        recalled = baskets.taken_over(rules.recall(found), actor, trade.shift, trade.day)
        baskets.save(unit, recalled)
        return baskets.shown(recalled) or {}

    answer: Shown = shop.writer.run(command)
    shop.changed(actor.till)
    return answer


def ask_total(shop: Shop, actor: Actor) -> Shown:
    """Go to paying: from here on payment codes are taken."""
    return _change(shop, actor, lambda unit, current: rules.ask_total(current))


def back_to_ringing(shop: Shop, actor: Actor) -> Shown:
    """Go back to ringing up while no money was taken."""
    return _change(shop, actor, lambda unit, current: rules.back_to_ringing(current))


def cancel(shop: Shop, actor: Actor, reason: str, approval: Approval | None = None) -> Shown:
    """Give the till's basket up; an empty one needs no approval."""

    def change(unit: Unit, current: Basket) -> Basket:
        cancelled = rules.cancel(current)
        if not current.lines:
            return cancelled
        approver = require(shop, actor, "cancel_sale", approval)
        trade = trading(unit.connection, actor)
        record_approval(unit, trade, "cancel_sale", approver, current.sale, reason)
        record(
            unit,
            SaleCancelled(
                **trade.fields(),
                sale=current.sale,
                reason=reason[:200],
                total_fen=current.priced().total_fen,
                approved_by=approver,
            ),
        )
        return cancelled

    return _change(shop, actor, change)


def weighed_quantity(item: Item, amount_fen: int) -> int:
    """Return the grams that a label's amount stands for, by the item's price per kilogram; 0 without a price."""
    return half_up(amount_fen * 1000, item.price_fen) if item.price_fen else 0
