"""Scans: whole, once, in order, however the bytes arrive."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.scanner.framing import MAX_FRAME_BYTES, Frame, Framer, FramingPolicy, gap_s_at


def scan(data: bytes, policy: FramingPolicy | None = None) -> list[Frame]:
    return Framer(policy or FramingPolicy()).feed(data, 5.0)


SCANNED = st.lists(
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), min_size=1, max_size=30), min_size=1, max_size=6
)


@given(SCANNED, st.sampled_from([b"\r", b"\n", b"\r\n", b"\x03"]), st.lists(st.integers(0, 400), max_size=12))
def test_any_chunking_yields_the_same_scans(texts: list[str], end: bytes, cuts: list[int]) -> None:
    data = b"".join(text.encode() + end for text in texts)
    whole = scan(data)
    framer = Framer(FramingPolicy())
    places = [0, *sorted(cuts), len(data)]
    pieces = [frame for start, stop in itertools.pairwise(places) for frame in framer.feed(data[start:stop], 5.0)]
    assert pieces == whole
    for frame, text in zip(whole, texts, strict=True):
        assert frame.text == text or "\u0370" <= max(text) <= "\u07ff"


@given(st.binary(max_size=600))
def test_noise_never_raises(noise: bytes) -> None:
    scan(noise)


@pytest.mark.parametrize(
    ("data", "text", "corrupt"),
    [
        (b"6901234567892\r", "6901234567892", False),
        (b"\x02ABC\x03", "ABC", False),
        ("谢谢".encode() + b"\r", "谢谢", False),
        ("谢谢".encode("gb18030") + b"\r", "谢谢", False),
        ("Café".encode() + b"\r", "Café", False),
        (b"01069\x1d10A\t1\r", "01069\x1d10A\t1", False),
        (b"12\x0734\r", "12\x0734", True),
        (b"\xff\xff\xff\r", "\\xff\\xff\\xff", True),
    ],
)
def test_texts(data: bytes, text: str, corrupt: bool) -> None:
    assert scan(data) == [Frame(text, 5.0, 0, corrupt)]


def test_a_prefix_is_taken_off_and_missed() -> None:
    policy = FramingPolicy(prefix=b"]Q1")
    assert scan(b"]Q1abc\rabc\r]Q1\r", policy) == [
        Frame("abc", 5.0),
        Frame("abc", 5.0, 0, True),
        Frame("", 5.0, 0, True),
    ]


def test_a_pause_ends_a_scan_of_a_scanner_without_terminator() -> None:
    framer = Framer(FramingPolicy(gap_s=0.05))
    assert framer.feed(b"12", 1.0) + framer.idle(1.04) + framer.feed(b"34", 1.04) + framer.idle(1.08) == []
    assert framer.due_s() == pytest.approx(1.09)
    assert framer.idle(1.1) == [Frame("1234", 1.1)]
    assert framer.due_s() is None


def test_after_a_terminator_a_pause_splits_nothing() -> None:
    framer = Framer(FramingPolicy())
    framer.feed(b"first\r", 1.0)
    framer.feed(b"sec", 2.0)
    assert framer.idle(2.5) == []
    assert framer.feed(b"ond\r", 2.6) == [Frame("second", 2.6)]


def test_what_is_never_ended_is_corrupt() -> None:
    framer = Framer(FramingPolicy())
    framer.feed(b"first\rsec", 1.0)
    assert framer.idle(2.1) == [Frame("sec", 2.1, 0, True)]


def test_too_long_is_dropped_up_to_the_next_terminator_and_counted() -> None:
    framer = Framer(FramingPolicy())
    assert framer.feed(b"x" * (MAX_FRAME_BYTES + 100) + b"tail\rgood\r", 1.0) == [Frame("good", 1.0)]
    assert framer.overflows == 1
    assert scan(b"x" * MAX_FRAME_BYTES + b"\r")[0].text == "x" * MAX_FRAME_BYTES


def test_a_lost_cable_drops_the_half_scan() -> None:
    framer = Framer(FramingPolicy())
    framer.feed(b"half", 1.0)
    framer.disconnect()
    assert framer.feed(b"new\r", 1.1) == [Frame("new", 1.1)]


def test_repeats_are_counted_within_their_window() -> None:
    framer = Framer(FramingPolicy())
    at = [framer.feed(b"A\r", now_s)[0].repeats for now_s in (1.0, 1.5, 2.4, 3.5)]
    assert at == [0, 1, 2, 0]
    assert framer.feed(b"B\rA\r", 3.6)[1].repeats == 0


def test_slow_lines_have_longer_pauses() -> None:
    assert gap_s_at(None) == gap_s_at(11520) == 0.05
    assert gap_s_at(120) == pytest.approx(0.25)


def test_a_tabulator_at_the_end_is_a_suffix() -> None:
    framer = Framer(FramingPolicy())
    framer.feed(b"6901234567892\t", 1.0)
    assert framer.idle(1.1) == [Frame("6901234567892", 1.1)]
    assert scan(b"\t\r") == []
