"""Reports on paper: X and Z of a shift, the store's Z of a business day. Pure."""

from dataclasses import dataclass

from agent.core.money import yuan
from agent.core.receipt_parts import (
    ORIGINAL,
    Block,
    Document,
    Marks,
    Person,
    Shop,
    Translate,
    centred,
    document,
    either,
    marks,
    money,
    pair,
    qr,
    rule,
    signature,
    text,
)
from agent.core.report_figures import (
    CashCount,
    LooseEnd,
    Operations,
    OtherIncome,
    PlatformDue,
    SalesTotals,
    TaxTotals,
    TenderTotal,
)
from agent.core.report_sections import (
    cash_section,
    loose_section,
    operations_section,
    others_section,
    platforms_section,
    sales_section,
    tax_section,
    tenders_section,
)

REPORT_SIGNATURE_CELLS = 19


@dataclass(frozen=True, slots=True)
class ChainPoint:
    """Where the journal stood: last entry and the beginning of its hash, `7F3A-91C2-E05B`."""

    seq: int
    head: str


@dataclass(frozen=True, slots=True)
class ShiftReport:
    """X (`final` false, changes nothing) or Z of a shift. `cash` None: not counted yet, so nothing is shown.

    `provisional`: a platform's bill or the network is missing; an addendum follows.
    """

    shop: Shop
    final: bool
    number: str
    till: str
    shift: int
    day: str
    cashier: Person
    opened_at: str
    closed_at: str
    first_sale: str
    last_sale: str
    sales: SalesTotals
    tenders: tuple[TenderTotal, ...]
    cash: CashCount | None
    loose_ends: tuple[LooseEnd, ...]
    operations: Operations
    tax: TaxTotals
    others: tuple[OtherIncome, ...] = ()
    platforms: tuple[PlatformDue, ...] = ()
    grand_total_fen: int | None = None
    chain: ChainPoint | None = None
    provisional: bool = True
    code: str | None = None
    marks: Marks = ORIGINAL


@dataclass(frozen=True, slots=True)
class ShiftOfDay:
    """One shift in the report of its day."""

    till: str
    number: str
    cashier: Person
    net_fen: int
    difference_fen: int
    forced: bool = False


@dataclass(frozen=True, slots=True)
class DayReport:
    """The store's Z: all tills of a business day. `drops_fen` is cash that went to the safe, `bag` its number.

    `complete_to` is the last entry that HQ acknowledged, None without HQ.
    """

    shop: Shop
    day: str
    opened_at: str
    closed_at: str
    closed_by: Person
    shifts: tuple[ShiftOfDay, ...]
    sales: SalesTotals
    tenders: tuple[TenderTotal, ...]
    loose_ends: tuple[LooseEnd, ...]
    operations: Operations
    tax: TaxTotals
    others: tuple[OtherIncome, ...] = ()
    platforms: tuple[PlatformDue, ...] = ()
    to_deposit_fen: int | None = None
    forced_reason: str = ""
    grand_total_fen: int | None = None
    chain: ChainPoint | None = None
    complete_to: int | None = None
    provisional: bool = True
    code: str | None = None
    marks: Marks = ORIGINAL


def shift_document(report: ShiftReport, translate: Translate, language: str = "zh-CN") -> Document:
    """Return the X or Z report of a shift."""
    title = translate("SHIFT REPORT Z") if report.final else translate("SHIFT SO FAR X")
    blocks = [
        *_title(title, report.shop, report.marks, translate),
        *_shift_head(report, translate),
        *sales_section(report.sales, translate),
        *tenders_section(report.tenders, report.sales.count, translate),
        *others_section(report.others, translate),
        *platforms_section(report.platforms, translate),
        *cash_section(report.cash, translate),
        *loose_section(report.loose_ends, translate("[Unfinished] for the next shift"), translate),
        *operations_section(report.operations, translate),
        *tax_section(report.tax, translate),
        *_end(report.grand_total_fen, report.chain, translate),
    ]
    if report.final:
        blocks += _shift_foot(report, translate)
    else:
        blocks.append(text(translate("Interim figures; the shift goes on.")))
    return document(f"{title} {report.number}", language, blocks)


def day_document(report: DayReport, translate: Translate, language: str = "zh-CN") -> Document:
    """Return the store's Z of a business day."""
    title = translate("STORE DAY REPORT Z")
    blocks = [
        *_title(title, report.shop, report.marks, translate),
        *_day_head(report, translate),
        *sales_section(report.sales, translate),
        *tenders_section(report.tenders, report.sales.count, translate),
        *others_section(report.others, translate),
        *platforms_section(report.platforms, translate),
        *_shifts(report, translate),
        *loose_section(report.loose_ends, translate("[Unfinished] carried over"), translate),
        *operations_section(report.operations, translate),
        *tax_section(report.tax, translate),
        *_end(report.grand_total_fen, report.chain, translate),
        *_day_foot(report, translate),
    ]
    return document(f"{title} {report.day}", language, blocks)


def _title(title: str, shop: Shop, shown: Marks, translate: Translate) -> list[Block]:
    name = centred(translate("{shop} ({store})").format(shop=shop.full_name, store=shop.store))
    return [centred(title, "double"), name, *marks(shown, translate), rule("=")]


def _shift_head(report: ShiftReport, translate: Translate) -> list[Block]:
    number = translate("Z no. {number}") if report.final else translate("X no. {number}")
    till = translate("Till {till}").format(till=report.till)
    shift = translate("shift {number}").format(number=report.shift)
    day = translate("Business day {day}").format(day=report.day)
    opened = translate("Opened {time}").format(time=report.opened_at)
    closed = (translate("Closed {time}") if report.final else translate("Now {time}")).format(time=report.closed_at)
    cashier = translate("Cashier {person}").format(person=report.cashier)
    narrow = [text(f"{day}  {report.cashier}"), text(opened), text(closed)]
    first = translate("First {sale}").format(sale=report.first_sale)
    last = translate("Last {sale}").format(sale=report.last_sale)
    return [
        pair(number.format(number=report.number), f"{till} {shift}"),
        either(narrow, [pair(day, cashier), pair(opened, closed)]),
        pair(first, last),
        rule(),
    ]


def _day_head(report: DayReport, translate: Translate) -> list[Block]:
    blocks = [
        text(translate("Business day {day}").format(day=report.day)),
        text(translate("Day opened {time}").format(time=report.opened_at)),
        text(translate("Day closed {time}").format(time=report.closed_at)),
        text(translate("By {person}").format(person=report.closed_by)),
    ]
    if report.forced_reason:
        blocks.append(text(translate("Forced close: {reason}").format(reason=report.forced_reason)))
    return [*blocks, rule()]


def _shifts(report: DayReport, translate: Translate) -> list[Block]:
    blocks = [text(translate("[Shifts]"))]
    for one in report.shifts:
        till = translate("Till {till}").format(till=one.till)
        blocks.append(money(f"{till} Z{one.number} {one.cashier}", one.net_fen))
        if one.difference_fen:
            word = translate("Over") if one.difference_fen > 0 else translate("Short")
            blocks.append(money(f"  {word}", one.difference_fen))
        if one.forced:
            blocks.append(text(translate("closed without a count"), indent=2))
    if report.to_deposit_fen is not None:
        blocks.append(money(translate("Cash for the bank"), report.to_deposit_fen, "tall"))
    return [*blocks, rule()]


def _end(grand_total_fen: int | None, chain: ChainPoint | None, translate: Translate) -> list[Block]:
    blocks: list[Block] = []
    if grand_total_fen is not None:
        blocks.append(pair(translate("Net sales for ever"), yuan(grand_total_fen)))
    if chain is not None:
        blocks.append(text(translate("Chain #{seq} {head}").format(seq=f"{chain.seq:08d}", head=chain.head)))
    return blocks


def _shift_foot(report: ShiftReport, translate: Translate) -> list[Block]:
    blocks = _provisional(translate) if report.provisional else []
    blocks.append(signature(translate("Cashier signs"), REPORT_SIGNATURE_CELLS))
    blocks.append(signature(translate("Next shift or manager"), REPORT_SIGNATURE_CELLS))
    return [*blocks, *_code(report.code, translate)]


def _day_foot(report: DayReport, translate: Translate) -> list[Block]:
    blocks = _provisional(translate) if report.provisional else []
    if report.complete_to is not None:
        blocks.append(text(translate("HQ has all up to #{seq}").format(seq=f"{report.complete_to:08d}")))
    blocks.append(signature(translate("Manager signs"), REPORT_SIGNATURE_CELLS))
    return [*blocks, *_code(report.code, translate)]


def _provisional(translate: Translate) -> list[Block]:
    short = text(translate("Provisional: an addendum follows the bills"))
    long = text(translate("This report is provisional: an addendum follows the platforms' bills"))
    return [either([short], [long])]


def _code(code: str | None, translate: Translate) -> list[Block]:
    return [qr(code, caption=translate("Z code, HQ scans it to check"))] if code else []
