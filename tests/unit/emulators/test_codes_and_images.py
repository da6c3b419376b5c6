"""Symbols and dots as the printer understood them."""

from __future__ import annotations

import base64

import pytest
import segno

from drivers.emulators import bars
from drivers.emulators.paper import Image, Qr
from drivers.emulators.symbol_commands import qr_modules
from tests.unit.emulators.helpers import chinese, logged, make, notes, qr, raster


def test_a_qr_code_is_logged_with_its_payload() -> None:
    printer = make()
    printer.feed(b"\x1ba\x01" + qr("https://例.cn/发票".encode(), 6, b"2"))
    mark = logged(printer.marks, "qr")[0]
    assert mark["data"] == "https://例.cn/发票"
    assert (mark["level"], mark["module_dots"], mark["modules"]) == ("Q", 6, 29)
    op = printer.marks[0].op
    assert isinstance(op, Qr)
    assert op.left_dots == (384 - 29 * 6) // 2


@pytest.mark.parametrize("level", "LMQH")
@pytest.mark.parametrize(
    "payload", [b"1" * 40, b"0" * 3000, b"HTTP://A.CN/1", b"A" * 700, b"a", b"x" * 300, b"x" * 1100]
)
def test_the_size_of_a_symbol_is_segnos(payload: bytes, level: str) -> None:
    code = segno.make_qr(payload, error=level, boost_error=False)
    assert qr_modules(payload, level) == len(code.matrix)


def test_what_cannot_be_drawn_is_not_printed_and_noted() -> None:
    printer = make()
    printer.feed(qr(b"x" * 3000) + qr(b"x" * 200, 16) + b"\x1b@\x1d(k\x03\x001Q0")
    assert logged(printer.marks, "qr") == []
    assert notes(printer) == [
        "QR data of 3000 bytes doesn't fit a symbol: nothing printed",
        "QR code of 912 dots is wider than the paper: nothing printed",
        "QR print without stored data: nothing printed",
    ]


def _image(stream: bytes) -> Image:
    printer = make()
    printer.feed(stream)
    image = printer.marks[-1].op
    assert isinstance(image, Image)
    return image


def test_a_raster_is_logged_bit_for_bit() -> None:
    rows = [bytes((0b10100000, 0x0F)), bytes((0xFF, 0x01))]
    printer = make()
    printer.feed(raster(rows))
    mark = logged(printer.marks, "image")[0]
    assert base64.b64decode(mark["data"]) == b"".join(rows)
    assert (mark["width"], mark["height"]) == (16, 2)


@pytest.mark.parametrize(
    ("mode", "size", "rows"),
    [(1, (16, 1), b"\xcc\x03"), (2, (8, 2), b"\xa1\xa1"), (3, (16, 2), b"\xcc\x03\xcc\x03")],
)
def test_raster_modes_repeat_dots(mode: int, size: tuple[int, int], rows: bytes) -> None:
    image = _image(raster([b"\xa1"], mode))
    assert ((image.width, image.height), image.rows) == (size, rows)


def test_dots_beyond_the_paper_are_lost_and_noted() -> None:
    printer = make()
    printer.feed(raster([b"\xff" * 50]))
    image = printer.marks[-1].op
    assert isinstance(image, Image)
    assert (image.width, len(image.rows)) == (384, 48)
    assert notes(printer) == ["image of 400 dots is cut to 384"]


def test_column_images_lie_side_by_side_in_a_line() -> None:
    image = _image(b"\x1b3\x18\x1b*\x21\x02\x00\x80\x00\x01\x00\x00\x00" + b"\x1b*\x21\x01\x00\xff\xff\xff\n")
    assert (image.width, image.height, image.feed_dots) == (3, 24, 24)
    assert image.rows == b"\xa0" + b"\x20" * 22 + b"\xa0"


def test_stored_graphics_are_printed_once() -> None:
    printer = make()
    printer.feed(b"\x1d(L\x0c\x000p0\x01\x021\x10\x00\x01\x00\xab\xcd\x1d(L\x02\x0002\x1d(L\x02\x0002")
    image = printer.marks[0].op
    assert isinstance(image, Image)
    assert (image.width, image.height, image.rows) == (16, 2, b"\xab\xcd\xab\xcd")
    assert notes(printer) == ["GS ( L print without a stored image: nothing printed"]


def test_bar_codes_in_both_forms() -> None:
    printer = make()
    printer.feed(b"\x1dk\x02690123456789\x00\x1dk\x49\x08{B12-abc")
    assert [(mark["symbology"], mark["data"]) for mark in logged(printer.marks, "barcode")] == [
        ("ean13", "690123456789"),
        ("code128", "{B12-abc"),
    ]


def test_wrong_check_digits_are_not_drawn() -> None:
    assert bars.modules_of(b"6901234567892", "ean13") is not None
    assert bars.modules_of(b"6901234567890", "ean13") is None
    assert bars.modules_of(b"no set", "code128") is None
    assert bars.readable(b"{C\x0c\x22{Bx{{", "code128") == "1234x{"


def test_text_in_the_way_of_a_symbol_is_printed_first_and_noted() -> None:
    printer = make()
    printer.feed(chinese("扫码") + qr(b"1"))
    assert [type(mark.op).__name__ for mark in printer.marks] == ["Note", "Line", "Qr"]
