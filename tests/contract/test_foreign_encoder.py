"""python-escpos writes, our emulated printer reads: a foreign encoder judges the interpreter, and our encoder.

Whatever its `Dummy` printer produces has to parse without one unknown byte and print what was
meant; what both encoders can say comes out alike. Where python-escpos itself falls short the test says so.
"""

from __future__ import annotations

import base64
import os
import random
from typing import Any

import pytest

pytest.importorskip("escpos", reason="needs the extra 'escpos'")
zxingcpp = pytest.importorskip("zxingcpp")

from PIL import Image as Picture  # noqa: E402

from drivers.emulators.errors import EmulatorError  # noqa: E402
from drivers.emulators.paper import Image, Line, Note, as_fields, line_text  # noqa: E402
from drivers.emulators.printer import EmulatedPrinter  # noqa: E402
from drivers.emulators.profiles import profile_for  # noqa: E402
from drivers.printer.encoder import encode  # noqa: E402
from tests.unit.drivers.shop import PROFILES  # noqa: E402


@pytest.fixture(scope="module")
def dummy_class(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("capabilities")
    os.environ.setdefault("ESCPOS_CAPABILITIES_PICKLE_DIR", str(folder))
    from escpos.printer import Dummy

    return Dummy


@pytest.fixture
def foreign(dummy_class: Any) -> Any:
    return dummy_class(profile="TM-T88V")


def _print(foreign: Any) -> EmulatedPrinter:
    printer = EmulatedPrinter(profile_for("epson", 80))
    printer.feed(foreign.output)
    assert printer.unknown_bytes == 0
    assert printer.unsupported_commands == 0
    return printer


def _lines(printer: EmulatedPrinter) -> list[str]:
    return [line_text(mark.op) for mark in printer.marks if isinstance(mark.op, Line)]


def _notes(printer: EmulatedPrinter) -> list[str]:
    return [mark.op.text for mark in printer.marks if isinstance(mark.op, Note)]


def _kinds(printer: EmulatedPrinter) -> list[str]:
    return [fields["kind"] for mark in printer.marks if (fields := as_fields(mark)) is not None]


def test_a_chinese_receipt(foreign: Any) -> None:
    foreign.hw("INIT")
    foreign.set(align="center", bold=True, double_height=True, double_width=True)
    foreign.text("花园便利店\n")
    foreign.set_with_default()
    foreign.text("单号 S001-2-000421\n")
    foreign.text("合计               ￥151.00\n")
    foreign.set(align="right", underline=1, invert=True)
    foreign.text("谢谢惠顾\n")
    foreign.cashdraw(2)
    foreign.cut()
    printer = _print(foreign)
    assert [line.strip() for line in _lines(printer) if line.strip()] == [
        "花园便利店",
        "单号 S001-2-000421",
        "合计               ￥151.00",
        "谢谢惠顾",
    ]
    assert _kinds(printer)[-1] == "cut" and "pulse" in _kinds(printer)
    assert _notes(printer) == []


def test_western_text_through_its_code_pages(foreign: Any) -> None:
    foreign._raw(b"\x1c.")  # python-escpos never leaves the Chinese mode that Chinese models start in
    words = "Café Łódź naïve Ωμέγα Привет £5"
    foreign.text(words + "\n")
    assert _lines(_print(foreign)) == [words]


def test_sizes_and_fonts(foreign: Any) -> None:
    foreign.set(custom_size=True, width=3, height=2)
    foreign.text("BIG\n")
    foreign.set(font="b", normal_textsize=True)
    foreign.text("small\n")
    printer = _print(foreign)
    styles = [mark.op.spans[0].style for mark in printer.marks if isinstance(mark.op, Line)]
    assert [(style.wide, style.tall, style.small) for style in styles] == [
        (3, 2, False),
        (1, 1, True),
    ]


def test_native_qr(foreign: Any) -> None:
    foreign.qr("https://example.cn/发票?n=1", native=True, size=5)
    printer = _print(foreign)
    marks = [fields for mark in printer.marks if (fields := as_fields(mark)) is not None]
    assert [(mark["kind"], mark.get("data")) for mark in marks if mark["kind"] == "qr"] == [
        ("qr", "https://example.cn/发票?n=1")
    ]


@pytest.mark.parametrize("way", ["bitImageRaster", "graphics", "bitImageColumn"])
def test_its_software_qr_can_be_read_off_our_paper(foreign: Any, way: str) -> None:
    try:
        from drivers.emulators.picture import SlipPainter

        painter = SlipPainter(576)
    except EmulatorError as error:
        pytest.skip(error.detail)
    foreign.qr("https://example.cn/1", native=False, size=6, image_arguments={"impl": way})
    printer = _print(foreign)
    picture = painter.paint([mark.op for mark in printer.marks])
    framed = Picture.new("L", (picture.width + 64, picture.height + 64), 255)
    framed.paste(picture, (32, 32))
    assert [code.text for code in zxingcpp.read_barcodes(framed)] == ["https://example.cn/1"]


@pytest.mark.parametrize("way", ["bitImageRaster", "graphics", "bitImageColumn"])
def test_images_are_exact_to_the_dot(foreign: Any, way: str) -> None:
    noise = random.Random(4)
    source = Picture.new("1", (320, 72), 1)
    source.putdata([noise.choice((0, 1)) for _ in range(320 * 72)])
    foreign.image(source, impl=way)
    printer = _print(foreign)
    images = [mark.op for mark in printer.marks if isinstance(mark.op, Image)]
    printed = Picture.new("1", (320, 72), 1)
    top = 0
    for image in images:
        strip = Picture.frombytes("1", (image.width, image.height), image.rows, "raw", "1;I")
        printed.paste(strip, (0, top))
        top += image.height
    assert printed.tobytes() == source.tobytes()


def test_bar_codes(foreign: Any) -> None:
    foreign.barcode("690123456789", "EAN13", 64, 3, "BELOW", "A", function_type="B")
    foreign.barcode("{BS001-00042", "CODE128", function_type="B")
    foreign.barcode("12345670", "EAN8", function_type="A")
    printer = _print(foreign)
    marks = [fields for mark in printer.marks if (fields := as_fields(mark)) is not None]
    assert [(mark["symbology"], mark["data"]) for mark in marks if mark["kind"] == "barcode"] == [
        ("ean13", "690123456789"),
        ("code128", "{BS001-00042"),
        ("ean8", "12345670"),
    ]


def test_controls_feeds_and_queries(foreign: Any) -> None:
    foreign.text("a")
    foreign.control("LF")
    foreign.ln(2)
    foreign.print_and_feed(3)
    foreign.line_spacing(40)
    foreign.text("b\n")
    foreign.line_spacing()
    foreign.cashdraw(5)
    foreign.cut(mode="PART", feed=False)
    printer = _print(foreign)
    assert [line for line in _lines(printer) if line] == ["a", "b"]
    assert _notes(printer) == []


def test_its_status_query_gets_our_answer(dummy_class: Any) -> None:
    from escpos.constants import RT_STATUS_ONLINE, RT_STATUS_PAPER

    printer = EmulatedPrinter(profile_for("epson", 80))
    assert printer.feed(RT_STATUS_ONLINE) == b"\x16"
    printer.command("paper low")
    assert printer.feed(RT_STATUS_PAPER) == b"\x1e"


def _ours(*blocks: dict[str, object]) -> EmulatedPrinter:
    printer = EmulatedPrinter(profile_for("epson", 80))
    printer.feed(encode({"blocks": list(blocks)}, PROFILES["tm-t20"]))
    assert printer.unknown_bytes == 0
    return printer


def _styled(printer: EmulatedPrinter) -> list[tuple[str, str, int, int, bool]]:
    """Text, place, size and weight of each line that has text."""
    return [
        (line_text(line).strip(), "".join(span.text for span in line.spans), style.wide, style.tall, style.bold)
        for line in (mark.op for mark in printer.marks if isinstance(mark.op, Line))
        if line.spans
        for style in (line.spans[-1].style,)
    ]


def test_two_encoders_print_the_same_receipt(foreign: Any) -> None:
    """Ours and python-escpos': Chinese, sizes, weight, a right column, QR, bar code, drawer, cut.

    Its `double_height` is ESC !, which leaves Chinese small; only `custom_size` enlarges it.
    """
    foreign.hw("INIT")
    foreign.set(custom_size=True, width=2, height=2, bold=True)
    foreign.text("花园便利店\n")
    foreign.set_with_default(custom_size=True, width=1, height=1)
    foreign.text("合计" + " " * 36 + "￥151.00\n")
    foreign.qr("https://example.cn/发票?n=1", native=True, size=7)
    foreign.barcode("6901234567892", "EAN13", 80, 3, "BELOW", "A", function_type="B")
    foreign.cashdraw(2)
    foreign.cut()
    theirs = _print(foreign)
    ours = _ours(
        {"kind": "text", "text": "花园便利店", "size": "double", "bold": True},
        {"kind": "pair", "left": "合计", "right": "￥151.00"},
        {"kind": "qr", "data": "https://example.cn/发票?n=1", "level": "L", "millimetres": 22},
        {"kind": "barcode", "data": "6901234567892", "symbology": "ean13"},
        {"kind": "kick", "pin": 2, "milliseconds": 100},
        {"kind": "cut"},
    )
    assert _styled(ours) == _styled(theirs)
    assert _things(ours) == _things(theirs)


def _things(printer: EmulatedPrinter) -> list[dict[str, Any]]:
    """What is no text, without the time and how far paper is fed."""
    logged = [fields for mark in printer.marks if (fields := as_fields(mark)) is not None]
    kept = ("kind", "data", "level", "module_dots", "modules", "symbology", "pin", "on_ms")
    return [{key: fields[key] for key in kept if key in fields} for fields in logged if fields["kind"] != "line"]


def test_two_encoders_print_the_same_accents(foreign: Any) -> None:
    """Letters with accents come from a code page of one byte in both, one cell each."""
    foreign.hw("INIT")
    foreign._raw(b"\x1c.")
    foreign.text("Crème brûlée, Ñandú\n")
    ours = _ours({"kind": "text", "text": "Crème brûlée, Ñandú"})
    assert _lines(ours) == _lines(_print(foreign))


def test_two_encoders_strike_the_same_dots(foreign: Any) -> None:
    """A picture is the same to the dot, whoever sends it."""
    noise = random.Random(7)
    source = Picture.new("1", (320, 40), 1)
    source.putdata([noise.choice((0, 1)) for _ in range(320 * 40)])
    foreign.image(source, impl="bitImageRaster")
    inverted = bytes(byte ^ 0xFF for byte in source.tobytes())
    rows = base64.b64encode(inverted).decode("ascii")
    ours = _ours({"kind": "image", "width": 320, "height": 40, "rows": rows})
    assert _dots(ours) == _dots(_print(foreign)) == inverted


def _dots(printer: EmulatedPrinter) -> bytes:
    return b"".join(mark.op.rows for mark in printer.marks if isinstance(mark.op, Image))
