"""Giving money back: whole or by line, with or without a receipt, never above what was paid.

What was paid for a line is given back by units: floor(paid·k/q) cumulatively. Money goes the way it came: first the
platform tenders in the order of the sale, then the rest, each up to what is left of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agent.core.errors import Refused
from agent.core.events import RefundLine, TenderLine
from agent.core.money import share_of_units


@dataclass(frozen=True, slots=True)
class Refunded:
    """What went back before: units and fen by line of the sale, fen by tender (its place in the sale)."""

    units: Mapping[int, int]
    line_fen: Mapping[int, int]
    tender_fen: Mapping[int, int]
    count: int = 0


@dataclass(frozen=True, slots=True)
class RefundPlan:
    """What a refund will give back."""

    lines: tuple[RefundLine, ...]
    tenders: tuple[TenderLine, ...]
    total_fen: int


def units_of(line: Mapping[str, Any]) -> int:
    """Return how many units of a line can go back one by one: pieces; a weighed or zero line goes back whole."""
    return max(int(line["quantity"]), 1) if line["unit"] == "pc" else 1


def _refund_line(line: Mapping[str, Any], units: int, before: int, before_fen: int) -> RefundLine:
    whole = units_of(line)
    if units <= 0:
        raise Refused("refund.bad_quantity", line=line["line"], quantity=units)
    if before + units > whole:
        raise Refused("refund.above_quantity", line=line["line"], name=line["name"], left=whole - before)
    total_fen = share_of_units(line["total_fen"], whole, before, units)
    if before_fen + total_fen > line["total_fen"]:
        raise Refused("refund.above_paid", left_fen=line["total_fen"] - before_fen)
    return RefundLine(
        line=line["line"],
        sku=line["sku"],
        name=line["name"],
        quantity=units if line["unit"] == "pc" and line["quantity"] else line["quantity"],
        unit=line["unit"],
        list_fen=share_of_units(line["list_fen"], whole, before, units),
        total_fen=total_fen,
        tax_code=line["tax_code"],
        tax_bp=line["tax_bp"],
        department=line["department"],
    )


def _tenders(
    sale_tenders: Sequence[Mapping[str, Any]], refunded: Refunded, amount_fen: int, cash_account: str | None
) -> tuple[TenderLine, ...]:
    order = sorted(range(len(sale_tenders)), key=lambda index: sale_tenders[index]["attempt"] is None)
    tenders: list[TenderLine] = []
    left_fen = amount_fen
    for index in order:
        tender = sale_tenders[index]
        part_fen = min(left_fen, tender["amount_fen"] - refunded.tender_fen.get(index, 0))
        if part_fen <= 0:
            continue
        left_fen -= part_fen
        in_cash = cash_account is not None or tender["kind"] == "cash"
        tenders.append(
            TenderLine(
                kind="cash" if in_cash else tender["kind"],
                amount_fen=part_fen,
                account=cash_account if cash_account is not None else tender["account"],
                attempt=None if in_cash else tender["attempt"],
                reference=str(index),
            )
        )
    if left_fen:
        raise Refused("refund.above_paid", left_fen=amount_fen - left_fen)
    return tuple(tenders)


def plan_refund(
    sale: Mapping[str, Any],
    refunded: Refunded,
    wanted: Mapping[int, int] | None,
    cash_account: str | None = None,
) -> RefundPlan:
    """Return the refund of a sale's `wanted` units by line (None: all that is left) in the original way.

    `sale` is the body of `sale.completed`. `cash_account` sends everything as cash from that drawer. The `reference`
    of each tender names the place of the sale's tender that it draws on. Refuses more units or money than is left
    (`refund.above_quantity`, `refund.above_paid`) and a sale with nothing left (`refund.nothing_left`).
    """
    lines = {line["line"]: line for line in sale["lines"]}
    if wanted is None:
        wanted = {
            number: units_of(line) - refunded.units.get(number, 0)
            for number, line in lines.items()
            if units_of(line) > refunded.units.get(number, 0)
        }
    if not wanted:
        raise Refused("refund.nothing_left", sale=sale["sale"])
    for number in wanted:
        if number not in lines:
            raise Refused("sale.no_such_line", line=number)
    refund_lines = tuple(
        _refund_line(lines[number], units, refunded.units.get(number, 0), refunded.line_fen.get(number, 0))
        for number, units in sorted(wanted.items())
    )
    total_fen = sum(line.total_fen for line in refund_lines)
    payable_fen = _less_rounding(sale, refunded, total_fen)
    return RefundPlan(refund_lines, _tenders(sale["tenders"], refunded, payable_fen, cash_account), payable_fen)


def _less_rounding(sale: Mapping[str, Any], refunded: Refunded, total_fen: int) -> int:
    """Cash rounding was never paid, so it never goes back: the last refund is short by it."""
    paid_fen = sum(tender["amount_fen"] for tender in sale["tenders"])
    left_fen = paid_fen - sum(refunded.tender_fen.values())
    return min(total_fen, left_fen) if sale["rounding_fen"] else total_fen


def refund_without_receipt(lines: Sequence[RefundLine], tender_kind: str, account: str) -> RefundPlan:
    """Return a refund of goods whose sale is not known, in one tender; refuses nothing (`refund.nothing_left`)."""
    total_fen = sum(line.total_fen for line in lines)
    if not lines or any(line.total_fen < 0 or line.quantity < 0 for line in lines):
        raise Refused("refund.nothing_left", sale="")
    tenders = (TenderLine(tender_kind, total_fen, account),) if total_fen else ()
    return RefundPlan(tuple(lines), tenders, total_fen)
