"""Writes bills of both platforms and the journal's entries beside them; shares no code with what reads either.

Every `STEP`th order has something planted in it, in turn; all others agree. Amounts are written as text by division.
"""

import gzip
import io
import zipfile
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from random import Random
from typing import Any

DAY = "2026-10-03"
MIDNIGHT_MS = 1_790_956_800_000
"""2026-10-03 00:00:00 in GMT+8."""
WECHAT, ALIPAY = "1900000001", "2088000000000001"
STEP = 20
PLANTED = (
    "listed_twice", "foreign_number", "our_number", "not_on_bill", "paid_there", "taken_not_kept", "amount_differs",
    "refund_not_on_bill", "refund_unknown", "fee_differs", "still_open", "refund_open", "next_bill", "reversed_pair",
    "refund_agrees", "other_day", "old_refund", "recorded_twice", "charged_twice",
)  # fmt: skip
OLD_DAYS = 40
"""So many days before, what `old_refund` gives back was sold."""
WECHAT_HEAD = (
    "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,"
    "应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,"
    "手续费,费率,订单金额,申请退款金额,费率备注"
)
ALIPAY_HEAD = (
    "支付宝交易号,商户订单号,业务类型,商品名称,创建时间,完成时间,门店编号,门店名称,操作员,终端号,对方账户,订单金额（元）,"
    "商家实收（元）,支付宝红包（元）,集分宝（元）,支付宝优惠（元）,商家优惠（元）,券核销金额（元）,券名称,商家红包消费金额（元）,"
    "卡消费金额（元）,退款批次号/请求号,服务费（元）,分润（元）,备注"
)
Entry = tuple[int, str, dict[str, Any]]


@dataclass
class Line:
    """One line of a bill; what is no refund has a blank `back`, a reversal says so."""

    number: str
    transaction: str
    second: int
    fen: int
    fee: int
    back: str | None = None
    undone: bool = False


@dataclass
class Day:
    """A day: lines, entries, and for each order with something planted what should be found."""

    lines: list[Line] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    expected: dict[str, list[str]] = field(default_factory=dict)
    twins: set[str] = field(default_factory=set)
    """Numbers under which the journal has money a second time."""


def made(count: int, platform: str, seed: int = 1) -> Day:
    """Return a day of so many orders."""
    chance, day = Random(seed), Day()
    for place in range(count):
        planted = PLANTED[place // STEP % len(PLANTED)] if place % STEP == 0 else ""
        _order(day, chance, place, platform, planted)
    chance.shuffle(day.lines)
    return day


def _order(day: Day, chance: Random, place: int, platform: str, planted: str) -> None:
    number = f"S{place % 200:03d}_1_{place:06d}_A1K7QF"
    transaction = f"42{chance.randrange(10**26):026d}" if platform == "wechat" else f"20261003{place:020d}"
    second, fen = chance.randrange(3_600, 80_000), chance.randrange(1_000, 30_000)
    second = {"next_bill": 86_398, "other_day": 5}.get(planted, second)
    line = Line(number, transaction, second, fen, (fen * 60 + 5_000) // 10_000)
    outcome: str | None = "paid"
    if planted == "foreign_number":
        line.number = f"PORTAL-{place}"
    if planted in ("foreign_number", "our_number"):
        outcome = ""
    if planted in ("paid_there", "still_open"):
        outcome = None
    if planted in ("taken_not_kept", "reversed_pair"):
        outcome = "reversed"
    if outcome != "":
        # Of an order at midnight the platform's answer names the day before, its bill this one.
        sold = {"other_day": -10, "old_refund": -86_400 * OLD_DAYS}.get(planted, 0)
        _enter(day, platform, line, outcome, sold)
    if planted == "recorded_twice":
        twin = replace(line, number=line.number.replace("_A1", "_A2"))
        day.twins.add(twin.number)
        _enter(day, platform, twin, outcome)
        day.expected[twin.number] = ["recorded_twice"]
    _back(day, platform, line, planted)
    _spoil(day, line, planted)
    if planted:
        day.expected[line.number] = {
            "listed_twice": ["listed_twice", "none"],
            "reversed_pair": ["reversed_pair", "reversed_pair"],
            "refund_agrees": ["none", "none"],
            "refund_not_on_bill": ["none", "refund_not_on_bill"],
            "refund_unknown": ["none", "refund_unknown"],
            "refund_open": ["none", "refund_open"],
            "old_refund": ["none"],
            "recorded_twice": ["none"],
            "charged_twice": ["charged_twice", "none"],
        }.get(planted, [planted])


def _enter(day: Day, platform: str, line: Line, outcome: str | None, sold: int = 0) -> None:
    """Enter an order; it was sold so many seconds beside the moment of its line."""
    at_ms = MIDNIGHT_MS + (line.second + sold) * 1000
    business_day = date.fromisoformat(DAY) + timedelta(days=(line.second + sold) // 86_400)
    trade = {"till": "1", "shift": "1", "staff": "7", "day": business_day.isoformat()}
    order = {**trade, "attempt": line.number, "platform": platform, "amount_fen": line.fen}
    merchant = WECHAT if platform == "wechat" else ALIPAY
    start = {**order, "sale": "X", "merchant": merchant, "custody": "hq", "method": "code", "code_tail": ""}
    day.entries.append((at_ms - 4_000, "attempt.started", start))
    if outcome is not None:
        paid = outcome == "paid"
        end = {**order, "outcome": outcome, "transaction": line.transaction if paid else None}
        day.entries.append((at_ms + 900, "attempt.ended", {**end, "platform_at_ms": at_ms if paid else None}))


def _back(day: Day, platform: str, line: Line, planted: str) -> None:
    number = line.number.replace("_A", "_R")
    fen, second = line.fen // 3, line.second + 60
    back = Line(line.number, line.transaction, second, fen, (fen * 60 + 5_000) // 10_000, number)
    if planted in ("refund_agrees", "old_refund", "refund_not_on_bill", "refund_open"):
        at_ms = MIDNIGHT_MS + second * 1000
        body = {"till": "1", "shift": "1", "staff": "7", "day": DAY, "out_refund_no": number, "attempt": line.number}
        body |= {"platform": platform, "amount_fen": fen}
        day.entries.append((at_ms - 500, "refund.started", {**body, "refund": "X-R1", "orphan": False}))
        if planted != "refund_open":
            day.entries.append((at_ms + 500, "refund.ended", {**body, "outcome": "done"}))
    if planted in ("refund_agrees", "old_refund", "refund_unknown"):
        day.lines.append(back)
    if planted == "reversed_pair":
        day.lines.append(Line(line.number, line.transaction, second, line.fen, line.fee, undone=True))


def _spoil(day: Day, line: Line, planted: str) -> None:
    if planted == "amount_differs":
        line = Line(line.number, line.transaction, line.second, line.fen + 1, line.fee)
    if planted == "fee_differs":
        line = Line(line.number, line.transaction, line.second, line.fen, line.fee + 5)
    if planted not in ("not_on_bill", "still_open", "next_bill", "old_refund"):
        day.lines.append(line)
    if planted == "listed_twice":
        day.lines.append(line)
    if planted == "charged_twice":
        day.lines.append(replace(line, transaction=f"9{line.transaction[1:]}", second=line.second + 5))


def wechat_bill(day: Day) -> bytes:
    """Return WeChat Pay's trade bill (ALL), packed by gzip."""
    rows = [WECHAT_HEAD]
    for one in day.lines:
        gone = one.undone or one.back is not None
        rows.append(
            ",".join(
                f"`{cell}"
                for cell in (
                    _clock(one.second), "wx0000000000000001", WECHAT, "0", "T1", one.transaction, one.number, "oX",
                    "MICROPAY", "REVOKED" if one.undone else "REFUND" if gone else "SUCCESS", "OTHERS", "CNY",
                    "0.00" if gone else _yuan(one.fen), "0.00", f"50{one.second}" if one.back else "0",
                    one.back or "0", _yuan(one.fen) if gone else "0.00", "0.00", "ORIGINAL" if gone else "", "",
                    "茶,大杯", "shift=1", f"{'-' if gone else ''}{_yuan(one.fee)}000", "0.60%",
                    "0.00" if gone else _yuan(one.fen), _yuan(one.fen) if gone else "0.00", "",
                )
            )
        )  # fmt: skip
    rows += ["总交易单数,应结订单总金额,退款总金额", f"`{len(day.lines)},`0.00,`0.00", ""]
    return gzip.compress("\r\n".join(rows).encode(), 1)


class _GbkName(zipfile.ZipInfo):
    """A name in GBK without the mark of UTF-8."""

    def _encodeFilenameFlags(self) -> tuple[bytes, int]:  # noqa: N802 - named by the standard library
        return self.filename.encode("gbk"), 0


def alipay_bill(day: Day) -> bytes:
    """Return Alipay's business bill: a ZIP with its details in GBK."""
    rows = ["#支付宝业务明细查询", f"#账号：[{ALIPAY}0156]", "#起始日期", "#---业务明细列表---", ALIPAY_HEAD]
    for one in day.lines:
        gone = one.undone or one.back is not None
        amount = f"{'-' if gone else ''}{_yuan(one.fen)}"
        cells = [f"{one.transaction}\t", f"{one.number}\t", f"{'退款' if gone else '交易'}\t", "茶,大杯"]
        cells += [_clock(one.second - 3), _clock(one.second), "S001\t", "\t", "\t", "T1\t", "*三\t", amount, amount]
        cells += ["0.00"] * 5 + ["", "0.00\t", "0.00", f"{one.back or ''}\t", _yuan(one.fee), "0.00", ""]
        rows.append(",".join(cells))
    rows += ["#---业务明细列表结束---", "#交易合计", "#退款合计", "#导出时间", ""]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        entry = _GbkName(f"{ALIPAY}0156_20261003_业务明细.csv")
        entry.compress_type = zipfile.ZIP_DEFLATED
        file.writestr(entry, "\r\n".join(rows).encode("gbk"))
    return packed.getvalue()


def _clock(second: int) -> str:
    return f"{DAY} {second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}"


def _yuan(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02d}"
