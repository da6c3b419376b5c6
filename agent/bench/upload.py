"""How fast the journal goes up to a headquarters on this machine, against headquarters' own taking in of the same."""

import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from agent.bench.counter import BOX, STORE, Counter, opened
from agent.bench.figures import Round, middle
from agent.bench.large import ENTRIES_A_SALE, patterns, sell
from agent.bench.plan import Plan
from agent.bench.rows import Row
from agent.core.chain import Identity
from agent.daemon.box import Box
from agent.daemon.clock import SystemClock, SystemEntropy
from agent.replay.surroundings import Surroundings, enrolment_token
from agent.store.outgoing import Outgoing
from sync.enrol import Enrolment, device_key, enrol
from sync.headquarters import HqClient
from sync.hq import registry
from sync.hq.ingest import ingest
from sync.hq.office import Office
from sync.session import HttpSession
from sync.uplink import Uplink
from sync.wire import UPLOAD_BYTES_MAX, parse_upload, upload_bytes

BATCHES_A_ROUND = 10
"""Headquarters lets a box come 60 times at once: all rounds together stay below that."""
QUICK_BATCHES = 1
SALES, QUICK_SALES = 10_000, 700


@dataclass(frozen=True, slots=True)
class _Batch:
    """Entries that one upload carried."""

    first_seq: int
    count: int


class _Beat:
    """The heartbeat of a box that has nothing to tell."""

    def heartbeat(self) -> Mapping[str, object]:
        """See HeartbeatSource."""
        return {}


def measure(plan: Plan) -> list[Row]:
    """Measure entries a second, batch by batch the same entries at both."""
    with ExitStack() as stack:
        folder = stack.enter_context(plan.scratch("upload"))
        url, hq_state = stack.enter_context(Surroundings(folder)).headquarters()
        session = HttpSession(url)
        stack.callback(session.close)
        state = folder / "box"
        enrolment = enrol(session, state, enrolment_token(hq_state, STORE), STORE, BOX)
        box = stack.enter_context(opened(state))
        _fill(plan, box)
        office = Office.open(folder / "floor")
        stack.callback(office.close)
        _register(office, enrolment)
        rounds = _rounds(plan, _Way(box, state, enrolment, session), office)
    plan.judge("uploads", rounds, "entries/s", 1)
    name = "upload to a local headquarters, against its own ingest in process"
    return [Row.of_round(name, middle(rounds), "entries/s")]


def _fill(plan: Plan, box: Box) -> None:
    counter = Counter(box)
    counter.open()
    sales = plan.count(SALES, QUICK_SALES)
    with plan.progress("entries to send", sales * ENTRIES_A_SALE) as advance:
        sell(box, counter, patterns(box), sales, advance)


def _register(office: Office, enrolment: Enrolment) -> None:
    identity = enrolment.identity
    with office.database.write() as connection:
        registry.add_store(connection, identity.store, "", 0)
        registry.register_epoch(connection, identity, enrolment.public_key, "enrolled", 0)


class _Way:
    """The box's way to headquarters, one step at a time."""

    def __init__(self, box: Box, state: Path, enrolment: Enrolment, session: HttpSession) -> None:
        keys = enrolment.key_ring()
        if keys is None:
            raise RuntimeError("headquarters gave no keys")
        self.identity: Identity = enrolment.identity
        self.journal = Outgoing(box.writer, box.readers)
        client = HqClient(session, device_key(state, enrolment))
        self._uplink = Uplink(self.journal, client, keys, _Beat(), SystemClock(), SystemEntropy())

    @property
    def next_seq(self) -> int:
        """Return the number that headquarters wants next."""
        return self.journal.watermark(self.identity.epoch).next_seq

    def send(self) -> _Batch:
        """Send one upload; raises RuntimeError when headquarters did not take it."""
        before = self.next_seq
        self._uplink.step()
        if self.next_seq == before:
            raise RuntimeError(f"not taken: {self._uplink.status.last_error}")
        return _Batch(before, self.next_seq - before)

    def body(self, batch: _Batch) -> bytes:
        """Return the upload that carries a batch."""
        epoch = self.identity.epoch
        entries = self.journal.entries(epoch, batch.first_seq, batch.count, 2 * UPLOAD_BYTES_MAX)
        return upload_bytes(self.identity, self.journal.head_before(epoch, batch.first_seq), entries, {})[0]


def _rounds(plan: Plan, way: _Way, office: Office) -> list[Round]:
    batches = plan.count(BATCHES_A_ROUND, QUICK_BATCHES)
    _take_in(office, way, way.send())  # opens the connection and has both compile their statements
    with plan.progress("uploads", plan.rounds * batches) as advance:
        return [_round(way, office, batches, advance) for _ in range(plan.rounds)]


def _round(way: _Way, office: Office, batches: int, advance: Callable[..., object]) -> Round:
    entries, sent_s, taken_s = 0, 0.0, 0.0
    for _ in range(batches):
        began_s = time.perf_counter()
        batch = way.send()
        sent_s += time.perf_counter() - began_s
        taken_s += _take_in(office, way, batch)
        entries += batch.count
        advance()
    return Round(entries / sent_s, entries / taken_s)


def _take_in(office: Office, way: _Way, batch: _Batch) -> float:
    """Have headquarters take a batch in without anything around it; returns how long its transaction took."""
    upload = parse_upload(way.body(batch))
    began_s = time.perf_counter()
    with office.database.write() as connection:
        owner = registry.epoch_of_store(connection, way.identity.store, way.identity.epoch)
        ingest(connection, owner, way.identity, upload, office.now_ms())
    return time.perf_counter() - began_s
