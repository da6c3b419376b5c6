"""Watching devices from the command line: it ends when it is told to, whatever it is doing just then."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.cli import watching
from agent.settings import Settings


class Interrupted:
    """Ctrl-C falls into a destructor, where Python drops what is raised, as udev's objects have them."""

    def __del__(self) -> None:
        os.kill(os.getpid(), signal.SIGINT)


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    before = signal.getsignal(signal.SIGINT)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_interruption_that_python_drops_ends_it_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = 0

    def look(dev: Path, sys: Path) -> list[object]:
        nonlocal looks
        looks += 1
        assert looks < 5, "it goes on for ever"
        del_me = Interrupted()
        del del_me
        return []

    monkeypatch.setattr(watching, "find", look)
    watching.watch_and_tell(Settings(state=tmp_path), tmp_path, tmp_path, 0, as_json=True)
    assert looks == 1


def test_an_interruption_ends_it_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def look(dev: Path, sys: Path) -> list[object]:
        os.kill(os.getpid(), signal.SIGINT)
        return []

    monkeypatch.setattr(watching, "find", look)
    watching.watch_and_tell(Settings(state=tmp_path), tmp_path, tmp_path, 0, as_json=True)
