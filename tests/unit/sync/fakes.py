"""A box in memory for tests of the uplink: journal, clock, entropy, key, and a real HQ on a loopback socket."""

import random
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import uvicorn
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Row, select

from agent.core.canonical import canonical
from agent.core.chain import Entry, Identity, genesis, next_hash
from agent.core.errors import Broken
from agent.core.ports import Watermark
from agent.core.signing import seal_message
from sync.hq import registry, tables
from sync.hq.app import create_app
from sync.hq.limits import RateLimit
from sync.hq.office import Office
from sync.keys import FileKey
from sync.serving import listening, url_of

AT_MS = 1_791_000_000_000


class FakeClock:
    """Time that moves only when told."""

    def __init__(self) -> None:
        self.now = 1000.0

    def now_ms(self) -> int:
        return AT_MS + int(self.now * 1000)

    def monotonic_s(self) -> float:
        return self.now


class SeededEntropy:
    """The same random bytes for the same seed."""

    def __init__(self, seed: int = 1) -> None:
        self._random = random.Random(seed)

    def random_bytes(self, count: int) -> bytes:
        return self._random.randbytes(count)


class Beat:
    """A heartbeat that counts how often it was asked for."""

    def __init__(self) -> None:
        self.asked = 0

    def heartbeat(self) -> Mapping[str, object]:
        self.asked += 1
        return {"unsent_entries": 0}


def new_key() -> FileKey:
    return FileKey(Ed25519PrivateKey.generate())


def chained(identity: Identity, facts: Sequence[tuple[str, Mapping[str, object] | str]]) -> list[Entry]:
    """Return the entries of `(kind, body)` pairs, chained from the beginning of the epoch."""
    head, entries = genesis(identity), []
    for seq, (kind, body) in enumerate(facts, 1):
        text = body if isinstance(body, str) else canonical(body)
        head = next_hash(head, seq, AT_MS + seq, kind, text)
        entries.append(Entry(seq, AT_MS + seq, kind, text, head))
    return entries


class FakeJournal:
    """An `OutgoingJournal` in memory that checks what it is asked to do."""

    def __init__(self, identity: Identity, key: FileKey) -> None:
        self._identity = identity
        self.key = key
        self.rows: dict[int, list[Entry]] = {identity.epoch: []}
        self.genesis = {identity.epoch: genesis(identity)}
        self.watermarks: dict[int, Watermark] = {}
        self.receipts: list[Mapping[str, object]] = []
        self.rolled_back = 0
        self.stopped: list[str] = []
        self.add("box.enrolled", enrolled_body(identity, key))

    def add(self, kind: str, body: Mapping[str, object] | str, epoch: int | None = None) -> Entry:
        epoch = epoch or self._identity.epoch
        rows = self.rows[epoch]
        head = rows[-1].hash if rows else self.genesis[epoch]
        text = body if isinstance(body, str) else canonical(body)
        seq = len(rows) + 1
        entry = Entry(seq, AT_MS + seq, kind, text, next_hash(head, seq, AT_MS + seq, kind, text))
        rows.append(entry)
        return entry

    def add_many(self, count: int) -> None:
        for number in range(count):
            self.add("drawer.moved", {"day": "2026-10-03", "till": "T1", "amount_fen": number})

    def add_seal(self) -> Entry:
        rows = self.rows[self._identity.epoch]
        message = seal_message(self._identity, rows[-1].seq, rows[-1].hash)
        return self.add("seal", {"head": rows[-1].hash.hex(), "signature": self.key.sign(message).hex()})

    def add_past(self, identity: Identity, entries: Sequence[Entry]) -> None:
        self.rows[identity.epoch] = list(entries)
        self.genesis[identity.epoch] = genesis(identity)

    def identity(self) -> Identity:
        return self._identity

    def epochs(self) -> Sequence[int]:
        return sorted(epoch for epoch, rows in self.rows.items() if rows)

    def last_seq(self, epoch: int) -> int:
        return len(self.rows[epoch])

    def entries(self, epoch: int, first_seq: int, limit: int, bytes_max: int) -> Sequence[Entry]:
        taken: list[Entry] = []
        size = 0
        for entry in self.rows[epoch][first_seq - 1 : first_seq - 1 + limit]:
            size += len(entry.body.encode())
            if taken and size > bytes_max:
                break
            taken.append(entry)
        return taken

    def head_before(self, epoch: int, seq: int) -> bytes:
        if not 1 <= seq <= len(self.rows[epoch]) + 1:
            raise Broken("journal.no_such_place", seq=seq)
        return self.genesis[epoch] if seq == 1 else self.rows[epoch][seq - 2].hash

    def watermark(self, epoch: int) -> Watermark:
        return self.watermarks.get(epoch, Watermark(epoch, 1, None))

    def record_receipt(self, receipt: Mapping[str, object]) -> None:
        epoch, next_seq = int(str(receipt["epoch"])), int(str(receipt["next_seq"]))
        assert next_seq <= self.last_seq(epoch) + 1
        if next_seq < self.watermark(epoch).next_seq:
            self.rolled_back += 1
        self.watermarks[epoch] = Watermark(epoch, next_seq, bytes.fromhex(str(receipt["head"])))
        self.receipts.append(receipt)

    def stop_epoch(self, reason: str) -> None:
        self.stopped.append(reason)


def enrolled_body(identity: Identity, key: FileKey) -> Mapping[str, object]:
    return {
        "store": identity.store,
        "box": identity.box,
        "epoch": identity.epoch,
        "public_key": key.public_key.hex(),
        "previous": None,
    }


class RunningHq:
    """A real HQ on a loopback socket; `restart` may bring other state."""

    def __init__(self, state: Path, database_url: str | None = None) -> None:
        self.state = state
        self.database_url = database_url
        self.rate = RateLimit()
        self._listener = listening("127.0.0.1", 0)
        self.url = url_of(self._listener)
        self._listener.close()
        self._port = int(self.url.rsplit(":", 1)[1])
        self.start()

    def start(self) -> None:
        self.office = replace(Office.open(self.state, self.database_url), rate=self.rate)
        config = uvicorn.Config(
            create_app(self.office), host="127.0.0.1", port=self._port, log_level="critical", lifespan="off"
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        while not self._server.started:
            time.sleep(0.002)

    def stop(self) -> None:
        self._server.should_exit = True
        self._server.force_exit = True
        self._thread.join(5)
        self.office.close()

    def add_store(self, store: str) -> None:
        with self.office.database.write() as connection:
            registry.add_store(connection, store, store, AT_MS)

    def register(self, journal: FakeJournal) -> None:
        """Make the journal's box known without going through enrolment."""
        identity = journal.identity()
        with self.office.database.write() as connection:
            if not registry.has_store(connection, identity.store):
                registry.add_store(connection, identity.store, identity.store, AT_MS)
            registry.register_epoch(connection, identity, journal.key.public_key, "enrolled", AT_MS)

    def hashes(self, store: str, epoch: int) -> list[str]:
        return [row.hash for row in self._entries(store, epoch)]

    def bodies(self, store: str, epoch: int) -> list[str]:
        return [row.body for row in self._entries(store, epoch)]

    def _entries(self, store: str, epoch: int) -> Sequence[Row[tuple[str, str]]]:
        known = tables.entry
        where = tables.of_epoch(known, store, epoch)
        with self.office.database.read() as connection:
            return connection.execute(select(known.c.hash, known.c.body).where(where).order_by(known.c.seq)).all()

    def rows(self, query: str) -> list[tuple[object, ...]]:
        with self.office.database.read() as connection:
            return [tuple(row) for row in connection.exec_driver_sql(query)]


@contextmanager
def running_hq(state: Path, database_url: str | None = None) -> Iterator[RunningHq]:
    """Run an HQ for the length of a block, on SQLite in its state folder when there is no URL."""
    hq = RunningHq(state, database_url)
    try:
        yield hq
    finally:
        hq.stop()


def of_epoch(identity: Identity, epoch: int) -> Identity:
    return replace(identity, epoch=epoch)
