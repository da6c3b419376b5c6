"""A stick in the booted root: the unit that udev starts mounts it, copies packets for the box, and leaves nothing."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from sync.packet import MAGIC
from tests.nspawn.conftest import STATE, Shop

pytestmark = pytest.mark.nspawn
PACKET = MAGIC + bytes(200)


@pytest.fixture
def partition(tmp_path: Path) -> Iterator[str]:
    """A stick's partition with a packet on it, as the kernel's name of a loop device."""
    files, image = tmp_path / "files", tmp_path / "stick.img"
    files.mkdir()
    (files / "packet.bin").write_bytes(PACKET)
    (files / "holiday.jpg").write_bytes(bytes(1000))
    with image.open("wb") as file:
        file.truncate(4 * 1024 * 1024)
    subprocess.run(["mkfs.ext4", "-q", "-d", str(files), str(image)], check=True)
    made = subprocess.run(["losetup", "--find", "--show", str(image)], capture_output=True, text=True, check=False)
    if made.returncode:
        pytest.skip(f"no loop device: {made.stderr.strip()}; modprobe loop where the machine allows it")
    device = made.stdout.strip()
    yield Path(device).name
    subprocess.run(["losetup", "--detach", device], check=True)


def test_a_stick_is_read_for_a_box_in_setup_mode_only(shop: Shop, partition: str) -> None:
    machine, folder = shop.machine, f"{STATE}/setup/stick"
    unit = f"storebox-stick@{partition}.service"
    machine.run("mknod", "-m", "600", f"/dev/{partition}", "b", "7", partition.removeprefix("loop"))
    machine.run("systemctl", "start", unit)
    assert machine.facts(unit, "ConditionResult") == {"ConditionResult": "no"}, "the box has its store"
    machine.run("install", "-d", "-o", "storebox", "-g", "storebox", "-m", "700", folder)
    try:
        machine.run("systemctl", "start", unit)
        assert machine.facts(unit, "Result") == {"Result": "success"}, machine.journal(unit)
        (name,) = machine.run("ls", folder).split()
        assert machine.run("stat", "--format=%s", f"{folder}/{name}").strip() == str(len(PACKET)), machine.journal(unit)
        machine.run("setpriv", "--reuid=storebox", "--regid=storebox", "--clear-groups", "rm", f"{folder}/{name}")
        assert "storebox-stick" not in machine.run("cat", "/proc/mounts")
        assert machine.run("sh", "-c", "ls -d /run/storebox-stick-* 2>/dev/null || true") == ""
    finally:
        machine.run("rm", "-rf", folder, f"/dev/{partition}")


def test_udev_starts_it_for_a_file_system_on_usb(shop: Shop) -> None:
    rules = shop.machine.run("cat", "/lib/udev/rules.d/70-storebox.rules")
    assert 'ENV{SYSTEMD_WANTS}+="storebox-stick@$kernel.service"' in rules
    assert shop.machine.facts("storebox-stick@sdz1.service", "LoadState") == {"LoadState": "loaded"}
