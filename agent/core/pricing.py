"""What a basket costs: list totals, line discounts, sale discounts spread over the lines."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from agent.core.errors import Refused
from agent.core.events import Discount, SaleLine
from agent.core.money import percentage, spread


@dataclass(frozen=True, slots=True)
class SaleDiscount:
    """A reduction of the whole sale, by amount or by percent of what is left after line discounts."""

    reason: str
    amount_fen: int | None
    percent: int | None
    funded_by: str = "store"


@dataclass(frozen=True, slots=True)
class Priced:
    """A basket's lines with every discount on them, and the sums."""

    lines: tuple[SaleLine, ...]
    list_fen: int
    total_fen: int
    sale_discounts: tuple[Discount, ...]


def discounted(line: SaleLine, discount: Discount) -> SaleLine:
    """Return the line with one more discount; refuses one above what is left (`discount.above_line`)."""
    if discount.amount_fen < 0:
        raise Refused("discount.negative")
    if discount.amount_fen > line.total_fen:
        raise Refused("discount.above_line", amount_fen=discount.amount_fen, total_fen=line.total_fen)
    if discount.amount_fen == 0:
        return line
    return replace(line, discounts=(*line.discounts, discount), total_fen=line.total_fen - discount.amount_fen)


def priced(lines: Sequence[SaleLine], sale_discounts: Sequence[SaleDiscount]) -> Priced:
    """Return lines with the sale's discounts spread by largest remainder, ties in line order.

    Discounts apply in the order given, each to what the former left; refuses more than the whole
    (`discount.above_total`).
    """
    current = list(lines)
    applied: list[Discount] = []
    for wished in sale_discounts:
        whole_fen = sum(line.total_fen for line in current)
        amount_fen = wished.amount_fen if wished.amount_fen is not None else percentage(whole_fen, wished.percent or 0)
        if amount_fen > whole_fen or amount_fen < 0:
            raise Refused("discount.above_total", amount_fen=amount_fen, total_fen=whole_fen)
        parts = spread(amount_fen, [line.total_fen for line in current])
        current = [
            discounted(line, Discount(wished.reason, part, wished.funded_by, "sale"))
            for line, part in zip(current, parts, strict=True)
        ]
        applied.append(Discount(wished.reason, amount_fen, wished.funded_by, "sale"))
    return Priced(
        tuple(current),
        sum(line.list_fen for line in current),
        sum(line.total_fen for line in current),
        tuple(applied),
    )
