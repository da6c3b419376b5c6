"""The query that reads a bill's rows as the adapters' readers do: columns by their names, amounts in fen."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from agent.core.reconcile.fees import MILLION, FeeContract, Rounding
from agent.core.reconcile.scope import Terms
from sync.hq.matching.bulk_bill import END_MARK, SUMS, BulkBill, NotInBulkError
from sync.hq.matching.bulk_facts import REPLACED
from sync.platforms.bill_lines import LINE_BYTES_MAX

_NO_SEPARATOR = "\x01"
"""Stands in no bill, so a line is one cell."""


@dataclass(frozen=True, slots=True)
class _Form:
    """What is one platform's own, as SQL: of a row's cells `p`."""

    foot: str
    cells: str
    kind: str
    merchant: str
    number: str
    transaction: str
    back: str
    clock: str
    fee: str
    paid: str
    paid_settled: str
    returned: str
    returned_settled: str
    fits: str


def csv_source(path: Path, types: dict[str, str], separator: str) -> str:
    """Return the reading of a file without header, nothing quoted; `types` are the columns."""
    described = ", ".join(f"{_text(name)}: {_text(kind)}" for name, kind in types.items())
    options = "header = false, auto_detect = false, quote = '', escape = '', nullstr = chr(2)"
    return (
        f"read_csv({_text(str(path))}, {options}, delim = {_text(separator)}, "
        f"max_line_size = {LINE_BYTES_MAX}, columns = {{{described}}})"
    ).replace("chr(2)", _text("\x02"))


def bill_query(bill: BulkBill, merchant: str, day: date, terms: Terms) -> str:
    """Return the query of a bill's rows: keys, amounts, whether a row is odd, whether it is the bill's foot."""
    form = _wechat(bill) if bill.platform == "wechat" else _alipay(bill)
    skipped = ", ".join(_text(line) for line in sorted({*bill.head, *bill.foot[1:], ""}))
    source = csv_source(bill.text, {"line": "VARCHAR"}, _NO_SEPARATOR)
    clock = f"regexp_full_match(clock, '{day.isoformat()} ([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]')"
    return f"""
        SELECT line, foot, coalesce(kind, '') AS kind, replace(coalesce(number, ''), chr(9), '{REPLACED}') AS number,
            replace(coalesce(transaction, ''), chr(9), '{REPLACED}') AS transaction, coalesce(back, '') AS back,
            coalesce(amount::BIGINT, 0) AS amount_fen, coalesce(settled::BIGINT, 0) AS settled_fen,
            coalesce(fee::BIGINT, 0) AS fee_fen,
            CASE WHEN coalesce(fits AND kind <> 'V' AND transaction <> '' AND number <> ''
                AND merchant = {_text(merchant)} AND {clock} AND amount = trunc(amount) AND settled = trunc(settled)
                AND fee = trunc(fee) AND {_fees(terms.contracts, merchant, day, terms.fee_tolerance_fen)}, false)
            THEN 0 ELSE 1 END AS odd
        FROM (
            SELECT *, CASE kind WHEN 'P' THEN {form.paid} ELSE {form.returned} END AS amount,
                CASE kind WHEN 'P' THEN {form.paid_settled} ELSE {form.returned_settled} END AS settled
            FROM (
                SELECT line, p, {form.foot} AS foot, {form.kind} AS kind, {form.merchant} AS merchant,
                    {form.number} AS number, {form.transaction} AS transaction, {form.back} AS back,
                    {form.clock} AS clock, {form.fee} AS fee, {form.fits} AS fits
                FROM (SELECT line, {form.cells} AS p FROM {source} WHERE line NOT IN ({skipped}))
            )
        )
    """


def _wechat(bill: BulkBill) -> _Form:
    names = bill.names
    free = names.index("商品名称") if "商品名称" in names else len(names) - 1

    def cell(*wanted: str) -> str:
        found = next((name for name in wanted if name in names), None)
        if found is None:
            return "''"
        place = len(names) - 1 - list(reversed(names)).index(found)
        return _cell(place, len(names), free)

    for name in ("交易时间", "商户号", "微信订单号", "商户订单号", "交易状态", "手续费"):
        if name not in names:
            raise NotInBulkError(name)
    back = f"CASE {cell('商户退款单号')} WHEN '0' THEN '' ELSE {cell('商户退款单号')} END"
    gone = f"CASE {back} WHEN '' THEN 'V' ELSE 'R' END"
    return _Form(
        foot=f"starts_with(line, '{SUMS}')",
        cells="string_split(CASE WHEN starts_with(line, '`') THEN line[2:] ELSE line END, ',`')",
        kind=f"CASE WHEN {cell('交易状态')} IN ('REFUND', 'REVOKED') THEN {gone} ELSE 'P' END",
        merchant=cell("商户号"),
        number=cell("商户订单号"),
        transaction=cell("微信订单号"),
        back=back,
        clock=cell("交易时间"),
        fee=_fen(cell("手续费")),
        paid=_fen(cell("订单金额", "总金额")),
        paid_settled=_fen(cell("应结订单金额", "总金额")),
        returned=_fen(cell("申请退款金额", "退款金额")),
        returned_settled=_fen(cell("退款金额", "申请退款金额")),
        fits=f"len(p) >= {len(names)}",
    )


def _alipay(bill: BulkBill) -> _Form:
    names = bill.names
    for name in ("支付宝交易号", "商户订单号", "业务类型", "商品名称", "完成时间", "退款批次号/请求号", "服务费(元)"):
        if names.count(name) != 1:
            raise NotInBulkError(name)
    free = names.index("商品名称")
    times = 0
    while names[free + 1 + times :] and names[free + 1 + times].endswith("时间"):
        times += 1

    def cell(name: str) -> str:
        if names.count(name) != 1:
            raise NotInBulkError(name)
        return f"trim({_cell(names.index(name), len(names), free)}, ' ' || chr(9))"

    # Commas within the article's name only: then the times stand where they are counted from the end.
    stand = [
        f"regexp_full_match({cell(name)}, '[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}} [0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}')"
        for name in names[free + 1 : free + 1 + times]
    ]
    back, fee = cell("退款批次号/请求号"), cell("服务费(元)")
    amount, settled = _fen(cell("订单金额(元)")), _fen(cell("商家实收(元)"))
    return _Form(
        foot=f"line LIKE '#%{END_MARK}%'",
        cells="string_split(line, ',')",
        kind=f"CASE {cell('业务类型')} WHEN '交易' THEN 'P' WHEN '退款' "
        f"THEN CASE {back} WHEN '' THEN 'V' ELSE 'R' END ELSE 'V' END",
        merchant=_text(bill.merchant),
        number=cell("商户订单号"),
        transaction=cell("支付宝交易号"),
        back=back,
        clock=cell("完成时间"),
        fee=_fen(f"CASE {fee} WHEN '' THEN '0' ELSE {fee} END"),
        paid=amount,
        paid_settled=settled,
        returned=amount,
        returned_settled=settled,
        fits=" AND ".join([f"len(p) >= {len(names)}", "NOT starts_with(line, '#')", *stand]),
    )


def _cell(place: int, count: int, free: int) -> str:
    """Return a column's cell: counted from the beginning up to the free text, which may be in pieces, else the end."""
    return f"p[{place + 1}]" if place <= free else f"p[{place - count}]"


def _fen(cell: str) -> str:
    """Return an amount in yuan as fen, with a rest where it has more than two decimals, NULL where it is none."""
    return f"abs(TRY_CAST({cell} AS DECIMAL(14, 5)) * 100::DECIMAL(3, 0))"


def _fees(contracts: Sequence[FeeContract], merchant: str, day: date, tolerance_fen: int) -> str:
    """Return whether a fee is what every contract allows that might be the line's; which one is, the journal knows."""
    said = ["true"]
    for one in contracts:
        if one.covers(merchant, one.method, day):
            # Wide enough for any amount that is read here.
            product = f"(settled::HUGEINT * {one.rate_ppm})"
            rounding = {Rounding.HALF_UP: MILLION // 2, Rounding.DOWN: 0, Rounding.UP: MILLION - 1}[one.rounding]
            expected = f"(({product} + {rounding}) // {MILLION})"
            if not one.gives_back:
                expected = f"CASE kind WHEN 'P' THEN {expected} ELSE 0 END"
            said.append(f"abs({expected} - fee) <= {tolerance_fen}")
    return " AND ".join(said)


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
