"""The sealed file of an offline packet: only its code opens it, and no byte of it may differ."""

import pytest

from agent.core.errors import Credentials, Refused
from agent.core.typed_codes import read_typed_code, shown_typed_code, typed_code
from sync.packet import MAGIC, PACKET_BYTES_MAX, seal, unseal

CODE = typed_code(b"\x01\x23\x45\x67\x89")
CONTENT = {"store": "S001", "name": "一号店"}
SEALED = seal(CONTENT, CODE, bytes(16), bytes(12))


def test_the_code_opens_it_however_it_is_typed() -> None:
    assert unseal(SEALED, CODE) == CONTENT
    assert unseal(SEALED, f" {shown_typed_code(CODE).lower().replace('0', 'o').replace('1', 'i')} ") == CONTENT


@pytest.mark.parametrize("code", ["", "0000-0000", CODE[:7], CODE + "0", "U" * 8, "一二三四五六七八"])
def test_no_other_code_does(code: str) -> None:
    with pytest.raises(Credentials, match=r"enrol\.packet_wrong_code"):
        unseal(SEALED, code)


@pytest.mark.parametrize("place", [len(MAGIC), len(MAGIC) + 16, len(MAGIC) + 28, -1])
def test_a_changed_byte_is_found(place: int) -> None:
    changed = bytearray(SEALED)
    changed[place] ^= 1
    with pytest.raises(Credentials, match=r"enrol\.packet_wrong_code"):
        unseal(bytes(changed), CODE)


@pytest.mark.parametrize("data", [b"", MAGIC, b"PK\x03\x04", SEALED[1:], SEALED + bytes(PACKET_BYTES_MAX)])
def test_what_is_no_packet_is_refused_before_any_work(data: bytes) -> None:
    with pytest.raises(Refused, match=r"enrol\.packet_damaged"):
        unseal(data, CODE)


def test_typed_codes_round_trip_and_use_all_their_bits() -> None:
    assert typed_code(bytes(5)) == "0" * 8 and typed_code(b"\xff" * 5) == "Z" * 8
    codes = {typed_code(bytes((number, 0, 7, 0, number))) for number in range(256)}
    assert len(codes) == 256 and all(read_typed_code(code) == code for code in codes)
    with pytest.raises(ValueError, match="5 bytes"):
        typed_code(b"1234")
