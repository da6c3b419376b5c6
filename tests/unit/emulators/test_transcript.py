"""Slips as text, in the layout that was meant."""

from __future__ import annotations

from drivers.emulators.transcript import slip_lines
from tests.unit.emulators.helpers import CUT, chinese, make, qr

LAYOUT = """\
            湘味小馆
            人民路店
================================
单号 S001-2-000421
  1 x 88.00                88.00
应收                    ￥151.00
"""


def test_a_slip_reads_as_its_layout() -> None:
    printer = make()
    printer.feed(b"\x1ba\x01\x1d!\x11" + chinese("湘味小馆\n") + b"\x1d!\x00" + chinese("人民路店\n"))
    printer.feed(b"\x1ba\x00" + b"=" * 32 + chinese("单号 S001-2-000421\n  1 x 88.00                88.00\n"))
    printer.feed(b"\x1d!\x01" + chinese("应收                    ￥151.00\n") + b"\x1d!\x00" + CUT)
    printer.feed(b"second\n" + CUT)
    assert slip_lines(printer.marks, 384, job=0) == [*LAYOUT.splitlines(), "- " * 15 + "-"]
    assert slip_lines(printer.marks, 384, job=1)[0] == "second"


def test_styles_are_named_when_asked_for() -> None:
    printer = make()
    printer.feed(b"\x1d!\x11\x1bE\x01" + chinese("店\n") + b"\x1d!\x00\x1bE\x00x\n")
    assert slip_lines(printer.marks, 384, styles=True) == ["店   <双倍高宽 粗体>", "x"]


def test_symbols_stand_where_they_are() -> None:
    printer = make()
    printer.feed(b"\x1ba\x01" + qr(b"ab") + b"\x1bJ\x3c\x1ba\x00\x1dk\x02690123456789\x00\x1dV\x00")
    assert slip_lines(printer.marks, 384) == [
        "             [QR ab]",
        "",
        "",
        "[ean13 690123456789]",
        "-" * 32,
    ]
