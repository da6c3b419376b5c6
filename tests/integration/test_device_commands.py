"""`storebox device identify|test|watch` at emulated printers, with and without a box that trades."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from drivers.discovery.found import Roots
from drivers.emulators.embed import lines_of, pty_printer
from drivers.emulators.paper import Mark, Qr
from drivers.emulators.profiles import profile_for
from drivers.emulators.station import Served
from tests.integration.running import Running, storebox, wait_for
from tests.integration.test_run import free_port, url_said_by
from tests.plugged import Plugged

SILENT_PORT = "tcp:127.0.0.1:1"


class Paper:
    """An emulated printer and what came out of it."""

    def __init__(self, link: Path) -> None:
        self.marks: list[Mark] = []
        self.url = f"serial:{link}?baud=115200"
        self.served: Served = pty_printer(link, profile_for("epson"), on_mark=self.marks.append)

    @property
    def text(self) -> str:
        return "\n".join(lines_of(self.marks))


@pytest.fixture
def paper(tmp_path: Path) -> Iterator[Paper]:
    made = Paper(tmp_path / "printer")
    with made.served:
        yield made


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """The state folder of nobody's box."""
    (tmp_path / "state").mkdir()
    return tmp_path / "state"


@pytest.fixture
def trading(state: Path, paper: Paper) -> Iterator[Path]:
    """A running box whose till 1 has the printer."""
    done = storebox("enrol", "--alone", "--store", "S007", "--box", "B2", "--state", str(state))
    assert done.returncode == 0, done.stderr
    till = f'[[till]]\ntill = "1"\nprinter = "{paper.url}"\nprofile = "tm-t88"\n'
    (state / "storebox.toml").write_text(f"[web]\nport = {free_port()}\n\n{till}", encoding="utf-8")
    running = Running("run", "--state", str(state))
    url_said_by(running)
    wait_for(lambda: known(state)["state"] == "ok")
    yield state
    running.end(signal.SIGKILL)


def known(state: Path) -> dict[str, Any]:
    (row,) = asked(state, "list", "--dev", "/nonexistent", "--sys", "/nonexistent")["rows"]
    return dict(row)


def asked(state: Path, *arguments: str, expected: int = 0) -> dict[str, Any]:
    done = storebox("device", *arguments, "--state", str(state), "--json")
    assert done.returncode == expected, done.stdout + done.stderr
    return dict(json.loads(done.stdout))


def refused(state: Path, *arguments: str) -> str:
    done = storebox("device", *arguments, "--state", str(state))
    assert done.returncode == 1 and not done.stdout, done.stdout
    return done.stderr


def test_a_printer_is_identified_with_the_lines_for_the_settings(state: Path, paper: Paper) -> None:
    row = asked(state, "identify", paper.url.partition("?")[0])
    assert row["answers"] and (row["maker"], row["model"]) == ("EPSON", "TM-T82III")
    assert row["process_ids"] and row["code"] == "printer.ready"
    assert row["line"].startswith(f'printer = "{paper.url}"')
    assert "model" in [doubt["code"] for doubt in row["doubts"]]
    assert not paper.marks


def test_what_is_not_there_or_cannot_be_asked_is_refused(state: Path) -> None:
    assert refused(state, "identify", SILENT_PORT).startswith("device.absent")
    assert refused(state, "identify", "hid:/dev/input/event0").startswith("discovery.cannot_ask")
    assert refused(state, "identify", "serail:/dev/ttyUSB0").startswith("device.url_scheme")
    assert refused(state, "test", "nobody").startswith("discovery.unknown_target")
    assert refused(state, "test", "tcp:shop").startswith("device.url_value")
    assert refused(state, "test", SILENT_PORT, "--profile", "../x").startswith("profile.unknown")


def test_the_self_test_comes_out_of_a_printer_that_nobody_uses(state: Path, paper: Paper) -> None:
    row = asked(state, "test", paper.url, "--profile", "tm-t88")
    assert (row["outcome"], row["through"], row["good"]) == ("printed", "line", True)
    assert "打印机自检" in paper.text.replace(" ", "") and "115200" in paper.text


def test_a_printer_that_is_not_there_is_no_test_passed(state: Path) -> None:
    row = asked(state, "test", SILENT_PORT, expected=1)
    assert (row["outcome"], row["code"], row["good"]) == ("not_started", "printer.absent", False)


def test_the_box_that_trades_prints_the_self_test_itself(trading: Path, paper: Paper) -> None:
    row = asked(trading, "test", "1")
    assert (row["printer"], row["outcome"], row["through"]) == ("receipt1", "printed", "box")
    assert "S007" in paper.text
    told = asked(trading, "identify", paper.url)
    assert (told["through"], told["state"], told["model"]) == ("box", "ready", "TM-T82III")
    assert [doubt["code"] for doubt in told["doubts"]] == ["held"]
    paper.served.word("paper out")
    wait_for(lambda: known(trading)["state"] == "degraded")
    blocked = asked(trading, "test", "receipt1", expected=1)
    assert (blocked["outcome"], blocked["code"]) == ("not_started", "printer.paper_out")


def test_a_box_that_reaches_nobody_prints_its_diagnosis_with_a_code_to_photograph(trading: Path, paper: Paper) -> None:
    done = storebox("bundle", "--print", "--quick", "--state", str(trading), "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["printed"]["printer"], told["printed"]["outcome"]) == ("receipt1", "printed")
    assert "file" not in told
    (code,) = [mark.op.payload for mark in paper.marks if isinstance(mark.op, Qr)]
    lines = code.decode("ascii").splitlines()
    assert lines[0] == "STOREBOX S007/B2/1" and lines[-1] == f"bundle {told['sha256'][:16]}"
    assert "诊断单" in paper.text.replace(" ", "")


def test_what_is_plugged_and_how_the_box_fares_is_told_as_it_happens(
    trading: Path, paper: Paper, tmp_path: Path
) -> None:
    plugged = Plugged(tmp_path / "plugged")
    plugged.serial("ttyACM0", plugged.usb("1-1", "1eab", "0c06", serial="N1", name="Scanner"))
    second = plugged.usb("1-2", "04b8", "0202", serial="E1", name="TM-T88V")
    roots: Roots = plugged.roots
    watching = Running(
        *("device", "watch", "--state", str(trading), "--dev", str(roots.dev), "--sys", str(roots.sys), "--json")
    )
    told = [json.loads(watching.line()) for _ in range(2)]
    assert [(one["event"], one["device"]) for one in told] == [
        ("plugged", str(roots.dev / "ttyACM0")),
        ("state", "receipt1"),
    ]
    plugged.serial("ttyACM1", second)
    assert json.loads(watching.line())["line"].startswith('printer = "serial:')
    paper.served.word("cover open")
    assert json.loads(watching.line())["state"] == "degraded"
    assert watching.end(signal.SIGINT) == 0


def test_a_watch_ends_by_itself_when_told_so(state: Path, tmp_path: Path) -> None:
    done = storebox(
        *("device", "watch", "--for", "0.1", "--state", str(state), "--dev", str(tmp_path), "--sys", str(tmp_path))
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
