"""Who may sign a release, and every reason for which a box refuses one."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from agent.core.canonical import canonical_bytes
from agent.core.errors import Refused
from agent.core.release import (
    Installed,
    check_fits,
    check_signatures,
    followed,
    key_list_message,
    manifest_message,
    parse_key_list,
    parse_manifest,
    safe_link,
    safe_path,
)

HERE = Installed("1.0.0", 5, "amd64", "3.11")


@dataclass(frozen=True)
class Key:
    private: Ed25519PrivateKey

    @classmethod
    def of(cls, number: int) -> "Key":
        return cls(Ed25519PrivateKey.from_private_bytes(number.to_bytes(32, "big")))

    @property
    def public(self) -> str:
        return self.private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()


ROOTS, KEYS = [Key.of(number) for number in (1, 2)], {f"release-{number}": Key.of(10 + number) for number in (1, 2, 3)}


def key_list(version: int, roots: list[Key], keys: dict[str, Key], signers: list[Key]) -> dict[str, Any]:
    document: dict[str, Any] = {
        "version": version,
        "roots": [root.public for root in roots],
        "keys": [{"kid": kid, "public_key": key.public} for kid, key in keys.items()],
    }
    message = key_list_message(document)
    return {**document, "signatures": [signer.private.sign(message).hex() for signer in signers]}


LIST = key_list(1, ROOTS, KEYS, ROOTS)


def manifest(signers: tuple[str, ...] = ("release-1", "release-2"), **changes: Any) -> bytes:
    document: dict[str, Any] = {
        "format": 1,
        "product": "storebox",
        "version": "1.1.0",
        "sequence": 6,
        "min_from": 0,
        "channel": "stable",
        "arch": "amd64",
        "python": "3.11",
        "not_after": None,
        "tree": {"sha256": "0" * 64, "size": 10},
        "files": [{"path": "bin/storebox", "sha256": "1" * 64, "size": 3, "executable": True}],
        "links": {"bin/python": "/usr/bin/python3.11"},
        **changes,
    }
    message = manifest_message(document)
    rows = [{"kid": kid, "signature": KEYS[kid].private.sign(message).hex()} for kid in signers]
    return canonical_bytes({**document, "signatures": rows})


def code_of(call: Callable[[], object]) -> str:
    with pytest.raises(Refused) as refused:
        call()
    return refused.value.code


def test_two_different_keys_of_the_list_sign_a_release() -> None:
    keys = parse_key_list(LIST)
    check_signatures(parse_manifest(manifest()), keys)
    for signers in ((), ("release-1",), ("release-1", "release-1")):
        found = parse_manifest(manifest(signers))
        assert code_of(lambda found=found: check_signatures(found, keys)) == "release.one_signature"


def test_a_key_that_no_list_names_and_a_signature_of_another_text_are_refused() -> None:
    without = parse_key_list(key_list(1, ROOTS, {kid: KEYS[kid] for kid in ("release-1", "release-2")}, ROOTS))
    found = parse_manifest(manifest(("release-1", "release-3")))
    assert code_of(lambda: check_signatures(found, without)) == "release.unknown_key"
    document = json.loads(manifest())
    changed = parse_manifest(canonical_bytes({**document, "sequence": 7}))
    assert code_of(lambda: check_signatures(changed, parse_key_list(LIST))) == "release.wrong_signature"


@given(st.data())
def test_no_field_of_a_signed_manifest_can_be_changed(data: st.DataObject) -> None:
    document = json.loads(manifest())
    name = data.draw(st.sampled_from(sorted(set(document) - {"signatures", "format"})))
    value = data.draw(st.sampled_from([1, 9, "2.0", "all", None, {}, [], {"a": "b"}, {"sha256": "2" * 64, "size": 9}]))
    if value == document[name]:
        return
    with pytest.raises(Refused):
        check_signatures(parse_manifest(canonical_bytes({**document, name: value})), parse_key_list(LIST))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"product": "other"}, "release.other_product"),
        ({"arch": "arm64"}, "release.other_machine"),
        ({"python": "3.13"}, "release.other_python"),
        ({"sequence": 5}, "release.not_newer"),
        ({"sequence": 1}, "release.not_newer"),
        ({"min_from": 6}, "release.too_far"),
        ({"version": "1.0.0"}, "release.same_version"),
    ],
)
def test_what_does_not_fit_this_box_is_refused_by_its_reason(changes: dict[str, Any], code: str) -> None:
    found = parse_manifest(manifest(**changes))
    assert code_of(lambda: check_fits(found, HERE)) == code


def test_what_fits_is_taken_and_a_permit_opens_one_step_back() -> None:
    check_fits(parse_manifest(manifest()), HERE)
    check_fits(parse_manifest(manifest(arch="all", python="any", min_from=5)), HERE)
    older = parse_manifest(manifest(sequence=3, version="0.9.0"))
    check_fits(older, HERE, permitted_sequence=3)
    assert code_of(lambda: check_fits(older, HERE, permitted_sequence=2)) == "release.not_newer"


def test_roots_and_keys_are_replaced_by_lists_that_two_roots_signed() -> None:
    trusted, new_roots, new_keys = parse_key_list(LIST), [Key.of(3), Key.of(4)], {"a": Key.of(20), "b": Key.of(21)}
    second = key_list(2, new_roots, new_keys, ROOTS)
    third = key_list(3, new_roots, KEYS, new_roots)
    assert followed(trusted, [LIST, second, third]).version == 3
    assert set(followed(trusted, [second]).keys) == {"a", "b"}
    assert code_of(lambda: followed(trusted, [third])) == "release.key_list_not_signed"
    for signers in ([ROOTS[0]], [ROOTS[0], ROOTS[0]], new_roots, []):
        offered = key_list(2, new_roots, new_keys, signers)
        assert code_of(lambda offered=offered: followed(trusted, [offered])) == "release.key_list_not_signed"


def test_an_old_stick_brings_no_old_keys_back() -> None:
    present = parse_key_list(key_list(5, ROOTS, KEYS, ROOTS))
    assert followed(present, [LIST, "not looked at"][:1]) is present


@pytest.mark.parametrize(
    "changes",
    [
        {"format": 2},
        {"version": "../../etc"},
        {"version": ""},
        {"sequence": 0},
        {"sequence": True},
        {"sequence": "6"},
        {"min_from": -1},
        {"tree": {"sha256": "zz", "size": 1}},
        {"files": []},
        {"files": [{"path": "../out", "sha256": "1" * 64, "size": 1}]},
        {"files": [{"path": "/etc/passwd", "sha256": "1" * 64, "size": 1}]},
        {"files": [{"path": "a", "sha256": "1" * 64, "size": 1}] * 2},
        {"files": [{"path": "a", "sha256": "1" * 64, "size": 3_000_000_000}]},
        {"links": {"bin/python": "/bin/sh"}},
        {"links": {"lib64": "../../etc"}},
        {"links": {"bin/storebox": "x"}},
        {"not_after": 5},
    ],
)
def test_a_manifest_that_is_written_wrongly_is_malformed_whoever_signed_it(changes: dict[str, Any]) -> None:
    assert code_of(lambda: parse_manifest(manifest(**changes))) == "release.malformed"


@given(st.binary(max_size=200))
def test_any_bytes_are_a_refusal_and_nothing_else(data: bytes) -> None:
    assert code_of(lambda: parse_manifest(data)) == "release.malformed"


@pytest.mark.parametrize("document", [None, [], {}, {"version": 1, "roots": [], "keys": []}, {**LIST, "roots": ["x"]}])
def test_a_key_list_names_two_roots_and_two_keys(document: object) -> None:
    assert code_of(lambda: parse_key_list(document)) == "release.malformed"


def test_paths_and_links_stay_inside() -> None:
    assert all(safe_path(path) for path in ("a", "a/b.py", "lib/python3.11/x", "中文/文件"))
    for path in ("", "/a", "a/../b", "..", "a//b", "a/./b", "a\\b", "a\nb", "x" * 401, 5):
        assert not safe_path(path), path
    assert safe_link("bin/python3", "python")
    assert safe_link("bin/python", "/usr/bin/python3.11")
    assert safe_link("a/b/c", "../../d")
    for target in ("../x", "/etc/passwd", "", "a/../../../x", "/usr/bin/python3.11/../sh", None):
        assert not safe_link("lib", target), target
