"""What is said to scanners of known makers, and their replies told from scans."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.scanner.commands import COMMANDS, Reply, ReplySplitter, Verdict, honeywell, newland

SAID_BY_NEWLAND = b"\x02\x010000#TSUENA1\x06;TSUSET0D\x06;\x03"
ARTICLE = b"6901234567892\r"


def split(model: str, data: bytes, expected: bytes = b"", piece: int = 4096) -> tuple[bytes, list[Reply]]:
    splitter = ReplySplitter(model)
    if expected:
        splitter.expect(expected)
    scans, replies = b"", []
    for at in range(0, len(data), piece):
        part, found = splitter.feed(data[at : at + piece])
        scans += part
        replies += found
    return scans + splitter.give_up(), replies


def test_frames_are_those_of_the_manuals() -> None:
    assert newland("SCNTRG1") == bytes.fromhex("7E 01 30 30 30 30 23 53 43 4E 54 52 47 31 3B 03")
    assert newland("C11*", kept=True) == bytes.fromhex("7E 01 30 30 30 30 40 43 31 31 2A 3B 03")
    assert honeywell("SUFBK2990D", kept=True) == b"\x16M\rSUFBK2990D."
    assert COMMANDS["honeywell"].trigger == bytes.fromhex("16 54 0D")


def test_an_unknown_maker_is_told_nothing_and_loses_nothing() -> None:
    assert COMMANDS[""].set_up == () and not COMMANDS[""].beep
    assert split("", SAID_BY_NEWLAND + ARTICLE) == (SAID_BY_NEWLAND + ARTICLE, [])


@pytest.mark.parametrize("piece", [1, 3, 7, 4096])
def test_a_reply_between_scans_is_taken_out(piece: int) -> None:
    scans, replies = split("newland", ARTICLE + SAID_BY_NEWLAND + ARTICLE, piece=piece)
    assert scans == ARTICLE * 2
    assert replies == [Reply("TSUENA1;TSUSET0D", Verdict.DONE)]


@pytest.mark.parametrize(("status", "verdict"), [(b"\x15", Verdict.BAD_VALUE), (b"\x05", Verdict.UNKNOWN_COMMAND)])
def test_the_worst_answer_of_several_settings_counts(status: bytes, verdict: Verdict) -> None:
    said = b"\x02\x010000#TSUENA1\x06;TSUSETXX" + status + b";\x03"
    assert split("newland", said)[1] == [Reply("TSUENA1;TSUSETXX", verdict)]


@pytest.mark.parametrize("piece", [1, 5, 4096])
def test_honeywells_echo_is_taken_out_once_it_is_expected(piece: int) -> None:
    frame, echo = honeywell("SUFBK2990D"), b"SUFBK2990D\x06!"
    assert split("honeywell", echo + ARTICLE, frame, piece) == (ARTICLE, [Reply("SUFBK2990D", Verdict.DONE)])
    assert split("honeywell", echo + ARTICLE, b"", piece) == (echo + ARTICLE, [])


def test_a_scan_that_begins_like_an_echo_is_a_scan() -> None:
    assert split("honeywell", b"SUFBK2990D is printed here\r", honeywell("SUFBK2990D"))[0].endswith(b"here\r")


@given(st.binary(max_size=800), st.sampled_from(["newland", "honeywell"]), st.integers(1, 50))
def test_noise_loses_no_byte_unless_it_is_a_reply(noise: bytes, model: str, piece: int) -> None:
    scans, replies = split(model, noise, honeywell("SUFBK2990D"), piece)
    assert replies or scans == noise
