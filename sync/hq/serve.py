"""Serves headquarters with uvicorn, on an address or on a socket that a parent opened."""

import socket
import sys
from pathlib import Path

import uvicorn

from sync.hq.app import create_app
from sync.hq.office import Office

GRACE_S = 5


class AnnouncingServer(uvicorn.Server):
    """Prints its URL once it answers."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to serve, then say where."""
        await super().startup(sockets)
        if self.started and sockets:
            print_line(f"storebox-hq ready at {url_of(sockets[0])}")


def url_of(listener: socket.socket) -> str:
    """Return the URL of a listening socket."""
    host, port = listener.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def listening(host: str, port: int) -> socket.socket:
    """Return a socket that listens; port 0 takes a free one."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=512)


def serve(state: Path, listener: socket.socket, database_url: str | None = None) -> None:
    """Serve until SIGINT or SIGTERM."""
    office = Office.open(state, database_url)
    config = uvicorn.Config(
        create_app(office),
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=GRACE_S,
        timeout_keep_alive=120,
        lifespan="off",
        server_header=False,
    )
    try:
        AnnouncingServer(config).run(sockets=[listener])
    finally:
        office.close()


def print_line(text: str) -> None:
    """Write one line to standard output, now."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
