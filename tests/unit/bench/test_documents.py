"""What stands beside ours in the benchmark prints the same receipt."""

import json
from pathlib import Path
from typing import Any

import pytest

from agent.bench.documents import drawing_codes, foreign_bytes, foreign_printers, without_codes
from agent.settings import shipped
from drivers.emulators.paper import Image, Line, Qr, line_text
from drivers.emulators.printer import EmulatedPrinter
from drivers.emulators.profiles import profile_for
from drivers.printer.encoder import encode
from drivers.printer.profiles import PrinterProfile, load_profile

DOCUMENT: dict[str, Any] = {
    "title": "t",
    "language": "zh-CN",
    "blocks": [
        {"kind": "text", "text": "湘味小馆", "align": "center", "size": "double"},
        {"kind": "rule", "char": "-"},
        {"kind": "item", "name": "剁椒鱼头", "quantity": "1", "price": "88.00", "amount": "88.00"},
        {"kind": "pair", "left": "应收", "right": "￥88.00", "size": "tall", "bold": True},
        {"kind": "text", "text": "谢谢光临"},
        {"kind": "qr", "data": "HTTPS://EXAMPLE.CN/R/1", "level": "M", "millimetres": 28},
        {"kind": "cut"},
    ],
}


def printed(data: bytes) -> EmulatedPrinter:
    printer = EmulatedPrinter(profile_for("epson"))
    printer.feed(data)
    assert (printer.unknown_bytes, printer.unsupported_commands) == (0, 0)
    return printer


def text(data: bytes) -> list[str]:
    """The lines by their words: a centred line is padded by the one and aligned by the other."""
    marks = printed(data).marks
    lines = [line_text(mark.op).split() for mark in marks if isinstance(mark.op, Line)]
    return [" ".join(words) for words in lines if words]


@pytest.fixture(scope="module")
def foreign() -> Any:
    printers = foreign_printers()
    if printers is None:
        pytest.skip("needs the extra 'escpos'")
    return printers


@pytest.fixture(scope="module")
def profile() -> PrinterProfile:
    return load_profile(shipped("devices/tm-t88.toml"))


def test_both_print_the_same_words(foreign: Any, profile: PrinterProfile) -> None:
    assert text(foreign_bytes(foreign, DOCUMENT, profile)) == text(encode(DOCUMENT, profile))


def test_both_print_the_same_code(foreign: Any, profile: PrinterProfile) -> None:
    for data in (foreign_bytes(foreign, DOCUMENT, profile), encode(DOCUMENT, profile)):
        (code,) = [mark.op for mark in printed(data).marks if isinstance(mark.op, Qr)]
        assert code.payload == b"HTTPS://EXAMPLE.CN/R/1"
        assert 22 <= code.modules * code.module_dots / 8 <= 34


def test_as_dots_both_send_a_picture_and_no_code(foreign: Any, profile: PrinterProfile) -> None:
    for data in (
        foreign_bytes(foreign, DOCUMENT, drawing_codes(profile)),
        encode(DOCUMENT, drawing_codes(profile)),
    ):
        marks = [mark.op for mark in printed(data).marks]
        assert any(isinstance(op, Image) for op in marks) and not any(isinstance(op, Qr) for op in marks)


def test_without_codes_nothing_else_is_left_out(tmp_path: Path) -> None:
    kinds = [block["kind"] for block in without_codes(DOCUMENT)["blocks"]]
    assert kinds == ["text", "rule", "item", "pair", "text", "cut"]
    assert "qr" in json.dumps(DOCUMENT), "the document itself is as before"
