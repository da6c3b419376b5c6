"""An uplink with its fakes, and servers that answer what no headquarters would."""

import socket
import threading
from collections.abc import Mapping

import requests

from agent.core.canonical import canonical_bytes
from agent.core.chain import Identity
from agent.core.signing import SIGNATURE_HEADER, request_header, request_message
from sync.headquarters import HqClient
from sync.keylist import KeyRing, key_list_message
from sync.keys import FileKey
from sync.pace import Pace
from sync.session import HttpSession
from sync.uplink import Uplink
from sync.wire import compress, upload_bytes
from tests.unit.sync.fakes import (
    AT_MS,
    Beat,
    FakeClock,
    FakeJournal,
    RunningHq,
    SeededEntropy,
)

BOX = Identity("S001", "B1", 1)


class Box:
    """An uplink with its fakes."""

    def __init__(
        self,
        hq: RunningHq,
        journal: FakeJournal,
        url: str | None = None,
        read_timeout_s: float = 5,
        keys: KeyRing | None = None,
    ) -> None:
        self.clock = FakeClock()
        self.beat = Beat()
        self.outcomes: list[str | None] = []
        self.client = HqClient(HttpSession(url or hq.url, read_timeout_s=read_timeout_s), journal.key)
        self.kept: list[Mapping[str, object]] = []
        keys = keys or KeyRing(hq.office.keys.root_public_key, hq.office.keys.key_list)
        self.uplink = Uplink(
            journal,
            self.client,
            keys,
            self.beat,
            self.clock,
            SeededEntropy(),
            pace=Pace(),
            on_outcome=self.outcomes.append,
            on_key_list=self.kept.append,
        )

    def run(self, steps: int = 30) -> None:
        """Step as the thread would, skipping the waits, until only the next heartbeat is due."""
        for _ in range(steps):
            wait_s = self.uplink.step()
            if wait_s >= 50:
                return
            self.clock.now += wait_s


def raw_post(hq: RunningHq, journal: FakeJournal, body: bytes, encoding: str = "deflate") -> requests.Response:
    identity = journal.identity()
    target = f"/v1/boxes/{identity.box}/entries"
    signature = journal.key.sign(request_message(identity, "POST", target, body))
    headers = {SIGNATURE_HEADER: request_header(identity, signature), "Content-Encoding": encoding}
    return requests.post(hq.url + target, data=body, headers=headers, timeout=5)


def upload_of(journal: FakeJournal, first: int, count: int) -> bytes:
    identity = journal.identity()
    entries = journal.rows[identity.epoch][first - 1 : first - 1 + count]
    body, _ = upload_bytes(identity, journal.head_before(identity.epoch, first), entries, {})
    return compress(body)


def mirrored(hq: RunningHq, journal: FakeJournal, epoch: int = 1) -> bool:
    store, rows = journal.identity().store, journal.rows[epoch]
    same_hashes = hq.hashes(store, epoch) == [entry.hash.hex() for entry in rows]
    return same_hashes and hq.bodies(store, epoch) == [entry.body for entry in rows]


class OddServer:
    """Answers every connection with the same bytes, or with silence."""

    def __init__(self, answer: bytes | None) -> None:
        self._answer = answer
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._open: list[socket.socket] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._open.append(connection)
            if self._answer is not None:
                connection.recv(65536)
                connection.sendall(self._answer)
                connection.close()

    def close(self) -> None:
        self._listener.close()
        for connection in self._open:
            connection.close()


def http(body: bytes, status: str = "200 OK", length: int | None = None) -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {length or len(body)}\r\n\r\n".encode() + body


def forged(hq: RunningHq, journal: FakeJournal, **changes: object) -> bytes:
    identity = journal.identity()
    receipt = hq.office.keys.signed_receipt(identity, 2, journal.rows[1][0].hash.hex(), AT_MS)
    return http(canonical_bytes({"receipt": {**receipt, **changes}}))


def key_list(root: FileKey, version: int, keys: dict[str, bytes]) -> dict[str, object]:
    rows = [
        {"kid": kid, "public_key": key.hex(), "uses": ["receipt"], "scope": None, "not_before": None, "not_after": None}
        for kid, key in keys.items()
    ]
    document: dict[str, object] = {"version": version, "keys": rows}
    return {**document, "signature": root.sign(key_list_message(document)).hex()}


def published(document: Mapping[str, object]) -> str:
    rows = document["keys"]
    assert isinstance(rows, list)
    return str(rows[0]["public_key"])
