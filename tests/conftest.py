"""What every test may rely on: a home that can be written, no proxy between loopback and us, no machine's settings."""

import gc
import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings

from tests.postgres import database_url, empty_database_url, migrated, postgres

__all__ = ["database_url", "empty_database_url", "migrated", "postgres"]
FOREIGN = ("STOREBOX_CONFIG", "STOREBOX_STATE", "STOREBOX_LANGUAGE", "STOREBOX_HQ_TOKEN", "STATE_DIRECTORY")


def pytest_configure(config: pytest.Config) -> None:
    """Chromium and git need a home; a build machine may have none. Property tests are the same in every run.

    STOREBOX_HYPOTHESIS=explore draws other examples each time, to look for what nobody found yet.
    """
    gc.disable()
    settings.register_profile("suite", deadline=None, derandomize=True)
    settings.register_profile("explore", deadline=None, print_blob=True)
    settings.load_profile(os.environ.get("STOREBOX_HYPOTHESIS", "suite"))
    home = os.environ.get("HOME", "")
    if not home or not os.access(home, os.W_OK):
        os.environ["HOME"] = tempfile.mkdtemp(prefix="storebox-home-")
    for name in ("NO_PROXY", "no_proxy"):
        os.environ[name] = ",".join(filter(None, [os.environ.get(name), "127.0.0.1,localhost,[::1]"]))


def pytest_collection_finish() -> None:
    """Thousands of tests and modules stay to the end: looking for garbage among them again and again finds none."""
    gc.collect()
    gc.freeze()
    gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put browser tests last: Playwright leaves its loop in the main thread, where others start their own.

    The longest files come first, so that the processes that share the run end together.
    """
    items.sort(key=_turn)


def _turn(item: pytest.Item) -> int:
    parts = item.path.parts
    return 2 if "e2e" in parts else 0 if "simulation" in parts or "contract" in parts else 1


@pytest.fixture(autouse=True)
def _own_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads the settings or the state of the machine that it runs on."""
    for name in FOREIGN:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A state folder of the test's own."""
    folder = tmp_path / "state"
    folder.mkdir()
    return folder
