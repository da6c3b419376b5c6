"""Bad connections of simulated boxes: cut in the middle of a request, left before the answer, or very slow."""

import random
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

from agent.core.chain import Identity
from agent.core.ports import Signer
from sync.session import signed_by
from sync.wire import CONTENT_ENCODING

SLOW_PIECES = 20


class Fault(StrEnum):
    """What a connection does to one upload."""

    CUT = "cut"
    """Half of the body, then nothing more."""
    LEFT = "left"
    """The whole request; nobody waits for the answer."""
    SLOW = "slow"
    """The body in small pieces."""


@dataclass(frozen=True, slots=True)
class Weather:
    """How many of a hundred uploads meet a fault, and how long a slow one takes."""

    percent: int = 0
    slow_s: float = 1.0

    def fault(self, chance: random.Random) -> Fault | None:
        """Return what happens to the next upload."""
        return chance.choice(list(Fault)) if chance.random() * 100 < self.percent else None


def send_badly(url: str, fault: Fault, sender: Identity, signer: Signer, body: bytes, slow_s: float) -> None:
    """Send an upload over a connection of its own that goes wrong; what headquarters made of it nobody hears."""
    parts = urlsplit(url)
    target = f"/v1/boxes/{sender.box}/entries"
    headers = {
        "Host": parts.netloc,
        "Content-Type": "application/json",
        "Content-Encoding": CONTENT_ENCODING,
        "Content-Length": str(len(body)),
        **signed_by(sender, signer)("POST", target, body),
    }
    try:
        with socket.create_connection((parts.hostname or "", parts.port or 80), timeout=20) as connection:
            connection.sendall(_head(target, headers))
            _send_body(connection, fault, body, slow_s)
    except OSError:
        return  # headquarters may have hung up first; the box brings the same upload again either way


def _head(target: str, headers: Mapping[str, str]) -> bytes:
    lines = [f"POST {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
    return "\r\n".join(lines).encode()


def _send_body(connection: socket.socket, fault: Fault, body: bytes, slow_s: float) -> None:
    if fault is Fault.CUT:
        connection.sendall(body[: len(body) // 2])
        return
    if fault is Fault.LEFT:
        connection.sendall(body)
        return
    size = max(1, len(body) // SLOW_PIECES)
    for begin in range(0, len(body), size):
        connection.sendall(body[begin : begin + size])
        time.sleep(slow_s / SLOW_PIECES)
    connection.recv(4096)
