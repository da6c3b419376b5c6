"""The slip of a refund: what goes back, which way, and who signed for it."""

from dataclasses import dataclass
from enum import StrEnum

from agent.core.money import yuan
from agent.core.receipt_parts import (
    ORIGINAL,
    Block,
    Document,
    Marks,
    Person,
    Shop,
    SlipLine,
    Translate,
    centred,
    document,
    either,
    item,
    marks,
    money,
    pair,
    qr,
    rule,
    signature,
    text,
)


class RefundState(StrEnum):
    """Where the money of a refund is."""

    DONE = "done"
    ACCEPTED = "accepted"
    QUEUED = "queued"


class InvoiceState(StrEnum):
    """Whether the sale's invoice stands in the way of a refund."""

    NONE = "none"
    ISSUED = "issued"
    REVERSED = "reversed"


@dataclass(frozen=True, slots=True)
class RefundWay:
    """One way on which money goes back. `platform` is set for wallets, whose money takes its time.

    `platform_fen` is the part that returns to the platform's own discount, None without one.
    """

    name: str
    amount_fen: int
    original_way: bool
    state: RefundState = RefundState.DONE
    platform: str = ""
    customer_fen: int | None = None
    platform_fen: int | None = None
    transaction: str | None = None


@dataclass(frozen=True, slots=True)
class CouponFate:
    """What becomes of the coupon that the sale used; `why` is only shown on wide paper."""

    given_back: bool
    why: str = ""


@dataclass(frozen=True, slots=True)
class RefundSlip:
    """All that stands on a refund's slip. A line's reductions are its shares of the sale's discounts.

    `sale` None: a refund without a receipt. `receipt` is the QR text of the original sale (`R1…`).
    """

    shop: Shop
    refund: str
    sale: str | None
    sale_written_at: str | None
    written_at: str
    clerk: Person
    reason: str
    lines: tuple[SlipLine, ...]
    total_fen: int
    ways: tuple[RefundWay, ...]
    approver: Person | None = None
    points_taken: int | None = None
    coupon: CouponFate | None = None
    invoice: InvoiceState | None = None
    receipt: str | None = None
    check_code: str | None = None
    for_customer: bool = False
    marks: Marks = ORIGINAL


def refund_document(slip: RefundSlip, translate: Translate, language: str = "zh-CN") -> Document:
    """Return the slip of a refund; part 1 stays in the shop, part 2 (`for_customer`) goes with the customer."""
    blocks = [
        centred(translate("REFUND"), "double"),
        centred(slip.shop.full_name),
        *marks(slip.marks, translate),
        rule("="),
        *_numbers(slip, translate),
        rule(),
        *_lines(slip, translate),
        pair(translate("Total back"), f"￥{yuan(slip.total_fen)}", "tall"),
        rule(),
    ]
    for way in slip.ways:
        blocks += [*_way(way, translate), rule()]
    blocks += [*_consequences(slip, translate), *_signatures(slip, translate), *_foot(slip, translate)]
    return document(f"{translate('Refund')} {slip.refund}", language, blocks)


def _numbers(slip: RefundSlip, translate: Translate) -> list[Block]:
    blocks = [text(translate("Refund no. {number}").format(number=slip.refund))]
    if slip.sale:
        blocks.append(text(translate("Original sale {number}").format(number=slip.sale)))
    if slip.sale_written_at:
        blocks.append(text(translate("Sold {time}").format(time=slip.sale_written_at)))
    blocks.append(text(translate("Refunded {time}").format(time=slip.written_at)))
    approved = translate("Approved {person}").format(person=slip.approver) if slip.approver else ""
    blocks.append(pair(translate("By {person}").format(person=slip.clerk), approved))
    blocks.append(text(translate("Reason {reason}").format(reason=slip.reason)))
    return blocks


def _lines(slip: RefundSlip, translate: Translate) -> list[Block]:
    blocks: list[Block] = []
    for line in slip.lines:
        blocks.append(item(line))
        for share in line.reductions:
            blocks.append(money("  " + translate("less: {name}").format(name=share.name), -share.amount_fen))
    return blocks


def _way(way: RefundWay, translate: Translate) -> list[Block]:
    if not way.platform:
        label = translate("Back the original way: {name}") if way.original_way else translate("Given back: {name}")
        return [money(label.format(name=way.name), way.amount_fen), *_queued(way, translate)]
    customer_fen = way.amount_fen if way.customer_fen is None else way.customer_fen
    blocks = [
        text(translate("Back the original way: {name}").format(name=way.name)),
        money("  " + translate("to the customer"), customer_fen),
    ]
    if way.platform_fen:
        blocks.append(money("  " + translate("to the platform's discount"), way.platform_fen))
    blocks.append(text(translate("state: {state}").format(state=_state(way.state, translate)), indent=2))
    blocks.append(text(_arrival(way, translate), indent=2))
    if way.transaction:
        label = translate("{platform} refund").format(platform=way.platform)
        blocks.append(pair(f"  {label}", way.transaction))
    return blocks


def _queued(way: RefundWay, translate: Translate) -> list[Block]:
    if way.state is RefundState.DONE:
        return []
    return [text(translate("state: {state}").format(state=_state(way.state, translate)), indent=2)]


def _state(state: RefundState, translate: Translate) -> str:
    return {
        RefundState.DONE: translate("paid back"),
        RefundState.ACCEPTED: translate("accepted"),
        RefundState.QUEUED: translate("registered, waits for the network"),
    }[state]


def _arrival(way: RefundWay, translate: Translate) -> str:
    if way.state is RefundState.QUEUED:
        return translate("It is sent back by itself; there is no need to come again.")
    return translate("The wallet's balance takes minutes, a bank card 1 to 3 working days.")


def _consequences(slip: RefundSlip, translate: Translate) -> list[Block]:
    blocks: list[Block] = []
    if slip.points_taken is not None:
        blocks.append(pair(translate("Points taken back"), f"-{slip.points_taken}"))
    if slip.coupon is not None:
        blocks.append(_coupon(slip.coupon, translate))
    if slip.invoice is not None:
        blocks += _invoice(slip.invoice, translate)
    return [*blocks, rule()] if blocks else []


def _coupon(coupon: CouponFate, translate: Translate) -> Block:
    label = translate("Coupon of this sale")
    fate = translate("given back") if coupon.given_back else translate("not given back")
    if not coupon.why:
        return pair(label, fate)
    return either([pair(label, fate)], [pair(label, translate("{fate}, {why}").format(fate=fate, why=coupon.why))])


def _invoice(state: InvoiceState, translate: Translate) -> list[Block]:
    words = {
        InvoiceState.NONE: translate("not issued"),
        InvoiceState.ISSUED: translate("issued"),
        InvoiceState.REVERSED: translate("reversed"),
    }
    short = text(translate("(once issued: reverse it first)"), indent=2)
    long = text(translate("(if issued: reverse it before the refund, see the page)"), indent=2)
    return [pair(translate("Invoice"), words[state]), either([short], [long])]


def _signatures(slip: RefundSlip, translate: Translate) -> list[Block]:
    if slip.for_customer:
        return []
    return [
        signature(translate("Customer (for cash)")),
        signature(translate("Manager signs")),
        rule(),
    ]


def _foot(slip: RefundSlip, translate: Translate) -> list[Block]:
    blocks: list[Block] = []
    if slip.receipt:
        blocks.append(qr(slip.receipt, caption=translate("original sale, to look it up again")))
    part = translate("Part 2, customer") if slip.for_customer else translate("Part 1, shop")
    check = translate("Check code {code}").format(code=slip.check_code) if slip.check_code else slip.refund
    blocks.append(pair(check, part))
    if slip.for_customer and slip.shop.phone:
        blocks.append(text(translate("Phone {phone}").format(phone=slip.shop.phone)))
    return blocks
