"""What a printer says, in any mixture and in pieces."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.drawer import DrawerState, drawer_state
from drivers.printer.status import (
    UNKNOWN,
    Automatic,
    Block,
    Demultiplexer,
    InOrder,
    ProcessDone,
    RealTime,
    Reply,
    Stray,
    health_from_automatic,
    health_from_real_time,
)

PIECES: list[tuple[bytes, list[Reply]]] = [
    (b"\x10\x00\x00\x0f", [Automatic(b"\x10\x00\x00\x0f")]),
    (b"\x00", [InOrder(0)]),
    (b"\x0c", [InOrder(0x0C)]),
    (b"\x37\x22!!a~\x00", [ProcessDone("!!a~")]),
    (b"\x5fEPSON\x00", [Block(0x5F, b"EPSON")]),
    (b"\x11", []),
    (b"\x13", []),
]


@given(st.lists(st.sampled_from(PIECES), max_size=8), st.lists(st.integers(0, 60), max_size=6))
def test_any_mixture_in_any_pieces(pieces: list[tuple[bytes, list[Reply]]], cuts: list[int]) -> None:
    data = b"".join(piece for piece, _ in pieces)
    expected = [reply for _, replies in pieces for reply in replies]
    demultiplexer = Demultiplexer()
    places = [0, *sorted(cuts), len(data)]
    heard = [reply for start, end in itertools.pairwise(places) for reply in demultiplexer.feed(data[start:end])]
    assert heard == expected


@given(st.binary(max_size=300))
def test_noise_never_raises_and_never_confirms_a_four_character_id_by_chance_alone(noise: bytes) -> None:
    for reply in Demultiplexer().feed(noise):
        if isinstance(reply, ProcessDone):
            assert b"\x37\x22" + reply.process_id.encode() + b"\x00" in noise.translate(None, b"\x11\x13")


def test_real_time_answers_belong_to_their_questions() -> None:
    demultiplexer = Demultiplexer()
    assert demultiplexer.feed(b"\x12") == [Stray(0x12)]
    demultiplexer.expect_status()
    assert demultiplexer.feed(b"\x12\x16\x00\x12") == [
        RealTime(1, 0x12),
        RealTime(2, 0x16),
        InOrder(0),
        RealTime(3, 0x12),
    ]
    assert demultiplexer.awaits_status
    demultiplexer.forget()
    assert demultiplexer.feed(b"\x12") == [Stray(0x12)]


def test_a_broken_block_gives_its_bytes_back() -> None:
    demultiplexer = Demultiplexer()
    demultiplexer.expect_status()
    assert demultiplexer.feed(b"\x37\x22\x12") == [Stray(0x37), Stray(0x22), RealTime(1, 0x12)]


def test_a_block_without_end_is_given_up() -> None:
    assert all(isinstance(reply, Stray | InOrder) for reply in Demultiplexer().feed(b"\x5f" + b"A" * 400))


CLEAN = {1: 0x12, 2: 0x12, 3: 0x12, 4: 0x12}


@pytest.mark.parametrize(
    ("number", "bits", "code"),
    [
        (1, 0x08, "printer.offline"),
        (1, 0x20, "printer.waiting"),
        (2, 0x04, "printer.cover_open"),
        (2, 0x08, "printer.feeding"),
        (2, 0x20, "printer.paper_out"),
        (3, 0x04, "printer.mechanical"),
        (3, 0x08, "printer.cutter_jammed"),
        (3, 0x20, "printer.broken"),
        (3, 0x40, "printer.overheated"),
        (4, 0x0C, "printer.paper_low"),
        (4, 0x60, "printer.paper_out"),
    ],
)
def test_each_bit_has_its_code(number: int, bits: int, code: str) -> None:
    health = health_from_real_time({**CLEAN, number: 0x12 | bits})
    assert health.code == code
    assert (health.blocked is None) is (code == "printer.paper_low")


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (b"\x10\x00\x00\x0f", "printer.ready"),
        (b"\x18\x00\x00\x0f", "printer.offline"),
        (b"\x38\x00\x00\x0f", "printer.cover_open"),
        (b"\x18\x08\x00\x0f", "printer.cutter_jammed"),
        (b"\x18\x20\x00\x0f", "printer.broken"),
        (b"\x10\x00\x03\x0f", "printer.paper_low"),
        (b"\x18\x00\x0f\x0f", "printer.paper_out"),
    ],
)
def test_automatic_status_says_the_same(status: bytes, code: str) -> None:
    assert health_from_automatic(status).code == code


def test_silence_is_not_readiness() -> None:
    assert UNKNOWN.blocked == "printer.silent"


def test_the_drawer_is_what_its_pin_says() -> None:
    high = health_from_real_time({**CLEAN, 1: 0x16})
    assert drawer_state(high, open_is_high=True) is DrawerState.OPEN
    assert drawer_state(high, open_is_high=False) is DrawerState.CLOSED
    assert drawer_state(UNKNOWN, open_is_high=True) is DrawerState.UNKNOWN
