"""Where the host plugs in: a pseudo-terminal behind a symlink, or a TCP port on loopback.

Both are non-blocking. `close` is the cable being pulled: the host sees a hang-up. Reading and
writing never raise because of the host; a host that went away is simply not there.
"""

from __future__ import annotations

import errno
import fcntl
import os
import socket
import termios
import threading
import tty
from pathlib import Path
from typing import Protocol


class Endpoint(Protocol):
    """One place where a host can connect."""

    @property
    def name(self) -> str:
        """What the user types to reach it."""
        ...

    @property
    def is_open(self) -> bool:
        """Whether it can be reached now."""
        ...

    def open(self) -> None:
        """Be reachable."""
        ...

    def close(self) -> None:
        """Hang up and be unreachable."""
        ...

    def fileno(self) -> int:
        """What to poll for reading; changes whenever something was read or opened."""
        ...

    def read(self, limit: int) -> bytes:
        """Up to `limit` bytes from the host; empty when there are none."""
        ...

    def write(self, data: bytes) -> None:
        """Bytes for the host; what nobody takes is lost."""
        ...


class LinkTaken(OSError):
    """The link's path is something else than a symlink; nothing was touched."""


class PtyEndpoint:
    """A pseudo-terminal; `link` points at its other end and is the printer's or scanner's name.

    While no host is connected the other end is held open here, raw, with stale answers flushed and
    a dead host's exclusive mark removed, so that the next host finds a clean line.
    """

    def __init__(self, link: Path) -> None:
        self.link = link
        self._master = -1
        self._closing = threading.Lock()
        self._held = -1
        self._path = ""

    @property
    def name(self) -> str:
        """The link's path."""
        return str(self.link)

    @property
    def is_open(self) -> bool:
        """Whether the cable is in."""
        return self._master >= 0

    def open(self) -> None:
        """Make a new pseudo-terminal and point the link at it, in one step for onlookers."""
        if self.link.exists() and not self.link.is_symlink():
            raise LinkTaken(errno.EEXIST, "not a link, so not replaced", str(self.link))
        self._master, self._held = os.openpty()
        os.set_blocking(self._master, False)
        tty.setraw(self._held)
        self._path = os.ttyname(self._held)
        fresh = self.link.with_name(f".{self.link.name}.{os.getpid()}")
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(self._path)
        fresh.replace(self.link)

    def close(self) -> None:
        """Pull the cable: link removed, host hung up. Two hands may pull at once: one of them does."""
        with self._closing:
            if self._master < 0:
                return
            if self.link.is_symlink() and os.readlink(self.link) == self._path:
                self.link.unlink()
            self._release()
            os.close(self._master)
            self._master = -1

    def fileno(self) -> int:
        """The side to poll."""
        return self._master

    def read(self, limit: int) -> bytes:
        """What the host wrote; notices a host that went away."""
        try:
            data = os.read(self._master, limit)
        except BlockingIOError:
            return b""
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            self._hold()
            return b""
        self._release()
        return data

    def write(self, data: bytes) -> None:
        """Answers; lost when the host reads none for long (4 KB) or has gone."""
        try:
            os.write(self._master, data)
        except BlockingIOError:
            return
        except OSError as error:
            if error.errno != errno.EIO:
                raise

    def _hold(self) -> None:
        if self._held >= 0:
            return
        self._held = os.open(self._path, os.O_RDWR | os.O_NOCTTY)
        tty.setraw(self._held)
        fcntl.ioctl(self._held, termios.TIOCNXCL)
        termios.tcflush(self._held, termios.TCIFLUSH)

    def _release(self) -> None:
        if self._held >= 0:
            os.close(self._held)
            self._held = -1


class TcpEndpoint:
    """A raw port on 127.0.0.1, as on Ethernet printers; one host at a time, the next waits."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._listener: socket.socket | None = None
        self._host: socket.socket | None = None

    @property
    def name(self) -> str:
        """127.0.0.1:PORT, with the real port when 0 was asked for."""
        return f"127.0.0.1:{self._port}"

    @property
    def port(self) -> int:
        """The port; chosen by the system at the first `open` when 0 was asked for."""
        return self._port

    @property
    def is_open(self) -> bool:
        """Whether the network cable is in."""
        return self._listener is not None

    def open(self) -> None:
        """Listen; a port chosen once is kept over unplugging."""
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", self._port))
        except OSError:
            listener.close()
            raise
        listener.listen(3)
        listener.setblocking(False)
        self._port = listener.getsockname()[1]
        self._listener = listener

    def close(self) -> None:
        """Stop listening and drop the host."""
        self._drop_host()
        if self._listener is not None:
            self._listener.close()
            self._listener = None

    def fileno(self) -> int:
        """The connected host, else the listening socket."""
        if self._host is not None:
            return self._host.fileno()
        return self._listener.fileno() if self._listener is not None else -1

    def read(self, limit: int) -> bytes:
        """What the host sent; takes the next host when none is connected."""
        if self._host is None:
            self._accept()
            return b""
        try:
            data = self._host.recv(limit)
        except BlockingIOError:
            return b""
        except OSError:
            data = b""
        if not data:
            self._drop_host()
        return data

    def write(self, data: bytes) -> None:
        """Answers; a host that doesn't read loses those beyond the socket's buffer."""
        if self._host is None:
            return
        try:
            self._host.send(data)
        except BlockingIOError:
            return
        except OSError:
            self._drop_host()

    def _accept(self) -> None:
        if self._listener is None:
            return
        try:
            host, _ = self._listener.accept()
        except OSError:
            return
        host.setblocking(False)
        host.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._host = host

    def _drop_host(self) -> None:
        if self._host is not None:
            self._host.close()
            self._host = None
