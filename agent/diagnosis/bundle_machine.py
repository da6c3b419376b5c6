"""The machine in a bundle: releases, units and how they are locked in, USB. Closed words and numbers only."""

import json
import platform
import subprocess
import sys
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from agent.diagnosis import closed

USB_DEVICES = Path("/sys/bus/usb/devices")
OS_RELEASE = Path("/etc/os-release")
COMMAND_TIMEOUT_S = 20
UNITS = (
    "storebox.service",
    "storebox.socket",
    "storebox-backup.timer",
    "storebox-verify.timer",
    "storebox-bills.timer",
    "storebox-seal.service",
    "storebox-release.service",
    "storebox-network.service",
)
PACKAGES = (
    "storebox",
    "pysqlite3",
    "sqlite-utils",
    "cryptography",
    "argon2-cffi",
    "fastapi",
    "uvicorn",
    "pydantic",
    "requests",
    "urllib3",
    "pyserial",
    "pyusb",
    "pyudev",
    "evdev-binary",
    "APScheduler",
    "structlog",
)
UNIT_WORDS: Mapping[str, frozenset[str]] = {
    "LoadState": frozenset({"loaded", "not-found", "masked", "bad-setting", "error"}),
    "ActiveState": frozenset({"active", "inactive", "failed", "activating", "deactivating", "reloading"}),
    "SubState": frozenset(
        {"running", "dead", "failed", "listening", "waiting", "exited", "start", "stop-sigterm", "auto-restart"}
    ),
    "Result": frozenset(
        {
            "success",
            "exit-code",
            "signal",
            "core-dump",
            "watchdog",
            "timeout",
            "oom-kill",
            "resources",
            "start-limit-hit",
            "protocol",
        }
    ),
    "UnitFileState": frozenset({"enabled", "disabled", "static", "masked", "indirect", "alias"}),
    "ExecMainCode": frozenset(str(number) for number in range(7)),
}
"""The words of systemd(1) that are taken; another one is left out."""
UNIT_COUNTS = ("NRestarts", "ExecMainStatus", "TasksCurrent")
UNIT_KIB = ("MemoryCurrent", "MemoryPeak")
_DISTRIBUTIONS = frozenset({"debian", "ubuntu", "deepin", "uos", "kylin", "openkylin", "raspbian"})
_MACHINES = frozenset({"x86_64", "aarch64", "armv7l", "loongarch64", "riscv64"})
_DRIVERS = frozenset(
    {
        "usb",
        "hub",
        "usblp",
        "usbhid",
        "usb-storage",
        "uas",
        "cdc_acm",
        "cp210x",
        "ftdi_sio",
        "ch341",
        "ch341-uart",
        "pl2303",
        "cdc_ether",
        "r8152",
    }
)
DESCRIPTOR_BYTES_MAX = 4096


def versions() -> dict[str, Any]:
    """Return the releases of everything that this program is made of."""
    from pysqlite3 import dbapi2

    found = {name: _package(name) for name in PACKAGES}
    told = dict(
        line.partition("=")[::2] for line in (_text(OS_RELEASE) or "").splitlines() if "=" in line and len(line) < 200
    )
    return {
        "packages": {name: known for name, known in found.items() if known},
        "python": closed.version(platform.python_version()),
        "sqlite": closed.version(dbapi2.sqlite_version),
        "kernel": closed.version(platform.release().partition("-")[0]),
        "machine": closed.word(platform.machine(), _MACHINES),
        "system": closed.word(told.get("ID", "").strip('"'), _DISTRIBUTIONS),
        "system_version": _number_of(told.get("VERSION_ID", "").strip('"')),
        "implementation": closed.word(sys.implementation.name, ("cpython", "pypy")),
    }


def units(show: str | None = None) -> list[dict[str, Any]]:
    """Return how our units stand; none where systemd does not run. `show` is what `systemctl show` said."""
    if show is None:
        properties = ",".join(("Id", *UNIT_WORDS, *UNIT_COUNTS, *UNIT_KIB))
        show = _said("systemctl", "show", "--no-pager", f"--property={properties}", *UNITS)
    return [_unit(block) for block in show.split("\n\n") if block.strip() and _unit(block)["unit"]]


def security(told: str | None = None) -> list[dict[str, Any]]:
    """Return each line of `systemd-analyze security storebox.service`: what, and whether it is set."""
    if told is None:
        told = _said("systemd-analyze", "security", "--no-pager", "--json=short", "storebox.service")
    try:
        rows = json.loads(told or "[]")
    except ValueError:
        return []
    return [found for row in rows if isinstance(row, dict) and (found := _exposure(row))] if _is_list(rows) else []


def usb(devices: Path = USB_DEVICES) -> list[dict[str, Any]]:
    """Return the tree of USB devices, descriptors as they were read.

    Texts of devices (names, serial numbers) are left out: a telephone that somebody charges says its owner's name.
    """
    if not devices.is_dir():
        return []
    places = sorted(path for path in devices.iterdir() if _is_place(path.name))
    return [_usb_device(path) for path in places]


def _package(name: str) -> str | None:
    try:
        return closed.version(version(name))
    except PackageNotFoundError:
        return None


def _number_of(text: str) -> str | None:
    return text if text.replace(".", "").isdecimal() and len(text) <= 8 else None


def _unit(block: str) -> dict[str, Any]:
    said = dict(line.partition("=")[::2] for line in block.splitlines())
    words = {name: closed.word(said.get(name), allowed) for name, allowed in UNIT_WORDS.items()}
    counts = {name: _count(said.get(name)) for name in UNIT_COUNTS}
    sizes = {f"{name}KiB": _count(said.get(name), 1024) for name in UNIT_KIB}
    found = {name: value for name, value in {**words, **counts, **sizes}.items() if value is not None}
    return {"unit": closed.word(said.get("Id"), UNITS), **found}


def _count(text: str | None, divisor: int = 1) -> int | None:
    if text is None or not text.isdecimal() or len(text) > 15:
        return None
    return closed.count(int(text) // divisor)


def _exposure(row: Mapping[str, Any]) -> dict[str, Any] | None:
    name = row.get("json_field")
    if not isinstance(name, str) or not name.replace("_", "").isalnum() or not name.isascii() or len(name) > 60:
        return None
    badness = row.get("exposure")
    known = isinstance(badness, str) and badness.replace(".", "", 1).isdecimal() and len(badness) <= 5
    return {"setting": name, "set": closed.flag(row.get("set")), "exposure": badness if known else None}


def _usb_device(path: Path) -> dict[str, Any]:
    ids = {name: _hex(path / name) for name in ("idVendor", "idProduct", "bcdDevice", "bDeviceClass")}
    interfaces = [
        {
            "class": _hex(child / "bInterfaceClass"),
            "protocol": _hex(child / "bInterfaceProtocol"),
            "driver": closed.word((child / "driver").resolve().name, _DRIVERS) if (child / "driver").exists() else None,
        }
        for child in sorted(path.glob(f"{path.name}:*"))
    ]
    speed = (_text(path / "speed") or "").strip()
    return {
        "place": path.name,
        **ids,
        "speed_mbit": speed if speed in ("1.5", "12", "480", "5000", "10000", "20000") else None,
        "interfaces": interfaces,
        "descriptors": _bytes(path / "descriptors").hex(),
    }


def _is_place(name: str) -> bool:
    """1-1.4 or usb1: the hub and the sockets that lead there; interfaces have a colon."""
    return name.removeprefix("usb").replace("-", "").replace(".", "").isdecimal() and len(name) <= 20


def _hex(path: Path) -> str | None:
    text = (_text(path) or "").strip()
    return text if len(text) <= 4 and text and all(each in "0123456789abcdef" for each in text) else None


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()[:DESCRIPTOR_BYTES_MAX]
    except OSError:
        return b""


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None


def _said(*command: str) -> str:
    """Return what a command of systemd says, nothing where it is not there or does not answer."""
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=COMMAND_TIMEOUT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout


def _is_list(value: object) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)
