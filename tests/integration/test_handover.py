"""The hand-over stick: from a box that lives, from a read-only disk, around a damaged page; taken in once."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.core.errors import Broken, Credentials, Refused
from agent.rescue.handover import hand_over
from sync.hq.office import Office
from sync.hq.registry import TokenMode
from sync.hq.rescue.handover import import_handover
from sync.hq.rescue.late import late_runs
from tests.rescued import Stage
from tests.unit.sync.fakes import running_hq


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with running_hq(tmp_path / "hq") as hq:
        yield Stage(hq, tmp_path)


@pytest.fixture
def old(stage: Stage) -> Path:
    """A box with 2 sales sent and 3 unsent."""
    state = stage.enrolled("old")
    with stage.opened(state) as box:
        stage.sell(box, 2)
        stage.drain(box)
        stage.sell(box, 3)
        box.writer.seal()
    return state


def stick(stage: Stage) -> Path:
    folder = stage.folder / "stick"
    folder.mkdir(exist_ok=True)
    return folder


def test_it_is_sealed_signed_and_taken_in_once(stage: Stage, old: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in old.rglob("*.db")}
    done = hand_over(old, stick(stage), 1_800_000_000_000)
    assert done.sealed and done.signed and not done.missing
    data = done.file.read_bytes()
    assert b"sale.completed" not in data and list(stick(stage).iterdir()) == [done.file]
    taken = import_handover(stage.hq.office, data)
    assert (taken.new, taken.known, taken.left, taken.codes) == (done.runs[0]["entries"], 0, 0, ())
    again = import_handover(stage.hq.office, data)
    assert (again.new, again.known, again.left) == (0, taken.new, 0)
    assert stage.hq.rows("SELECT count(*) FROM late_run") == [(0,)], "nobody took this box's place yet"
    assert {path: path.stat().st_mtime_ns for path in old.rglob("*.db")} == before
    with stage.opened(old) as box:
        stage.drain(box)
        with pytest.raises(Refused, match=r"handover\.nothing_unsent"):
            hand_over(old, stick(stage), 1)


def test_after_the_replacement_it_is_late(stage: Stage, old: Path) -> None:
    done = hand_over(old, stick(stage), 1_800_000_000_000)
    stage.enrolled("new", TokenMode.REPLACE)
    assert import_handover(stage.hq.office, done.file.read_bytes()).new == done.runs[0]["entries"]
    with stage.hq.office.database.read() as connection:
        (run,) = late_runs(connection, "S001")
    assert (run["epoch"], run["brought_by"], run["first_seq"]) == (1, 1, done.runs[0]["first_seq"])
    assert run["last_seq"] - run["first_seq"] + 1 == done.runs[0]["entries"]


def test_while_the_box_trades(stage: Stage, old: Path) -> None:
    with stage.opened(old) as box:
        stage.sell(box, 1)
        done = hand_over(old, stick(stage), 1)
        assert done.runs[0]["entries"] + done.runs[0]["first_seq"] - 1 == box.writer.last_seq


def test_a_changed_file_and_another_headquarters_are_refused(stage: Stage, old: Path, tmp_path: Path) -> None:
    data = hand_over(old, stick(stage), 1).file.read_bytes()
    other = Office.open(tmp_path / "other")
    try:
        with pytest.raises(Refused):
            import_handover(other, data)
    finally:
        other.close()
    for place in (len(data) // 2, len(data) - 200):
        changed = bytearray(data)
        changed[place] ^= 1
        with pytest.raises((Refused, Credentials)):
            import_handover(stage.hq.office, bytes(changed))
    for cut in (b"", data[:40], data[: len(data) // 2]):
        with pytest.raises((Refused, Credentials)):
            import_handover(stage.hq.office, cut)
    assert import_handover(stage.hq.office, data).new > 0


def test_without_the_boxs_key_the_chain_vouches(stage: Stage, old: Path) -> None:
    for key in (old / "keys").glob("device-*.key"):
        key.unlink()
    done = hand_over(old, stick(stage), 1)
    assert not done.signed and done.sealed
    data = done.file.read_bytes()
    with pytest.raises(Credentials, match=r"handover\.signature_differs"):
        import_handover(stage.hq.office, data)
    assert import_handover(stage.hq.office, data, unsigned=True).new == done.runs[0]["entries"]


def test_a_damaged_page_leaves_the_rest(stage: Stage, old: Path) -> None:
    path = old / "journal.db"
    data = path.read_bytes()
    pages = [place for place in range(8192, len(data), 4096) if b"sale.completed" in data[place : place + 4096]]
    hurt = bytearray(data)
    hurt[pages[len(pages) // 2] : pages[len(pages) // 2] + 4096] = bytes(4096)
    path.write_bytes(bytes(hurt))
    try:
        done = hand_over(old, stick(stage), 1)
    except (Refused, Broken) as error:
        assert error.code in ("handover.nothing_unsent", "late.unreadable")
        return
    taken = import_handover(stage.hq.office, done.file.read_bytes())
    assert taken.new + taken.left == sum(run["entries"] for run in done.runs)


def test_no_journal_and_a_full_stick(stage: Stage, old: Path, tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"handover\.no_journal"):
        hand_over(tmp_path / "nothing", stick(stage), 1)
    with pytest.raises(Broken, match=r"handover\.no_room"):
        hand_over(old, tmp_path / "absent", 1)
