"""The query that reads a bill's rows as the adapters' readers do: columns by their names, amounts in fen."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from agent.core.reconcile.fees import MILLION, FeeContract, Rounding
from agent.core.reconcile.scope import Terms
from sync.hq.matching.bulk_bill import END_MARK, SUMS, BulkBill, NotInBulkError
from sync.hq.matching.bulk_facts import REPLACED
from sync.platforms.bill_lines import LINE_BYTES_MAX

_NO_SEPARATOR = "\x01"
"""Stands in no bill, so a line is one cell."""
SMALL_FEN_MAX = 2**31 - 1
"""Twenty-one million yuan fit into four bytes of a row; an order above that is looked at closely."""
_BUFFER_BYTES = 16 * 1024 * 1024
"""What DuckDB reads at once; its own choice is so large that two files hardly fit into the memory it may have."""


@dataclass(frozen=True, slots=True)
class _Form:
    """What is one platform's own, as SQL over what it is read from.

    `source` gives a row's cells, in whatever way is quickest, `lines` the same cells with the whole line beside them.
    Rows of which `short` is true may be the head or the foot: `whole` puts their line together.
    """

    source: str
    lines: str
    short: str
    whole: str
    foot: str
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


def csv_source(path: Path, types: dict[str, str], separator: str, more: str = "") -> str:
    """Return the reading of a file without header, nothing quoted; `types` are the columns."""
    described = ", ".join(f"{_text(name)}: {_text(kind)}" for name, kind in types.items())
    options = f"header = false, auto_detect = false, quote = '', escape = '', nullstr = {_text(chr(2))}{more}"
    return (
        f"read_csv({_text(str(path))}, {options}, delim = {_text(separator)}, max_line_size = {LINE_BYTES_MAX}, "
        f"buffer_size = {_BUFFER_BYTES}, columns = {{{described}}})"
    )


def bill_query(bill: BulkBill, merchant: str, day: date, terms: Terms) -> str:
    """Return the query of a bill's rows: keys, amounts, whether a row is odd, whether it is the bill's foot."""
    form = _form(bill)
    clock = f"regexp_full_match(clock, '{day.isoformat()} ([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]')"
    return f"""
        SELECT foot, coalesce(kind, '') AS kind, {_NUMBERS},
            {_small("amount")} AS amount_fen, {_small("settled")} AS settled_fen, {_small("fee")} AS fee_fen,
            CASE WHEN coalesce(fits AND kind <> 'V' AND transaction <> '' AND number <> ''
                AND merchant = {_text(merchant)} AND {clock} AND amount = trunc(amount) AND settled = trunc(settled)
                AND fee = trunc(fee) AND greatest(amount, settled, fee) <= {SMALL_FEN_MAX}
                AND {_fees(terms.contracts, merchant, day, terms.fee_tolerance_fen)}, false)
            THEN 0 ELSE 1 END AS odd
        FROM (
            SELECT *, CASE kind WHEN 'P' THEN {form.paid} ELSE {form.returned} END AS amount,
                CASE kind WHEN 'P' THEN {form.paid_settled} ELSE {form.returned_settled} END AS settled
            FROM (
                SELECT *, {form.foot} AS foot, {form.kind} AS kind, {form.merchant} AS merchant,
                    {form.number} AS number, {form.transaction} AS transaction, {form.back} AS back,
                    {form.clock} AS clock, {form.fee} AS fee, {form.fits} AS fits
                FROM {form.source} WHERE NOT {_is_around(bill, form)}
            )
        )
    """


def line_query(bill: BulkBill, text: Path) -> str:
    """Return the query of the lines of a bill's text, or of a part of it, with the keys that a row has."""
    form = _form(replace(bill, text=text))
    return f"""
        SELECT line, {_NUMBERS}
        FROM (
            SELECT line, {form.number} AS number, {form.transaction} AS transaction, {form.back} AS back
            FROM {form.lines}
        )
    """


def _without_tabs(name: str) -> str:
    flat = f"replace({name}, chr(9), '{REPLACED}')"
    return f"CASE WHEN {name} IS NULL THEN '' WHEN contains({name}, chr(9)) THEN {flat} ELSE {name} END AS {name}"


_NUMBERS = f"{_without_tabs('number')}, {_without_tabs('transaction')}, coalesce(back, '') AS back"


def _is_around(bill: BulkBill, form: _Form) -> str:
    """Return whether a row is one of the lines around the rows, the foot's first one excepted."""
    around = ", ".join(_text(line) for line in sorted({*bill.head, *bill.foot[1:], ""}))
    return f"CASE WHEN {form.short} THEN {form.whole} IN ({around}) ELSE false END"


def _form(bill: BulkBill) -> _Form:
    return _wechat(bill) if bill.platform == "wechat" else _alipay(bill)


def _wechat(bill: BulkBill) -> _Form:
    """Split by DuckDB itself: a line with more cells than columns has a separator in a free text and is odd."""
    names = bill.names
    free = names.index("商品名称") if "商品名称" in names else len(names) - 1

    def cell(*wanted: str) -> str:
        found = next((name for name in wanted if name in names), None)
        if found is None:
            return "''"
        return f"c{len(names) - list(reversed(names)).index(found)}"

    for name in ("交易时间", "商户号", "微信订单号", "商户订单号", "交易状态", "手续费"):
        if name not in names:
            raise NotInBulkError(name)
    for name in ("微信订单号", "商户订单号", "商户退款单号"):
        if name in names[free:]:
            raise NotInBulkError(name)
    columns = [f"c{place}" for place in range(1, len(names) + 3)]
    source = csv_source(bill.text, dict.fromkeys(columns, "VARCHAR"), ",`", ", null_padding = true")
    cells = ", ".join(f"cells[{place}] AS {name}" for place, name in enumerate(columns, 1))
    lines = csv_source(bill.text, {"line": "VARCHAR"}, _NO_SEPARATOR)
    back = f"CASE {cell('商户退款单号')} WHEN '0' THEN '' ELSE {cell('商户退款单号')} END"
    gone = f"CASE {back} WHEN '' THEN 'V' ELSE 'R' END"
    last = len(names)
    # A row is put together of no more cells than head and foot have: each column that is read takes its time.
    most = max(line.count(",`") + 1 for line in (*bill.head, *bill.foot))
    if most >= last:
        raise NotInBulkError("sums")
    return _Form(
        source=source,
        lines=f"(SELECT line, {cells} FROM (SELECT line, string_split(line, ',`') AS cells FROM {lines}))",
        short=f"c{most + 1} IS NULL",
        whole=f"concat_ws(',`', {', '.join(columns[:most])})",
        foot=f"starts_with(c1, '{SUMS}')",
        kind=f"CASE WHEN {cell('交易状态')} IN ('REFUND', 'REVOKED') THEN {gone} ELSE 'P' END",
        merchant=_bare(cell("商户号")),
        number=_bare(cell("商户订单号")),
        transaction=_bare(cell("微信订单号")),
        back=back,
        clock=_bare(cell("交易时间")),
        fee=_fen(cell("手续费")),
        paid=_fen(cell("订单金额", "总金额")),
        paid_settled=_fen(cell("应结订单金额", "总金额")),
        returned=_fen(cell("申请退款金额", "退款金额")),
        returned_settled=_fen(cell("退款金额", "申请退款金额")),
        fits=f"c{last} IS NOT NULL AND c{last + 1} IS NULL",
    )


def _bare(cell: str) -> str:
    """Return a cell without the mark that begins a line; all others lost theirs with the separator."""
    return "CASE WHEN starts_with(c1, '`') THEN c1[2:] ELSE c1 END" if cell == "c1" else cell


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
    lines = csv_source(bill.text, {"line": "VARCHAR"}, _NO_SEPARATOR)
    source = f"(SELECT line, string_split(line, ',') AS p FROM {lines})"
    return _Form(
        source=source,
        lines=source,
        short="true",
        whole="line",
        foot=f"line LIKE '#%{END_MARK}%'",
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


def _small(fen: str) -> str:
    """Return an amount as the whole number that it is in a row that is not odd; odd rows' amounts are not looked at."""
    return f"CASE WHEN {fen} <= {SMALL_FEN_MAX} THEN {fen}::INTEGER ELSE 0 END"


def _fees(contracts: Sequence[FeeContract], merchant: str, day: date, tolerance_fen: int) -> str:
    """Return whether a fee is what every contract allows that might be the line's; which one is, the journal knows."""
    said = ["true"]
    for one in contracts:
        if one.covers(merchant, one.method, day):
            # Amounts of DECIMAL(14, 5) leave room for any rate that is one; past it DuckDB says that it has none.
            product = f"(settled::BIGINT * {one.rate_ppm})"
            rounding = {Rounding.HALF_UP: MILLION // 2, Rounding.DOWN: 0, Rounding.UP: MILLION - 1}[one.rounding]
            expected = f"(({product} + {rounding}) // {MILLION})"
            if not one.gives_back:
                expected = f"CASE kind WHEN 'P' THEN {expected} ELSE 0 END"
            said.append(f"abs({expected} - fee) <= {tolerance_fen}")
    return " AND ".join(said)


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
