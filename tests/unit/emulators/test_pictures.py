"""Pictures of slips, judged by a foreign decoder and dot by dot."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

pytest.importorskip("PIL")
zxingcpp = pytest.importorskip("zxingcpp")

from PIL import Image as Picture  # noqa: E402

from drivers.emulators.errors import EmulatorError  # noqa: E402
from drivers.emulators.glyphs import Glyphs  # noqa: E402
from drivers.emulators.paper import PLAIN  # noqa: E402
from drivers.emulators.picture import SlipPainter  # noqa: E402
from drivers.emulators.printer import EmulatedPrinter  # noqa: E402
from drivers.emulators.slips import SlipPictures  # noqa: E402
from tests.unit.emulators.helpers import CUT, chinese, make, qr, raster  # noqa: E402


@pytest.fixture(scope="module")
def glyphs() -> Glyphs:
    try:
        return Glyphs()
    except EmulatorError as error:
        pytest.skip(error.detail)


def _paint(printer: EmulatedPrinter, glyphs: Glyphs) -> Picture.Image:
    painter = SlipPainter(printer.profile.width_dots, glyphs)
    return painter.paint([mark.op for mark in printer.marks])


def _ink(picture: Picture.Image) -> set[tuple[int, int]]:
    pixels = picture.load()
    assert pixels is not None
    return {(x, y) for y in range(picture.height) for x in range(picture.width) if not pixels[x, y]}


@pytest.mark.parametrize(("width_mm", "dots"), [(58, 384), (80, 576)])
def test_codes_on_the_paper_can_be_read(width_mm: int, dots: int, glyphs: Glyphs) -> None:
    printer = make(width_mm=width_mm)
    url = "https://fp.example.cn/i?s=S001&n=2-000421&t=7F3A91C2"
    printer.feed(b"\x1ba\x01" + chinese("扫码开发票\n") + qr(url.encode(), 5) + b"\n")
    printer.feed(b"\x1dw\x02\x1dH\x02\x1dk\x43\x0c690123456789\n\x1dk\x49\x0c{BS001-00042\n" + CUT)
    picture = _paint(printer, glyphs)
    assert picture.width == dots
    read = [code.text for code in zxingcpp.read_barcodes(picture.convert("L"))]
    assert read == [url, "6901234567892", "S001-00042"]


def test_rasters_are_exact_to_the_dot(glyphs: Glyphs) -> None:
    printer = make()
    rows = [bytes((0b10000001, 0b01000000)), bytes((0, 0b00000011))]
    printer.feed(raster(rows))
    assert _ink(_paint(printer, glyphs)) == {(0, 0), (7, 0), (9, 0), (14, 1), (15, 1)}


def test_columns_align_to_the_dot(glyphs: Glyphs) -> None:
    printer = make()
    printer.feed(chinese("汉字汉字") + b"|\n" + b"12345678|\n" + b"\x1ba\x02|\n")
    picture = _paint(printer, glyphs)
    bars = [picture.crop((96, 30 * line, 108, 30 * line + 24)) for line in (0, 1)]
    right = picture.crop((372, 60, 384, 84))
    assert bars[0].tobytes() == bars[1].tobytes() == right.tobytes()
    assert _ink(bars[0])


def test_enlarged_characters_are_the_same_dots_repeated(glyphs: Glyphs) -> None:
    plain, double = make(), make()
    plain.feed(chinese("店a\n"))
    double.feed(b"\x1d!\x11" + chinese("店a\n"))
    small = _paint(plain, glyphs).crop((0, 0, 36, 24))
    large = _paint(double, glyphs).crop((0, 0, 72, 48))
    assert large.tobytes() == small.resize((72, 48), Picture.Resampling.NEAREST).tobytes()


def test_a_character_stays_in_its_cell(glyphs: Glyphs) -> None:
    assert glyphs.glyph("餐", PLAIN, True).size == (24, 24)
    assert glyphs.glyph("W", PLAIN, True).size == (12, 24)
    assert glyphs.glyph("é", PLAIN, False).size == (12, 24)


def test_without_a_chinese_font_the_package_to_install_is_named(tmp_path: Path) -> None:
    with pytest.raises(EmulatorError) as refusal:
        Glyphs(tmp_path)
    assert refusal.value.code == "emulator.font_missing"
    assert "fonts-wqy-zenhei" in refusal.value.detail


def test_each_cut_makes_one_file_and_numbers_go_on(tmp_path: Path, glyphs: Glyphs) -> None:
    for _ in range(2):
        with SlipPictures(tmp_path, 384) as pictures:
            printer = make()
            printer.feed(b"one\n" + CUT + b"two\n" + CUT + b"not cut\n")
            for mark in printer.marks:
                pictures(mark)
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["open-000005.png", *(f"slip-{number:06}.png" for number in (1, 2, 3, 4))]
    with Picture.open(tmp_path / "slip-000001.png") as picture:
        assert (picture.width, picture.mode) == (384, "1")


def _height_of(path: Path, within_s: float = 5) -> int:
    deadline_s = time.monotonic() + within_s
    while not path.exists():
        assert time.monotonic() < deadline_s, f"no {path.name}"
        time.sleep(0.01)
    with Picture.open(path) as picture:
        return picture.height


def test_what_hangs_out_of_the_printer_is_seen_before_the_cut(tmp_path: Path, glyphs: Glyphs) -> None:
    hanging, cut = tmp_path / "open-000001.png", tmp_path / "slip-000001.png"
    printer = make()
    with SlipPictures(tmp_path, 384) as pictures:
        printer.feed(b"one\n" + b"two\n")
        for mark in printer.marks:
            pictures(mark)
        begun = _height_of(hanging)
        seen = len(printer.marks)
        printer.feed(b"three\n" + CUT)
        for mark in printer.marks[seen:]:
            pictures(mark)
        assert _height_of(cut) > begun > 24
    assert not hanging.exists()
