"""What passes over a line is written down, bounded, and plays back the same way every time."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.base import DeviceError, DeviceGone
from drivers.registry import open_transport
from drivers.transport.memory import MemoryPeer, memory_line
from drivers.transport.overheard import Overheard
from drivers.transport.recording import Recording
from drivers.transport.replay import ReplayTransport, open_replay, sessions_of


def recorded_line(path: Path, **options: Any) -> tuple[Overheard, MemoryPeer]:
    line, peer = memory_line(time.monotonic)
    return Overheard(line, Recording(str(path), "memory:", time.monotonic, now_ms=lambda: 7, **options)), peer


def entries(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def soon() -> float:
    return time.monotonic() + 1


def test_both_ways_and_the_end_are_written_down_at_once(tmp_path: Path) -> None:
    path = tmp_path / "line.jsonl"
    line, peer = recorded_line(path)
    line.write(b"\x10\x04\x01", soon())
    peer.send(b"\x16")
    line.read(1)
    peer.unplug()
    with pytest.raises(DeviceGone):
        line.read(1)
    line.close()
    kinds = [(entry["kind"], entry.get("hex") or entry.get("code")) for entry in entries(path)]
    assert kinds == [("open", None), ("sent", "100401"), ("heard", "16"), ("gone", "device.gone")]
    assert entries(path)[0] == {"at_ms": 0, "kind": "open", "line": "memory:", "bytes_per_s": None, "wall_ms": 7}
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_second_opening_follows_the_first(tmp_path: Path) -> None:
    path = tmp_path / "line.jsonl"
    for _ in range(2):
        line, _ = recorded_line(path)
        line.close()
    assert [entry["kind"] for entry in entries(path)] == ["open", "closed", "open", "closed"]


def test_a_recording_is_bounded_and_what_is_left_can_be_played(tmp_path: Path) -> None:
    path = tmp_path / "line.jsonl"
    line, peer = recorded_line(path, bytes_max=2000)
    for _ in range(200):
        peer.send(b"0123456789")
        line.read(1)
    line.close()
    files = sorted(tmp_path.iterdir())
    assert [file.name for file in files] == ["line.jsonl", "line.jsonl.1"]
    assert all(file.stat().st_size <= 2000 for file in files)
    for file in files:
        (session,) = sessions_of(file.read_bytes())
        assert session.line == "memory:" and session.steps


def test_a_disk_that_fails_ends_the_recording_and_not_the_line(tmp_path: Path) -> None:
    line, peer = memory_line(time.monotonic)
    recording = Recording(str(tmp_path / "line.jsonl"), "memory:", time.monotonic, bytes_max=10)
    (tmp_path / "line.jsonl").unlink()
    overheard = Overheard(line, recording)
    assert overheard.write(b"x", soon()) == 1 and not recording.running
    assert overheard.write(b"y", soon()) == 1
    assert peer.receive(2) == b"xy"


@pytest.mark.parametrize("kind", ["folder", "link", "missing folder", "device"])
def test_a_recording_goes_into_a_plain_file_only(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "line.jsonl"
    if kind == "folder":
        path.mkdir()
    elif kind == "link":
        path.symlink_to("/dev/null")
    elif kind == "device":
        path = Path("/dev/full")
    else:
        path = path / "line.jsonl"
    paper = tmp_path / "paper"
    paper.touch()
    with pytest.raises(DeviceError) as caught:
        open_transport(f"file:{paper}?record={path}", time.monotonic)
    assert caught.value.code == "device.record_failed"


def test_two_lines_do_not_write_into_one_file(tmp_path: Path) -> None:
    line, _ = recorded_line(tmp_path / "line.jsonl")
    with pytest.raises(DeviceError) as caught:
        recorded_line(tmp_path / "line.jsonl")
    assert caught.value.code == "device.record_failed"
    line.close()


RECORDED = "\n".join(
    [
        '{"at_ms": 0, "kind": "open", "line": "tcp:p:9100", "bytes_per_s": 960, "wall_ms": 1}',
        '{"at_ms": 5, "kind": "heard", "hex": "1400000f"}',
        '{"at_ms": 10, "kind": "sent", "hex": "100401"}',
        '{"at_ms": 60, "kind": "heard", "hex": "16"}',
        '{"at_ms": 70, "kind": "gone", "code": "device.gone"}',
        '{"at_ms": 0, "kind": "open", "line": "tcp:p:9100", "bytes_per_s": 960, "wall_ms": 2}',
        '{"at_ms": 0, "kind": "heard", "hex": "61"}',
        '{"at_ms": 9, "kind": "closed"}',
        "",
    ]
)


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    path = tmp_path / "line.jsonl"
    path.write_text(RECORDED)
    return path


def replay(path: Path, **options: Any) -> ReplayTransport:
    return open_replay(str(path), time.monotonic, **options)


def test_the_devices_words_come_at_their_times_and_after_ours(recording: Path) -> None:
    line = replay(recording)
    assert line.bytes_per_s == 960
    assert line.read(1) == b"\x14\x00\x00\x0f"
    assert line.read(0.1) == b""  # it answers a question that was not asked yet
    began_s = time.monotonic()
    assert line.write(b"\x10\x04", soon()) == 2
    assert line.read(0.02) == b""
    line.write(b"\x01", soon())
    assert line.read(1) == b"\x16"
    assert time.monotonic() - began_s >= 0.06
    with pytest.raises(DeviceGone):
        line.read(1)
    with pytest.raises(DeviceGone):
        line.write(b"x", soon())
    assert line.diverged_at_byte is None


def test_without_pace_everything_comes_at_once_but_in_order(recording: Path) -> None:
    line = replay(recording, at_recorded_pace=False)
    assert line.read(0, 2) == b"\x14\x00"
    assert line.read(0) == b"\x00\x0f"
    assert line.read(0) == b""
    line.write(b"\x10\x04\x02!", soon())
    assert line.read(0) == b"\x16"
    assert line.diverged_at_byte == 2


def test_another_opening_of_the_recording_is_silent_after_its_last_word(recording: Path) -> None:
    line = open_transport(f"replay:{recording}?session=2&pace=0", time.monotonic)
    assert line.read(1) == b"a"
    assert line.read(0.01) == b""
    assert line.write(b"anything", soon()) == 8
    assert line.read(0.01) == b""
    with pytest.raises(DeviceGone) as caught:
        open_transport(f"replay:{recording}?session=3", time.monotonic)
    assert caught.value.code == "device.absent"


def test_a_write_of_another_thread_lets_the_answer_out(recording: Path) -> None:
    line = replay(recording, at_recorded_pace=False)
    line.read(0)
    threading.Timer(0.05, line.write, [b"\x10\x04\x01", soon()]).start()
    assert line.read(5) == b"\x16"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("nonsense\n", ":1"),
        (RECORDED + "[]\n", ":9"),
        ('{"at_ms": 0, "kind": "heard", "hex": "61"}\n', ":1"),
        (RECORDED + '{"at_ms": 1, "kind": "sung"}\n', ":9"),
        (RECORDED + '{"at_ms": 1, "kind": "heard", "hex": "6"}\n', ":9"),
    ],
)
def test_what_is_no_recording_is_named_by_its_line(tmp_path: Path, text: str, place: str) -> None:
    (tmp_path / "x").write_text(text)
    with pytest.raises(DeviceError) as caught:
        replay(tmp_path / "x")
    assert caught.value.code == "device.replay_unreadable" and place in caught.value.detail


def test_a_last_line_torn_by_a_power_cut_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "x").write_text(RECORDED + '{"at_ms": 9, "ki')
    assert len(sessions_of((tmp_path / "x").read_bytes())) == 2


@given(st.lists(st.tuples(st.sampled_from(["sent", "heard"]), st.binary(min_size=1, max_size=20)), max_size=20))
def test_whatever_was_recorded_plays_back_byte_for_byte(pieces: list[tuple[str, bytes]]) -> None:
    at_s = [0.0]
    lines = ['{"at_ms": 0, "kind": "open", "line": "memory:", "bytes_per_s": null}']
    lines += [json.dumps({"at_ms": 1, "kind": kind, "hex": data.hex()}) for kind, data in pieces]
    (session,) = sessions_of("".join(f"{line}\n" for line in lines).encode())
    line = ReplayTransport(session, "replay:", lambda: at_s[0], at_recorded_pace=False)
    for kind, data in pieces:
        if kind == "sent":
            assert line.write(data, 1) == len(data)
        else:
            assert line.read(0, 100) == data
    assert line.read(0) == b"" and line.diverged_at_byte is None
