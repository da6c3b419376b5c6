"""The receipt of a sale: what a customer gets, and what a copy of it says."""

from dataclasses import dataclass

from agent.core.money import yuan
from agent.core.receipt_parts import (
    ORIGINAL,
    Block,
    Document,
    Marks,
    Person,
    Reduction,
    Shop,
    SlipLine,
    Translate,
    both,
    centred,
    document,
    either,
    for_customers,
    item_head,
    items,
    marks,
    money,
    pair,
    pieces,
    qr,
    rule,
    table_text,
    text,
)


@dataclass(frozen=True, slots=True)
class SlipTender:
    """One tender as the customer reads it; `platform` (`微信`) names whose order `transaction` is.

    The customer's and the platform's share are shown when the platform gave something. `reference` is the tail of a
    card or of a static code's payer.
    """

    name: str
    amount_fen: int
    given_fen: int | None = None
    change_fen: int | None = None
    customer_paid_fen: int | None = None
    platform_reduction: Reduction | None = None
    merchant_reduction: Reduction | None = None
    platform: str = ""
    transaction: str | None = None
    out_trade_no: str | None = None
    reference: str | None = None
    provisional: bool = False


@dataclass(frozen=True, slots=True)
class SlipMember:
    """The member of the sale; the telephone number is masked already. Points None: not known."""

    masked_phone: str
    level: str
    points: int | None
    points_available: int | None
    balance_certain: bool = True


@dataclass(frozen=True, slots=True)
class SlipCoupon:
    """A coupon for the next visit, printed below the receipt."""

    title: str
    conditions: str
    data: str


@dataclass(frozen=True, slots=True)
class SlipInvoice:
    """The way to the e-invoice; the amount is what HQ's rule lets be invoiced."""

    amount_fen: int
    data: str
    days: int = 30


@dataclass(frozen=True, slots=True)
class SaleSlip:
    """All that stands on a sale's receipt. `reductions` sum up the discounts of the whole sale by name.

    `receipt` is the text of the receipt's own QR (`R1…`), for look-up and returns.
    """

    shop: Shop
    sale: str
    written_at: str
    till: str
    cashier: Person
    lines: tuple[SlipLine, ...]
    total_fen: int
    tenders: tuple[SlipTender, ...]
    reductions: tuple[Reduction, ...] = ()
    rounding_fen: int = 0
    calling: str | None = None
    table: str | None = None
    guests: int | None = None
    member: SlipMember | None = None
    coupon: SlipCoupon | None = None
    invoice: SlipInvoice | None = None
    receipt: str | None = None
    check_code: str | None = None
    marks: Marks = ORIGINAL


def sale_document(slip: SaleSlip, translate: Translate, language: str = "zh-CN") -> Document:
    """Return the receipt of a sale."""
    blocks = [
        *_head(slip, translate),
        rule("="),
        *_numbers(slip, translate),
        rule(),
        *item_head(translate),
        *items(slip.lines),
        rule(),
        *_totals(slip, translate),
        rule(),
    ]
    for tender in slip.tenders:
        blocks += tender_blocks(tender, translate)
    if slip.tenders:
        blocks.append(rule())
    blocks += [*_member(slip, translate), *_coupon(slip), *_codes(slip, translate), *_foot(slip, translate)]
    return for_customers(document(f"{translate('Receipt')} {slip.sale}", language, blocks))


def _head(slip: SaleSlip, translate: Translate) -> list[Block]:
    blocks = [centred(slip.shop.name, "double")]
    if slip.shop.branch:
        blocks.append(centred(slip.shop.branch))
    blocks += marks(slip.marks, translate)
    if slip.calling:
        blocks.append(centred(translate("Pick-up no. {number}").format(number=slip.calling), "double"))
    return blocks


def _numbers(slip: SaleSlip, translate: Translate) -> list[Block]:
    number = translate("Sale {number}").format(number=slip.sale)
    time = translate("Time {time}").format(time=slip.written_at)
    till = translate("Till {till}").format(till=slip.till)
    cashier = translate("Cashier {person}").format(person=slip.cashier)
    narrow = pair(f"{till} {slip.cashier}", table_text(slip.table, slip.guests, translate))
    wide = pair(f"{till}  {cashier}", table_text(slip.table, slip.guests, translate, gap="  "))
    return [either([text(number), text(time), narrow], [pair(number, slip.written_at), wide])]


def _totals(slip: SaleSlip, translate: Translate) -> list[Block]:
    list_fen = sum(line.list_fen for line in slip.lines)
    counted = translate("{count} items  full price").format(count=pieces(slip.lines))
    blocks = [money(counted, list_fen)]
    blocks += [money(one.name, -one.amount_fen) for one in slip.reductions]
    if slip.rounding_fen:
        blocks.append(money(translate("Rounded down"), -slip.rounding_fen))
    blocks.append(pair(translate("Total due"), f"￥{yuan(slip.total_fen)}", "tall"))
    return blocks


def tender_blocks(tender: SlipTender, translate: Translate) -> list[Block]:
    """Return a tender with what the customer may want to prove it by."""
    blocks = [money(tender.name, tender.amount_fen)]
    if tender.given_fen is not None:
        blocks.append(money("  " + translate("Received"), tender.given_fen))
    if tender.change_fen is not None:
        blocks.append(money("  " + translate("Change"), tender.change_fen))
    blocks += _shares(tender, translate)
    if tender.transaction:
        blocks.append(pair(translate("{platform} order").format(platform=tender.platform), tender.transaction))
    if tender.out_trade_no:
        blocks.append(pair(translate("Merchant order no."), tender.out_trade_no))
    if tender.reference:
        blocks.append(pair("  " + translate("Reference"), tender.reference))
    if tender.provisional:
        blocks.append(text(translate("To be checked against the platform's bill"), indent=2))
    return blocks


def _shares(tender: SlipTender, translate: Translate) -> list[Block]:
    blocks: list[Block] = []
    reduced = tender.platform_reduction is not None or tender.merchant_reduction is not None
    if reduced and tender.customer_paid_fen is not None:
        blocks.append(money("  " + translate("paid by the customer"), tender.customer_paid_fen))
    if tender.platform_reduction is not None:
        label = translate("{name} (from the platform)").format(name=tender.platform_reduction.name)
        blocks.append(money("  " + label, tender.platform_reduction.amount_fen))
    if tender.merchant_reduction is not None:
        label = translate("{name} (from the shop)").format(name=tender.merchant_reduction.name)
        blocks.append(money("  " + label, tender.merchant_reduction.amount_fen))
    return blocks


def _member(slip: SaleSlip, translate: Translate) -> list[Block]:
    member = slip.member
    if member is None:
        return []
    blocks = [pair(translate("Member {phone}").format(phone=member.masked_phone), member.level)]
    if member.points is not None:
        points = translate("Points now {points}").format(points=f"{member.points:+d}")
        available = ""
        if member.points_available is not None:
            available = translate("available {points}").format(points=member.points_available)
        blocks.append(pair(points, available))
    if not member.balance_certain:
        blocks.append(text(translate("(the balance online counts)"), indent=2))
    return [*blocks, rule()]


def _coupon(slip: SaleSlip) -> list[Block]:
    coupon = slip.coupon
    if coupon is None:
        return []
    return [centred(coupon.title, "tall"), centred(coupon.conditions), qr(coupon.data, millimetres=30), rule()]


def _codes(slip: SaleSlip, translate: Translate) -> list[Block]:
    blocks: list[Block] = []
    if slip.invoice is not None:
        amount = yuan(slip.invoice.amount_fen)
        blocks.append(centred(translate("Scan for your invoice ({amount} yuan)").format(amount=amount)))
        blocks.append(qr(slip.invoice.data))
        advice = translate("Best within {days} days; later ask the shop").format(days=slip.invoice.days)
        blocks += [centred(advice), rule()]
    if slip.receipt is not None:
        blocks += [qr(slip.receipt, caption=translate("for returns and questions"), millimetres=22), rule()]
    return blocks


def _where(shop: Shop, translate: Translate) -> list[Block]:
    """Return address and telephone, as far as the shop's settings name them."""
    address = translate("Address {address}").format(address=shop.address) if shop.address else ""
    phone = translate("Phone {phone}").format(phone=shop.phone) if shop.phone else ""
    if address and phone:
        return [either([text(address), text(phone)], [both(address, phone)])]
    return [text(one) for one in (address, phone) if one]


def _foot(slip: SaleSlip, translate: Translate) -> list[Block]:
    terms = translate(
        "This slip is proof of purchase, not an invoice. For a return or exchange please bring it, "
        "or show the merchant order number in your bill."
    )
    blocks = [text(terms), *_where(slip.shop, translate)]
    if slip.shop.complaints:
        blocks.append(text(translate("Complaints {phone}").format(phone=slip.shop.complaints)))
    if slip.check_code:
        blocks.append(text(translate("Check code {code}").format(code=slip.check_code)))
    return [*blocks, centred(translate("Thank you, come again"))]
