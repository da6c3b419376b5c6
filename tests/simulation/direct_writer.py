"""The store's real engine without its thread: a command is on disk when it returns, on whoever's turn it is."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from agent.core.ports import Clock
from agent.store import views
from agent.store.engine import Engine
from agent.store.jobs import Job
from agent.store.unit import Unit


class DirectWriter:
    """Runs commands in the store's real engine on the caller's thread; each is on disk when it returns."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self._engine = Engine(path, views=views, clock=clock)
        self._engine.open()
        self.before: Callable[[], None] = lambda: None
        self.after: Callable[[], None] = lambda: None
        self.runs = 0

    @property
    def stopped(self) -> str | None:
        return self._engine.tip.stopped

    def run(self, command: Callable[[Unit], Any], key: str | None = None, fingerprint: str | None = None) -> Any:
        self.before()
        self.runs += 1
        future: Future[Any] = Future()
        self._engine.run([Job(command, key, fingerprint or "", future)])
        self.after()
        return future.result()

    def close(self) -> None:
        self._engine.close()
