"""WeChat Pay's bills: fetched and compared with their hash; the trade bill read line by line.

The fund bill is read in `bills_funds`; what both files have in common stands in `bill_rows`.
"""

import zlib
from collections.abc import Iterator
from datetime import date
from hashlib import sha1, sha256

from agent.core.bill import Bill, BillKind, BillLine, BillSource, BillType, BillVerdict
from agent.core.errors import StoreboxError
from sync.platforms.amounts import fen, moment_ms
from sync.platforms.bill_lines import unreadable
from sync.platforms.situations import Meaning
from sync.platforms.wechat.bill_rows import Row, Rows
from sync.platforms.wechat.channel import Channel
from sync.platforms.wechat.errors import CODES

PLAIN_BYTES_MAX = 1024 * 1024 * 1024
_SUMS = "总交易单数"
_NEEDED = ("交易时间", "商户号", "微信订单号", "商户订单号", "交易状态", "手续费")
_NONE = ("", "0")
_ORDER_FEN = ("订单金额", "总金额")
_SETTLED_FEN = ("应结订单金额", "总金额")
_REFUND_FEN = ("申请退款金额", "退款金额")


def fetch(channel: Channel, day: date, bill_type: BillType) -> Bill:
    """Fetch a bill of a day; one whose hash differs is a bill that is not there yet.

    The fund bill is of the basic account. A partner has none of its sub-merchant's in the clear, and its own is
    another account: REFUSED, `platform.not_offered`.
    """
    if bill_type is BillType.FUNDS and channel.merchant.is_partner:
        return Bill(BillVerdict.REFUSED, day, code="platform.not_offered")
    if bill_type is BillType.FUNDS:
        return _fetched(channel, day, f"fundflowbill?bill_date={day.isoformat()}&account_type=BASIC")
    return _fetched(channel, day, f"tradebill?bill_date={day.isoformat()}&bill_type=ALL{_partner(channel)}")


def fetch_refunds(channel: Channel, day: date) -> Bill:
    """Fetch the trade bill of a day with its refunds only."""
    return _fetched(channel, day, f"tradebill?bill_date={day.isoformat()}&bill_type=REFUND{_partner(channel)}")


def _partner(channel: Channel) -> str:
    merchant = channel.merchant
    return f"&sub_mchid={merchant.sub_mchid}" if merchant.is_partner else ""


def _fetched(channel: Channel, day: date, asked: str) -> Bill:
    try:
        reply = channel.v3("GET", f"/v3/bill/{asked}&tar_type=GZIP")
        if reply.code is not None:
            return Bill(_refused(reply.code), day, code=reply.code)
        content = _unpacked(channel.download(str(reply.fields.get("download_url"))))
    except StoreboxError as error:
        return Bill(BillVerdict.UNKNOWN, day, code=error.code)
    given, kind = str(reply.fields.get("hash_value")).lower(), reply.fields.get("hash_type")
    if content is None or kind != "SHA1" or sha1(content, usedforsecurity=False).hexdigest() != given:
        return Bill(BillVerdict.NOT_YET, day, code="platform.bill_broken")
    return Bill(BillVerdict.READY, day, content, sha256(content).hexdigest())


def read(source: BillSource) -> Iterator[BillLine]:
    """Yield the lines of a trade bill; raises `Refused` (`platform.bill_unreadable`) where it is none or ends early."""
    rows = Rows(source, _SUMS, free_text="商品名称")
    rows.need(*_NEEDED)
    if not any(name in rows.names for name in _ORDER_FEN):
        raise unreadable(_ORDER_FEN[0])
    yield from map(_line, rows)


def _refused(code: str) -> BillVerdict:
    listed = CODES.get(code)
    meaning = listed.meaning if listed is not None else Meaning.UNKNOWN
    return {
        Meaning.NOTHING: BillVerdict.NOTHING,
        Meaning.TRY_LATER: BillVerdict.NOT_YET,
        Meaning.UNKNOWN: BillVerdict.UNKNOWN,
    }.get(meaning, BillVerdict.REFUSED)


def _unpacked(data: bytes) -> bytes | None:
    """Return the plain text, whether it came packed or not; None when it is cut off or grows beyond all bounds."""
    if not data.startswith(b"\x1f\x8b"):
        return data
    unpacker = zlib.decompressobj(16 + zlib.MAX_WBITS)
    try:
        plain = unpacker.decompress(data, PLAIN_BYTES_MAX)
    except zlib.error:
        return None
    return plain if unpacker.eof else None


def _line(row: Row) -> BillLine:
    """Return one row; a cell that is no amount or no time makes the whole bill unreadable."""
    state, out_refund_no = row.get("交易状态", ""), _value(row, "商户退款单号")
    kind = BillKind.PAYMENT
    if state in ("REFUND", "REVOKED"):
        kind = BillKind.REFUND if out_refund_no else BillKind.REVERSAL
    try:
        amount_fen, settled_fen = _amounts(row, kind)
        return BillLine(
            kind,
            merchant=row["商户号"],
            out_trade_no=row["商户订单号"],
            transaction=row["微信订单号"],
            out_refund_no=out_refund_no,
            refund_transaction=_value(row, "微信退款单号"),
            at_ms=moment_ms(row["交易时间"]),
            amount_fen=amount_fen,
            settled_fen=settled_fen,
            fee_fen=abs(fen(row["手续费"])),
            subject=row.get("商品名称", ""),
            terminal=row.get("设备号", ""),
            payer=_value(row, "用户标识"),
        )
    except (KeyError, ValueError) as error:
        raise unreadable(str(error)) from error


def _amounts(row: Row, kind: BillKind) -> tuple[int, int]:
    """Return what was asked or given back, and what moves on the merchant's account before the fee."""
    if kind is BillKind.PAYMENT:
        return abs(_first(row, _ORDER_FEN)), abs(_first(row, _SETTLED_FEN))
    asked_fen = abs(_first(row, _REFUND_FEN))
    if kind is BillKind.REVERSAL and asked_fen == 0:
        return abs(_first(row, _ORDER_FEN)), abs(_first(row, _SETTLED_FEN))
    return asked_fen, abs(_first(row, ("退款金额", "申请退款金额")))


def _first(row: Row, names: tuple[str, ...]) -> int:
    return next((fen(row[name]) for name in names if name in row), 0)


def _value(row: Row, name: str) -> str | None:
    value = row.get(name, "")
    return None if value in _NONE else value
