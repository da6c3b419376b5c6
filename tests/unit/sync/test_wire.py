"""Uploads and receipts: what is sent is what is read, and what is wrong is named."""

import json
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core.canonical import canonical
from agent.core.chain import Entry, Identity
from agent.core.errors import Refused
from sync.wire import UPLOAD_BYTES_MAX, compress, inflate, parse_receipt, parse_upload, upload_bytes
from tests.unit.sync.fakes import chained

BOX = Identity("S001", "B1", 3)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def document(**changes: object) -> dict[str, object]:
    entries = chained(BOX, [("sale.completed", {"total_fen": 1})])
    body, _ = upload_bytes(BOX, b"\x01" * 32, entries, {})
    return {**json.loads(body), **changes}


@given(st.lists(st.dictionaries(st.text(max_size=8), VALUES, max_size=3), min_size=1, max_size=5))
def test_an_upload_arrives_as_it_was_stored(bodies: list[dict[str, object]]) -> None:
    entries = chained(BOX, [("sale.completed", body) for body in bodies])
    body, count = upload_bytes(BOX, b"\x01" * 32, entries, {"unsent": 2})
    upload = parse_upload(inflate(compress(body)))
    assert count == len(entries)
    assert (upload.identity, upload.first_seq, upload.previous) == (BOX, 1, b"\x01" * 32)
    assert [entry.body for entry in upload.entries] == [entry.body for entry in entries]
    assert upload.heartbeat == {"unsent": 2}


def test_bodies_that_are_not_normal_text_are_sent_untouched() -> None:
    body = '{"name":"e\u0301"}'
    data, _ = upload_bytes(BOX, bytes(32), [Entry(1, 1, "sale.completed", body, bytes(32))], {})
    assert parse_upload(data).entries[0].body == body


def test_an_upload_is_canonical_json() -> None:
    data, _ = upload_bytes(BOX, bytes(32), chained(BOX, [("seal", {"b": 1, "a": "中"})] * 3), {"b": 1, "a": [2]})
    assert data.decode() == canonical(json.loads(data))


def test_an_upload_is_bounded_but_never_empty() -> None:
    big = chained(BOX, [("sale.completed", {"x": "y" * 100_000})] * 4)
    body, count = upload_bytes(BOX, bytes(32), big, {})
    assert count == 2
    assert len(body) <= UPLOAD_BYTES_MAX
    huge = chained(BOX, [("sale.completed", {"x": "y" * 400_000})] * 2)
    assert upload_bytes(BOX, bytes(32), huge, {})[1] == 1
    assert upload_bytes(BOX, bytes(32), chained(BOX, [("seal", {})] * 600), {})[1] == 500


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"store": "s1"}, "store"),
        ({"box": ""}, "box"),
        ({"epoch": 0}, "epoch"),
        ({"epoch": True}, "epoch"),
        ({"first_seq": 0}, "first_seq"),
        ({"previous": "00"}, "previous"),
        ({"previous": "A" * 64}, "previous"),
        ({"entries": []}, "entries"),
        ({"entries": [[1, 2, "seal"]]}, "entries"),
        ({"entries": [[2, 2, "seal", "{}"]]}, "seq"),
        ({"entries": [[1, "2", "seal", "{}"]]}, "at_ms"),
        ({"entries": [[1, 2, "Seal", "{}"]]}, "kind"),
        ({"entries": [[1, 2, "seal", {}]]}, "body"),
        ({"entries": [[1, 2, "seal", "\ud800"]]}, "body"),
        ({"entries": [[1, 2, "seal", "a\0"]]}, "body"),
        ({"heartbeat": []}, "heartbeat"),
        ({"more": 1}, "more"),
    ],
)
def test_what_is_wrong_is_named(changes: dict[str, object], field: str) -> None:
    with pytest.raises(Refused) as refused:
        parse_upload(json.dumps(document(**changes)).encode())
    assert (refused.value.code, refused.value.values["field"]) == ("upload.malformed", field)


def test_too_many_entries_and_no_json() -> None:
    many = [[seq, 1, "seal", "{}"] for seq in range(1, 502)]
    with pytest.raises(Refused, match=r"upload\.too_large"):
        parse_upload(json.dumps(document(entries=many)).encode())
    for data in (b"", b"[]", b"{", b"1.5", b'{"a":1.5}', b"[" * 100_000, b"\xff"):
        with pytest.raises(Refused, match=r"upload\.malformed"):
            parse_upload(data)


def test_inflating_is_bounded_and_strict() -> None:
    assert inflate(compress(b"x" * 1000), 1000) == b"x" * 1000
    with pytest.raises(Refused, match=r"upload\.too_large"):
        inflate(compress(b"x" * 1001), 1000)
    for data in (b"", b"plain", compress(b"abc")[:-1], compress(b"abc") + b"more", zlib.compress(b"a")[2:]):
        with pytest.raises(Refused, match=r"upload\.not_deflate"):
            inflate(data)


def test_a_receipt_is_strict() -> None:
    good: dict[str, object] = {
        "store": "S001",
        "box": "B1",
        "epoch": 3,
        "next_seq": 2,
        "head": "ab" * 32,
        "at_ms": 5,
        "kid": "receipt-1",
        "signature": "cd" * 64,
    }
    receipt = parse_receipt(good)
    assert (receipt.identity, receipt.next_seq, receipt.head) == (BOX, 2, b"\xab" * 32)
    for key in good:
        with pytest.raises(Refused, match=r"receipt\.malformed"):
            parse_receipt({**good, key: None})
        with pytest.raises(Refused, match=r"receipt\.malformed"):
            parse_receipt({other: value for other, value in good.items() if other != key})
    for wrong in (None, [], "x", {**good, "more": 1}):
        with pytest.raises(Refused, match=r"receipt\.malformed"):
            parse_receipt(wrong)
