"""Alipay's business bill: a ZIP with names and contents in GBK, fetched and read line by line by names of columns.

No cell is quoted: a row with more cells than columns has commas in the article's name, which ends where two times
stand side by side, or in the remark, which is last. There is no hash; the file's own end mark shows that it is whole.
"""

import io
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from hashlib import sha256

from agent.core.bill import Bill, BillKind, BillLine, BillVerdict
from agent.core.errors import Refused, StoreboxError
from agent.core.moment import PLATFORM_ZONE, at
from sync.platforms.alipay.errors import CODES
from sync.platforms.alipay.gateway import Gateway
from sync.platforms.amounts import fen, moment_ms
from sync.platforms.situations import Meaning

PLAIN_BYTES_MAX = 1024 * 1024 * 1024
READY_BY = time(12)
"""Until then a bill that is not there may still come the next day; the platform says the same for never and not yet."""
_DETAIL, _SUMMARY, _END = "业务明细", "汇总", "业务明细列表结束"
_FIRST = "支付宝交易号"
_ACCOUNT = re.compile(r"账号[:：]\[(\d{16})\d*\]")
_TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
_WIDE = str.maketrans("（）", "()")
_NAME = 3
"""The article's name is the fourth column in every version of the file."""


def fetch(gateway: Gateway, day: date, now_ms: int) -> Bill:
    """Fetch the bill of a day; one that does not open or is cut off is a bill that is not there yet."""
    asked = {"bill_type": "trade", "bill_date": day.isoformat()}
    try:
        reply = gateway.call("alipay.data.dataservice.bill.downloadurl.query", asked)
        if reply.code is not None:
            return Bill(_refused(reply.code, day, now_ms), day, code=reply.code)
        content = gateway.download(str(reply.fields.get("bill_download_url")))
    except StoreboxError as error:
        return Bill(BillVerdict.UNKNOWN, day, code=error.code)
    if not _is_whole(content):
        return Bill(BillVerdict.NOT_YET, day, code="platform.bill_broken")
    return Bill(BillVerdict.READY, day, content, sha256(content).hexdigest())


def read(content: bytes) -> Iterator[BillLine]:
    """Yield the lines of a bill; raises `Refused` (`platform.bill_unreadable`) where it is none."""
    merchant, names = "", []
    try:
        for line in _lines(content):
            if line.startswith("#"):
                account = _ACCOUNT.search(line)
                merchant = account[1] if account else merchant
            elif line.startswith(_FIRST):
                names = [name.strip().translate(_WIDE) for name in line.split(",")]
            elif line.strip():
                yield _line(merchant, _row(names, line))
    except (zipfile.BadZipFile, zlib.error, UnicodeDecodeError, NotImplementedError, RuntimeError) as error:
        raise Refused("platform.bill_unreadable", column="ZIP") from error
    except (KeyError, ValueError) as error:
        raise Refused("platform.bill_unreadable", column=str(error)[:60]) from error
    if not names:
        raise Refused("platform.bill_unreadable", column=_FIRST)


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


def _is_whole(content: bytes) -> bool:
    """Tell whether the file opens and its list of details has an end."""
    try:
        return any(line.startswith("#") and _END in line for line in _lines(content))
    except (zipfile.BadZipFile, zlib.error, UnicodeDecodeError, NotImplementedError, RuntimeError, KeyError):
        return False


def _lines(content: bytes) -> Iterator[str]:
    """Yield the lines of the details' file; KeyError when the ZIP holds none."""
    with zipfile.ZipFile(io.BytesIO(content), metadata_encoding="gbk") as packed:
        entries = [one for one in packed.infolist() if _DETAIL in one.filename and _SUMMARY not in one.filename]
        if not entries or entries[0].file_size > PLAIN_BYTES_MAX:
            raise KeyError(_DETAIL)
        with packed.open(entries[0]) as raw, io.TextIOWrapper(raw, encoding="gb18030") as text:
            for line in text:
                yield line.strip("\r\n")


def _row(names: Sequence[str], line: str) -> dict[str, str]:
    cells = line.split(",")
    surplus = len(cells) - len(names)
    if surplus > 0:
        created = next(
            (
                place
                for place in range(_NAME + 1, len(cells) - 1)
                if _TIME.fullmatch(cells[place].strip()) and _TIME.fullmatch(cells[place + 1].strip())
            ),
            _NAME + 1,
        )
        cells = [*cells[:_NAME], ",".join(cells[_NAME:created]), *cells[created:]]
        cells = [*cells[: len(names) - 1], ",".join(cells[len(names) - 1 :])]
    return {name: cell.strip() for name, cell in zip(names, cells, strict=False)}


def _line(merchant: str, row: Mapping[str, str]) -> BillLine:
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
