"""Serving a box's pages: uvicorn in the main thread, on sockets that listen already, until SIGINT or SIGTERM."""

import asyncio
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from uvicorn import Config

from agent.watchdog import Notifier, signs_of_life
from agent.web.hub import Hub
from agent.web.server import Server

GRACE_S = 2
KEEP_ALIVE_S = 75
SIGNALS = (signal.SIGINT, signal.SIGTERM)


def config_of(app: Any) -> Config:
    """Return how uvicorn serves a box: quiet, promptly gone, no header that names the software."""
    return Config(
        app,
        loop="asyncio",
        http="h11",
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_S,
        timeout_keep_alive=KEEP_ALIVE_S,
        backlog=512,
    )


class BoxServer(Server):
    """Calls `on_ready` once it answers, gives signs of life, and returns on a signal instead of dying of it."""

    def __init__(
        self,
        app: Any,
        hub: Hub,
        on_ready: Callable[[], None],
        notifier: Notifier,
        life: tuple[float, Callable[[], None]] | None = None,
    ) -> None:
        """`life`: seconds between two signs, and what must work for one."""
        super().__init__(config_of(app), hub)
        self._on_ready = on_ready
        self._notifier = notifier
        self._life = life
        self._ended: asyncio.Event | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._signs: asyncio.Task[None] | None = None
        self.signalled = False
        """Whether a signal asked for the end, also one that came while the server was ending by itself."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to serve, then let the rest of the box begin."""
        self._loop = asyncio.get_running_loop()
        self._ended = asyncio.Event()
        await super().startup(sockets)
        if self.started:
            self._on_ready()
            if self._life is not None:
                self._signs = self._loop.create_task(signs_of_life(self._notifier, *self._life))

    async def main_loop(self) -> None:
        """Sleep until a signal: nothing here is due ten times a second."""
        if self._ended is not None and not self.should_exit:
            await self._ended.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Say that the box stops, then stop."""
        self._notifier.tell("STOPPING=1")
        if self._signs is not None:
            self._signs.cancel()
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take SIGINT and SIGTERM as the wish to end; nothing is raised again afterwards."""
        before = {number: signal.signal(number, self._on_signal) for number in SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def end(self) -> None:
        """Stop as on a signal; from any thread."""
        if self._loop is not None and self._ended is not None:
            self.should_exit = True
            self._loop.call_soon_threadsafe(self._ended.set)

    def _on_signal(self, number: int, frame: Any) -> None:
        self.signalled = True
        self.force_exit = self.should_exit
        self.should_exit = True
        if self._loop is not None and self._ended is not None:
            self._loop.call_soon_threadsafe(self._ended.set)
