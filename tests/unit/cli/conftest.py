"""A terminal at a box."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.cli import app


class Terminal:
    """Runs `storebox` in this process."""

    def __init__(self, state: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.state = state
        self.error = ""
        self._capsys = capsys

    def run(self, *arguments: str, expected: int = 0) -> str:
        """Return standard output; fails on another exit code."""
        with pytest.raises(SystemExit) as left:
            app.run([*arguments, "--state", str(self.state)])
        shown = self._capsys.readouterr()
        self.error = shown.err
        assert int(left.value.code or 0) == expected, shown.out + shown.err
        return shown.out

    def json(self, *arguments: str, expected: int = 0) -> Any:
        """Return the one document on standard output."""
        return json.loads(self.run(*arguments, "--json", expected=expected))


@pytest.fixture
def terminal(state: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminal]:
    monkeypatch.setenv("STOREBOX_LANGUAGE", "en")
    yield Terminal(state, capsys)
