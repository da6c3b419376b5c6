"""Serving an ASGI application on a socket that is already open. Used by headquarters and by the simulator."""

import resource
import signal
import socket
from collections.abc import Callable
from typing import Any

import uvicorn

BACKLOG = 4096
"""Connections that wait to be taken: a chain that comes back at once. The kernel lowers it to `somaxconn`."""


class AnnouncingServer(uvicorn.Server):
    """Tells its URL once it answers."""

    def __init__(
        self, config: uvicorn.Config, announce: Callable[[str], None], on_stop: Callable[[], None] | None = None
    ) -> None:
        """`on_stop` ends what requests wait for, before they are waited for."""
        super().__init__(config)
        self._announce = announce
        self._on_stop = on_stop

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to serve, then say where."""
        await super().startup(sockets)
        if self.started and sockets:
            self._announce(url_of(sockets[0]))

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let held requests go, then stop."""
        if self._on_stop is not None:
            self._on_stop()
        await super().shutdown(sockets)


def url_of(listener: socket.socket) -> str:
    """Return the URL of a listening socket."""
    host, port = listener.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def listening(host: str, port: int) -> socket.socket:
    """Return a socket that listens; port 0 takes a free one.

    It knows that it is TCP: asyncio sends at once (TCP_NODELAY) only where the socket says so, and without it each
    answer but the first of a connection waits 40 ms for an acknowledgement.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    created = socket.create_server((host, port), family=family, backlog=BACKLOG)
    return socket.socket(fileno=created.detach())


def make_server(
    app: Any, announce: Callable[[str], None], grace_s: int = 5, on_stop: Callable[[], None] | None = None
) -> AnnouncingServer:
    """Return a quiet server for an application."""
    config = uvicorn.Config(
        app,
        log_level="critical",
        access_log=False,
        lifespan="off",
        server_header=False,
        timeout_graceful_shutdown=grace_s,
        timeout_keep_alive=120,
    )
    return AnnouncingServer(config, announce, on_stop)


def run_until_stopped(server: uvicorn.Server, listener: socket.socket) -> None:
    """Serve until SIGINT or SIGTERM, then return: the server hands the signal on, and here it has done its work."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _done)
    server.run(sockets=[listener])


def allow_connections() -> None:
    """Let this process, and those that it starts, have as many connections open as the system allows at all.

    The usual bound of 1,024 is less than a chain's boxes.
    """
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _done(_number: int, _frame: object) -> None:
    """Let the caller close what it opened."""
