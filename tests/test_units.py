"""The units as systemd reads them: no complaint, little exposed, and what the package and the units say is one thing.

`systemd-analyze verify` ends with 0 on a misspelt directive, hence its words are read.
"""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
UNITS = ROOT / "systemd"
EXPOSED_MOST = {
    "storebox.service": 1.5,
    "storebox-backup.service": 0.5,
    "storebox-verify.service": 0.5,
    "storebox-bills.service": 1.2,
    "storebox-seal.service": 1.2,
    "storebox-fetch.service": 1.5,
    "storebox-upgrade.service": 2.8,
    "storebox-guard.service": 1.7,
    "storebox-unseal.service": 1.2,
    "storebox-hq.service": 1.2,
    "storebox-hq-pay.service": 1.2,
}
"""What systemd-analyze security may say at most; a unit that is not here may have DEFAULT_MOST."""
DEFAULT_MOST = 3.0
LEVEL = re.compile(r"Overall exposure level for \S+: ([\d.]+)")
NOT_INSTALLED = re.compile(r"Command /opt/\S+ is not executable: No such file or directory$")

needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="no systemd-analyze; apt-get install systemd to run this"
)


def services() -> list[Path]:
    """Return every service of ours."""
    return sorted(UNITS.glob("*.service"))


def analyzed(*words: object) -> subprocess.CompletedProcess[str]:
    """Run systemd-analyze in plain English."""
    return subprocess.run(
        ["systemd-analyze", *map(str, words)],
        capture_output=True,
        text=True,
        timeout=60,
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "SYSTEMD_COLORS": "0", "SYSTEMD_EMOJI": "0"},
    )


def complaints(*units: Path) -> list[str]:
    """Return what systemd says of units, but for programs that are not installed here."""
    done = analyzed("verify", "--man=no", *units)
    return [line for line in done.stderr.splitlines() if not NOT_INSTALLED.search(line)]


@needs_systemd
def test_systemd_has_nothing_to_say_of_our_units() -> None:
    ours = sorted(path for kind in ("service", "socket", "path", "timer") for path in UNITS.glob(f"*.{kind}"))
    names = tuple(path.name for path in ours)
    assert len(ours) >= 12
    said = [line for line in complaints(*ours) if any(name in line for name in names)]
    assert not said


@needs_systemd
def test_a_misspelt_directive_would_be_noticed(tmp_path: Path) -> None:
    text = (UNITS / "storebox.service").read_text(encoding="utf-8")
    for name in ("storebox.service", "storebox.socket"):
        shutil.copy(UNITS / name, tmp_path)
    (tmp_path / "storebox.service").write_text(text.replace("WatchdogSec=", "WatchdogSecs="), encoding="utf-8")
    assert any("Unknown key" in line for line in complaints(tmp_path / "storebox.service"))


@needs_systemd
@pytest.mark.parametrize("unit", services(), ids=lambda path: path.stem)
def test_a_unit_exposes_little(unit: Path) -> None:
    done = analyzed("security", "--offline=yes", "--no-pager", unit)
    level = LEVEL.search(done.stdout)
    assert level, done.stdout + done.stderr
    assert float(level[1]) <= EXPOSED_MOST.get(unit.name, DEFAULT_MOST), done.stdout


def test_a_box_starts_without_its_sealed_key() -> None:
    """A credential that is missing and has no default ends in 243/CREDENTIALS."""
    text = (UNITS / "storebox.service").read_text(encoding="utf-8")
    sealed = set(re.findall(r"^LoadCredentialEncrypted=([^:]+):", text, re.MULTILINE))
    assert sealed == {"device.key"}
    assert sealed <= set(re.findall(r"^SetCredential=([^:]+):", text, re.MULTILINE))


def test_devices_are_allowed_by_number() -> None:
    """The name of a driver that is not loaded at the start is dropped; those named here are built in or loaded."""
    text = (UNITS / "storebox.service").read_text(encoding="utf-8")
    named = set(re.findall(r"^DeviceAllow=char-(\D\S*)", text, re.MULTILINE))
    assert named == {"input", "hidraw"}
    assert "usbhid" in (UNITS / "storebox.modules.conf").read_text(encoding="utf-8").splitlines()


def test_rules_of_devices_come_before_the_seats() -> None:
    rules = [path.name for path in (ROOT / "config" / "udev").glob("*.rules")]
    assert rules and all("60-serial.rules" < name < "73-seat-late.rules" for name in rules)


@pytest.mark.parametrize("timer", sorted(UNITS.glob("*.timer")), ids=lambda path: path.stem)
def test_a_timer_catches_up_and_spreads(timer: Path) -> None:
    text = timer.read_text(encoding="utf-8")
    assert "Persistent=true" in text or "OnCalendar=" not in text
    assert re.search(r"^RandomizedDelaySec=[1-9]", text, re.MULTILINE), "a thousand boxes must not call together"
    assert timer.with_suffix(".service").is_file()


def test_scripts_of_the_package_name_no_unit_by_heart() -> None:
    """The recipe finds the units that say [Install]; a list in a script would miss the next one."""
    scripts = ROOT / "config" / "install" / "deb" / "storebox"
    for name in ("postinst", "prerm", "postrm"):
        text = (scripts / name).read_text(encoding="utf-8")
        assert "@UNITS@" in text
        assert not re.search(r"storebox-\w+\.(timer|path)", text), name
