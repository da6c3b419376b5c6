"""Lines from a person or a desk: standard input and a unix socket, read without ever waiting."""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Callable
from pathlib import Path

MAX_LINE_BYTES = 8192
MAX_CLIENTS = 16

Answer = Callable[[str], str]
"""Obeys one line and says what came of it, in one line."""


class Lines:
    """Cuts bytes into lines; a line over 8 KB is cut there."""

    def __init__(self) -> None:
        self._rest = b""

    def push(self, data: bytes) -> list[str]:
        """The lines completed by `data`, without their ends."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > MAX_LINE_BYTES:
            lines.append(self._rest)
            self._rest = b""
        return [line.rstrip(b"\r").decode("utf-8", "replace") for line in lines]

    def end(self) -> list[str]:
        """What stood after the last line end when the input ended."""
        rest, self._rest = self._rest, b""
        return [rest.decode("utf-8", "replace")] if rest else []


class InputSource:
    """A file descriptor with a line for each wish (standard input). Its end changes nothing."""

    def __init__(self, descriptor: int, answer: Answer, refuse: Callable[[str], None]) -> None:
        self._descriptor = descriptor
        self._answer = answer
        self._refuse = refuse
        self._lines = Lines()
        self.ended = False

    def filenos(self) -> list[int]:
        """What to poll for reading."""
        return [] if self.ended else [self._descriptor]

    def serve(self, _: int) -> None:
        """Obey what can be read now."""
        try:
            data = os.read(self._descriptor, 65536)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        lines = self._lines.push(data) if data else self._lines.end()
        self.ended = not data
        for line in lines:
            if line.strip():
                answer = self._answer(line)
                if answer.startswith("refused"):
                    self._refuse(answer)

    def close(self) -> None:
        """Nothing to give back: the descriptor is the caller's."""
        self.ended = True


class ControlSocket:
    """A unix socket: each line is obeyed and answered by one line (`ok`, `refused: …`, JSON)."""

    def __init__(self, path: Path, answer: Answer) -> None:
        self._path = path
        self._answer = answer
        self._clients: dict[int, tuple[socket.socket, Lines]] = {}
        if path.exists() and stat.S_ISSOCK(path.stat().st_mode):
            path.unlink()
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._listener.bind(str(path))
        except OSError:
            self._listener.close()
            raise
        path.chmod(0o600)
        self._listener.listen(MAX_CLIENTS)
        self._listener.setblocking(False)

    def filenos(self) -> list[int]:
        """What to poll for reading."""
        return [self._listener.fileno(), *self._clients]

    def serve(self, descriptor: int) -> None:
        """Take a new client or obey a known one's lines."""
        if descriptor == self._listener.fileno():
            self._accept()
        elif descriptor in self._clients:
            self._read(descriptor)

    def close(self) -> None:
        """Drop the clients and remove the socket."""
        for client, _ in self._clients.values():
            client.close()
        self._clients.clear()
        self._listener.close()
        self._path.unlink(missing_ok=True)

    def _accept(self) -> None:
        try:
            client, _ = self._listener.accept()
        except OSError:
            return
        if len(self._clients) >= MAX_CLIENTS:
            client.close()
            return
        client.settimeout(1)
        self._clients[client.fileno()] = (client, Lines())

    def _read(self, descriptor: int) -> None:
        client, lines = self._clients[descriptor]
        try:
            data = client.recv(65536)
            for line in lines.push(data) if data else lines.end():
                if line.strip():
                    client.sendall((self._answer(line) + "\n").encode("utf-8"))
        except OSError:
            data = b""
        if not data:
            del self._clients[descriptor]
            client.close()
