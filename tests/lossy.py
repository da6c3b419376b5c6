"""A line to headquarters that loses, doubles and delays whole requests and answers, one after the other, as planned."""

import http.client
import threading
from collections.abc import Sequence
from enum import Enum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self


class Fault(Enum):
    """What becomes of one exchange."""

    NONE = "none"
    REQUEST_LOST = "request lost"
    ANSWER_LOST = "answer lost"
    ANSWER_CUT = "answer cut"
    TWICE = "twice"
    LATE = "late"
    """The request arrives after its sender gave up: together with the next one."""
    BUSY = "busy"
    """Something on the way answers 503."""


FAULTS = tuple(Fault)


class LossyLine:
    """Listens on loopback; exchange n suffers `plan[n]`, later ones nothing. `bodies` is all that was sent through."""

    def __init__(self, target_port: int, plan: Sequence[Fault] = ()) -> None:
        self.target_port = target_port
        self.bodies: list[bytes] = []
        self._plan = list(plan)
        self._late: list[tuple[str, str, bytes, dict[str, str]]] = []
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join(5)
        self._server.server_close()

    def suffers(self, *plan: Fault) -> None:
        """Begin a new plan."""
        with self._lock:
            self._plan = list(plan)

    def _forward(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.target_port, timeout=20)
        try:
            connection.request(method, path, body or None, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def _exchange(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> tuple[Fault, int, bytes]:
        """Let one exchange suffer; the lock keeps the order of a plan."""
        with self._lock:
            self.bodies.append(path.encode() + body)
            fault = self._plan.pop(0) if self._plan else Fault.NONE
            while self._late:
                self._forward(*self._late.pop())
            if fault is Fault.LATE:
                self._late.append((method, path, body, headers))
            if fault in (Fault.LATE, Fault.REQUEST_LOST, Fault.BUSY):
                return fault, 503, b"<h1>busy</h1>"
            status, content = self._forward(method, path, body, headers)
            if fault is Fault.TWICE:
                status, content = self._forward(method, path, body, headers)
            return fault, status, content

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        line = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._serve()

            def do_POST(self) -> None:
                self._serve()

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

            def _serve(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                kept = {key: text for key, text in self.headers.items() if key.lower() not in ("host", "connection")}
                fault, status, content = line._exchange(self.command, self.path, body, kept)
                self.close_connection = True
                if fault in (Fault.LATE, Fault.REQUEST_LOST, Fault.ANSWER_LOST):
                    return
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content[: len(content) // 2] if fault is Fault.ANSWER_CUT else content)

        return Handler
