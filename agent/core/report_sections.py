"""The sections that X, Z and day reports share: figures to blocks. Pure."""

from collections.abc import Sequence

from agent.core.receipt_parts import Block, Translate, column, either, money, pair, rule, text
from agent.core.report_figures import (
    CashCount,
    CashMovement,
    Loose,
    LooseEnd,
    Movement,
    Operations,
    OtherIncome,
    PlatformDue,
    SalesTotals,
    TaxTotals,
    TenderTotal,
)

TENDER_CELLS = 20
"""Width of the column of a tender's name and count, on narrow and wide paper alike."""


def sales_section(sales: SalesTotals, translate: Translate) -> list[Block]:
    """Return sales, reductions, refunds and the net."""
    blocks = [
        text(translate("[Sales]")),
        _known(translate("Sales {count}").format(count=sales.count), sales.gross_fen),
    ]
    for one in sales.reductions:
        name = (
            one.name if one.count is None else translate("{name} {count} times").format(name=one.name, count=one.count)
        )
        blocks.append(money(f"  {name}", -one.amount_fen))
    blocks.append(money(translate("Refunds {count}").format(count=sales.refunds), -sales.refunds_fen))
    return [*blocks, _known(translate("Net sales"), sales.net_fen, "tall"), rule()]


def tenders_section(tenders: Sequence[TenderTotal], count: int, translate: Translate) -> list[Block]:
    """Return the tenders and their total; `count` is the number of sales. Without an amount there is no total."""
    amounts = [one.amount_fen for one in tenders if one.amount_fen is not None]
    whole_fen = sum(amounts) if len(amounts) == len(tenders) else None
    blocks = [text(translate("[Tenders] (refunds taken off)"))]
    for one in (*tenders, TenderTotal(translate("Total"), count, whole_fen)):
        counted = translate("{count} sales").format(count=one.count)
        blocks.append(_known(column(one.name, counted, TENDER_CELLS), one.amount_fen))
    return [*blocks, rule()]


def _known(label: str, amount_fen: int | None, size: str = "normal") -> Block:
    """Return a label with its amount, or with a dash when it isn't to be seen yet."""
    return pair(label, "-", size) if amount_fen is None else money(label, amount_fen, size)


def others_section(others: Sequence[OtherIncome], translate: Translate) -> list[Block]:
    """Return what came in without being a sale; nothing when there is nothing."""
    blocks: list[Block] = []
    for one in others:
        label = translate("{name} {count} {tender}").format(name=one.name, count=one.count, tender=one.tender)
        blocks.append(money(label, one.amount_fen))
        if one.gift is not None:
            blocks.append(money(f"  {one.gift.name}", one.gift.amount_fen))
    return [text(translate("[Other money, no sales]")), *blocks, rule()] if blocks else []


def platforms_section(platforms: Sequence[PlatformDue], translate: Translate) -> list[Block]:
    """Return what each platform's bill should say; nothing without platforms."""
    blocks: list[Block] = []
    for one in platforms:
        label = translate("{platform} owes (with top-ups)") if one.with_top_ups else translate("{platform} owes")
        blocks.append(money(label.format(platform=one.name), one.due_fen))
        if one.discount_fen:
            blocks.append(money("  " + translate("of it the platform's discounts"), one.discount_fen))
    return [text(translate("[For matching]")), *blocks, rule()] if blocks else []


def cash_section(cash: CashCount | None, translate: Translate) -> list[Block]:
    """Return the drawer's account; nothing before a blind count."""
    if cash is None:
        return []
    blocks = [
        text(translate("[Cash] (blind count)")),
        money(translate("Float"), cash.float_fen),
        money(translate("Cash sales"), cash.sales_fen),
        *(_movement(one, translate) for one in cash.movements),
        money(translate("Expected"), cash.expected_fen),
    ]
    if cash.counted_fen is not None:
        blocks += _counted(cash.counted_fen, cash.expected_fen, translate)
    if cash.reason:
        blocks.append(text(translate("Reason {reason}").format(reason=cash.reason)))
    return [*blocks, rule()]


def _counted(counted_fen: int, expected_fen: int, translate: Translate) -> list[Block]:
    difference_fen = counted_fen - expected_fen
    word = translate("Over") if difference_fen > 0 else translate("Short") if difference_fen < 0 else translate("Exact")
    return [money(translate("Counted"), counted_fen), money(word, difference_fen, "tall")]


def _movement(one: CashMovement, translate: Translate) -> Block:
    label = _noted_movement(one, translate) if one.note else _plain_movement(one.movement, translate)
    goes_out = one.movement in (Movement.REFUNDS, Movement.PAID_OUT, Movement.DROP)
    return money(label, -one.amount_fen if goes_out else one.amount_fen)


def _plain_movement(movement: Movement, translate: Translate) -> str:
    return {
        Movement.REFUNDS: translate("Cash refunds"),
        Movement.DEPOSITS: translate("Deposits taken"),
        Movement.TOP_UPS: translate("Cash top-ups"),
        Movement.PAID_IN: translate("Paid in"),
        Movement.PAID_OUT: translate("Paid out"),
        Movement.DROP: translate("To the safe"),
    }[movement]


def _noted_movement(one: CashMovement, translate: Translate) -> str:
    if one.movement is Movement.PAID_IN:
        return translate("Paid in: {note}").format(note=one.note)
    if one.movement is Movement.PAID_OUT:
        return translate("Paid out: {note}").format(note=one.note)
    if one.movement is Movement.DROP:
        return translate("To the safe, bag {note}").format(note=one.note)
    return f"{_plain_movement(one.movement, translate)} {one.note}"


def loose_section(ends: Sequence[LooseEnd], title: str, translate: Translate) -> list[Block]:
    """Return what is unfinished, by name, or the sentence that nothing is."""
    blocks = [_loose_end(one, translate) for one in ends]
    return [text(title), *(blocks or [text(translate("Nothing"))]), rule()]


def _loose_end(end: LooseEnd, translate: Translate) -> Block:
    counted_only = {
        Loose.SLIPS: (translate("Slips unconfirmed"), translate("{count} slips")),
        Loose.UNSENT: (translate("Not yet at HQ"), translate("{count} entries")),
        Loose.UNSEALED: (translate("Not sealed"), translate("{count} entries")),
    }
    if end.what in counted_only:
        label, value = counted_only[end.what]
        return pair(label, value.format(count=end.count))
    label = {
        Loose.UNKNOWN: translate("Outcome unknown {count}"),
        Loose.PARKED: translate("Parked payments {count}"),
        Loose.PROOFS: translate("Offline proofs to check {count}"),
        Loose.STATIC_CODES: translate("Static codes to check {count}"),
        Loose.REFUNDS: translate("Refunds queued {count}"),
        Loose.HELD: translate("Held {name}"),
        Loose.DEPOSITS: translate("Deposits open {count}"),
    }[end.what]
    return money(label.format(count=end.count, name=end.name), end.amount_fen)


def operations_section(operations: Operations, translate: Translate) -> list[Block]:
    """Return how often what was done, in two columns; lines taken out and counts that differed where there were any."""
    cancelled = translate("Cancelled {count}").format(count=operations.cancelled)
    returned = translate("Returned {count}").format(count=operations.returned) + _amount(operations.returned_fen)
    gifts = translate("Given {count}").format(count=operations.gifts) + _amount(operations.gifts_fen)
    prices = translate("Prices changed {count}").format(count=operations.price_changes)
    reprints = translate("Reprints {count}").format(count=operations.reprints)
    no_sales = translate("No sale {count}").format(count=operations.no_sales)
    approvals = translate("Approvals {count}").format(count=operations.approvals)
    practice = translate("Practice {count}").format(count=operations.practice)
    narrow = [pair(cancelled, returned), pair(gifts, prices), pair(reprints, no_sales)]
    wide = [pair(f"{cancelled}   {returned}", gifts), pair(f"{prices}   {reprints}", no_sales)]
    found = [text(translate("[Done]")), either(narrow, wide), pair(approvals, practice)]
    if operations.lines_removed:
        removed = translate("Lines removed {count}").format(count=operations.lines_removed)
        found.append(money(removed, operations.lines_removed_fen))
    if operations.counts_off:
        found.append(text(translate("Counted with a difference before: {count}").format(count=operations.counts_off)))
    return [*found, rule()]


def _amount(amount_fen: int) -> str:
    return f" ({amount_fen // 100}.{amount_fen % 100:02d})" if amount_fen else ""


def tax_section(tax: TaxTotals, translate: Translate) -> list[Block]:
    """Return sales with tax by rate, and the invoices asked for."""
    blocks = [text(translate("[Sales with tax, by rate]")), *(money(one.rate, one.amount_fen) for one in tax.rates)]
    invoices = translate("Invoices asked for {count}").format(count=tax.invoices)
    return [*blocks, money(invoices, tax.invoices_fen), rule()]
