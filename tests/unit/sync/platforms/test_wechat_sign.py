"""WeChat Pay's signatures, encryption and XML against the vendor's own examples and against hostile input."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.platforms.wechat import envelope
from sync.platforms.wechat.sign import opened, rsa_verified, sealed, v2_signature, v2_verified
from sync.simulator.certificates import loaded
from tests.unit.sync.platforms.merchants import key

VECTOR = {
    "appid": "wxd930ea5d5a258f4f",
    "body": "test",
    "device_info": "1000",
    "mch_id": "10000100",
    "nonce_str": "ibuaiVcKdpRxkhJA",
}
NAMES = st.from_regex(r"[a-z_]{1,12}", fullmatch=True)
TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff"))
VECTOR_KEY = "192006250b4c09247ec02edce69f6a2d"


def test_the_vendors_example_of_v2() -> None:
    assert v2_signature(VECTOR, VECTOR_KEY) == "9A0A8659F005D6984697E2CA0A9CF3B7"
    long = v2_signature(VECTOR, VECTOR_KEY, "HMAC-SHA256")
    assert long == "6A9AE1657590FD6257D693A078E1C3E4BB6BA4DC30B23E0EE2496E54170DACD6"


def test_v2_leaves_out_what_is_empty_and_takes_fields_that_nobody_knows() -> None:
    signed = {**VECTOR, "sign": v2_signature(VECTOR, VECTOR_KEY)}
    assert v2_verified({**signed, "coupon": ""}, VECTOR_KEY)
    assert not v2_verified({**signed, "coupon": "1"}, VECTOR_KEY)
    assert not v2_verified(VECTOR, VECTOR_KEY)
    assert not v2_verified({**signed, "sign": "签名"}, VECTOR_KEY)


def test_what_was_sealed_opens_only_whole() -> None:
    box = sealed(b"k" * 32, "123456789012", "certificate", "内容".encode())
    assert opened(b"k" * 32, "123456789012", "certificate", box) == "内容".encode()
    assert opened(b"x" * 32, "123456789012", "certificate", box) is None
    assert opened(b"k" * 32, "123456789012", "transaction", box) is None
    assert opened(b"k" * 32, "123456789012", "certificate", "no base64!") is None


def test_a_signature_that_is_no_base64_is_nobodys() -> None:
    assert not rsa_verified(loaded(key("platform")).public_key(), b"text", "%%%")


@given(st.dictionaries(NAMES, TEXTS, max_size=8))
def test_fields_read_back_from_xml(fields: dict[str, str]) -> None:
    assert envelope.read(envelope.written(fields)) == fields


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not xml",
        b"<html/>",
        b"<xml><a><b>1</b></a></xml>",
        b"<xml><a>1</a><a>2</a></xml>",
        b'<!DOCTYPE xml [<!ENTITY e SYSTEM "file:///etc/passwd">]><xml><a>&e;</a></xml>',
        b'<!DOCTYPE xml [<!ENTITY a "aaaa">]><xml><b>&a;</b></xml>',
        b"<xml><a>\xff\xfe</a></xml>",
        b"<xml>" + b"<a>1</a>" * 40_000 + b"</xml>",
    ],
)
def test_what_is_no_flat_document_is_refused(data: bytes) -> None:
    with pytest.raises(envelope.NotAnEnvelope):
        envelope.read(data)
