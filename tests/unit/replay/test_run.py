"""What a replay refuses as a whole: files that cannot be read, folders that are somebody's already."""

import gzip
from pathlib import Path

import pytest

from agent.core.errors import Refused
from agent.daemon.lock import StateLock
from agent.replay.run import Plan, lines_of, replay
from tests.unit.replay.test_baskets import text


def nobody(done: int) -> None:
    """Watch no progress."""


def written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("name", ["plain.jsonl", "packed.jsonl.gz"])
def test_lines_are_read_packed_or_not_without_mark_and_blank_lines(tmp_path: Path, name: str) -> None:
    data = b"\xef\xbb\xbf{1}\r\n\n   \n{2}\n\xff\xfe{3}"
    file = written(tmp_path / name, gzip.compress(data) if name.endswith(".gz") else data)
    assert [line.strip() for line in lines_of(file)] == ["{1}", "{2}", "��{3}"]


@pytest.mark.parametrize(
    "data",
    [b"", b"no gzip at all", gzip.compress(b"x" * 10_000)[:-20], gzip.compress(b"{}\n")[:12] + b"\xff" * 40],
    ids=["empty", "text", "cut", "damaged"],
)
def test_a_file_that_cannot_be_unpacked_is_refused(tmp_path: Path, data: bytes) -> None:
    file = written(tmp_path / "baskets.jsonl.gz", data)
    with pytest.raises(Refused) as told:
        replay(Plan(file, tmp_path / "box"), nobody)
    assert told.value.code == ("replay.no_baskets" if not data else "replay.unreadable")
    assert not (tmp_path / "box").exists()


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"{}\n[]\n\n17\n", "replay.no_baskets"),
        (text().encode("utf-16"), "replay.no_baskets"),
        (text(store="the shop at the corner").encode(), "id.malformed"),
    ],
)
def test_a_file_without_a_usable_basket_is_refused(tmp_path: Path, data: bytes, code: str) -> None:
    file = written(tmp_path / "baskets.jsonl", data)
    with pytest.raises(Refused) as told:
        replay(Plan(file, tmp_path / "box"), nobody)
    assert told.value.code == code
    assert not (tmp_path / "box").exists()


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"replay\.unreadable"):
        replay(Plan(tmp_path / "none.jsonl", tmp_path / "box"), nobody)


def test_a_folder_in_which_a_box_runs_is_refused(tmp_path: Path) -> None:
    file = written(tmp_path / "baskets.jsonl", text().encode())
    with StateLock(tmp_path / "box"), pytest.raises(Refused, match=r"store\.in_use"):
        replay(Plan(file, tmp_path / "box"), nobody)
    assert not (tmp_path / "box" / "journal.db").exists()
