"""Reading WeChat Pay's trade bills: by names of columns, old and new, with what merchants write into their texts."""

from pathlib import Path

import pytest

from agent.core.bill import BillKind
from agent.core.errors import Refused
from sync.platforms.amounts import fen, moment_ms
from sync.platforms.wechat.bills import read

BILLS = Path(__file__).resolve().parents[3] / "data" / "bills"
ALL = (BILLS / "wechat_all.csv").read_text(encoding="utf-8")
LEGACY = (BILLS / "wechat_legacy.csv").read_bytes()


def test_the_bill_of_today() -> None:
    paid, native, refund, undone = read(ALL.encode())
    assert (paid.kind, paid.amount_fen, paid.fee_fen, paid.settled_fen) == (BillKind.PAYMENT, 1280, 8, 1280)
    assert (paid.subject, paid.terminal, paid.payer) == ('门店A,饮品 "大"', "S01-T1", "oSYNTHETIC01")
    assert paid.at_ms == moment_ms("2026-10-03T09:12:45+08:00")
    assert (native.amount_fen, native.out_refund_no) == (3500, None)
    assert (refund.kind, refund.out_refund_no, refund.amount_fen, refund.fee_fen) == (BillKind.REFUND, "RF-1", 1280, 8)
    assert refund.out_trade_no == paid.out_trade_no and refund.refund_transaction == "50300009992026100300000000001"
    assert (undone.kind, undone.out_refund_no, undone.amount_fen) == (BillKind.REVERSAL, None, 500)


def test_windows_line_ends_and_an_older_header() -> None:
    assert list(read(ALL.replace("\n", "\r\n").encode())) == list(read(ALL.encode()))
    (only,) = read(LEGACY)
    assert (only.out_trade_no, only.amount_fen, only.settled_fen, only.fee_fen) == ("N1", 1, 1, 0)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<xml><return_code>FAIL</return_code></xml>\n",
        ALL.encode("gbk"),
        ALL.replace("手续费,费率,", "别的,费率,", 1).encode(),
        ALL.replace("`12.80", "`NaN", 1).encode(),
        ALL.replace("2026-10-03 09:12:45", "yesterday", 1).encode(),
    ],
)
def test_what_is_no_bill_is_refused(content: bytes) -> None:
    with pytest.raises(Refused, match=r"platform\.bill_unreadable"):
        list(read(content))


@pytest.mark.parametrize(("text", "expected"), [("12.80", 1280), ("-0.005", -1), ("0.08500", 9), (" 20.0 ", 2000)])
def test_amounts_are_exact(text: str, expected: int) -> None:
    assert fen(text) == expected


@pytest.mark.parametrize("text", ["", "1,000.00", "NaN", "Infinity", "1e30", "¥1"])
def test_what_is_no_amount_is_none(text: str) -> None:
    with pytest.raises(ValueError, match="no amount"):
        fen(text)
