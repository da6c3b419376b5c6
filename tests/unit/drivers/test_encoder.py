"""The encoder: every byte accounted for, by an interpreter and by independent decoders."""

from __future__ import annotations

import base64
import dataclasses
import itertools
import re
from collections.abc import Mapping

import pytest
import segno
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Picture

from drivers.emulators.printer import EmulatedPrinter
from drivers.emulators.profiles import profile_for
from drivers.printer import qr
from drivers.printer.charset import Charset, CodePage
from drivers.printer.document import DocumentError
from drivers.printer.encoder import FENCE, encode, encode_checked, process_id_request, prologue
from drivers.printer.raster import MAX_BAND_BYTES, has_real_time, raster, scale_down, without_real_time
from tests.unit.drivers.shop import PROFILES, slip
from tests.unit.drivers.test_layout import ANY_TEXT

BARE = dataclasses.replace(PROFILES["write-only"], charset=Charset("gb18030"))
COMMANDS = re.compile(rb"\x1b@|\x1c[&.]|\x1c!.|\x1d!.|\x1bE.|\x1bt.|\x1ba.|\x1bd.|\x1dVB\x00|\n", re.DOTALL)


def encoded(*blocks: Mapping[str, object], profile: str = "write-only") -> bytes:
    return encode({"blocks": list(blocks)}, PROFILES[profile])


def test_prologue_sets_the_printer_to_a_known_state() -> None:
    assert encoded() == b"\x1b@\x1c&"
    assert encoded(profile="pos80") == b"\x1b@\x1da\x0f\x1c&"


def test_chinese_is_sent_in_the_printers_own_encoding() -> None:
    assert encoded({"kind": "text", "text": "谢谢,￥5"}) == b"\x1b@\x1c&" + "谢谢,￥5".encode("gb2312") + b"\n"


def test_sizes_and_bold_are_set_when_they_change_and_never_for_things() -> None:
    data = encoded(
        {"kind": "text", "text": "A", "size": "double", "bold": True},
        {"kind": "text", "text": "B", "size": "double"},
        {"kind": "cut"},
    )
    assert data == b"\x1b@\x1c&\x1d!\x11\x1c!\x0c\x1bE\x01A\n\x1bE\x00B\n\x1d!\x00\x1c!\x00\x1bd\x04"


def test_accents_leave_chinese_mode_for_the_code_page() -> None:
    assert b"caf\x1c.\x1bt\x00\x82\x1c& x\n" in encoded({"kind": "text", "text": "café x"}, profile="tm-t88")


def test_accents_without_a_code_page_come_from_the_chinese_font() -> None:
    assert encoded({"kind": "text", "text": "é"}, profile="pos58").endswith("é".encode("gbk") + b"\n")


def test_a_latin_printer_never_enters_chinese_mode() -> None:
    latin = dataclasses.replace(BARE, charset=Charset("none", (CodePage("cp437", 0), CodePage("cp858", 19))))
    data = encode({"blocks": [{"kind": "text", "text": "é中€"}]}, latin)
    assert data == b"\x1b@\x1bt\x00\x82?\x1bt\x13\xd5\n"


def test_what_the_font_lacks_becomes_a_box_before_it_is_counted() -> None:
    line = {"kind": "pair", "left": "镕😀", "right": "1"}
    assert encoded(line).endswith(("□□" + " " * 27 + "1").encode("gbk") + b"\n")
    assert encoded(line, profile="pos58").endswith(("镕□" + " " * 27 + "1").encode("gbk") + b"\n")


def test_control_bytes_become_boxes() -> None:
    assert "□□V".encode("gbk") in encoded({"kind": "text", "text": "\x1d\x10V"})


@given(st.lists(ANY_TEXT, max_size=4), st.sampled_from(["normal", "wide", "double"]))
def test_text_cannot_smuggle_control_bytes(texts: list[str], size: str) -> None:
    blocks = [{"kind": "text", "text": text, "size": size} for text in texts]
    blocks += [{"kind": "pair", "left": text, "right": text} for text in texts]
    for charset in (BARE.charset, Charset("gbk", (CodePage("cp437", 0),)), Charset("none")):
        data = encode({"blocks": blocks}, dataclasses.replace(BARE, charset=charset))
        rest = COMMANDS.sub(b"", data)
        assert not any(value < 0x20 or value == 0x7F for value in rest)


def test_marks_stand_before_the_last_cut_and_at_the_end() -> None:
    document = {"blocks": [{"kind": "cut"}, {"kind": "text", "text": "x"}, {"kind": "cut"}]}
    data = encode(document, PROFILES["tm-t88"], ("B001", "C001"))
    assert data.endswith(b"x\n" + process_id_request("B001") + b"\x1dVB\x00" + process_id_request("C001"))
    assert data.count(b"\x1d(H") == 2


@pytest.mark.parametrize("mark", ["", "123", "12345", "12\n4", "票据单号"])
def test_a_process_id_is_four_printable_characters(mark: str) -> None:
    with pytest.raises(ValueError, match="process ID"):
        process_id_request(mark)


@pytest.mark.parametrize("profile", sorted(PROFILES))
def test_a_printer_understands_every_byte(profile: str) -> None:
    blocks = slip()["blocks"]
    assert isinstance(blocks, list)
    blocks += [
        {"kind": "qr", "data": "https://shop.example/1"},
        {"kind": "barcode", "data": "6901234567892", "symbology": "ean13"},
        {"kind": "barcode", "data": "S001-{2}-421", "symbology": "code128"},
        {"kind": "image", "width": 9, "height": 2, "rows": base64.b64encode(b"\xff\x80\x10\x04").decode()},
        {"kind": "feed", "lines": 2},
        {"kind": "kick"},
        {"kind": "text", "text": "café ×÷ ‰"},
    ]
    printer = EmulatedPrinter(profile_for("epson", 58 if PROFILES[profile].dots == 384 else 80))
    printer.feed(encode({"blocks": blocks}, PROFILES[profile]))
    assert printer.unknown_bytes == 0
    assert printer.unsupported_commands == 0


@pytest.mark.parametrize("level", ["L", "M", "Q", "H"])
@pytest.mark.parametrize("text", ["1" * 77, "ABC-12 $" * 9, "https://shop.example/一二三?x=" + "y" * 120, "z" * 1100])
def test_qr_versions_are_those_of_a_real_maker(text: str, level: str) -> None:
    made = segno.make(text.encode(), error=level, boost_error=False, micro=False)
    assert qr.version(text, level) == made.version


def test_a_raster_qr_reads_back_at_the_wished_width() -> None:
    text = "https://shop.example/S001-2-000421?t=7F3A"
    data = encoded({"kind": "qr", "data": text, "millimetres": 28})
    start = data.index(b"\x1dv0\x03")
    picture = _picture(data[start:])
    codes = zxingcpp.read_barcodes(picture)
    assert [code.text for code in codes] == [text]
    symbol_dots = picture.width * (17 + 12) // (17 + 12 + 8)
    assert 20 * 8 <= symbol_dots <= 36 * 8


def test_native_qr_carries_the_text_in_utf8() -> None:
    data = encoded({"kind": "qr", "data": "券A", "level": "Q"}, profile="pos80")
    assert b"\x1d(k\x03\x001E2" in data
    assert b"\x1d(k\x07\x001P0" + "券A".encode() in data


def test_a_native_qr_with_a_real_time_command_in_it_goes_as_dots() -> None:
    data = encoded({"kind": "qr", "data": "a\x10\x04\x01"}, profile="pos80")
    assert b"\x1dv0" in data
    assert not has_real_time(data)


def test_what_cannot_fit_is_refused() -> None:
    with pytest.raises(DocumentError, match="too_wide"):
        encoded({"kind": "barcode", "data": "x" * 60, "symbology": "code128"})


@given(st.binary(max_size=400), st.integers(1, 60))
def test_rasters_never_contain_real_time_commands(data: bytes, row_bytes: int) -> None:
    rows = (data + b"\x10\x04\x10\x05\x10\x14") * 3
    height = len(rows) // row_bytes
    if height:
        assert not has_real_time(raster(row_bytes * 8, height, rows[: height * row_bytes]))
    assert len(without_real_time(rows)) == len(rows)


@pytest.mark.parametrize("row_bytes", [1, 2, 3, 4, 16, 512])
@pytest.mark.parametrize("first", [0x04, 0x05, 0x14, 0x10])
def test_no_height_makes_a_real_time_command_of_a_bands_head(row_bytes: int, first: int) -> None:
    """1040 rows are `10 04` in the head, 1296 `10 05`; the head of 4096 rows ends with `10` and its data follows."""
    for height in (16, 1023, 1024, 1040, 1296, 4096):
        rows = bytes((first, 0x01, 0x10, 0x04)) * (row_bytes * height // 4)
        data = raster(row_bytes * 8, height, rows.ljust(row_bytes * height, b"\x10"))
        assert not has_real_time(data)


@given(st.data())
def test_no_bands_border_makes_a_real_time_command(data: st.DataObject) -> None:
    """Whatever the dots: across rows, bands and what the encoder puts around a picture."""
    row_bytes, height = data.draw(st.integers(1, 48)), data.draw(st.integers(1, 300))
    size = row_bytes * height
    unlucky = st.sampled_from([b"\x10", b"\x04", b"\x05", b"\x14", b"\x10\x04\x01", b"\x00", b"\xff"])
    rows = b"".join(data.draw(st.lists(unlucky, min_size=8, max_size=40))) * size
    block = {
        "kind": "image", "width": row_bytes * 8, "height": height,
        "rows": base64.b64encode(rows[:size]).decode(),
    }  # fmt: skip
    for profile in PROFILES:
        assert not has_real_time(encoded(block, block, profile=profile))


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=1100), st.sampled_from("LMQH"), st.integers(5, 100))
def test_no_qr_code_makes_a_real_time_command(text: str, level: str, millimetres: int) -> None:
    """Natively or as dots; what does not fit is refused."""
    block = {"kind": "qr", "data": text, "level": level, "millimetres": millimetres}
    for profile in ("pos58", "tm-t88"):
        try:
            data = encoded(block, profile=profile)
        except DocumentError:
            continue
        assert not has_real_time(data)


def test_long_rasters_are_cut_into_bands_that_can_be_flushed() -> None:
    data = raster(576, 500, bytes(72 * 500))
    assert data.count(b"\x1dv0\x00H\x00") == -(-500 // (MAX_BAND_BYTES // 72))


def test_wide_pictures_are_scaled_to_the_paper() -> None:
    width, height, rows = scale_down(800, 100, b"\xff" * 100 * 100, 384)
    assert (width, height, len(rows)) == (384, 48, 48 * 48)


def _picture(data: bytes) -> Picture.Image:
    """The dots of `GS v 0` bands, doubled as their mode says."""
    rows, width = b"", 0
    while data.startswith(b"\x1dv0\x03"):
        row_bytes, height = int.from_bytes(data[4:6], "little"), int.from_bytes(data[6:8], "little")
        width = row_bytes * 8
        rows += data[8 : 8 + row_bytes * height]
        data = data[8 + row_bytes * height :]
    inverted = bytes(value ^ 0xFF for value in rows)
    picture = Picture.frombytes("1", (width, len(rows) * 8 // width), inverted).convert("L")
    return picture.resize((picture.width * 2, picture.height * 2), Picture.Resampling.NEAREST)


def test_fences_stand_between_lines_and_none_after_the_last_cut() -> None:
    document = {
        "blocks": [*({"kind": "text", "text": f"小炒黄牛肉 {number}"} for number in range(80)), {"kind": "cut"}]
    }
    data, fences = encode_checked(document, PROFILES["tm-t88"], every_bytes=100)
    plain = encode(document, PROFILES["tm-t88"])
    assert len(fences) > 5
    assert all(data[:place].endswith(b"\n" + FENCE) for place in fences[1:])
    assert data.startswith(prologue(PROFILES["tm-t88"]) + FENCE)
    assert data.replace(FENCE, b"") == plain
    assert FENCE not in data[fences[-1] :]
    assert max(b - a for a, b in itertools.pairwise((0, *fences, len(data)))) < 200
    assert encode_checked(document, PROFILES["tm-t88"]) == (plain, ())
