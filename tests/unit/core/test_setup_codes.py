"""Enrolment and test codes: what is made is read back, and nothing else is believed."""

import pytest
import segno
from hypothesis import given
from hypothesis import strategies as st

from agent.core.codes import Kind, Situation, recognise, self_test_code
from agent.core.errors import Refused
from agent.core.ids import BASE32
from agent.core.setup_codes import (
    EnrolmentCode,
    enrolment_code,
    is_host,
    packet_code,
    read_enrolment_code,
    read_packet_code,
    read_slip_code,
    sealed_code,
    slip_code,
)
from agent.core.typed_codes import shown_typed_code, typed_code

CODE = EnrolmentCode(bytes(range(16)), bytes(range(16, 32)), "S001", 1_790_000_000, "hq.example.com:8443")
TEXT = enrolment_code(CODE)

codes = st.builds(
    EnrolmentCode,
    token=st.binary(min_size=16, max_size=16),
    fingerprint=st.binary(min_size=16, max_size=16),
    store=st.from_regex(r"[A-Z0-9]{1,10}", fullmatch=True),
    expires_s=st.integers(0, 2**32 - 1),
    host=st.sampled_from(["a", "hq.example.com", "127.0.0.1:8090", "[::1]:8090", "x" * 64, "h-q.cn:65535"]),
    plain=st.booleans(),
    replaces=st.booleans(),
)


@given(codes)
def test_what_is_made_is_read_back(code: EnrolmentCode) -> None:
    text = enrolment_code(code)
    assert read_enrolment_code(text) == code
    assert read_enrolment_code(f" {text.lower()}\r\n") == code
    assert recognise(text, Situation("S001")).kind is Kind.ENROL


def test_the_code_fits_a_small_qr() -> None:
    assert int(segno.make(TEXT, error="m", micro=False).version) <= 5
    short = enrolment_code(EnrolmentCode(CODE.token, CODE.fingerprint, "S1", 0, "hq.chain.cn"))
    assert int(segno.make(short, error="l", micro=False).version) <= 4


@pytest.mark.parametrize("text", [TEXT, enrolment_code(EnrolmentCode(b"t" * 16, b"f" * 16, "A", 0, "a"))])
def test_no_flipped_bit_is_read(text: str) -> None:
    for place, character in enumerate(text[2:], 2):
        for bit in range(5):
            other = BASE32[BASE32.index(character) ^ 1 << bit]
            with pytest.raises(Refused, match=r"setup\.code_damaged"):
                read_enrolment_code(text[:place] + other + text[place + 1 :])


@pytest.mark.parametrize("text", [TEXT[:-1], TEXT[:40], TEXT + "A", TEXT + "A" * 600, "E1", TEXT.replace("E1", "E1É")])
def test_a_code_of_another_length_is_not_read(text: str) -> None:
    with pytest.raises(Refused, match=r"setup\.code_damaged"):
        read_enrolment_code(text)


@pytest.mark.parametrize("text", ["", "6901234567892", "134567890123456789", slip_code(bytes(10)), "http://x"])
def test_a_customers_code_enrols_nobody(text: str) -> None:
    with pytest.raises(Refused, match=r"setup\.not_enrolment_code"):
        read_enrolment_code(text)


def test_a_later_layout_is_named() -> None:
    with pytest.raises(Refused, match=r"setup\.code_newer"):
        read_enrolment_code(sealed_code("E1", bytes((0x20,)) + bytes(60)))
    with pytest.raises(Refused, match=r"setup\.code_newer"):
        read_enrolment_code(sealed_code("E1", bytes((0x18,)) + bytes(60)))


@pytest.mark.parametrize("body", [b"\x10", bytes((0x10,)) + bytes(20), bytes((0x10,)) + bytes(36) + b"\xffS001"])
def test_a_body_that_lacks_its_fields_is_refused(body: bytes) -> None:
    with pytest.raises(Refused, match=r"setup\.code_damaged"):
        read_enrolment_code(sealed_code("E1", body))


@pytest.mark.parametrize(
    "host", ["", "HQ.example.com", "a/b", "a b", "a:0", "a:65536", "a" * 65, "user@a", "-a", "a:b"]
)
def test_hosts_that_no_code_holds(host: str) -> None:
    assert not is_host(host)
    with pytest.raises(ValueError, match="host"):
        enrolment_code(EnrolmentCode(CODE.token, CODE.fingerprint, "S001", 0, host))


def test_the_token_shows_in_no_log() -> None:
    assert CODE.token.hex() not in repr(CODE)
    assert repr(CODE.token) not in repr(CODE)


def test_a_test_slip_is_known_by_its_nonce() -> None:
    nonce = bytes(range(10))
    assert read_slip_code(slip_code(nonce)) == nonce
    assert slip_code(nonce) == self_test_code(nonce)
    assert read_slip_code(slip_code(nonce).lower()) == nonce
    assert read_slip_code(TEXT) is None
    assert read_slip_code("T1AAAA") is None
    with pytest.raises(ValueError, match="10 bytes"):
        slip_code(bytes(9))


@given(st.binary(min_size=5, max_size=5))
def test_the_code_of_a_packet_is_read_scanned_and_typed(drawn: bytes) -> None:
    typed = typed_code(drawn)
    scanned = packet_code(typed)
    assert read_packet_code(scanned) == read_packet_code(scanned.lower()) == typed
    assert read_packet_code(shown_typed_code(typed).lower()) == typed
    assert segno.make(scanned, error="m", micro=False).version == 2


def test_what_opens_no_packet_is_told_from_a_code_that_was_not_read_whole() -> None:
    assert read_packet_code("6901234567892") is None
    with pytest.raises(Refused, match=r"setup\.code_damaged"):
        read_packet_code(packet_code("7K2M9QXD")[:-1])
    with pytest.raises(ValueError, match="Crockford"):
        packet_code("7K2M")
