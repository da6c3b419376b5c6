"""A stick: what is looked for on it, and how its partition is mounted."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from agent.core.errors import Refused
from agent.upgrade.intake import STICK_FOLDER, bundle_on
from agent.upgrade.stick import OPTIONS, read_only


def test_the_newest_bundle_of_the_sticks_folder_is_meant(tmp_path: Path) -> None:
    folder = tmp_path / STICK_FOLDER
    folder.mkdir()
    with pytest.raises(Refused, match=r"release\.none_here"):
        bundle_on(tmp_path)
    for name in ("storebox-0.1.0.bundle", "storebox-0.2.0.bundle", "notes.txt"):
        (folder / name).write_bytes(b"x")
    (folder / "storebox-9.bundle").symlink_to("/etc/passwd")
    assert bundle_on(tmp_path).name == "storebox-0.2.0.bundle"
    assert bundle_on(folder / "storebox-0.1.0.bundle").name == "storebox-0.1.0.bundle"


def test_a_folder_is_read_where_it_is_and_nothing_is_refused(tmp_path: Path) -> None:
    with read_only(tmp_path) as found:
        assert found == tmp_path
    with pytest.raises(Refused, match=r"release\.none_here"), read_only(tmp_path / "none"):
        pass


def test_a_partition_is_mounted_so_that_nothing_on_it_can_run(tmp_path: Path) -> None:
    if os.geteuid() != 0 or not shutil.which("mkfs.ext2"):
        pytest.skip("mounting a partition needs root and e2fsprogs: apt-get install e2fsprogs, run as root")
    image = tmp_path / "stick.img"
    with image.open("wb") as file:
        file.truncate(2_000_000)
    subprocess.run(["mkfs.ext2", "-q", str(image)], check=True)
    made = subprocess.run(["losetup", "--find", "--show", str(image)], capture_output=True, text=True, check=False)
    if made.returncode != 0:
        pytest.skip(f"there is no loop device here, as in most containers: {made.stderr.strip()}")
    device = Path(made.stdout.strip())
    try:
        with read_only(device) as folder:
            mounted = next(line for line in Path("/proc/mounts").read_text().splitlines() if f" {folder} " in line)
            assert set(OPTIONS.split(",")) <= set(mounted.split()[3].split(","))
        assert f" {folder} " not in Path("/proc/mounts").read_text()
        assert not folder.exists()
    finally:
        subprocess.run(["losetup", "--detach", str(device)], check=True)
