"""A TCP proxy with a bad line: refuses, swallows, drags, answers garbage or 500, cuts off; switched while it runs."""

import selectors
import socket
import threading
import time
from dataclasses import dataclass
from types import TracebackType
from typing import Self

MODES = ("open", "refused", "black_hole", "slow", "garbage", "error_500", "cut")
SLOW_BYTES_S = 4_000
_PIECE = 16_384
_ERROR = b"HTTP/1.1 500 Internal Server Error\r\nContent-Type: text/html\r\nContent-Length: 9\r\n\r\n<h1>500\r\n"
_GARBAGE = b"\x00\xffSSH-2.0-dropbear\r\n\r\n" * 8


@dataclass
class _Pair:
    client: socket.socket
    server: socket.socket | None


class Proxy:
    """Listens on loopback and passes bytes on to `port`, as its mode says. A change of mode drops what is open.

    With `answer_bytes_max` each connection is cut after so many bytes of answers; `cuts` counts that.
    """

    def __init__(self, port: int, answer_bytes_max: int | None = None) -> None:
        self.target = port
        self._answer_bytes_max = answer_bytes_max
        self.cuts = 0
        self._mode = "open"
        self._pairs: list[_Pair] = []
        self._lock = threading.Lock()
        self._listener = self._listening(0)
        self.port = int(self._listener.getsockname()[1])
        self._ended = False
        self._thread = threading.Thread(target=self._run, name="proxy", daemon=True)
        self.connections = 0

    @property
    def url(self) -> str:
        """The way through the proxy."""
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended = True
        self._thread.join(10)
        self._listener.close()
        self._drop_all()

    def switch(self, mode: str) -> None:
        """Behave otherwise from now on; connections of before are cut."""
        assert mode in MODES, mode
        with self._lock:
            if (mode == "refused") != (self._mode == "refused"):
                self._listener.close()
                if mode != "refused":
                    self._listener = self._listening(self.port)
            self._mode = mode
        self._drop_all()

    @staticmethod
    def _listening(port: int) -> socket.socket:
        made = socket.socket()
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(("127.0.0.1", port))
        made.listen(64)
        made.settimeout(0.05)
        return made

    def _run(self) -> None:
        while not self._ended:
            with self._lock:
                listener, mode = self._listener, self._mode
            if mode == "refused":
                time.sleep(0.02)
                continue
            try:
                client, _ = listener.accept()
            except OSError:  # nobody came, or switched to refusing
                continue
            self.connections += 1
            client.settimeout(None)
            threading.Thread(target=self._serve, args=(client, mode), daemon=True).start()

    def _serve(self, client: socket.socket, mode: str) -> None:
        pair = _Pair(client, None)
        with self._lock:
            self._pairs.append(pair)
        try:
            self._talk(pair, mode)
        except OSError:  # one side went away
            return
        finally:
            with self._lock:
                self._pairs.remove(pair)
            for one in (pair.client, pair.server):
                if one is not None:
                    one.close()

    def _talk(self, pair: _Pair, mode: str) -> None:
        if mode == "black_hole":
            while pair.client.recv(_PIECE):
                pass
        elif mode in ("garbage", "error_500", "cut"):
            pair.client.recv(_PIECE)
            if mode != "cut":
                pair.client.sendall(_GARBAGE if mode == "garbage" else _ERROR)
        else:
            pair.server = socket.create_connection(("127.0.0.1", self.target), 5)
            pair.server.settimeout(None)
            self._pass_on(pair, mode)

    def _pass_on(self, pair: _Pair, mode: str) -> None:
        client, server = pair.client, pair.server
        assert server is not None
        answered = 0
        with selectors.DefaultSelector() as ready:
            ready.register(client, selectors.EVENT_READ, server)
            ready.register(server, selectors.EVENT_READ, client)
            while True:
                for key, _ in ready.select():
                    source, other = key.fileobj, key.data
                    assert isinstance(source, socket.socket)
                    data = source.recv(512 if mode == "slow" else _PIECE)
                    if not data:
                        return
                    if mode == "slow":
                        time.sleep(len(data) / SLOW_BYTES_S)
                    other.sendall(data)
                    answered += len(data) if source is server else 0
                    if self._answer_bytes_max is not None and answered >= self._answer_bytes_max:
                        self.cuts += 1
                        return

    def _drop_all(self) -> None:
        """Cut every connection; the thread that serves it closes it."""
        with self._lock:
            for pair in self._pairs:
                for one in (pair.client, pair.server):
                    if one is not None:
                        _shut(one)


def _shut(one: socket.socket) -> None:
    try:
        one.shutdown(socket.SHUT_RDWR)
    except OSError:  # gone already
        return
