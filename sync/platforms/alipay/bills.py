"""Alipay's bills: fetched and looked through for their end mark; the business bill read line by line.

The account ledger is read in `bills_funds`; what both files have in common stands in `bill_rows`.
"""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from hashlib import sha256

from agent.core.bill import Bill, BillKind, BillLine, BillSource, BillType, BillVerdict
from agent.core.errors import Refused, StoreboxError
from agent.core.moment import PLATFORM_ZONE, at
from sync.platforms.alipay.bill_rows import Row, Rows
from sync.platforms.alipay.bills_funds import TITLE as LEDGER_TITLE
from sync.platforms.alipay.errors import CODES
from sync.platforms.alipay.gateway import Gateway
from sync.platforms.amounts import fen, moment_ms
from sync.platforms.bill_lines import unreadable
from sync.platforms.situations import Meaning

READY_BY = time(12)
"""Until then a bill that is not there may still come the next day; the platform says the same for never and not yet."""
TITLE = "业务明细"
_ASKED: Mapping[BillType, tuple[str, str]] = {
    BillType.TRADE: ("trade", TITLE),
    BillType.FUNDS: ("signcustomer", LEDGER_TITLE),
}


def fetch(gateway: Gateway, day: date, bill_type: BillType, now_ms: int) -> Bill:
    """Fetch a bill of a day; one that does not open or is cut off is a bill that is not there yet."""
    name, title = _ASKED[bill_type]
    asked = {"bill_type": name, "bill_date": day.isoformat()}
    try:
        reply = gateway.call("alipay.data.dataservice.bill.downloadurl.query", asked)
        if reply.code is not None:
            return Bill(_refused(reply.code, day, now_ms), day, code=reply.code)
        content = gateway.download(str(reply.fields.get("bill_download_url")))
    except StoreboxError as error:
        return Bill(BillVerdict.UNKNOWN, day, code=error.code)
    if not _is_whole(content, title):
        return Bill(BillVerdict.NOT_YET, day, code="platform.bill_broken")
    return Bill(BillVerdict.READY, day, content, sha256(content).hexdigest())


def read(source: BillSource) -> Iterator[BillLine]:
    """Yield the lines of a business bill; raises `Refused` (`platform.bill_unreadable`) where it is none."""
    rows = Rows(source, TITLE)
    for row in rows:
        try:
            yield _line(rows.merchant, row)
        except (KeyError, ValueError) as error:
            raise unreadable(str(error)) from error


def _refused(code: str, day: date, now_ms: int) -> BillVerdict:
    listed = CODES.get(code)
    meaning = listed.meaning if listed is not None else Meaning.UNKNOWN
    ready_by = datetime.combine(day + timedelta(days=1), READY_BY, PLATFORM_ZONE)
    if meaning is Meaning.NOTHING and at(now_ms, PLATFORM_ZONE) < ready_by:
        return BillVerdict.NOT_YET
    return {
        Meaning.NOTHING: BillVerdict.NOTHING,
        Meaning.TRY_LATER: BillVerdict.NOT_YET,
        Meaning.UNKNOWN: BillVerdict.UNKNOWN,
    }.get(meaning, BillVerdict.REFUSED)


def _is_whole(content: bytes, title: str) -> bool:
    """Tell whether the file opens and its list of details has an end."""
    try:
        for _ in Rows(content, title):
            pass
    except Refused:
        return False
    return True


def _line(merchant: str, row: Row) -> BillLine:
    out_refund_no = row["退款批次号/请求号"] or None
    kinds = {"交易": BillKind.PAYMENT, "退款": BillKind.REFUND if out_refund_no else BillKind.REVERSAL}
    kind = kinds[row["业务类型"]]
    return BillLine(
        kind,
        merchant=merchant,
        out_trade_no=row["商户订单号"],
        transaction=row["支付宝交易号"],
        out_refund_no=out_refund_no if kind is BillKind.REFUND else None,
        refund_transaction=None,
        at_ms=moment_ms(row["完成时间"]),
        amount_fen=abs(fen(row["订单金额(元)"])),
        settled_fen=abs(fen(row["商家实收(元)"])),
        fee_fen=abs(fen(row["服务费(元)"] or "0")),
        subject=row.get("商品名称", ""),
        terminal=row.get("终端号", ""),
        payer=row.get("对方账户") or None,
    )
