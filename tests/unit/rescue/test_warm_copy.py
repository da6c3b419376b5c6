"""The warm copy: every unsent entry, torn ends, a disk that goes and comes, and what a new box takes from it."""

from pathlib import Path
from typing import Any

import pytest

from agent.core.chain import Identity
from agent.core.errors import Broken
from agent.rescue import copy_file
from agent.rescue.sources import files_of, opened
from agent.rescue.warm_copy import AGAIN_S, LOOK_EVERY_S, WarmCopy
from agent.services.shop import Shop
from agent.store import journal
from agent.store.connection import Readers, open_reader
from tests.shops import make_shop


@pytest.fixture
def shop(state: Path) -> Shop:
    return make_shop(state)


def noted(shop: Shop, count: int) -> None:
    for number in range(count):
        shop.writer.run(lambda unit, number=number: unit.append("bench.noted", {"number": number, "text": "茶"}))


def copier(state: Path, folder: Path, told: list[dict[str, Any]] | None = None, **more: bool) -> WarmCopy:
    publish = lambda kind, data: told.append(data) if told is not None else None  # noqa: E731
    return WarmCopy(Readers(state / "journal.db"), state, folder, publish, same_disk_allowed=more.get("same", True))


def copied(folder: Path) -> list[int]:
    return [one.seq for path in sorted(folder.glob(copy_file.PATTERN)) for one in copy_file.read(path)[0].rows]


def test_every_entry_is_there_and_a_restart_goes_on(state: Path, tmp_path: Path, shop: Shop) -> None:
    folder = tmp_path / "stick"
    folder.mkdir()
    first = copier(state, folder)
    noted(shop, 700)
    while first.step() == 0:
        pass
    assert first.step() == LOOK_EVERY_S
    noted(shop, 3)
    second = copier(state, folder)
    second.step()
    assert copied(folder) == list(range(1, shop.writer.last_seq + 1))
    assert second.code is None


@pytest.mark.parametrize("torn_bytes", [1, 20, 60])
def test_a_torn_end_is_as_if_it_had_not_been_written(state: Path, tmp_path: Path, shop: Shop, torn_bytes: int) -> None:
    folder = tmp_path / "stick"
    folder.mkdir()
    noted(shop, 5)
    copier(state, folder).step()
    (path,) = folder.glob(copy_file.PATTERN)
    path.write_bytes(path.read_bytes()[:-torn_bytes])
    assert copied(folder) == list(range(1, shop.writer.last_seq))
    copier(state, folder).step()
    assert copied(folder) == list(range(1, shop.writer.last_seq + 1))
    with opened(files_of(folder)[0], tmp_path / "scratch") as (epoch,):
        assert epoch.last_seq == shop.writer.last_seq
        connection = open_reader(state / "journal.db")
        assert epoch.hash_at(3) == journal.entries(connection, epoch.whose.epoch, 3, 1)[0].hash
        connection.close()


def test_a_disk_that_is_not_there_is_told_once_and_caught_up_with(state: Path, tmp_path: Path, shop: Shop) -> None:
    told: list[dict[str, Any]] = []
    folder = tmp_path / "stick"
    keeping = copier(state, folder, told)
    assert keeping.step() == keeping.step() == AGAIN_S
    assert [one["code"] for one in told] == ["copy.absent"]
    noted(shop, 4)
    folder.mkdir()
    keeping.step()
    assert keeping.code is None and copied(folder)[-1] == shop.writer.last_seq
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()
    assert keeping.step() == AGAIN_S
    assert [one["code"] for one in told] == ["copy.absent", "copy.absent"]


def test_a_copy_on_the_journals_own_disk_is_no_copy(state: Path, tmp_path: Path, shop: Shop) -> None:
    folder = tmp_path / "stick"
    folder.mkdir()
    keeping = copier(state, folder, same=False)
    assert keeping.step() == AGAIN_S
    assert keeping.code == "copy.same_disk" and not list(folder.iterdir())


def test_full_files_are_followed_by_others(
    state: Path, tmp_path: Path, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.rescue.warm_copy.FILE_BYTES_MAX", 500)
    folder = tmp_path / "stick"
    folder.mkdir()
    keeping = copier(state, folder)
    for _ in range(4):
        noted(shop, 4)
        keeping.step()
    assert len(list(folder.iterdir())) > 2, "headquarters has none of them yet"
    assert copied(folder) == list(range(1, shop.writer.last_seq + 1))


def test_what_is_no_copy_is_refused(tmp_path: Path) -> None:
    path = tmp_path / copy_file.name_of(Identity("S001", "B1", 1), 1)
    path.write_bytes(b"not one\n")
    with pytest.raises(Broken, match=r"late\.unreadable"):
        copy_file.read(path)
