"""Uplink and HQ over a network that drops, duplicates, reorders and cuts, and an HQ that fails and is rolled back.

The box never stops trading. At every moment HQ has a prefix of the box's journal; once the network is well again it
has all of it. A seed is a whole history: a failing one can be run again by itself.
"""

import random
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from agent.core.canonical import parse
from agent.core.chain import Identity
from agent.core.errors import StoreboxError, TryLater, UnknownOutcome
from sync.headquarters import HqClient, Reply
from sync.hq import registry
from sync.hq.ingest import ingest, locked_cursor
from sync.hq.office import Office
from sync.keylist import KeyRing
from sync.uplink import Uplink
from sync.wire import Upload, compress, inflate, parse_receipt, parse_upload
from tests.unit.sync.fakes import AT_MS, Beat, FakeClock, FakeJournal, SeededEntropy, new_key

BOX = Identity("S001", "B1", 1)


class World:
    """The box's way to HQ's real ingest, with faults drawn from a seed."""

    def __init__(self, seed: int, state: Path) -> None:
        self.chance = random.Random(seed)
        self.state = state
        self.journal = FakeJournal(BOX, new_key())
        self.office = Office.open(state / "hq")
        self.well = False
        self.late: list[bytes] = []
        self.backed_up = False
        with self.office.database.write() as connection:
            registry.add_store(connection, BOX.store, "", AT_MS)
            registry.register_epoch(connection, BOX, self.journal.key.public_key, "enrolled", AT_MS)

    def upload(self, sender: Identity, body: bytes) -> Reply:
        sent = compress(body)
        fate = "well" if self.well else self.chance.choice(("well", "well", "dropped", "twice", "late", "cut", "fails"))
        if fate == "dropped":
            raise TryLater("network.unreachable")
        if fate == "late":
            self.late.append(sent)
            raise UnknownOutcome("network.no_answer")
        if fate == "fails":
            raise self.failure(sent)
        reply = self.arrive(sent)
        if fate == "twice":
            reply = self.arrive(sent)
        if self.late and not self.well and self.chance.random() < 0.5:
            self.arrive(self.late.pop(self.chance.randrange(len(self.late))))
        if fate == "cut":
            raise UnknownOutcome("network.answer_cut")
        return reply

    def beat(self, sender: Identity, heartbeat: Mapping[str, object]) -> Reply:
        if not self.well and self.chance.random() < 0.3:
            raise TryLater("network.unreachable")
        return self.cursor(sender, sender.epoch)

    def cursor(self, sender: Identity, epoch: int) -> Reply:
        with self.office.database.read() as connection:
            taken = locked_cursor(connection, replace(BOX, epoch=epoch))
        return Reply(True, self.receipt(taken.next_seq, taken.head))

    def failure(self, sent: bytes) -> StoreboxError:
        """HQ fails in the middle: what it wrote is rolled back."""
        try:
            with self.office.database.write() as connection:
                owner = registry.epoch_of_store(connection, BOX.store, BOX.epoch)
                ingest(connection, owner, BOX, self.opened(sent), AT_MS)
                raise RuntimeError("power cut")
        except RuntimeError:
            return UnknownOutcome("hq.failed")

    def arrive(self, sent: bytes) -> Reply:
        with self.office.database.write() as connection:
            owner = registry.epoch_of_store(connection, BOX.store, BOX.epoch)
            taken = ingest(connection, owner, BOX, self.opened(sent), AT_MS)
        return Reply(taken.code is None, self.receipt(taken.next_seq, taken.head))

    def opened(self, sent: bytes) -> Upload:
        return parse_upload(inflate(sent))

    def receipt(self, next_seq: int, head: str) -> object:
        return parse_receipt(self.office.keys.signed_receipt(BOX, next_seq, head, AT_MS))

    def backup_or_rollback(self) -> None:
        """Copy HQ's state once; later bring the copy back."""
        self.office.close()
        backup, present = self.state / "backup", self.state / "hq"
        if self.backed_up:
            shutil.rmtree(present)
            shutil.copytree(backup, present)
        else:
            shutil.copytree(present, backup)
        self.backed_up = True
        self.office = Office.open(present)

    def stored(self) -> list[tuple[int, str, str]]:
        query = "SELECT seq, body, hash FROM entry ORDER BY seq"
        with self.office.database.read() as connection:
            return [tuple(row) for row in connection.exec_driver_sql(query)]

    def ours(self) -> list[tuple[int, str, str]]:
        return [(entry.seq, entry.body, entry.hash.hex()) for entry in self.journal.rows[1]]


@pytest.mark.parametrize("seed", range(12))
def test_hq_is_always_a_prefix_and_ends_complete(seed: int, tmp_path: Path) -> None:
    world, clock = World(seed, tmp_path), FakeClock()
    client: HqClient = world  # type: ignore[assignment]
    ring = KeyRing(world.office.keys.root_public_key, world.office.keys.key_list)
    uplink = Uplink(world.journal, client, ring, Beat(), clock, SeededEntropy(seed))
    for turn in range(50):
        world.journal.add_many(world.chance.randrange(40))
        if world.chance.random() < 0.1:
            world.journal.add_seal()
        clock.now += uplink.step() if world.chance.random() < 0.8 else world.chance.random()
        if turn in (18, 36):
            world.backup_or_rollback()
        assert world.stored() == world.ours()[: len(world.stored())]
    world.well = True
    for _ in range(60):
        clock.now += uplink.step()
    world.office.database.migrate()
    assert world.stored() == world.ours()
    assert world.journal.watermark(1).next_seq == len(world.ours()) + 1
    assert world.journal.stopped == []
    assert all(parse(body) is not None for _, body, _ in world.stored()[:3])
    with world.office.database.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM fork").scalar() == 0
        assert connection.exec_driver_sql("SELECT count(*) FROM seal WHERE NOT valid").scalar() == 0
    world.office.close()
