"""Where a box listens: sockets that systemd or a parent opened and passed on, else one that it binds itself."""

import os
import socket
from pathlib import Path

from agent.core.errors import Refused

FIRST_FD = 3
BACKLOG = 512
UNIX_PATH_MAX = 100
"""Bytes of a socket's path that every kernel takes."""
_VARIABLES = ("LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES")


def inherited() -> list[socket.socket]:
    """Return the listening sockets that were passed to this process, once; its own children inherit none of them.

    A parent that cannot know the number of the process it starts leaves `LISTEN_PID` out.
    """
    count, meant_for, _ = (os.environ.pop(name, "") for name in _VARIABLES)
    if not count.isdecimal() or meant_for not in ("", str(os.getpid())):
        return []
    found = []
    for descriptor in range(FIRST_FD, FIRST_FD + int(count)):
        os.set_inheritable(descriptor, False)
        found.append(socket.socket(fileno=descriptor))
    return found


def listening(host: str, port: int) -> socket.socket:
    """Return a socket that listens; refuses an address that is taken (`web.address_taken`).

    It knows that it is TCP, as an inherited one does: else asyncio holds answers back for 40 ms (no TCP_NODELAY).
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        created = socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        raise Refused("web.address_taken", host=host, port=port, reason=error.strerror) from error
    return socket.socket(fileno=created.detach())


def url_of(listener: socket.socket) -> str:
    """Return the URL under which a browser on this machine reaches a listening socket."""
    host, port = listener.getsockname()[:2]
    if host in ("0.0.0.0", "::"):
        host = "127.0.0.1"
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def listening_unix(path: Path) -> socket.socket:
    """Return a listening socket in the file system, for this user only; one that a dead process left is replaced."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with _Short(path) as address:
            listener.bind(address)
        path.chmod(0o600)
        listener.listen(16)
    except OSError:
        listener.close()
        raise
    return listener


def connected_unix(path: Path, timeout_s: float) -> socket.socket:
    """Return a connection to a socket in the file system; raises OSError when nobody listens."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.settimeout(timeout_s)
        with _Short(path) as address:
            connection.connect(address)
    except OSError:
        connection.close()
        raise
    return connection


class _Short:
    """A path that fits into a socket's address, however deep its folder is."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._folder = -1

    def __enter__(self) -> str:
        if len(os.fsencode(self._path)) <= UNIX_PATH_MAX:
            return str(self._path)
        self._folder = os.open(self._path.parent, os.O_PATH | os.O_DIRECTORY)
        return f"/proc/self/fd/{self._folder}/{self._path.name}"

    def __exit__(self, *_: object) -> None:
        if self._folder >= 0:
            os.close(self._folder)
