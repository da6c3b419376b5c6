"""Backups while trade goes on, and a damaged journal set aside."""

import os
import threading
from datetime import date
from pathlib import Path

import pytest
from pysqlite3 import dbapi2 as sqlite3

from agent.core.errors import Broken, Refused
from agent.store import set_aside as module
from agent.store.backup import back_up, backups
from agent.store.connection import open_reader
from agent.store.drafts import load_draft, save_draft
from agent.store.journal import entry, epochs, identity, last_seq
from agent.store.schema import TRIGGERS
from agent.store.set_aside import set_aside
from agent.store.verify import verify
from tests.unit.store.support import START_MS, VIEWS, WHOSE, KeySigner, enrolled, noted, summed, writer_on

DAY = date(2026, 10, 3)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = enrolled(tmp_path, key=KeySigner())
    writer = writer_on(path, signer=KeySigner())
    for number in range(30):
        writer.run(summed("tea", number))
    writer.run(lambda unit: save_draft(unit, till="T1", sale="S-1", state="open", body={}))
    writer.close()
    return path


def test_a_backup_is_whole_while_trade_goes_on(path: Path, tmp_path: Path) -> None:
    writer = writer_on(path)
    stop = threading.Event()

    def trade() -> None:
        while not stop.is_set():
            writer.run(noted("x"))

    thread = threading.Thread(target=trade)
    thread.start()
    copy = back_up(path, tmp_path / "backup", DAY)
    stop.set()
    thread.join()
    writer.close()
    assert copy.name == "backup-2026-10-03.db"
    assert verify(copy, VIEWS).ok
    reader = open_reader(copy)
    assert last_seq(reader, WHOSE.epoch) >= 31
    reader.close()


def test_only_the_newest_backups_stay(path: Path, tmp_path: Path) -> None:
    folder = tmp_path / "backup"
    for day in range(1, 6):
        back_up(path, folder, DAY.replace(day=day), keep=3)
    back_up(path, folder, DAY.replace(day=5), keep=3)
    assert [copy.name for copy in backups(folder)] == [f"backup-2026-10-0{day}.db" for day in (5, 4, 3)]
    assert sorted(os.listdir(folder)) == sorted(copy.name for copy in backups(folder))


def test_a_damaged_store_gives_no_backup_and_takes_none_away(path: Path, tmp_path: Path) -> None:
    folder = tmp_path / "backup"
    back_up(path, folder, DAY)
    connection = sqlite3.connect(str(path))
    page = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'spool_open'").fetchone()[0]
    connection.close()
    content = bytearray(path.read_bytes())
    content[(page - 1) * 4096 : page * 4096] = b"\xa5" * 4096
    path.write_bytes(content)
    with pytest.raises(Broken, match=r"backup\.damaged"):
        back_up(path, folder, DAY.replace(day=4), keep=1)
    assert os.listdir(folder) == ["backup-2026-10-03.db"]


def damage(path: Path, seq: int) -> None:
    connection = sqlite3.connect(str(path), isolation_level=None)
    connection.execute("DROP TRIGGER journal_no_update")
    connection.execute("UPDATE journal SET body = '{}' WHERE seq = ?", (seq,))
    connection.execute(TRIGGERS["journal_no_update"])
    connection.close()


def check_set_aside(path: Path, kept: Path) -> None:
    report = verify(path, VIEWS)
    assert (report.ok, report.entries) == (True, 21)
    reader = open_reader(path)
    assert epochs(reader) == [2, 3]
    assert identity(reader).epoch == 3
    first = entry(reader, 3, 1)
    assert first is not None
    assert '"next_seq":21' in first.body
    assert load_draft(reader, "S-1") is not None
    assert reader.execute("SELECT entries FROM view_sum").fetchone() == (19,)
    reader.close()
    old = open_reader(kept)
    assert last_seq(old, 2) == 31
    old.close()


def test_a_damaged_journal_is_set_aside_and_its_sound_part_goes_on(path: Path) -> None:
    damage(path, 21)
    done = set_aside(path, views=VIEWS, epoch=3, at_ms=START_MS, day=DAY)
    assert (done.entries, done.fault and done.fault.seq, done.lost_tables) == (20, 21, ())
    check_set_aside(path, done.kept)
    writer = writer_on(path)
    assert writer.run(summed("tea", 1)) == 2
    writer.close()
    assert verify(path, VIEWS).ok


@pytest.mark.parametrize("step", ["unlink", "replace"])
def test_a_power_cut_while_setting_aside_is_finished_later(
    path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    damage(path, 21)

    def cut(*arguments: object) -> None:
        raise KeyboardInterrupt

    target = module._put_in_place if step == "replace" else module.os.link  # type: ignore[attr-defined]
    with monkeypatch.context() as patched:
        if step == "replace":
            patched.setattr(module, target.__name__, cut)
        else:
            patched.setattr(os, "link", cut)
        with pytest.raises(KeyboardInterrupt):
            set_aside(path, views=VIEWS, epoch=3, at_ms=START_MS, day=DAY)
    assert path.exists() == (step == "unlink")
    check_set_aside(path, set_aside(path, views=VIEWS, epoch=3, at_ms=START_MS, day=DAY).kept)


def test_an_epoch_is_never_used_again(path: Path) -> None:
    with pytest.raises(Refused, match=r"journal\.epoch_not_new"):
        set_aside(path, views=VIEWS, epoch=2, at_ms=START_MS, day=DAY)
    assert verify(path, VIEWS).ok
