"""What a recorded basket means at the counter: a sale, a refund without a receipt, or a refusal. Pure.

Decisions, with their reasons in docs/replay.md: a line of quantity 0 is sold as it stands; a coupon above its line is
used up by the other lines; a total below zero is money given back; what does not add up is refused.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any
from unicodedata import normalize

from agent.core.errors import Refused, StoreboxError
from agent.core.events import Discount, RefundLine, SaleLine
from agent.core.moment import milliseconds
from agent.core.money import price_of, spread
from agent.core.pricing import SaleDiscount, priced
from agent.core.sale import AMOUNT_MAX_FEN, LINES_MAX, QUANTITY_MAX

NUMBER_MAX = 64
NAME_MAX = 200
YEARS = range(2000, 2100)
"""A basket's year: a clock that was never set would drag the day of every later basket along."""
_AMOUNTS = ("quantity", "list", "member_discount", "coupon")


@dataclass(frozen=True, slots=True)
class Sold:
    """A basket to ring up; `discounts` are coupons of the whole sale."""

    lines: tuple[SaleLine, ...]
    discounts: tuple[SaleDiscount, ...]


@dataclass(frozen=True, slots=True)
class GivenBack:
    """A basket whose total is below zero: goods back without a receipt."""

    lines: tuple[RefundLine, ...]


@dataclass(frozen=True, slots=True)
class Basket:
    """One recorded basket, understood."""

    number: str
    store: str
    at_ms: int
    member: str | None
    paid_fen: int
    meaning: Sold | GivenBack


@dataclass(frozen=True, slots=True)
class RefusedBasket:
    """A basket that can't be recorded, and why."""

    number: str
    code: str


def understood(text: str, zone: tzinfo) -> Basket | RefusedBasket:
    """Return what one line of the file means; never raises for what stands in it."""
    number = ""
    try:
        data = json.loads(text)
        number = _text(data["basket"], NUMBER_MAX)
        return _basket(data, number, zone)
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return RefusedBasket(number, "replay.malformed")
    except StoreboxError as error:
        return RefusedBasket(number, error.code)


def of_one_store(found: Sequence[Basket | RefusedBasket]) -> list[Basket | RefusedBasket]:
    """Refuse baskets of another store than the first, and a number that came before: a basket is recorded once."""
    store = next((one.store for one in found if isinstance(one, Basket)), "")
    numbers: set[str] = set()
    checked: list[Basket | RefusedBasket] = []
    for one in found:
        if isinstance(one, RefusedBasket):
            checked.append(one)
        elif one.store != store:
            checked.append(RefusedBasket(one.number, "replay.mixed_stores"))
        elif one.number in numbers:
            checked.append(RefusedBasket(one.number, "replay.duplicate"))
        else:
            numbers.add(one.number)
            checked.append(one)
    return checked


def _text(value: object, longest: int, *, empty: bool = False) -> str:
    """Return a text or whole number as text that a journal and a slip can take; raises ValueError for others."""
    if type(value) is not str and type(value) is not int:
        raise ValueError("neither text nor a whole number")
    text = normalize("NFC", str(value))
    if not (text or empty) or len(text) > longest or not text.isprintable():
        raise ValueError("empty, too long or not printable")
    return text


def _basket(data: Mapping[str, Any], number: str, zone: tzinfo) -> Basket:
    lines = data["lines"]
    if not lines:
        raise Refused("sale.empty")
    if len(lines) > LINES_MAX:
        raise Refused("sale.too_many_lines", lines_max=LINES_MAX)
    for line in lines:
        _check(line)
    paid_fen = data["paid"]
    if type(paid_fen) is not int or sum(line["paid"] for line in lines) != paid_fen:
        raise Refused("replay.sum_differs")
    moment = datetime.fromisoformat(data["at"])
    if moment.year not in YEARS:
        raise Refused("replay.malformed")
    at_ms = milliseconds(moment if moment.tzinfo else moment.replace(tzinfo=zone))
    meaning = _given_back(lines, -paid_fen) if paid_fen < 0 else _sold(lines, paid_fen)
    member = data.get("member")
    member = None if member is None else _text(member, NUMBER_MAX, empty=True) or None
    return Basket(number, _text(data["store"], NUMBER_MAX), at_ms, member, paid_fen, meaning)


def _check(line: Mapping[str, Any]) -> None:
    if any(type(line[key]) is not int or line[key] < 0 for key in _AMOUNTS) or type(line["paid"]) is not int:
        raise Refused("replay.malformed")
    if line["list"] - line["member_discount"] - line["coupon"] != line["paid"]:
        raise Refused("replay.sum_differs")
    if line["quantity"] > QUANTITY_MAX or line["list"] > AMOUNT_MAX_FEN or line["member_discount"] > line["list"]:
        raise Refused("sale.bad_amount")


def _unit_price(line: Mapping[str, Any]) -> int | None:
    """Return the price of one piece where the recorded total is a whole number of them."""
    quantity, list_fen = line["quantity"], line["list"]
    if quantity == 0 or list_fen % quantity:
        return None
    price_fen = int(list_fen // quantity)
    return price_fen if price_of(price_fen, quantity, "pc") == list_fen else None


def _sold(lines: list[Mapping[str, Any]], paid_fen: int) -> Sold:
    """A coupon takes a line down to zero at most; what is left of it is a coupon of the whole sale."""
    sold: list[SaleLine] = []
    left_over_fen = 0
    for number, line in enumerate(lines, 1):
        after_member_fen = line["list"] - line["member_discount"]
        coupon_fen = min(line["coupon"], after_member_fen)
        left_over_fen += line["coupon"] - coupon_fen
        discounts = [
            Discount(reason, amount_fen, funder)
            for reason, amount_fen, funder in (
                ("member", line["member_discount"], "store"),
                ("coupon", coupon_fen, "brand"),
            )
            if amount_fen
        ]
        sold.append(
            SaleLine(
                line=number,
                sku=_text(line["sku"], NUMBER_MAX),
                name=_text(line["name"], NAME_MAX, empty=True) or _text(line["sku"], NUMBER_MAX),
                quantity=line["quantity"],
                unit="pc",
                price_fen=_unit_price(line),
                list_fen=line["list"],
                discounts=tuple(discounts),
                total_fen=after_member_fen - coupon_fen,
                tax_code="",
                tax_bp=0,
                department=_text(line["department"], NAME_MAX, empty=True),
            )
        )
    discounts_of_sale = (SaleDiscount("coupon", left_over_fen, None, "brand"),) if left_over_fen else ()
    if priced(sold, discounts_of_sale).total_fen != paid_fen:
        raise Refused("replay.sum_differs")
    return Sold(tuple(sold), discounts_of_sale)


def _given_back(lines: list[Mapping[str, Any]], total_fen: int) -> GivenBack:
    """The lines below zero share what is given back; lines above zero went out in exchange and are named at zero."""
    weights = [max(-line["paid"], 0) for line in lines]
    parts = spread(total_fen, weights)
    return GivenBack(
        tuple(
            RefundLine(
                line=number,
                sku=_text(line["sku"], NUMBER_MAX),
                name=_text(line["name"], NAME_MAX, empty=True) or _text(line["sku"], NUMBER_MAX),
                quantity=line["quantity"],
                unit="pc",
                list_fen=line["list"],
                total_fen=part,
                tax_code="",
                tax_bp=0,
                department=_text(line["department"], NAME_MAX, empty=True),
            )
            for number, (line, part) in enumerate(zip(lines, parts, strict=True), 1)
        )
    )
