"""Money in fen: splitting that always adds up, rounding, and how amounts are written."""

from collections.abc import Sequence
from functools import lru_cache

from agent.core.errors import Broken


def half_up(numerator: int, denominator: int) -> int:
    """Return `numerator / denominator` rounded half up to an integer; both not negative, denominator above 0."""
    return (2 * numerator + denominator) // (2 * denominator)


def price_of(price_fen: int, quantity: int, unit: str) -> int:
    """Return the list total of a line: pieces multiply, grams are priced per kilogram, half up to the fen."""
    if unit == "g":
        return half_up(price_fen * quantity, 1000)
    return price_fen * quantity


def percentage(amount_fen: int, percent: int) -> int:
    """Return `percent` % of an amount, half up to the fen."""
    return half_up(amount_fen * percent, 100)


def spread(amount_fen: int, weights: Sequence[int]) -> list[int]:
    """Split an amount over weights by largest remainder, ties in order; the parts add up exactly.

    No part exceeds its weight when the amount does not exceed the sum of the weights. All weights 0 with an amount
    above 0 raise `Broken`.
    """
    whole = sum(weights)
    if amount_fen == 0:
        return [0] * len(weights)
    if whole <= 0 or amount_fen < 0 or any(weight < 0 for weight in weights):
        raise Broken("money.cannot_spread", amount_fen=amount_fen)
    parts = [amount_fen * weight // whole for weight in weights]
    remainders = [amount_fen * weight % whole for weight in weights]
    order = sorted(range(len(weights)), key=lambda index: -remainders[index])
    for index in order[: amount_fen - sum(parts)]:
        parts[index] += 1
    return parts


def share_of_units(paid_fen: int, quantity: int, units_before: int, units_now: int) -> int:
    """Return what refunding `units_now` of `quantity` units gives when `units_before` were refunded already.

    floor(paid·k/q) cumulatively, so that the parts always add up to what was paid. A line of quantity 0 counts as one
    unit.
    """
    whole = max(quantity, 1)
    after = paid_fen * (units_before + units_now) // whole
    return after - paid_fen * units_before // whole


def rounded_down_to_jiao(amount_fen: int) -> int:
    """Return a cash amount rounded down to the jiao: rounding up would charge above the tag."""
    return amount_fen - amount_fen % 10


@lru_cache(maxsize=4096)
def yuan(amount_fen: int) -> str:
    """Write an amount as yuan with two decimals, `151.00`, with a minus sign when negative."""
    text = f"{amount_fen:03d}" if amount_fen >= 0 else f"{amount_fen:04d}"
    return f"{text[:-2]}.{text[-2:]}"
