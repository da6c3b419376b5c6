"""WeChat Pay's trade bill: fetched, compared with its hash, and read line by line by the names of its columns.

The file has a header, rows, a second header that begins with 总交易单数, and one row of sums. Each value has a
back-tick before it and nothing is quoted, so rows are split at `,` followed by a back-tick: commas inside a name
survive. Four generations of headers are in use; see the vendor's page "format-trade".
"""

import io
import zlib
from collections.abc import Iterator, Mapping
from datetime import date
from hashlib import sha1, sha256

from agent.core.bill import Bill, BillKind, BillLine, BillVerdict
from agent.core.errors import Refused, StoreboxError
from sync.platforms.amounts import fen, moment_ms
from sync.platforms.situations import Meaning
from sync.platforms.wechat.channel import Channel
from sync.platforms.wechat.errors import CODES

PLAIN_BYTES_MAX = 1024 * 1024 * 1024
_SUMS = "总交易单数"
_BOM = "\ufeff"
_NONE = ("", "0")
_WIDE = str.maketrans("（）", "()")
_ORDER_FEN = ("订单金额", "总金额")
_SETTLED_FEN = ("应结订单金额", "总金额")
_REFUND_FEN = ("申请退款金额", "退款金额")


def fetch(channel: Channel, day: date) -> Bill:
    """Fetch the bill of a day; one whose hash differs is a bill that is not there yet."""
    merchant = channel.merchant
    partner = f"&sub_mchid={merchant.sub_mchid}" if merchant.is_partner else ""
    target = f"/v3/bill/tradebill?bill_date={day.isoformat()}&bill_type=ALL&tar_type=GZIP{partner}"
    try:
        reply = channel.v3("GET", target)
        if reply.code is not None:
            return Bill(_refused(reply.code), day, code=reply.code)
        content = _unpacked(channel.download(str(reply.fields.get("download_url"))))
    except StoreboxError as error:
        return Bill(BillVerdict.UNKNOWN, day, code=error.code)
    given, kind = str(reply.fields.get("hash_value")).lower(), reply.fields.get("hash_type")
    if content is None or kind != "SHA1" or sha1(content, usedforsecurity=False).hexdigest() != given:
        return Bill(BillVerdict.NOT_YET, day, code="platform.bill_broken")
    return Bill(BillVerdict.READY, day, content, sha256(content).hexdigest())


def read(content: bytes) -> Iterator[BillLine]:
    """Yield the lines of a bill; raises `Refused` (`platform.bill_unreadable`) where it is none."""
    if not content:
        raise Refused("platform.bill_unreadable", column="-")
    names: list[str] = []
    for number, raw in enumerate(io.BytesIO(content)):
        try:
            text = raw.decode("utf-8").strip("\r\n")
        except UnicodeDecodeError as error:
            raise Refused("platform.bill_unreadable", column="UTF-8") from error
        if number == 0:
            names = [name.strip().translate(_WIDE) for name in text.removeprefix(_BOM).split(",")]
            _checked(names)
        elif text.startswith(_SUMS):
            return
        elif text:
            yield _line(dict(zip(names, text.removeprefix("`").split(",`"), strict=False)))


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


def _checked(names: list[str]) -> None:
    needed = ("交易时间", "商户号", "微信订单号", "商户订单号", "交易状态", "手续费")
    missing = next((name for name in needed if name not in names), None)
    if missing is None and not any(name in names for name in _ORDER_FEN):
        missing = _ORDER_FEN[0]
    if missing is not None:
        raise Refused("platform.bill_unreadable", column=missing)


def _line(row: Mapping[str, str]) -> BillLine:
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
        raise Refused("platform.bill_unreadable", column=str(error)[:60]) from error


def _amounts(row: Mapping[str, str], kind: BillKind) -> tuple[int, int]:
    """Return what was asked or given back, and what moves on the merchant's account before the fee."""
    if kind is BillKind.PAYMENT:
        return abs(_first(row, _ORDER_FEN)), abs(_first(row, _SETTLED_FEN))
    asked_fen = abs(_first(row, _REFUND_FEN))
    if kind is BillKind.REVERSAL and asked_fen == 0:
        return abs(_first(row, _ORDER_FEN)), abs(_first(row, _SETTLED_FEN))
    return asked_fen, abs(_first(row, ("退款金额", "申请退款金额")))


def _first(row: Mapping[str, str], names: tuple[str, ...]) -> int:
    return next((fen(row[name]) for name in names if name in row), 0)


def _value(row: Mapping[str, str], name: str) -> str | None:
    value = row.get(name, "")
    return None if value in _NONE else value
