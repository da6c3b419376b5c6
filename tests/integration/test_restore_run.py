"""The real program in a dead box's place: history comes behind the trade, and kills meanwhile cost nothing."""

import json
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.daemon.sockets import listening
from agent.rescue.restore import how_far_in
from agent.settings import shipped
from agent.store.connection import open_reader
from sync.hq.rescue import past
from tests.integration.running import Running, storebox, wait_for
from tests.rescued import STORE, Stage, sound
from tests.unit.sync.fakes import running_hq


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with running_hq(tmp_path / "hq") as hq:
        yield Stage(hq, tmp_path)


def past_entries(state: Path) -> int:
    connection = open_reader(state / "journal.db")
    try:
        return int(connection.execute("SELECT count(*) FROM past").fetchone()[0])
    finally:
        connection.close()


@pytest.mark.torture
def test_killed_at_any_moment_it_becomes_whole(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    old = stage.enrolled("old")
    with stage.opened(old) as box:
        stage.sell(box, 40)
        stage.drain(box)
        stage.sell(box, 2)
    whole = past.whole_page
    monkeypatch.setattr(past, "whole_page", lambda c, s, e, a: whole(c, s, e, a, 10))
    state = stage.folder / "new"
    state.mkdir()
    shutil.copyfile(shipped("demo/catalogue.toml"), state / "catalogue.toml")
    (state / "storebox.toml").write_text("[web]\nport = 1\n", encoding="utf-8")
    done = storebox(
        "restore", "--hq", stage.hq.url, "--token", stage.token(), "--store", STORE, "--state", str(state), "--json"
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["epoch"] == 2 and not told["complete"]
    assert storebox("restore", "status", "--state", str(state)).returncode == 1
    for _ in range(2):
        before = past_entries(state)
        running = started(state)
        wait_for(lambda before=before: past_entries(state) > before or whole_again(state))
        running.end(signal.SIGKILL)
    running = started(state)
    try:
        wait_for(lambda: whole_again(state))
        imported = storebox("restore", "import", str(old), "--state", str(state), "--json")
        assert imported.returncode == 0, imported.stderr
        (answer,) = json.loads(imported.stdout)["files"]
        assert answer["entries"] >= 4
        wait_for(lambda: stage.hq.rows("SELECT sum(last_seq - first_seq + 1) FROM late_run") == [(answer["entries"],)])
    finally:
        running.end()
    assert storebox("restore", "status", "--state", str(state)).returncode == 0
    sound(state)


def started(state: Path) -> Running:
    text = "[web]\nport = {port}\n"
    listener = listening("127.0.0.1", 0)
    port = listener.getsockname()[1]
    listener.close()
    (state / "storebox.toml").write_text(text.format(port=port), encoding="utf-8")
    running = Running("run", "--state", str(state))
    assert "ready" in running.line()
    return running


def whole_again(state: Path) -> bool:
    connection = open_reader(state / "journal.db")
    try:
        return how_far_in(connection).complete
    finally:
        connection.close()
