"""Keys in files, the signed key list, and enrolment without headquarters."""

import json
from pathlib import Path

import pytest

from agent.core.canonical import parse
from agent.core.chain import Identity
from agent.core.errors import Broken, Credentials, Refused, UnknownOutcome
from agent.core.signing import document_message, verify
from sync.enrol import device_key, enrol_alone, load_enrolment
from sync.introduction import introduce
from sync.keylist import KeyRing, key_list_message, root_fingerprint
from sync.keys import FileKey, device_epochs
from sync.pins import Pins
from sync.session import Answer
from tests.unit.sync.fakes import new_key

BOX = Identity("S001", "B1", 1)


def signed_list(root: FileKey, version: int, **fields: object) -> dict[str, object]:
    key: dict[str, object] = {
        "kid": "k1",
        "public_key": new_key().public_key.hex(),
        "uses": ["receipt"],
        "scope": None,
        "not_before": None,
        "not_after": None,
        **fields,
    }
    document: dict[str, object] = {"version": version, "keys": [key]}
    return {**document, "signature": root.sign(key_list_message(document)).hex()}


def test_a_key_is_private_and_lasts(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "device-1.key"
    key = FileKey.load_or_create(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert FileKey.load_or_create(path).public_key == key.public_key
    assert verify(key.public_key, b"m", key.sign(b"m"))
    assert not verify(key.public_key, b"n", key.sign(b"m"))


def test_missing_and_damaged_keys_are_named(tmp_path: Path) -> None:
    with pytest.raises(Broken, match=r"key\.missing"):
        FileKey.load(tmp_path / "none.key")
    (tmp_path / "bad.key").write_text("nonsense")
    with pytest.raises(Broken, match=r"key\.unreadable"):
        FileKey.load(tmp_path / "bad.key")


def test_enrolling_alone_counts_epochs(tmp_path: Path) -> None:
    assert load_enrolment(tmp_path) is None
    first = enrol_alone(tmp_path, "S001", "B1")
    second = enrol_alone(tmp_path, "S001", "B1")
    assert (first.identity.epoch, second.identity.epoch) == (1, 2)
    assert device_epochs(tmp_path) == [1, 2]
    assert load_enrolment(tmp_path) == second
    assert second.key_ring() is None
    assert device_key(tmp_path, second).public_key == second.public_key
    with pytest.raises(Refused, match=r"id\.malformed"):
        enrol_alone(tmp_path, "store", "B1")


def test_a_power_cut_between_enrolment_and_key_is_finished(tmp_path: Path) -> None:
    enrolment = enrol_alone(tmp_path, "S001", "B1")
    (tmp_path / "keys" / "device-1.key").rename(tmp_path / "keys" / "device-new.key")
    assert device_key(tmp_path, enrolment).public_key == enrolment.public_key
    assert device_epochs(tmp_path) == [1]
    (tmp_path / "keys" / "enrolment.json").write_text("{}")
    with pytest.raises(Broken, match=r"enrol\.damaged"):
        load_enrolment(tmp_path)


def test_only_the_root_makes_a_key_list() -> None:
    root = new_key()
    ring = KeyRing(root.public_key, signed_list(root, 2))
    with pytest.raises(Credentials, match=r"keys\.bad_signature"):
        ring.replace(signed_list(new_key(), 3))
    with pytest.raises(Credentials, match=r"keys\.older_list"):
        ring.replace(signed_list(root, 1))
    assert ring.replace(signed_list(root, 3))
    assert ring.version == 3
    assert len(root_fingerprint(root.public_key)) == 32


def test_a_key_counts_for_its_use_scope_and_time() -> None:
    root, signer = new_key(), new_key()
    ring = KeyRing(
        root.public_key,
        signed_list(
            root, 1, public_key=signer.public_key.hex(), scope=["S001"], not_before=10, not_after=20, uses=["receipt"]
        ),
    )

    def fault(use: str, identity: Identity, at_ms: int, kid: str = "k1") -> str | None:
        document: dict[str, object] = {"kid": kid, "x": 1}
        signature = signer.sign(document_message(use, identity, document)).hex()
        return ring.fault(use, identity, {**document, "signature": signature}, at_ms)

    assert fault("receipt", BOX, 15) is None
    assert fault("wish", BOX, 15) == "keys.not_for_this"
    assert fault("receipt", Identity("S002", "B1", 1), 15) == "keys.not_for_this"
    assert fault("receipt", BOX, 9) == "keys.not_for_this"
    assert fault("receipt", BOX, 21) == "keys.not_for_this"
    assert fault("receipt", BOX, 15, "k9") == "keys.unknown_kid"
    assert ring.fault("receipt", BOX, {"kid": "k1", "signature": "zz"}, 15) == "keys.bad_signature"
    assert ring.fault("receipt", BOX, {"kid": "k1", "signature": "00" * 64}, 15) == "keys.bad_signature"


def test_damaged_lists_are_refused_by_their_own_code() -> None:
    root = new_key()
    for document in ({}, {"version": 1, "keys": [], "signature": "zz"}):
        with pytest.raises(Credentials, match=r"keys\.malformed"):
            KeyRing(root.public_key, document)
    with pytest.raises(Credentials, match=r"keys\.malformed"):
        KeyRing(root.public_key, signed_list(root, 1, public_key=None))


@pytest.mark.parametrize("odd", ["\ud800", 2**60, parse("[" * 900 + "]" * 900)])
def test_a_list_that_has_no_canonical_form_is_malformed_and_changes_nothing(odd: object) -> None:
    root = new_key()
    known = KeyRing(root.public_key, signed_list(root, 1))
    hostile = {"signature": "00", "version": 2, "keys": [], "odd": odd}
    with pytest.raises(Credentials, match=r"keys\.malformed"):
        KeyRing(root.public_key, hostile)
    assert not Pins(known).renew(hostile) and known.version == 1


class Between:
    """Whoever answers in headquarters' place on the shop's own network."""

    def __init__(self, answer: dict[str, object]) -> None:
        self.body = json.dumps(answer).encode()

    def send(self, method: str, target: str) -> Answer:
        return Answer(200, {}, self.body)


def test_an_introduction_with_a_time_that_cannot_be_is_no_headquarters() -> None:
    root, nonce = new_key(), bytes(16)
    shown = {"root_public_key": root.public_key.hex(), "key_list": signed_list(root, 1), "signature": "00"}
    session = Between({**shown, "nonce": nonce.hex(), "at_ms": 2**60})
    with pytest.raises(UnknownOutcome, match=r"hq\.garbage_answer"):
        introduce(session, nonce, root_fingerprint(root.public_key), "S001")  # type: ignore[arg-type]
