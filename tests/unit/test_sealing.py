"""Root's part of sealing: only the enrolled key, from plain files, opened once before it counts."""

import os
from pathlib import Path

import pytest

from agent.core.errors import Broken, Refused
from agent.sealing import KEY_BYTES_MAX, seal, systemd_creds
from sync.enrol import enrol_alone
from sync.keys import device_key_path


def turned(data: bytes) -> bytes:
    """A lock that opens itself: enough to tell sealed from open."""
    return data[::-1]


@pytest.fixture
def state(tmp_path: Path) -> Path:
    enrol_alone(tmp_path / "state", "S001", "B1")
    return tmp_path / "state"


@pytest.fixture
def credential(tmp_path: Path) -> Path:
    return tmp_path / "credstore" / "storebox.device.key"


def test_the_key_is_sealed_once(state: Path, credential: Path) -> None:
    assert seal(state, credential, turned, turned)
    assert turned(credential.read_bytes()) == device_key_path(state, 1).read_bytes()
    assert credential.stat().st_mode & 0o777 == 0o600
    assert not seal(state, credential, turned, turned), "the same again changes nothing"


def test_a_seal_that_opens_no_more_is_made_anew(state: Path, credential: Path) -> None:
    credential.parent.mkdir()
    credential.write_bytes(b"of another machine")

    def opened(data: bytes) -> bytes:
        if data == b"of another machine":
            raise Broken("key.not_sealed", reason="another machine")
        return turned(data)

    assert seal(state, credential, turned, opened)
    assert opened(credential.read_bytes()) == device_key_path(state, 1).read_bytes()


def test_what_does_not_open_again_does_not_count(state: Path, credential: Path) -> None:
    with pytest.raises(Broken, match=r"key\.not_sealed"):
        seal(state, credential, lambda data: data[:-1], lambda data: data)
    assert not credential.exists()


def test_a_key_that_is_not_the_enrolled_one_is_refused(state: Path, credential: Path, tmp_path: Path) -> None:
    enrol_alone(tmp_path / "other", "S001", "B1")
    device_key_path(state, 1).write_bytes(device_key_path(tmp_path / "other", 1).read_bytes())
    with pytest.raises(Broken, match=r"key\.not_the_enrolled"):
        seal(state, credential, turned, turned)


def test_no_link_is_followed(state: Path, credential: Path, tmp_path: Path) -> None:
    key = device_key_path(state, 1)
    key.rename(tmp_path / "elsewhere")
    key.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Broken, match=r"key\.unreadable"):
        seal(state, credential, turned, turned)


def test_a_folder_that_is_a_link_is_not_followed(state: Path, credential: Path, tmp_path: Path) -> None:
    (state / "keys").rename(tmp_path / "elsewhere")
    (state / "keys").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Broken, match=r"key\.unreadable"):
        seal(state, credential, turned, turned)


def test_a_pipe_does_not_hold_root_up(state: Path, credential: Path) -> None:
    device_key_path(state, 1).unlink()
    os.mkfifo(device_key_path(state, 1))
    with pytest.raises(Broken, match=r"key\.unreadable"):
        seal(state, credential, turned, turned)


def test_a_huge_file_is_not_read(state: Path, credential: Path) -> None:
    device_key_path(state, 1).write_bytes(b"x" * (KEY_BYTES_MAX + 1))
    with pytest.raises(Broken, match=r"key\.unreadable"):
        seal(state, credential, turned, turned)


@pytest.mark.parametrize("text", ["{}", '{"epoch":"1","public_key":"00"}', '{"epoch":1,"public_key":"no"}'])
def test_a_damaged_enrolment_is_named(state: Path, credential: Path, text: str) -> None:
    (state / "keys" / "enrolment.json").write_text(text)
    with pytest.raises(Broken, match=r"enrol\.damaged"):
        seal(state, credential, turned, turned)


def test_nothing_to_seal_is_said(tmp_path: Path, state: Path, credential: Path) -> None:
    with pytest.raises(Refused, match=r"key\.nothing_to_seal"):
        seal(tmp_path, credential, turned, turned)
    device_key_path(state, 1).unlink()
    with pytest.raises(Refused, match=r"key\.nothing_to_seal"):
        seal(state, credential, turned, turned)


def test_a_program_that_refuses_says_why() -> None:
    with pytest.raises(Broken, match="no TPM here"):
        systemd_creds(("sh", "-c", "echo no TPM here >&2; exit 1"))(b"")
    with pytest.raises(Broken, match="FileNotFoundError"):
        systemd_creds(("/nowhere/systemd-creds",))(b"")
    assert systemd_creds(("cat",))(b"through") == b"through"
