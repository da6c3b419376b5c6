"""The way to a server: directly, or through the proxy that the network asks for."""

import os
import re
import socket
from dataclasses import dataclass
from pathlib import Path

from agent.diagnosis.targets import PROXY, Target

PROXY_FILE = Path("/etc/storebox/proxy.env")
"""Where the network code's proxy stands for the unit; a technician's shell does not have it in its environment."""
HEAD_BYTES_MAX = 16 * 1024


class ProxyRefusedError(OSError):
    """The proxy does not let the box through; `status` is what it answered, 0 when that was no HTTP."""

    def __init__(self, status: int) -> None:
        super().__init__(f"HTTP {status}")
        self.status = status


@dataclass(frozen=True, slots=True)
class Way:
    """How a server is reached; `proxy` is None for this very machine, and where no proxy is set."""

    target: Target
    proxy: Target | None = None

    @property
    def first(self) -> Target:
        """Return whom the box itself opens a connection to."""
        return self.proxy or self.target

    def connected(self, within_s: float) -> socket.socket:
        """Return a connection that ends at the server; raises OSError, `ProxyRefusedError` among them."""
        line = socket.create_connection((self.first.host, self.first.port), within_s)
        if self.proxy is None:
            return line
        try:
            status = _let_through(line, self.target)
        except OSError:
            line.close()
            raise
        if status != 200:
            line.close()
            raise ProxyRefusedError(status)
        return line


def _let_through(line: socket.socket, target: Target) -> int:
    """Ask a proxy for a tunnel and return the status of its answer."""
    line.sendall(f"CONNECT {target.address} HTTP/1.1\r\nHost: {target.address}\r\n\r\n".encode("ascii"))
    head = b""
    while b"\r\n\r\n" not in head and len(head) < HEAD_BYTES_MAX:
        piece = line.recv(4096)
        if not piece:
            break
        head += piece
    found = re.match(rb"HTTP/1\.[01] (\d{3})", head)
    return int(found[1]) if found else 0


def way_to(target: Target) -> Way:
    """Return how the box reaches a server, by the same rule as everything that it sends."""
    from sync.session import proxies_for

    given = proxies_for(target.host).get("https", "")
    host, _, port = given.removeprefix("http://").rpartition(":")
    if not host or not port.isdecimal():
        return Way(target)
    return Way(target, Target(PROXY, "http", host.strip("[]"), int(port)))


def take_proxy_of_unit(file: Path = PROXY_FILE) -> None:
    """Let this process go through the unit's proxy, as the box itself does, unless its environment names one."""
    from sync.session import PROXY_VARIABLE

    if PROXY_VARIABLE in os.environ or not file.is_file():
        return
    for line in file.read_text(encoding="utf-8", errors="replace").splitlines():
        name, _, value = line.strip().partition("=")
        if name == PROXY_VARIABLE and value:
            os.environ[PROXY_VARIABLE] = value
