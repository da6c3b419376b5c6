"""The emulated machine: what it needs, how it is started, what came out of it.

QEMU without KVM, so it runs wherever its packages are. It sees this machine's root read-only, under a layer that
forgets, and so the same Python and the same tests. Reports and console go to files: a full pipe would stop it.
"""

from __future__ import annotations

import json
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.box.initramfs import File, archive
from tests.box.kernel import Modules, bootable

TREE = Path(__file__).resolve().parents[2]
BUILD = TREE / "build/box"
WALL_LIMIT_S = 180.0
EMULATOR = "qemu-system-x86_64"
UDEV = Path("/lib/systemd/systemd-udevd")
BUSYBOX = BUILD / "busybox/bin/busybox"

_MODULES = (
    *("virtio_pci", "9pnet_virtio", "9p", "overlay"),
    *("evdev", "hid_generic", "usbhid", "usblp", "cdc_acm"),
    *("dummy_hcd", "usb_f_printer", "usb_f_acm", "usb_f_hid"),
)
_OPTIONS = {"dummy_hcd.ko": " num=7"}
_CONSOLE_TAIL_LINES = 60


@dataclass(frozen=True, slots=True)
class Report:
    """How one case ended inside: `outcome` is passed or failed."""

    outcome: str
    seconds: float
    detail: str


@dataclass(frozen=True, slots=True)
class Run:
    """One boot."""

    wall_s: float
    console: str
    reports: dict[str, Report] = field(default_factory=dict)

    @property
    def console_tail(self) -> str:
        """The last lines that kernel, `init` and the cases wrote."""
        return "\n".join(self.console.splitlines()[-_CONSOLE_TAIL_LINES:])


def what_is_missing() -> str | None:
    """Why no machine can be started here and what to do about it; None when one can."""
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        return f"runs this machine's own programs on an emulated x86-64, so not on {sys.platform} {platform.machine()}"
    missing = [name for name in (EMULATOR,) if shutil.which(name) is None]
    missing += [str(path) for path in (UDEV, BUSYBOX) if not path.exists()]
    if not list(BUILD.glob("kernel/boot/vmlinuz-*")):
        missing.append(f"{BUILD}/kernel")
    if not missing:
        return None
    return f"lacks {', '.join(missing)}: `config/install/environment.sh box` fetches that, or says what to install"


def run(cases: Sequence[str]) -> Run:
    """Boot, run the cases, power off; after WALL_LIMIT_S the power is cut and what is known by then returned."""
    place = BUILD / "run"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    kernel, initial_root = _images(place)
    console, reports = place / "console.log", place / "reports.jsonl"
    began_s = time.monotonic()
    with (place / "qemu.log").open("wb") as complaints:
        machine = subprocess.Popen(
            ["nice", "-n", "5", *_command(kernel, initial_root, console, reports, cases)],
            stdin=subprocess.DEVNULL,
            stdout=complaints,
            stderr=complaints,
        )
        try:
            machine.wait(WALL_LIMIT_S)
        except subprocess.TimeoutExpired:
            complaints.write(f"the power was cut after {WALL_LIMIT_S} s\n".encode())
        finally:
            machine.kill()
            machine.wait()
    wall_s = time.monotonic() - began_s
    return Run(wall_s, _text(console) + _text(place / "qemu.log"), _reports(_text(reports)))


def _images(place: Path) -> tuple[Path, Path]:
    compressed = max((BUILD / "kernel/boot").glob("vmlinuz-*"))
    version = compressed.name.partition("-")[2]
    modules = Modules(BUILD / "kernel/lib/modules" / version).in_order(_MODULES)
    order = "".join(f"{name}{_OPTIONS.get(name, '')}\n" for name, _ in modules)
    files = [
        File("bin"),
        File("bin/busybox", BUSYBOX.read_bytes(), executable=True),
        File("init", (Path(__file__).parent / "init").read_bytes(), executable=True),
        File("modules"),
        File("modules/order", order.encode()),
        *(File(f"modules/{name}", content) for name, content in modules),
    ]
    initial_root = place / "initramfs"
    initial_root.write_bytes(archive(files))
    return bootable(compressed, BUILD / f"vmlinux-{version}"), initial_root


def _command(kernel: Path, initial_root: Path, console: Path, reports: Path, cases: Sequence[str]) -> list[str]:
    """One processor, no network, no disk: a root by 9p, a serial line for the console, one for the reports."""
    arguments = [
        "console=ttyS0 panic=-1 quiet mitigations=off tsc=reliable",
        f'BOX_TREE="{TREE}" BOX_PYTHON="{sys.executable}" BOX_CASES={",".join(cases)}',
    ]
    return [
        *(EMULATOR, "-accel", "tcg", "-cpu", "max", "-machine", "q35", "-m", "768", "-smp", "1"),
        *("-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"),
        *("-kernel", str(kernel), "-initrd", str(initial_root), "-append", " ".join(arguments)),
        *("-serial", f"file:{console}", "-serial", f"file:{reports}"),
        *("-virtfs", "local,path=/,mount_tag=outside,security_model=none,readonly=on,multidevs=remap"),
    ]


def _reports(lines: str) -> dict[str, Report]:
    """The reports by case; a line that the power cut off is none."""
    whole = [json.loads(line) for line in lines.splitlines(keepends=True) if line.endswith("\n")]
    return {entry["case"]: Report(entry["outcome"], entry["seconds"], entry["detail"]) for entry in whole}


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
