"""The technician's nouns on a box that does not run: outputs, exit codes, refusals."""

import json
import threading
import zipfile
from pathlib import Path

import pytest
from pysqlite3 import dbapi2

from agent.cli.boxes import tell
from agent.daemon.control import Control
from agent.daemon.lock import StateLock
from tests.unit.cli.conftest import Terminal


@pytest.fixture
def box(terminal: Terminal) -> Terminal:
    """A terminal at a shop that enrolled itself."""
    terminal.run("enrol", "--alone", "--store", "S007", "--box", "B2")
    return terminal


def test_enrolling_twice_changes_nothing(terminal: Terminal) -> None:
    first = terminal.json("enrol", "--alone", "--store", "S007")
    again = terminal.json("enrol", "--alone", "--store", "S007")
    assert (first["new"], again["new"]) == (True, False)
    assert again["public_key"] == first["public_key"]
    terminal.run("enrol", "--alone", "--store", "S008", expected=1)
    assert terminal.error.startswith("enrol.already")


@pytest.mark.parametrize(
    "arguments", [(), ("--alone", "--hq", "http://127.0.0.1:1", "--token", "x"), ("--hq", "http://127.0.0.1:1")]
)
def test_enrolling_with_the_wrong_options_is_a_usage_error(terminal: Terminal, arguments: tuple[str, ...]) -> None:
    terminal.run("enrol", *arguments, expected=2)


def test_an_unreachable_headquarters_enrols_nobody(terminal: Terminal) -> None:
    terminal.run("enrol", "--hq", "http://127.0.0.1:1", "--token", "x", expected=1)
    assert terminal.error.startswith("network.unreachable")
    assert not (terminal.state / "journal.db").exists()


@pytest.mark.parametrize("noun", [("staff", "list"), ("key", "list"), ("sync", "status"), ("ledger", "verify")])
def test_a_folder_without_a_box_is_refused(terminal: Terminal, noun: tuple[str, ...]) -> None:
    terminal.run(*noun, expected=1)
    assert terminal.error.startswith(("box.not_enrolled", "store.missing"))


def test_people_come_and_go(box: Terminal) -> None:
    box.run("staff", "add", "07", "小周", "--pin", "7777")
    box.run("staff", "add", "01", "李店长", "--role", "store_manager", "--pin", "1111")
    assert [row["name"] for row in box.json("staff", "list")["rows"]] == ["李店长", "小周"]
    box.run("staff", "disable", "07")
    assert [row["staff"] for row in box.json("staff", "list")["rows"]] == ["01"]
    box.run("staff", "add", "09", "x", "--pin", "1", expected=1)
    assert box.error.startswith("staff.bad_pin")
    box.run("staff", "disable", "99", expected=1)
    assert box.error.startswith("staff.unknown")


def test_a_key_is_shown_once(box: Terminal) -> None:
    made = box.json("key", "add", "erp")
    assert made["key"].startswith("sbk_")
    (row,) = box.json("key", "list")["rows"]
    assert row["id"] == made["id"] and "key" not in row and "hash" not in row
    assert made["key"] not in box.run("key", "list")
    box.run("key", "revoke", made["id"])
    assert box.json("key", "list")["rows"][0]["revoked"] == 1


def test_a_box_that_starts_is_asked_as_soon_as_it_listens(box: Terminal) -> None:
    control = Control(None, box.state, lambda _, verb, values: {"heard": verb})
    starting = threading.Timer(0.3, control.start)
    with StateLock(box.state):
        starting.start()
        try:
            assert tell(box.state, "staff.list") == {"heard": "staff.list"}
        finally:
            starting.join()
            control.stop()


def test_a_second_writer_is_refused(box: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agent.cli.boxes.STARTING_S", 0.2)
    with StateLock(box.state):
        box.run("ledger", "rebuild", expected=1)
        assert box.error.startswith("store.in_use")
        box.run("staff", "list", expected=1)
        assert box.error.startswith("control.no_answer")
    assert box.json("ledger", "rebuild")["entries"] >= 1


def test_verify_names_the_first_bad_entry(box: Terminal) -> None:
    box.run("staff", "add", "07", "小周", "--pin", "7777")
    good = box.json("ledger", "verify")
    assert good["holds"] and good["fault"] is None and good["entries"] >= 3
    with dbapi2.connect(str(box.state / "journal.db")) as connection:
        connection.execute("DROP TRIGGER journal_no_update")
        connection.execute("UPDATE journal SET body = replace(body, 'saved', 'gone') WHERE kind = 'staff.changed'")
        seq = connection.execute("SELECT min(seq) FROM journal WHERE kind = 'staff.changed'").fetchone()[0]
    bad = box.json("ledger", "verify", expected=1)
    assert (bad["holds"], bad["fault"]["code"], bad["fault"]["seq"]) == (False, "chain.hash_differs", seq)
    assert f"#{seq}" in box.run("ledger", "verify", expected=1)
    assert box.error.startswith("chain.hash_differs")
    (found,) = [row for row in box.json("doctor", expected=1)["rows"] if row["name"] == "verified"]
    assert found["state"] == "fail"


def test_a_damaged_journal_is_set_aside_and_a_sound_one_is_not(box: Terminal) -> None:
    box.run("staff", "add", "07", "小周", "--pin", "7777")
    box.run("journal", "set-aside", "--yes", expected=1)
    assert box.error.startswith("journal.nothing_wrong")
    with dbapi2.connect(str(box.state / "journal.db")) as connection:
        connection.execute("DROP TRIGGER journal_no_update")
        connection.execute("UPDATE journal SET hash = zeroblob(32) WHERE kind = 'staff.changed'")
    done = box.json("journal", "set-aside", "--yes")
    assert done["epoch"] == 2 and done["entries"] >= 1 and Path(done["kept"]).exists()
    assert box.json("ledger", "verify")["holds"]
    assert [row["staff"] for row in box.json("staff", "list")["rows"]] == ["07"]


def test_the_journal_can_be_taken_out(box: Terminal, tmp_path: Path) -> None:
    lines = [json.loads(line) for line in box.run("ledger", "export").splitlines()]
    assert [line["seq"] for line in lines] == list(range(1, len(lines) + 1))
    assert lines[0]["kind"] == "box.enrolled" and len(lines[0]["hash"]) == 64
    file = tmp_path / "journal.csv"
    box.run("ledger", "export", "--format", "csv", "--kind", "box.enrolled", "--output", str(file))
    assert file.read_bytes().startswith(b"\xef\xbb\xbfepoch,")
    assert len(file.read_text(encoding="utf-8-sig").splitlines()) == 2


def test_a_new_shop_has_nothing_to_show(box: Terminal) -> None:
    assert box.json("day", "status") == {"day": None, "state": None, "unfinished": []}
    assert box.json("shift", "status")["rows"] == []
    assert box.json("bill", "differences")["rows"] == []
    assert "no bill was matched" in box.run("bill", "differences"), "silence tells nobody that all is well"
    status = box.json("sync", "status")
    assert status["hq"] is None and status["rows"][0]["epoch"] == 1
    box.run("sync", "now", expected=1)
    assert box.error.startswith("box.not_running")
    box.run("why", "S007-1-000001", expected=1)
    assert box.error.startswith("why.unknown_number")
    assert "rows" in box.json("device", "list")


def test_support_sees_a_box_that_has_no_store_yet_or_none_that_can_be_read(terminal: Terminal, tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    logs.write_text("", encoding="utf-8")
    arguments = ("bundle", "--quick", "--log", str(logs), "--to", str(tmp_path))
    name = terminal.json(*arguments)["name"]
    assert name.startswith("storebox-bundle-new-box-0-")
    with zipfile.ZipFile(tmp_path / name) as archive:
        found = json.loads(archive.read("findings.json"))
    assert {"name": "enrolment", "state": "fail", "code": "box.not_enrolled"} in found
    (terminal.state / "keys").mkdir(parents=True)
    (terminal.state / "keys" / "enrolment.json").write_text("{}", encoding="utf-8")
    assert terminal.json(*arguments)["name"].startswith("storebox-bundle-new-box-0-")


def test_the_doctor_shows_evidence_and_remedy(box: Terminal) -> None:
    rows = {row["name"]: row for row in box.json("doctor")["rows"]}
    assert {"enrolment", "sqlite", "disk flush", "journal", "date", "headquarters"} <= set(rows)
    assert all(set(row["evidence"]) == {"zh", "en"} for row in rows.values())
    assert all((row["code"] is None) == (row["state"] == "ok") for row in rows.values())
    assert rows["copies"]["state"] == "degraded" and rows["copies"]["remedy"]["en"]
    (box.state / "keys" / "device-1.key").chmod(0o644)
    assert "FAIL" in box.run("doctor", expected=1)


def test_the_doctor_of_nothing_says_what_to_do_first(terminal: Terminal) -> None:
    failing = [row for row in terminal.json("doctor", expected=1)["rows"] if row["state"] == "fail"]
    assert [row["name"] for row in failing] == ["enrolment"]
    assert "storebox enrol" in failing[0]["remedy"]["en"]
