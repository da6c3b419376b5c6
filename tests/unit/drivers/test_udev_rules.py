"""The udev rules that we ship: udev reads no rule aloud, it only leaves out what it does not understand."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from drivers.discovery.makers import SCANNER_VENDORS

RULES = Path(__file__).resolve().parents[3] / "config/udev/70-storebox.rules"
TOKEN = re.compile(r'([A-Z_]+)(?:\{([A-Za-z0-9_./]+)\})?(==|!=|=|\+=|-=|:=)"((?:[^"\\]|\\.)*)"')
MATCHES = {"ACTION", "SUBSYSTEM", "KERNEL", "KERNELS", "SUBSYSTEMS", "ATTR", "ATTRS", "ENV", "TEST", "DRIVERS"}
ASSIGNS = {"GROUP", "MODE", "SYMLINK", "ENV", "RUN", "TAG", "IMPORT", "LABEL", "GOTO"}
VERIFY_SINCE = 254
"""The first systemd whose udevadm knows `verify`."""


def tokens() -> list[tuple[int, list[tuple[str, str, str, str]]]]:
    """Line number and tokens of each rule. Fails on what udev's own grammar (udev(7)) does not allow."""
    rules = []
    for number, line in enumerate(RULES.read_text(encoding="utf-8").splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        parts = TOKEN.findall(line)
        rebuilt = ", ".join(f'{key}{f"{{{name}}}" if name else ""}{how}"{value}"' for key, name, how, value in parts)
        assert rebuilt == line, f"line {number} is no list of rules"
        rules.append((number, parts))
    return rules


def test_every_rule_is_well_formed() -> None:
    for number, parts in tokens():
        for key, name, how, value in parts:
            known = MATCHES if how in ("==", "!=") or key == "IMPORT" else ASSIGNS
            assert key in known | {"IMPORT"}, f"line {number}: {key}{how}"
            assert value.isascii() and (key not in ("ATTR", "ATTRS", "ENV", "IMPORT") or name), f"line {number}"


def test_every_rule_first_says_whom_it_means() -> None:
    for number, parts in tokens():
        keys = [key for key, *_ in parts]
        assert keys[0] in ("SUBSYSTEM", "ACTION", "LABEL"), f"line {number}"
        if keys[0] == "SUBSYSTEM":
            assert parts[1][0] in ("KERNEL", "ENV"), f"line {number} means a whole subsystem"


def test_every_jump_has_its_label() -> None:
    values = [(key, value) for _, parts in tokens() for key, _, _, value in parts]
    assert {value for key, value in values if key == "GOTO"} == {value for key, value in values if key == "LABEL"}


def test_groups_are_those_of_the_unit_and_nothing_is_open_to_all() -> None:
    unit = (RULES.parents[2] / "systemd/storebox.service").read_text(encoding="utf-8")
    (groups,) = re.findall(r"^SupplementaryGroups=(.*)$", unit, re.MULTILINE)
    for number, parts in tokens():
        given = {key: value for key, _, _, value in parts}
        assert given.get("GROUP", "lp") in groups.split(), f"line {number}"
        assert given.get("MODE", "0660") in ("0660", "0640"), f"line {number}"


def test_makers_of_scanners_are_those_of_discovery() -> None:
    vendors = {vendor for vendor in SCANNER_VENDORS if ":" not in vendor}
    lists = [set(value.split("|")) for _, parts in tokens() for key, name, _, value in parts if key == "ATTRS"]
    assert lists and all(named == vendors for named in lists)


def test_a_link_needs_the_path_that_it_is_named_after() -> None:
    for number, parts in tokens():
        if any(key == "SYMLINK" for key, *_ in parts):
            assert ("ENV", "ID_PATH_TAG", "==", "?*") in parts, f"line {number} would make a link without a name"


def test_udev_itself_takes_every_rule() -> None:
    udevadm = shutil.which("udevadm")
    if udevadm is None:
        pytest.skip("no udevadm: apt-get install udev")
    version = subprocess.run([udevadm, "--version"], capture_output=True, text=True, check=True).stdout
    if int(version.split()[0]) < VERIFY_SINCE:
        pytest.skip(f"udevadm {version.strip()} cannot verify; systemd {VERIFY_SINCE} or newer can")
    checked = subprocess.run([udevadm, "verify", str(RULES)], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr
