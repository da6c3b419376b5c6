"""What characters become on paper: modes, sizes, wrapping, code pages, Chinese."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from drivers.emulators.paper import Line
from tests.unit.emulators.helpers import chinese, lines, logged, make, notes


def test_a_line_stands_in_the_log_with_time_and_slip() -> None:
    printer = make()
    printer.feed(b"\x1b@" + chinese("单号 S001\n"))
    assert logged(printer.marks, "line") == [{"at_ms": 7, "job": 0, "kind": "line", "text": "单号 S001"}]


def test_slips_are_counted_by_their_cuts() -> None:
    printer = make()
    printer.feed(b"one\n\x1dV\x00two\n\x1dV\x01")
    assert [(mark["text"], mark["job"]) for mark in logged(printer.marks, "cut")] == [
        ("full", 0),
        ("partial", 1),
    ]
    assert [mark["job"] for mark in logged(printer.marks, "line")] == [0, 1]


@pytest.mark.parametrize(("width_mm", "cells"), [(58, 32), (80, 48)])
def test_lines_wrap_at_the_paper_width(width_mm: int, cells: int) -> None:
    printer = make(width_mm=width_mm)
    printer.feed(b"x" * (cells + 1) + b"\n" + chinese("汉" * (cells // 2) + "字\n"))
    assert lines(printer) == ["x" * cells, "x", "汉" * (cells // 2), "字"]


def test_a_chinese_character_is_not_split_at_the_edge() -> None:
    printer = make()
    printer.feed(b"x" * 31 + chinese("汉\n"))
    assert lines(printer) == ["x" * 31, "汉"]


def test_alignment_is_shown_in_cells() -> None:
    printer = make()
    printer.feed(b"\x1ba\x01abcd\n\x1ba\x02abcd\n\x1ba\x00abcd\n")
    assert lines(printer) == [" " * 14 + "abcd", " " * 28 + "abcd", "abcd"]


def test_alignment_inside_a_line_is_ignored_and_noted() -> None:
    printer = make()
    printer.feed(b"ab\x1ba\x01cd\n")
    assert lines(printer) == ["abcd"]
    assert notes(printer) == ["ESC a in the middle of a line: ignored"]


def _sizes(printer_bytes: bytes) -> list[tuple[str, int, int]]:
    printer = make()
    printer.feed(printer_bytes)
    line = printer.marks[-1].op
    assert isinstance(line, Line)
    return [(span.text, span.style.wide, span.style.tall) for span in line.spans]


def test_gs_size_enlarges_chinese_too() -> None:
    assert _sizes(b"\x1d!\x11" + chinese("店a\n")) == [("店a", 2, 2)]


def test_esc_mode_enlarges_single_bytes_only_and_fs_mode_chinese_only() -> None:
    assert _sizes(b"\x1b!\x30" + chinese("店a\n")) == [("店", 1, 1), ("a", 2, 2)]
    assert _sizes(b"\x1c!\x0c" + chinese("店a\n")) == [("店", 2, 2), ("a", 1, 1)]


def test_enlarged_text_takes_more_room_and_paper() -> None:
    printer = make()
    printer.feed(b"\x1d!\x11" + b"w" * 17 + b"\n")
    first, second = (mark.op for mark in printer.marks)
    assert isinstance(first, Line) and isinstance(second, Line)
    assert (len(first.spans[0].text), len(second.spans[0].text)) == (16, 1)
    assert first.feed_dots == 48


def test_a_character_wider_than_the_line_is_dropped_and_noted() -> None:
    printer = make()
    printer.feed(b"\x1dW\x20\x00\x1d!\x70" + chinese("店\n"))
    assert lines(printer) == [""]
    assert notes(printer) == ["character '店' is wider than the line"]


@pytest.mark.skipif(shutil.which("iconv") is None, reason="needs iconv as judge")
def test_gb18030_reads_as_iconv_reads_it() -> None:
    text = "湘味小馆￥，。㐀臺灣€龦"
    encoded = subprocess.run(
        ["iconv", "-f", "UTF-8", "-t", "GB18030"], input=text.encode(), capture_output=True, check=True
    ).stdout
    printer = make()
    printer.feed(encoded + b"\n")
    assert lines(printer) == [text]
    assert printer.unknown_bytes == 0


def test_characters_outside_the_font_are_boxes() -> None:
    clone, epson = make("clone"), make("epson")
    for printer in (clone, epson):
        printer.feed(chinese("中㐀😀\n"))
    assert lines(clone) == ["中□□"]
    assert lines(epson) == ["中㐀□"]


def test_code_pages_hold_outside_chinese_mode() -> None:
    printer = make()
    printer.feed(b"\x1c.\x1bt\x00caf\x82\n\x1bt\x10caf\xe9\n\x1c&" + chinese("咖\n"))
    assert lines(printer) == ["café", "café", "咖"]


def test_chinese_mode_swallows_single_byte_accents_as_the_real_ones_do() -> None:
    printer = make()
    printer.feed(b"caf\x82x\n\x82\n")
    assert lines(printer)[0] == "caf" + b"\x82x".decode("gb18030")
    assert notes(printer) == ["unknown bytes 82 at 6"]
    assert printer.unknown_bytes == 1


def test_initialize_forgets_modes_and_unprinted_text() -> None:
    printer = make()
    printer.feed(b"\x1ba\x01\x1d!\x11\x1c.lost\x1b@" + chinese("店\n"))
    assert lines(printer) == ["店"]
    assert "wide" not in logged(printer.marks, "line")[0]


def test_feeding_and_tabs() -> None:
    printer = make()
    printer.feed(b"a\tb\x1bd\x02c\n\x1b3\x50\n\x1b2\n")
    assert lines(printer) == ["a       b", "", "c", "", ""]
    feeds = [mark.op.feed_dots for mark in printer.marks if isinstance(mark.op, Line)]
    assert feeds == [30, 30, 30, 80, 30]


def test_positions_in_dots() -> None:
    printer = make()
    printer.feed(b"ab\x1b$\x78\x00c\x1b$\x00\x00d\n")
    assert lines(printer) == ["db        c"], "of what was struck over one reads the last"
    printer.feed(b"\x1b$\xff\xffe\n")
    assert lines(printer)[-1] == "e"
    assert notes(printer) == ["ESC $ 65535: ignored"]


def test_going_back_moves_neither_margin_nor_alignment() -> None:
    printer = make()
    printer.feed("\x1ba\x01右边\x1b$\x00\x00左\n".encode("gb18030"))
    assert lines(printer) == [" " * 14 + "左边"]


def test_unknown_bytes_are_counted_noted_and_skipped() -> None:
    printer = make()
    printer.feed(b"a\x07b\x1b\xffc\n")
    assert lines(printer) == ["abc"]
    assert notes(printer) == ["unknown bytes 07 at 1", "unknown bytes 1b ff at 3"]
    assert printer.unknown_bytes == 3


def test_a_flood_of_unknown_bytes_fills_no_log() -> None:
    printer = make()
    printer.feed(b"\x07" * 500)
    assert printer.unknown_bytes == 500
    assert len(printer.marks) == 64
    printer.feed(CUT_AND_BELL)
    assert notes(printer)[-1] == "unknown bytes 07 at 503"


CUT_AND_BELL = b"\x1dV\x00\x07"


def test_a_cut_inside_a_line_ends_it_first_and_says_so() -> None:
    printer = make()
    printer.feed(b"abc\x1dV\x00")
    assert lines(printer) == ["abc"]
    assert notes(printer) == ["cut in the middle of a line: the line was ended first"]


def test_drawer_pulses() -> None:
    printer = make()
    printer.feed(b"\x1bp\x00\x19\xfa\x10\x14\x01\x01\x02")
    assert [(pulse["pin"], pulse["on_ms"], pulse["off_ms"]) for pulse in logged(printer.marks, "pulse")] == [
        (2, 50, 500),
        (5, 200, 200),
    ]
