"""The sealed key: used when it is the enrolled one, asked for once, and its loss is named."""

from pathlib import Path

import pytest

from agent.core.errors import Broken
from sync.enrol import Enrolment, device_key, enrol_alone, load_enrolment
from sync.keys import device_epochs, device_key_path
from sync.sealing import CREDENTIAL, REQUEST, UNENROLLED, Seal, sealed_key, settle_seal


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def box(state: Path) -> Enrolment:
    return enrol_alone(state, "S001", "B1")


@pytest.fixture
def credentials(tmp_path: Path) -> Path:
    folder = tmp_path / "credentials"
    folder.mkdir()
    (folder / CREDENTIAL).write_bytes(UNENROLLED)
    return folder


def settle(state: Path, box: Enrolment, credentials: Path | None) -> Seal:
    return settle_seal(state, box.identity.epoch, box.public_key, credentials)


def seal(state: Path, credentials: Path) -> None:
    """What the unit gives after root sealed the key."""
    (credentials / CREDENTIAL).write_bytes(device_key_path(state, 1).read_bytes())


def test_an_open_key_is_used_and_its_seal_asked_for(state: Path, box: Enrolment, credentials: Path) -> None:
    assert settle(state, box, credentials) is Seal.OPEN
    assert (state / "keys" / REQUEST).read_text() == "1"
    assert device_key(state, box, credentials).public_key == box.public_key


def test_without_the_unit_nothing_is_asked_for(state: Path, box: Enrolment) -> None:
    assert settle(state, box, None) is Seal.OPEN
    assert not (state / "keys" / REQUEST).exists()


def test_a_start_with_the_sealed_key_removes_the_open_one(state: Path, box: Enrolment, credentials: Path) -> None:
    seal(state, credentials)
    assert settle(state, box, credentials) is Seal.SEALED
    assert not device_key_path(state, 1).exists()
    assert settle(state, box, credentials) is Seal.SEALED, "the same again"
    key = device_key(state, box, credentials)
    assert key.public_key == box.public_key


def test_another_boxs_seal_removes_nothing(state: Path, box: Enrolment, credentials: Path, tmp_path: Path) -> None:
    enrol_alone(tmp_path / "other", "S002", "B1")
    seal(tmp_path / "other", credentials)
    assert settle(state, box, credentials) is Seal.OPEN
    assert device_key_path(state, 1).exists()
    assert device_key(state, box, credentials).public_key == box.public_key


def test_a_seal_that_opens_no_more_is_named(state: Path, box: Enrolment, credentials: Path) -> None:
    seal(state, credentials)
    settle(state, box, credentials)
    (credentials / CREDENTIAL).write_bytes(UNENROLLED + b"\n")
    assert settle(state, box, credentials) is Seal.LOST
    with pytest.raises(Broken, match=r"key\.seal_lost"):
        device_key(state, box, credentials)


def test_an_epoch_whose_key_is_sealed_is_not_given_again(state: Path, box: Enrolment, credentials: Path) -> None:
    seal(state, credentials)
    settle(state, box, credentials)
    assert device_epochs(state) == [1]
    assert enrol_alone(state, "S001", "B1").identity.epoch == 2
    again = load_enrolment(state)
    assert again is not None and again.identity.epoch == 2


@pytest.mark.parametrize("text", [b"", b"-----BEGIN PRIVATE KEY-----\n", b"\x00" * 5000])
def test_a_damaged_credential_is_named(credentials: Path, text: bytes) -> None:
    (credentials / CREDENTIAL).write_bytes(text)
    with pytest.raises(Broken, match=r"key\.unreadable"):
        sealed_key(credentials)


def test_no_credential_is_no_key(tmp_path: Path) -> None:
    assert sealed_key(tmp_path) is None
    assert sealed_key(None) is None
