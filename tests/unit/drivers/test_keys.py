"""Key presses become what a serial scanner would have sent, or say that something was lost."""

from __future__ import annotations

import itertools
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.emulators.keyboard import DROPPED, presses
from drivers.scanner.framing import Framer, FramingPolicy
from drivers.transport.keys import (
    CORRUPT,
    DOWN,
    EV_KEY,
    EV_SYN,
    EVENT,
    LEFT_SHIFT,
    RIGHT_SHIFT,
    SYN_DROPPED,
    SYN_REPORT,
    UP,
    US_KEYS,
    KeyTranslator,
)

AUTOREPEAT = 2
CAPS_LOCK = 58
KEY_A, KEY_B, KEY_F1, KEY_ENTER = 30, 48, 59, 28
TYPED = st.text(st.sampled_from(string.ascii_letters + string.digits + string.punctuation + " \t\r"), max_size=60)


def event(code: int, value: int = DOWN, kind: int = EV_KEY) -> bytes:
    return EVENT.pack(7, 9, kind, code, value)


def typed(data: bytes) -> bytes:
    return KeyTranslator().feed(data)


@given(TYPED, st.lists(st.integers(0, 4000), max_size=8))
def test_what_is_typed_arrives_however_the_events_are_cut(text: str, cuts: list[int]) -> None:
    data = presses(text)
    translator = KeyTranslator()
    places = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    pieces = [translator.feed(data[start:stop]) for start, stop in itertools.pairwise(places)]
    assert b"".join(pieces) == text.encode()


@given(st.binary(max_size=2000))
def test_noise_never_raises_and_yields_ascii(noise: bytes) -> None:
    assert typed(noise).isascii()


EVENTS = st.tuples(st.sampled_from([0, 1, 2, 4, 0xFFFF]), st.integers(0, 0x2FF), st.integers(-3, 3))


@given(st.lists(EVENTS, max_size=200))
def test_any_events_yield_characters_of_the_table_or_the_mark(events: list[tuple[int, int, int]]) -> None:
    data = b"".join(EVENT.pack(0, 0, kind, code, value) for kind, code, value in events)
    downs = sum(kind == EV_KEY and value == DOWN for kind, _, value in events)
    drops = sum(kind == EV_SYN and code == SYN_DROPPED for kind, code, _ in events)
    assert len(typed(data)) <= downs + drops


def test_the_table_agrees_with_the_kernels_names() -> None:
    ecodes = pytest.importorskip("evdev", reason="pip install evdev-binary").ecodes
    named = {"MINUS": "-_", "EQUAL": "=+", "LEFTBRACE": "[{", "RIGHTBRACE": "]}", "SEMICOLON": ";:",
             "APOSTROPHE": "'\"", "GRAVE": "`~", "BACKSLASH": "\\|", "COMMA": ",<", "DOT": ".>", "SLASH": "/?",
             "SPACE": "  ", "TAB": "\t\t", "ENTER": "\r\r", "KPENTER": "\r\r", "KPASTERISK": "**", "KPMINUS": "--",
             "KPPLUS": "++", "KPDOT": "..", "KPSLASH": "//", "KPEQUAL": "=="}  # fmt: skip
    named |= {letter.upper(): letter + letter.upper() for letter in string.ascii_lowercase}
    named |= {digit: digit + sign for digit, sign in zip(string.digits, ")!@#$%^&*(", strict=True)}
    named |= {f"KP{digit}": digit * 2 for digit in string.digits}
    assert {getattr(ecodes, f"KEY_{name}"): (pair[0], pair[1]) for name, pair in named.items()} == US_KEYS


@pytest.mark.parametrize("shift", [LEFT_SHIFT, RIGHT_SHIFT])
def test_shift_counts_while_it_is_held(shift: int) -> None:
    assert typed(event(KEY_A) + event(shift) + event(KEY_A) + event(shift, UP) + event(KEY_A)) == b"aAa"


def test_both_shifts_are_told_apart() -> None:
    both = event(LEFT_SHIFT) + event(RIGHT_SHIFT) + event(LEFT_SHIFT, UP)
    assert typed(both + event(KEY_A) + event(RIGHT_SHIFT, UP) + event(KEY_A)) == b"Aa"


def test_one_devices_shift_is_not_the_others() -> None:
    assert KeyTranslator().feed(event(LEFT_SHIFT)) + KeyTranslator().feed(event(KEY_A)) == b"a"


def test_caps_lock_and_repetition_and_releases_say_nothing() -> None:
    events = event(CAPS_LOCK) + event(CAPS_LOCK, UP) + event(KEY_A) + event(KEY_A, AUTOREPEAT) + event(KEY_A, UP)
    assert typed(events + event(KEY_B)) == b"ab"


def test_a_key_without_a_character_marks_the_scan() -> None:
    assert typed(event(KEY_A) + event(KEY_F1) + event(KEY_B)) == b"a" + CORRUPT + b"b"


def test_gs_of_gs1_codes_is_control_and_bracket() -> None:
    assert typed(presses("01\x1d10A\r")) == b"01\x1d10A\r"


def test_dropped_events_mark_the_scan_up_to_the_next_report() -> None:
    lost = event(SYN_DROPPED, 0, EV_SYN) + event(KEY_B) + event(SYN_REPORT, 0, EV_SYN)
    assert typed(event(KEY_A) + lost + event(KEY_A) + event(KEY_ENTER)) == b"a" + CORRUPT + b"a\r"


def test_nothing_is_held_after_dropped_events() -> None:
    assert typed(event(LEFT_SHIFT) + DROPPED + event(KEY_A)) == CORRUPT + b"a"


def test_a_scan_with_a_mark_is_corrupt_and_the_next_is_not() -> None:
    data = typed(presses("123") + DROPPED + presses("456\r") + presses("789\r"))
    assert [(frame.text, frame.corrupt) for frame in Framer(FramingPolicy()).feed(data, 1.0)] == [
        ("123\x1a456", True),
        ("789", False),
    ]


def test_chinese_typed_by_alt_codes_is_refused_not_guessed() -> None:
    frames = Framer(FramingPolicy()).feed(typed(presses("谢谢\r")), 1.0)
    assert [frame.corrupt for frame in frames] == [True]
