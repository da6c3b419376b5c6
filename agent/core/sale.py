"""A basket being rung up, from the first line to paid in full. Pure: every function returns a new basket.

States: OPEN <-> HELD, OPEN <-> PAYING, PAYING -> COMPLETED, OPEN | HELD | PAYING -> CANCELLED.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from agent.core.catalog import Item
from agent.core.errors import Broken, Refused
from agent.core.events import Discount, SaleLine, TenderLine
from agent.core.money import price_of
from agent.core.pricing import Priced, SaleDiscount, discounted, priced

LINES_MAX = 500
QUANTITY_MAX = 10_000_000
AMOUNT_MAX_FEN = 10**11
CHANGE_MAX_FEN = 1_000_000
"""No drawer gives more than ten thousand yuan back: who "gave" so much was a number that is no amount."""


class BasketState(StrEnum):
    """Where a basket stands."""

    OPEN = "open"
    HELD = "held"
    PAYING = "paying"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


TRANSITIONS: dict[BasketState, frozenset[BasketState]] = {
    BasketState.OPEN: frozenset({BasketState.HELD, BasketState.PAYING, BasketState.CANCELLED}),
    BasketState.HELD: frozenset({BasketState.OPEN, BasketState.PAYING, BasketState.CANCELLED}),
    BasketState.PAYING: frozenset({BasketState.OPEN, BasketState.HELD, BasketState.COMPLETED, BasketState.CANCELLED}),
    BasketState.COMPLETED: frozenset(),
    BasketState.CANCELLED: frozenset(),
}


@dataclass(frozen=True, slots=True)
class Basket:
    """A sale before it is paid; `tenders` is money already taken for it."""

    sale: str
    till: str
    shift: str | None
    staff: str
    day: str
    state: BasketState = BasketState.OPEN
    lines: tuple[SaleLine, ...] = ()
    discounts: tuple[SaleDiscount, ...] = ()
    tenders: tuple[TenderLine, ...] = ()
    next_line: int = 1
    label: str = ""
    reference: str | None = None
    channel: str | None = None
    salesperson: str | None = None
    member: str | None = None
    attempts: int = 0
    attempt: str | None = None
    age_checked: bool = False

    def priced(self) -> Priced:
        """Return lines and sums with every discount applied."""
        return priced(self.lines, self.discounts)

    @property
    def total_fen(self) -> int:
        """Return what the customer owes in all."""
        if self.discounts:
            return self.priced().total_fen
        return sum(line.total_fen for line in self.lines)

    @property
    def tendered_fen(self) -> int:
        """Return the money taken so far."""
        return sum(tender.amount_fen for tender in self.tenders)

    @property
    def due_fen(self) -> int:
        """Return what is still to be paid."""
        return self.total_fen - self.tendered_fen


def moved(basket: Basket, to: BasketState) -> Basket:
    """Return the basket in state `to`; refuses what the table does not allow (`sale.wrong_state`)."""
    if to not in TRANSITIONS[basket.state]:
        raise Refused("sale.wrong_state", sale=basket.sale, state=basket.state.value)
    return replace(basket, state=to)


def _ringing(basket: Basket) -> None:
    if basket.state is not BasketState.OPEN:
        raise Refused("sale.wrong_state", sale=basket.sale, state=basket.state.value)


def _index(basket: Basket, line: int) -> int:
    for index, candidate in enumerate(basket.lines):
        if candidate.line == line:
            return index
    raise Refused("sale.no_such_line", line=line)


def _with_line(basket: Basket, index: int, line: SaleLine) -> Basket:
    return replace(basket, lines=(*basket.lines[:index], line, *basket.lines[index + 1 :]))


def new_line(
    line: int, item: Item, quantity: int, price_fen: int | None, list_fen: int | None, name: str | None = None
) -> SaleLine:
    """Return an undiscounted line. `list_fen` overrides what price and quantity give (a label with its own amount).

    Refuses quantities below 0 or huge, open-price items without a price, and huge amounts. Quantity 0 is a line
    that costs what `list_fen` says: real tills write them for services and cancelled weights.
    """
    if not 0 <= quantity <= QUANTITY_MAX:
        raise Refused("sale.bad_quantity", quantity=str(quantity)[:20])
    unit_fen = item.price_fen if price_fen is None else price_fen
    if unit_fen is None and list_fen is None:
        raise Refused("item.open_price", name=item.name)
    total_fen = list_fen if list_fen is not None else price_of(unit_fen or 0, quantity, item.unit)
    if not 0 <= total_fen <= AMOUNT_MAX_FEN or (unit_fen is not None and unit_fen < 0):
        raise Refused("sale.bad_amount", amount_fen=total_fen)
    if list_fen is not None and unit_fen is not None and price_of(unit_fen, quantity, item.unit) != list_fen:
        unit_fen = None
    return SaleLine(
        line=line,
        sku=item.sku,
        name=name or item.name,
        quantity=quantity,
        unit=item.unit,
        price_fen=unit_fen,
        list_fen=total_fen,
        discounts=(),
        total_fen=total_fen,
        tax_code=item.tax_code,
        tax_bp=item.tax_bp,
        department=item.department,
    )


def add_item(
    basket: Basket, item: Item, quantity: int, price_fen: int | None = None, list_fen: int | None = None
) -> Basket:
    """Return the basket with one more line; the same undiscounted piece item again raises its quantity."""
    _ringing(basket)
    if "age" in item.flags and not basket.age_checked:
        raise Refused("item.age_check", name=item.name)
    if basket.lines and price_fen is None and list_fen is None and item.unit == "pc":
        last = basket.lines[-1]
        if last.sku == item.sku and not last.discounts and last.price_fen == item.price_fen is not None:
            return change_quantity(basket, last.line, last.quantity + quantity)
    if len(basket.lines) >= LINES_MAX:
        raise Refused("sale.too_many_lines", lines_max=LINES_MAX)
    line = new_line(basket.next_line, item, quantity, price_fen, list_fen)
    return replace(basket, lines=(*basket.lines, line), next_line=basket.next_line + 1)


def add_lines(basket: Basket, lines: tuple[SaleLine, ...]) -> Basket:
    """Return the basket with ready lines of another till or a recording, numbered on; checks their sums."""
    _ringing(basket)
    if len(basket.lines) + len(lines) > LINES_MAX:
        raise Refused("sale.too_many_lines", lines_max=LINES_MAX)
    added: list[SaleLine] = []
    for number, line in enumerate(lines, basket.next_line):
        if line.total_fen < 0 or line.list_fen - sum(d.amount_fen for d in line.discounts) != line.total_fen:
            raise Refused("sale.bad_amount", amount_fen=line.total_fen)
        added.append(replace(line, line=number))
    return replace(basket, lines=(*basket.lines, *added), next_line=basket.next_line + len(added))


def change_quantity(basket: Basket, line: int, quantity: int) -> Basket:
    """Return the basket with another quantity of a line; its discounts must be given again."""
    _ringing(basket)
    index = _index(basket, line)
    old = basket.lines[index]
    if not 1 <= quantity <= QUANTITY_MAX:
        raise Refused("sale.bad_quantity", quantity=str(quantity)[:20])
    if old.price_fen is None:
        raise Refused("sale.fixed_amount", name=old.name)
    list_fen = price_of(old.price_fen, quantity, old.unit)
    if list_fen > AMOUNT_MAX_FEN:
        raise Refused("sale.bad_amount", amount_fen=list_fen)
    changed = replace(old, quantity=quantity, list_fen=list_fen, total_fen=list_fen, discounts=())
    return _with_line(basket, index, changed)


def remove_line(basket: Basket, line: int) -> Basket:
    """Return the basket without a line."""
    _ringing(basket)
    index = _index(basket, line)
    return replace(basket, lines=basket.lines[:index] + basket.lines[index + 1 :])


def override_price(basket: Basket, line: int, price_fen: int) -> Basket:
    """Return the basket with a line at another unit price: lower keeps the list price and shows the difference."""
    _ringing(basket)
    index = _index(basket, line)
    old = basket.lines[index]
    if not 0 <= price_fen <= AMOUNT_MAX_FEN:
        raise Refused("sale.bad_amount", amount_fen=price_fen)
    total_fen = price_of(price_fen, old.quantity, old.unit)
    if total_fen <= old.list_fen:
        reduced = replace(old, discounts=(), total_fen=old.list_fen)
        return _with_line(basket, index, discounted(reduced, Discount("price_override", old.list_fen - total_fen)))
    raised = replace(old, price_fen=price_fen, list_fen=total_fen, total_fen=total_fen, discounts=())
    return _with_line(basket, index, raised)


def discount_line(basket: Basket, line: int, reason: str, amount_fen: int) -> Basket:
    """Return the basket with a discount on one line."""
    _ringing(basket)
    index = _index(basket, line)
    return _with_line(basket, index, discounted(basket.lines[index], Discount(reason, amount_fen)))


def discount_sale(basket: Basket, discount: SaleDiscount) -> Basket:
    """Return the basket with a discount on the whole sale; checks that it fits."""
    _ringing(basket)
    result = replace(basket, discounts=(*basket.discounts, discount))
    result.priced()
    return result


def clear_discounts(basket: Basket) -> Basket:
    """Return the basket without the discounts of the whole sale."""
    _ringing(basket)
    return replace(basket, discounts=())


def hold(basket: Basket, label: str) -> Basket:
    """Set a basket aside; refused while a payment is open or money was taken."""
    if not basket.lines:
        raise Refused("sale.empty")
    if basket.tenders or basket.attempt:
        raise Refused("sale.money_taken", amount_fen=basket.tendered_fen)
    open_again = moved(basket, BasketState.OPEN) if basket.state is BasketState.PAYING else basket
    return replace(moved(open_again, BasketState.HELD), label=label[:40])


def set_aside(basket: Basket, label: str) -> Basket:
    """Set a basket aside together with its open payment, so that the next customer can be served."""
    if basket.attempt is None:
        raise Refused("sale.wrong_state", sale=basket.sale, state=basket.state.value)
    return replace(moved(basket, BasketState.HELD), label=label[:40])


def recall(basket: Basket) -> Basket:
    """Take a held basket up again: to go on ringing up, or to go on paying when it was set aside with a payment."""
    paying = basket.attempt is not None or basket.tenders
    return moved(basket, BasketState.PAYING if paying else BasketState.OPEN)


def taken_up(basket: Basket) -> Basket:
    """Return a basket as money can be added to it: one that was set aside with its payment is being paid again."""
    return moved(basket, BasketState.PAYING) if basket.state is BasketState.HELD and basket.attempt else basket


def ask_total(basket: Basket) -> Basket:
    """Go from ringing up to paying; an empty basket has no total."""
    if basket.state is BasketState.PAYING:
        return basket
    if not basket.lines:
        raise Refused("sale.empty")
    return moved(basket, BasketState.PAYING)


def back_to_ringing(basket: Basket) -> Basket:
    """Go back from paying to ringing up; refused once money was taken or a payment is open."""
    if basket.tenders or basket.attempt:
        raise Refused("sale.money_taken", amount_fen=basket.tendered_fen)
    return moved(basket, BasketState.OPEN)


def cancel(basket: Basket) -> Basket:
    """Give a basket up; refused once money was taken or a payment is open."""
    if basket.tenders or basket.attempt:
        raise Refused("sale.money_taken", amount_fen=basket.tendered_fen)
    return moved(basket, BasketState.CANCELLED)


def take(basket: Basket, tender: TenderLine) -> Basket:
    """Add money to a basket that is being paid; never above what is due."""
    if basket.state is not BasketState.PAYING:
        raise Refused("sale.wrong_state", sale=basket.sale, state=basket.state.value)
    if tender.amount_fen <= 0 or tender.amount_fen > basket.due_fen:
        raise Refused("tender.above_due", amount_fen=tender.amount_fen, due_fen=basket.due_fen)
    return replace(basket, tenders=(*basket.tenders, tender))


def cash_tender(due_fen: int, given_fen: int, account: str) -> TenderLine:
    """Return the cash tender for money given: change when it is more than due, part payment when less."""
    if not 0 < given_fen <= AMOUNT_MAX_FEN or given_fen - due_fen > CHANGE_MAX_FEN:
        raise Refused("tender.bad_amount", amount_fen=given_fen)
    amount_fen = min(given_fen, due_fen)
    return TenderLine("cash", amount_fen, account, given_fen=given_fen, change_fen=given_fen - amount_fen)


def completed(basket: Basket, rounding_fen: int = 0) -> Basket:
    """Close a basket that is paid in full; a defect of ours when it is not."""
    if basket.due_fen != rounding_fen:
        raise Broken("sale.not_paid", due_fen=basket.due_fen)
    return moved(basket, BasketState.COMPLETED)
