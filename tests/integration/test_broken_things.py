"""Things of the box itself that break in shops, each really broken: doctor names it, in both languages, with a remedy.

What lies outside the box (line, certificates, headquarters, platforms) is broken in `test_broken_lines.py`.
"""

import json
import os
import pty
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pysqlite3 import dbapi2

from agent.daemon.box import enrol_without_headquarters
from agent.daemon.clock import SystemClock
from agent.diagnosis.power import BOOT, RECORD, RUN_LEVEL
from agent.diagnosis.site import Roots
from agent.store.migrations import MIGRATION_SET
from sync.keys import FileKey
from tests.broken import Patient, as_nobody, copied, mounted, needs_root, told
from tests.integration.running import PROGRAM, wait_for

YEAR_MS = 365 * 86_400_000


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    state = tmp_path_factory.mktemp("enrolled")
    enrol_without_headquarters(state, "S007", "B1", SystemClock())
    return state


@pytest.fixture
def box(template: Path, state: Path, capsys: pytest.CaptureFixture[str]) -> Patient:
    return Patient(copied(template, state), capsys)


def test_a_box_that_is_well_says_so(box: Patient) -> None:
    left, rows = box.examined(box.site())
    assert left == 0
    assert [row["code"] for row in rows if row["state"] == "fail"] == []
    assert all(row["evidence"]["zh"] and row["evidence"]["en"] for row in rows)


# The state folder: each function breaks one thing of it


def _unknown_key(box: Patient) -> None:
    box.configure("[web]\nporrt = 8080\n")


def _wrong_value(box: Patient) -> None:
    box.configure("[web]\nport = 99999\n")


def _not_toml(box: Patient) -> None:
    box.configure("[web\nport = 1\n")


def _not_utf8(box: Patient) -> None:
    (box.state / "storebox.toml").write_bytes('[store]\nname = "湘味"\n'.encode("gbk"))


def _impossible_address(box: Patient) -> None:
    box.configure('[[till]]\ntill = "1"\nprinter = "serial:/dev/ttyS0?bauds=9600"\n')


def _no_folder(box: Patient) -> None:
    shutil.rmtree(box.state)


def _never_enrolled(box: Patient) -> None:
    shutil.rmtree(box.state)
    box.state.mkdir()


def _no_key(box: Patient) -> None:
    (box.state / "keys" / "device-1.key").unlink()


def _torn_key(box: Patient) -> None:
    path = box.state / "keys" / "device-1.key"
    path.write_bytes(path.read_bytes()[:40])


def _key_of_another(box: Patient) -> None:
    path = box.state / "keys" / "device-1.key"
    path.unlink()
    FileKey.load_or_create(path)


def _open_key(box: Patient) -> None:
    (box.state / "keys" / "device-1.key").chmod(0o644)


def _torn_enrolment(box: Patient) -> None:
    (box.state / "keys" / "enrolment.json").write_text('{"box":"B1"}', encoding="utf-8")


def _open_merchant(box: Patient) -> None:
    folder = box.state / "platforms"
    folder.mkdir()
    (folder / "alipay.json").write_text('{"private_key": "MIIEvQ"}', encoding="utf-8")
    (folder / "alipay.json").chmod(0o644)


def _merchant_incomplete(box: Patient) -> None:
    folder = box.state / "platforms"
    folder.mkdir()
    (folder / "alipay.toml").write_text('app_id = "no number"\n', encoding="utf-8")


def _no_journal(box: Patient) -> None:
    (box.state / "journal.db").unlink()


def _one_byte_of_the_journal(box: Patient) -> None:
    """Change one letter of an entry in the file, beneath SQLite."""
    path = box.state / "journal.db"
    connection = dbapi2.connect(str(path))
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    data = path.read_bytes()
    assert data.count(b'"box":"B1"') >= 1
    path.write_bytes(data.replace(b'"box":"B1"', b'"box":"B2"', 1))


def _no_database(box: Patient) -> None:
    path = box.state / "journal.db"
    path.write_bytes(b"\0" * path.stat().st_size)


def _schema_of_tomorrow(box: Patient) -> None:
    with dbapi2.connect(str(box.state / "journal.db")) as connection:
        connection.execute(
            "INSERT INTO _sqlite_migrations(migration_set, name, applied_at) VALUES(?, '9999_later', '')",
            (MIGRATION_SET,),
        )
        connection.execute("UPDATE meta SET value = '99' WHERE key = 'readable_from'")


Break = Callable[[Patient], None]
BROKEN: tuple[tuple[Break, str, str, tuple[str, ...]], ...] = (
    (_unknown_key, "settings", "config.unknown_key", ("web.porrt", "web.port")),
    (_wrong_value, "settings", "config.wrong_value", ("web.port", "99999", "65535")),
    (_not_toml, "settings", "config.not_toml", ("storebox.toml", "line 1")),
    (_not_utf8, "settings", "config.unreadable", ("storebox.toml", "UTF-8")),
    (_impossible_address, "settings", "device.url_option", ("bauds",)),
    (_no_folder, "identity", "state.missing", ("/state", "--state")),
    (_never_enrolled, "identity", "box.not_enrolled", ("storebox enrol",)),
    (_no_key, "identity", "key.missing", ("device-1.key",)),
    (_torn_key, "identity", "key.unreadable", ("device-1.key",)),
    (_key_of_another, "identity", "key.not_the_enrolled", ("device-1.key",)),
    (_open_key, "identity", "key.open_to_others", ("device-1.key", "chmod go-rwx")),
    (_torn_enrolment, "identity", "enrol.damaged", ("enrolment.json",)),
    (_open_merchant, "identity", "key.merchant_open", ("alipay.json", "chmod 600")),
    (_merchant_incomplete, "platforms", "platform.setting_wrong", ("app_id",)),
    (_no_journal, "journal", "store.missing", ("journal.db", "storebox restore")),
    (_one_byte_of_the_journal, "journal", "journal.bad_tail", ("chain", "storebox ledger verify")),
    (_no_database, "journal", "store.damaged", ("storebox ledger verify",)),
    (_schema_of_tomorrow, "versions", "store.schema_newer", ("9999_later",)),
)


@pytest.mark.parametrize(("break_it", "part", "code", "mentions"), BROKEN, ids=[row[0].__name__[1:] for row in BROKEN])
def test_what_is_broken_in_the_state_folder_is_named(
    box: Patient, break_it: Break, part: str, code: str, mentions: tuple[str, ...]
) -> None:
    break_it(box)
    box.diagnosed(part, code, *mentions)


def test_an_older_sqlite_that_is_really_loaded_is_named(box: Patient, tmp_path: Path) -> None:
    import sqlite3

    if sqlite3.sqlite_version_info >= (3, 51, 3):
        pytest.skip("the system's SQLite is new enough: nothing older to load")
    shim = tmp_path / "old" / "pysqlite3"
    shim.mkdir(parents=True)
    (shim / "__init__.py").write_text("from sqlite3 import dbapi2\n", encoding="utf-8")
    (shim / "dbapi2.py").write_text("from sqlite3.dbapi2 import *\nfrom sqlite3 import Error\n", encoding="utf-8")
    done = _doctor(box, "versions", PYTHONPATH=str(shim.parent))
    told(done.returncode, json.loads(done.stdout)["rows"], "store.sqlite_too_old", sqlite3.sqlite_version)


def _doctor(box: Patient, part: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    command = [*PROGRAM, "doctor", part, "--json", "--state", str(box.state)]
    return subprocess.run(
        command, capture_output=True, text=True, env={**os.environ, **environment}, timeout=60, check=False
    )


# The disk


@needs_root
def test_a_folder_of_another_user_is_named_with_its_remedy(box: Patient) -> None:
    site = box.site()
    box.examined(site, "journal")  # what is imported lazily is there before the rights are gone
    box.state.chmod(0o700)
    with as_nobody():
        left, rows = box.examined(site, "journal")
    told(left, rows, "state.not_permitted", "chown", str(box.state))


@needs_root
def test_a_disk_that_takes_no_writes_is_named(box: Patient, tmp_path: Path) -> None:
    with mounted(tmp_path / "bound", "--bind", str(box.state)) as folder:
        subprocess.run(["mount", "-o", "remount,bind,ro", str(folder)], check=True)
        read_only = Patient(folder, box._capsys)
        read_only.diagnosed("disk", "store.read_only", str(folder), "dmesg")


@needs_root
def test_a_full_disk_one_nearly_full_and_one_of_memory_are_told_apart(box: Patient, tmp_path: Path) -> None:
    with mounted(tmp_path / "small", "-t", "tmpfs", "-o", "size=12m", "tmpfs") as folder:
        small = Patient(copied(box.state, folder), box._capsys)
        small.diagnosed("disk", "disk.in_memory", str(folder), "tmpfs")
        small.diagnosed("disk", "disk.nearly_full", "MB", "journal.db")
        with (folder / "films.mkv").open("wb") as file, pytest.raises(OSError, match="space"):
            while True:
                file.write(bytes(65_536))
                file.flush()
        small.diagnosed("disk", "store.disk_full", "0.0 MB")


@needs_root
def test_a_disk_without_room_for_another_file_is_named(box: Patient, tmp_path: Path) -> None:
    with mounted(tmp_path / "few", "-t", "tmpfs", "-o", "size=64m,nr_inodes=40", "tmpfs") as folder:
        few = Patient(copied(box.state, folder), box._capsys)
        few.diagnosed("disk", "disk.no_inodes", "du --inodes")


def test_a_flush_that_never_reaches_the_disk_is_named(box: Patient, tmp_path: Path) -> None:
    compiler = shutil.which("gcc") or shutil.which("cc")
    number = os.stat(box.state).st_dev
    counts = Path(f"/sys/dev/block/{os.major(number)}:{os.minor(number)}/stat")
    if compiler is None or not counts.exists():
        pytest.skip("needs a C compiler (apt-get install gcc) and a disk of its own under the temporary folder")
    library = tmp_path / "eatmydata.so"
    source = "int fsync(int fd) { return 0; }"
    subprocess.run([compiler, "-shared", "-fPIC", "-x", "c", "-", "-o", library], input=source, text=True, check=True)
    done = _doctor(box, "disk", LD_PRELOAD=str(library))
    told(done.returncode, json.loads(done.stdout)["rows"], "disk.flush_lies", "eatmydata", "20 flushes")


def test_an_emmc_near_its_end_is_named(box: Patient, tmp_path: Path) -> None:
    folder = tmp_path / "sys" / "block" / "mmcblk0" / "device"
    folder.mkdir(parents=True)
    (folder / "life_time").write_text("0x02 0x0a\n", encoding="ascii")
    (folder / "pre_eol_info").write_text("0x01\n", encoding="ascii")
    site = box.site(roots=Roots(sys=tmp_path / "sys"))
    box.diagnosed("disk", "disk.worn", "mmcblk0", "100", state="degraded", site=site)
    (folder / "pre_eol_info").write_text("0x03\n", encoding="ascii")
    box.diagnosed("disk", "disk.unhealthy", "mmcblk0", site=site)


@pytest.mark.parametrize(
    ("document", "code", "how", "mention"),
    [
        ({"smart_status": {"passed": False}}, "disk.unhealthy", "fail", "SMART"),
        ({"nvme_smart_health_information_log": {"percentage_used": 93}}, "disk.worn", "degraded", "93"),
        ({"smart_status": {"passed": True}, "endurance_used": {"current_percent": 81}}, "disk.worn", "degraded", "81"),
    ],
)
def test_an_ssd_that_says_that_it_dies_is_named(
    box: Patient,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    document: dict[str, object],
    code: str,
    how: str,
    mention: str,
) -> None:
    number = os.stat(box.state).st_dev
    if not Path(f"/sys/dev/block/{os.major(number)}:{os.minor(number)}").exists():
        pytest.skip("the temporary folder lies on no disk of its own")
    program = tmp_path / "smartctl"
    program.write_text(f"#!/bin/sh\necho '{json.dumps(document)}'\nexit 8\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    box.diagnosed("disk", code, mention, state=how)


# Power and clock


def _wtmp(*records: tuple[int, bytes, int]) -> bytes:
    return b"".join(
        RECORD.pack(kind, 0, b"~", b"~~", user, b"6.1.0", 0, 0, 0, at_s, 0, b"") for kind, user, at_s in records
    )


def test_a_plug_that_was_pulled_is_named_and_a_shutdown_is_not(box: Patient, tmp_path: Path) -> None:
    now_s = SystemClock().now_ms() // 1000
    (tmp_path / "log").mkdir()
    site = box.site(roots=Roots(var=tmp_path))
    boots = [(BOOT, b"reboot", now_s - 9000), (RUN_LEVEL, b"shutdown", now_s - 6000), (BOOT, b"reboot", now_s - 5000)]
    (tmp_path / "log" / "wtmp").write_bytes(_wtmp(*boots))
    assert all(row["code"] is None for row in box.examined(site, "power")[1])
    (tmp_path / "log" / "wtmp").write_bytes(_wtmp(*boots, (BOOT, b"reboot", now_s - 1000)) + b"torn")
    box.diagnosed("power", "power.unclean_boots", "UPS", "1 of 3", state="degraded", site=site)


def test_too_little_voltage_and_a_battery_are_named(box: Patient, tmp_path: Path) -> None:
    firmware = tmp_path / "devices" / "platform" / "soc" / "soc:firmware"
    firmware.mkdir(parents=True)
    (firmware / "get_throttled").write_text("50005\n", encoding="ascii")
    supply = tmp_path / "class" / "power_supply" / "AC"
    supply.mkdir(parents=True)
    (supply / "online").write_text("0\n", encoding="ascii")
    site = box.site(roots=Roots(sys=tmp_path))
    box.diagnosed("power", "power.under_voltage", "get_throttled", state="degraded", site=site)
    box.diagnosed("power", "power.on_battery", "AC", state="degraded", site=site)


def test_a_date_that_cannot_be_and_one_before_the_last_entry_are_named(box: Patient) -> None:
    now_ms = SystemClock().now_ms()
    box.diagnosed("clock", "clock.years_off", "1980", "timedatectl", site=box.site(now_ms=lambda: 315_600_000_000))
    yesterday = box.site(now_ms=lambda: now_ms - 86_400_000)
    box.diagnosed("clock", "clock.behind_journal", "timedatectl", state="degraded", site=yesterday)


def test_a_flat_battery_of_the_clock_is_named(box: Patient, tmp_path: Path) -> None:
    clock = tmp_path / "class" / "rtc" / "rtc0"
    clock.mkdir(parents=True)
    (clock / "since_epoch").write_text("946684800\n", encoding="ascii")
    site = box.site(roots=Roots(sys=tmp_path))
    box.diagnosed("clock", "clock.no_battery", "2000-01-01", "CR2032", state="degraded", site=site)


# Devices and the page


@pytest.fixture
def line() -> Iterator[Path]:
    """A serial line that really is one: the far side of a pseudo terminal."""
    ours, theirs = pty.openpty()
    yield Path(os.ttyname(theirs))
    for descriptor in (ours, theirs):
        os.close(descriptor)


def with_printer(box: Patient, url: str) -> None:
    box.configure(f'[[till]]\ntill = "1"\nprinter = "{url}"\n')


@pytest.mark.parametrize(
    ("url", "code", "mentions"),
    [
        ("file:/dev/usb/lp77", "node.missing", ("/dev/usb/lp77", "receipt1", "storebox device list")),
        ("serial:/dev/null?baud=9600", "node.other_kind", ("/dev/null", "a serial line")),
        ("file:/etc", "node.other_kind", ("a folder",)),
        ("usb:dead:beef", "node.usb_missing", ("dead:beef", "receipt1")),
    ],
)
def test_a_device_that_is_not_there_or_is_another_is_named(
    box: Patient, url: str, code: str, mentions: tuple[str, ...]
) -> None:
    with_printer(box, url)
    box.diagnosed("devices", code, *mentions)


def test_a_network_printer_that_is_off_is_named(box: Patient) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with_printer(box, f"tcp:127.0.0.1:{port}")
    box.diagnosed("devices", "node.unreachable", f"127.0.0.1:{port}", "refused")


@needs_root
def test_a_missing_group_and_a_closed_node_are_told_apart(box: Patient, line: Path) -> None:
    with_printer(box, f"serial:{line}?baud=9600")
    site = box.site()
    box.examined(site, "devices")
    shutil.chown(line, 0, 7)
    line.chmod(0o660)
    with as_nobody():
        left, rows = box.examined(site, "devices")
    told(left, rows, "node.not_in_group", "usermod -aG lp", "receipt1")
    line.chmod(0o600)
    with as_nobody():
        left, rows = box.examined(site, "devices")
    told(left, rows, "node.not_permitted", str(line), "udevadm trigger")


def test_a_printer_that_another_program_holds_is_named_with_the_program(box: Patient, line: Path) -> None:
    with_printer(box, f"serial:{line}?baud=9600")
    holder = subprocess.Popen(["sleep", "30"], stdin=line.open("rb", buffering=0))
    try:
        wait_for(lambda: Path(f"/proc/{holder.pid}/comm").read_text(encoding="ascii").strip() == "sleep")
        box.diagnosed("devices", "node.held", "sleep", f"kill {holder.pid}")
    finally:
        holder.kill()
        holder.wait()


def test_a_port_that_another_program_took_is_named_with_the_program(box: Patient) -> None:
    server = "import socket, sys; s = socket.create_server(('127.0.0.1', 0)); print(s.getsockname()[1], flush=True)"
    server += "; sys.stdin.read()"
    taker = subprocess.Popen([sys.executable, "-c", server], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert taker.stdout is not None
    try:
        port = int(taker.stdout.readline())
        box.configure(f"[web]\nport = {port}\n")
        box.diagnosed("pages", "web.address_taken", f"127.0.0.1:{port}", str(taker.pid))
    finally:
        taker.communicate()


def test_what_can_only_repeat_a_finding_is_left_out(box: Patient) -> None:
    shutil.rmtree(box.state)
    left, rows = box.examined(replace(box.site(), known=None))
    assert left == 1
    assert [row["code"] for row in rows if row["state"] == "fail"] == ["state.missing"]
