"""Files that outlive a power cut: whole, private, and without a draft left beside them."""

import os
from pathlib import Path

import pytest

from agent.disk import write_private, write_whole


def test_a_file_is_written_and_written_again(tmp_path: Path) -> None:
    file = tmp_path / "one.json"
    write_whole(file, b"first")
    write_whole(file, b"")
    assert file.read_bytes() == b""
    assert [path.name for path in tmp_path.iterdir()] == ["one.json"]


def test_a_private_file_and_its_folder_are_the_owners_alone(tmp_path: Path) -> None:
    file = tmp_path / "keys" / "device-1.key"
    write_private(file, b"secret")
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700


def test_the_mode_is_the_new_files_whatever_the_old_one_had(tmp_path: Path) -> None:
    file = tmp_path / "verified.json"
    file.write_bytes(b"old")
    file.chmod(0o600)
    write_whole(file, b"new", 0o644)
    assert file.stat().st_mode & 0o777 == 0o644 & ~_umask()


def test_a_draft_that_a_power_cut_left_is_in_nobodys_way(tmp_path: Path) -> None:
    (tmp_path / ".one.json.new").write_bytes(b"ha")
    write_whole(tmp_path / "one.json", b"whole")
    assert [path.name for path in tmp_path.iterdir()] == ["one.json"]


def test_a_link_in_the_drafts_place_is_not_followed(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_bytes(b"not yours")
    (tmp_path / ".one.json.new").symlink_to(target)
    write_whole(tmp_path / "one.json", b"mine")
    assert target.read_bytes() == b"not yours"


def test_what_cannot_be_written_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "one.json"
    write_whole(file, b"old")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_whole(file, b"new")
    assert file.read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["one.json"]


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
