"""What setup keeps on disk: progress, the tills' devices, the report."""

import stat
from pathlib import Path

import pytest

from agent.core.errors import Broken
from agent.core.ids import checked_id
from agent.core.setup import SetupState
from agent.settings import OVERLAY, Settings, Till, in_force, with_found_devices
from agent.setup.bindings import Binding, save_bindings
from agent.setup.progress import Progress, begun, load_progress, needs_setup, progress_path, save_progress
from agent.setup.reporting import save_report, unsent_report
from sync.enrol import enrol_alone


class Dice:
    """Chance that is always the same."""

    def random_bytes(self, count: int) -> bytes:
        return bytes(range(count))


def test_a_box_draws_its_name_once(tmp_path: Path) -> None:
    first = begun(tmp_path, Dice())
    assert checked_id(first.box, "box") == first.box
    save_progress(tmp_path, Progress(first.box, SetupState.TESTING))
    assert begun(tmp_path, Dice()) == Progress(first.box, SetupState.TESTING)
    assert stat.S_IMODE(progress_path(tmp_path).stat().st_mode) == 0o600


@pytest.mark.parametrize("text", ["", "{", "[]", '{"box":"B1"}', '{"box":"B1","code":"","state":"nonsense"}'])
def test_damaged_progress_is_named_and_begun_anew(tmp_path: Path, text: str) -> None:
    begun(tmp_path, Dice())
    progress_path(tmp_path).write_text(text)
    with pytest.raises(Broken, match=r"setup\.progress_damaged"):
        load_progress(tmp_path)
    assert needs_setup(tmp_path)
    assert begun(tmp_path, Dice()).state is SetupState.INVITED


def test_the_code_that_waits_shows_in_no_log() -> None:
    assert "E1SECRET" not in repr(Progress("B1", SetupState.ENROLLING, "E1SECRET"))


def test_who_needs_setup(tmp_path: Path) -> None:
    assert needs_setup(tmp_path / "blank")
    lost = tmp_path / "lost"
    lost.mkdir()
    (lost / "journal.db").touch()
    assert not needs_setup(lost)
    enrol_alone(tmp_path, "S001", "B1")
    assert not needs_setup(tmp_path)
    for state in SetupState:
        save_progress(tmp_path, Progress("B1", state))
        # a power cut may come after the store is kept and before its slips, whichever way the store came
        unfinished = (SetupState.ENROLLING, SetupState.UNSEALING, SetupState.TESTING)
        assert needs_setup(tmp_path) == (state in unfinished)


def test_found_devices_fill_what_the_settings_leave_open(tmp_path: Path) -> None:
    found = [
        Binding("1", "usb:04b8:0202", "tm-t88", "", "hid:/dev/input/by-id/x", "newland"),
        Binding("2", 'serial:/dev/serial/by-id/quote"d?baud=9600', "pos58", "gb2312", "serial:/dev/ttyACM1"),
    ]
    save_bindings(tmp_path, found)
    own = Settings(state=tmp_path, till=(Till(till="1", label="door", printer="tcp:10.0.0.5:9100"),))
    first, second = with_found_devices(own).tills
    assert (first.label, first.printer, first.profile) == ("door", "tcp:10.0.0.5:9100", "pos80")
    assert (first.scanner, first.scanner_model) == ("hid:/dev/input/by-id/x", "newland")
    assert (first.chinese, second.chinese) == ("", "gb2312")
    assert (second.printer, second.profile, second.scanner) == (found[1].printer, "pos58", "serial:/dev/ttyACM1")


def test_a_box_without_found_devices_has_its_settings(tmp_path: Path) -> None:
    settings = Settings(state=tmp_path)
    assert with_found_devices(settings) is settings
    assert in_force(tmp_path).state == tmp_path
    assert not (tmp_path / OVERLAY).exists()


def test_a_report_waits_until_it_was_sent(tmp_path: Path) -> None:
    assert unsent_report(tmp_path) is None
    save_report(tmp_path, {"alphabet": "base32"})
    assert unsent_report(tmp_path) == {"alphabet": "base32"}
    save_report(tmp_path, {"alphabet": "base32"}, sent=True)
    assert unsent_report(tmp_path) is None
