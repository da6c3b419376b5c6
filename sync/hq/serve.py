"""Serves headquarters, on an address or on a socket that a parent opened."""

import socket
import sys
from pathlib import Path

from sync.hq.app import create_app
from sync.hq.office import Office
from sync.serving import make_server, run_until_stopped


def serve(state: Path, listener: socket.socket, database_url: str | None = None) -> None:
    """Serve until SIGINT or SIGTERM; prints one line with the URL when ready."""
    office = Office.open(state, database_url)
    try:
        run_until_stopped(make_server(create_app(office), _announce), listener)
    finally:
        office.close()


def _announce(url: str) -> None:
    sys.stdout.write(f"storebox-hq ready at {url}\n")
    sys.stdout.flush()
