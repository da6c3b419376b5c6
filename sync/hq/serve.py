"""Serves headquarters, on an address or on a socket that a parent opened."""

import os
import socket
import sys
from pathlib import Path

from agent.core.errors import Refused
from sync.hq.app import create_app
from sync.hq.books.jobs import running_jobs
from sync.hq.office import Office
from sync.hq.processes import Processes
from sync.serving import allow_connections, make_server, run_until_stopped


def serve(state: Path, listener: socket.socket, database_url: str | None = None) -> None:
    """Serve until SIGINT or SIGTERM; prints one line with the URL when ready. The books' jobs run beside it."""
    allow_connections()
    office = Office.open(state, database_url)
    try:
        with running_jobs(office.database, state, office.now_ms):
            app = create_app(office)
            run_until_stopped(make_server(app, _announce, on_stop=app.state.bell.close), listener)
    finally:
        office.close()


def serve_in_processes(state: Path, listener: socket.socket, database_url: str | None, count: int) -> None:
    """Serve with several processes until SIGINT or SIGTERM; refuses SQLite, which has one writer anyway."""
    if database_url is None:
        raise Refused("hq.processes_need_server", processes=count)
    program = "from sync.hq.cli import main; main()"
    command = [sys.executable, "-c", program, "serve", "--state", str(state)]
    environment = {**os.environ, "STOREBOX_HQ_DATABASE": database_url}  # a password has no place in a list of processes
    Office.open(state, database_url).close()
    Processes(listener, command, environment, count).run()


def _announce(url: str) -> None:
    sys.stdout.write(f"storebox-hq ready at {url}\n")
    sys.stdout.flush()
