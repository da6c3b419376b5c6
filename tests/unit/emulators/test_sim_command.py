"""`storebox sim …` as a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from typer.testing import CliRunner

from agent.cli.sim import sim_app
from tests.unit.emulators.helpers import CUT, chinese, done, pid
from tests.unit.emulators.test_stations import Host

ROOT = Path(__file__).parents[3]


@contextmanager
def running(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    with subprocess.Popen(
        [sys.executable, "-c", "from agent.cli.sim import sim_app; sim_app()", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    ) as process:
        assert process.stdout is not None
        try:
            yield process, process.stdout.readline().strip()
        finally:
            process.kill()


def test_a_printer_from_ready_line_to_sigterm(tmp_path: Path) -> None:
    log, pictures = tmp_path / "paper.jsonl", tmp_path / "slips"
    options = ["--width", "58", "--paper-log", str(log), "--png", str(pictures)]
    with running("printer", "--pty", str(tmp_path / "p0"), *options) as (process, name):
        assert name == str(tmp_path / "p0")
        host = Host(Path(name))
        host.write(chinese("湘味小馆\n") + CUT + pid(b"0001"))
        assert host.read(7) == done(b"0001")
        kinds = [json.loads(line)["kind"] for line in log.read_text("utf-8").splitlines()]
        assert kinds == ["line", "cut"]
        assert process.stdin is not None
        process.stdin.close()
        host.write(pid(b"0002"))
        assert host.read(7) == done(b"0002")
        host.close()
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    assert [path.name for path in pictures.iterdir()] == ["slip-000001.png"]
    assert not (tmp_path / "p0").is_symlink()


def test_words_on_standard_input(tmp_path: Path) -> None:
    with running("printer", "--pty", str(tmp_path / "p0")) as (process, name):
        assert process.stdin is not None and process.stderr is not None
        process.stdin.write("dance\nunplug\n")
        process.stdin.flush()
        assert process.stderr.readline().startswith("refused: unknown word 'dance'")
        until_s = time.monotonic() + 5
        while Path(name).is_symlink() and time.monotonic() < until_s:
            time.sleep(0.005)
        assert not Path(name).is_symlink()
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0


def test_a_scanner_scans_its_lines(tmp_path: Path) -> None:
    with running("scanner", "--pty", str(tmp_path / "s0"), "--suffix", "CR") as (process, name):
        host = Host(Path(name))
        assert process.stdin is not None
        process.stdin.write("6901234567892\n")
        process.stdin.flush()
        assert host.read(14) == b"6901234567892\r"
        host.close()


def test_a_scanner_with_a_prefix_in_the_older_encoding(tmp_path: Path) -> None:
    options = ["--prefix", "]Q1", "--encoding", "gb18030", "--suffix", "CRLF"]
    with running("scanner", "--pty", str(tmp_path / "s0"), *options) as (process, name):
        host = Host(Path(name))
        assert process.stdin is not None
        process.stdin.write("会员\n")
        process.stdin.flush()
        assert host.read(9) == b"]Q1" + "会员".encode("gb18030") + b"\r\n"
        host.close()


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["printer"], 2),
        (["printer", "--pty", "x", "--tcp", "1"], 2),
        (["printer", "--tcp", "0", "--profile", "abacus"], 2),
        (["printer", "--tcp", "0", "--width", "70"], 2),
        (["printer", "--tcp", "0", "--flow", "up"], 2),
        (["printer", "--tcp", "0", "--buffer", "100"], 2),
        (["scanner", "--pty", "x", "--suffix", "BEL"], 2),
        (["scanner", "--pty", "x", "--encoding", "utf-16"], 2),
        (["printer", "--pty", "/nonexistent/folder/p0"], 1),
    ],
)
def test_wrong_wishes_are_refused_in_one_line(arguments: list[str], code: int) -> None:
    result = CliRunner().invoke(sim_app, arguments)
    assert result.exit_code == code
    assert len(result.output.strip().splitlines()) == 1


def test_a_scale_and_a_display_obey_words(tmp_path: Path) -> None:
    with running("scale", "--pty", str(tmp_path / "s0"), "--protocol", "toledo8217") as (process, name):
        assert name == str(tmp_path / "s0")
        assert process.stdin is not None
        process.stdin.write("350\n")
        process.stdin.flush()
        host = Host(Path(name))
        deadline_s = time.monotonic() + 5
        answer = b""
        while answer != b"\x0200.350\r":
            assert time.monotonic() < deadline_s, answer
            host.write(b"W")
            answer = host.read(4)
            answer += host.read(4 if answer[1:2] != b"?" else 0)
        host.close()
    with running("display", "--pty", str(tmp_path / "d0")) as (process, name):
        host = Host(Path(name))
        host.write(b"\x0c\x1f$\x01\x02Total")
        assert process.stdout is not None
        assert process.stdout.readline() == " | Total\n"
        host.close()


def test_a_scanner_is_a_line_or_a_keyboard() -> None:
    for options in (["scanner"], ["scanner", "--pty", "a", "--keys", "b"], ["scale", "--pty", "a", "--protocol", "x"]):
        assert CliRunner().invoke(sim_app, options).exit_code == 2
