"""Connections of a session: kept while they are used, and never used again once they lay idle."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from sync.session import IDLE_S, HttpSession
from tests.unit.sync.fakes import FakeClock


class CountingServer(ThreadingHTTPServer):
    """Says OK, and counts who connected."""

    daemon_threads = True
    connections = 0

    def process_request(self, request: object, client_address: object) -> None:
        self.connections += 1
        super().process_request(request, client_address)  # type: ignore[arg-type]


class _Ok(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def server() -> Iterator[CountingServer]:
    made = CountingServer(("127.0.0.1", 0), _Ok)
    thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield made
    made.shutdown()
    thread.join(5)
    made.server_close()


def test_a_connection_that_lay_idle_is_not_used_again(server: CountingServer) -> None:
    clock = FakeClock()
    session = HttpSession(f"http://127.0.0.1:{server.server_port}", monotonic_s=clock.monotonic_s)
    for passed_s, connections in ((0, 1), (IDLE_S - 1, 1), (IDLE_S - 1, 1), (IDLE_S + 1, 2), (0, 2)):
        clock.now += passed_s
        assert session.send("GET", "/").status == 200
        assert server.connections == connections
    session.close()
