"""Months of a store's life from a seed: trade, refusals, failing commits, clock steps, restarts, seals, receipts.

After every step the store must hold exactly what was answered as done; at the end everything must verify.
"""

import random
from pathlib import Path
from typing import Any

import pytest
from pysqlite3 import dbapi2 as sqlite3

from agent.core.errors import Refused, TryLater
from agent.store.connection import Readers, open_reader, open_writer
from agent.store.outgoing import Outgoing
from agent.store.rebuild import rebuild
from agent.store.unit import Unit
from agent.store.verify import verify, verify_tail
from agent.store.writer import Writer
from tests.unit.store.support import VIEWS, WHOSE, FakeClock, KeySigner, enrolled, writer_on

STEPS = 250


class FailingDisk:
    """A connection whose COMMIT fails now and then, before or after it took effect."""

    def __init__(self, connection: Any, chance: random.Random) -> None:
        self._connection = connection
        self._chance = chance

    def execute(self, statement: str, *parameters: Any) -> Any:
        if statement != "COMMIT" or self._chance.random() > 0.1:
            return self._connection.execute(statement, *parameters)
        self._connection.execute(self._chance.choice(("COMMIT", "ROLLBACK")))
        error = sqlite3.OperationalError("injected")
        error.sqlite_errorcode = 1034
        raise error

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


class Life:
    """The store and what it must hold."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.chance = random.Random(seed)
        self.clock = FakeClock()
        self.path = enrolled(folder, key=KeySigner())
        self.writer = self.opened()
        self.sums: dict[str, int] = {}
        self.answered: dict[str, int] = {}
        self.keys = 0

    def opened(self) -> Writer:
        """Open the store on its bad disk."""
        return writer_on(
            self.path,
            self.clock,
            signer=KeySigner(),
            seal_every=20,
            connect=lambda path: FailingDisk(open_writer(path), self.chance),
            reopen_delays_s=(0.0,) * 8,
        )

    def sale(self) -> None:
        """Sell under a key, repeating until it is answered."""
        name, amount_fen = self.chance.choice("abc"), self.chance.randrange(1, 10_000)
        self.keys += 1
        key = f"k{self.keys}"

        def command(unit: Unit) -> int:
            unit.counter("sale")
            return unit.append("test.summed", {"name": name, "amount_fen": amount_fen})

        for _ in range(20):
            try:
                self.answered[key] = self.writer.run(command, key=key, fingerprint=name)
                break
            except TryLater:
                continue
        self.sums[name] = self.sums.get(name, 0) + amount_fen

    def refusal(self) -> None:
        """Be refused after half the work."""

        def command(unit: Unit) -> None:
            unit.counter("sale")
            unit.append("test.summed", {"name": "a", "amount_fen": 1})
            raise Refused("sale.too_late")

        with pytest.raises((Refused, TryLater)):
            self.writer.run(command)

    def repetition(self) -> None:
        """Ask an old question again."""
        if self.answered:
            key = self.chance.choice(sorted(self.answered))
            try:
                assert (
                    self.writer.run(lambda unit: 1 // 0, key=key, fingerprint=self.name_of(key)) == self.answered[key]
                )
            except TryLater:
                return

    def name_of(self, key: str) -> str:
        """Return the fingerprint under which a key was stored."""
        reader = open_reader(self.path)
        row = reader.execute("SELECT fingerprint FROM answer WHERE key = ?", (key,)).fetchone()
        reader.close()
        return str(row[0])

    def time(self) -> None:
        """Let time pass, or the clock step."""
        self.clock.pass_ms(self.chance.randrange(1, 900_000))
        if self.chance.random() < 0.3:
            self.clock.wall_ms += self.chance.choice((-86_400_000, -5_000, 5_000, 3_600_000))

    def receipt(self) -> None:
        """HQ acknowledges some of it, sometimes less than before."""
        readers = Readers(self.path)
        outgoing = Outgoing(self.writer, readers)
        next_seq = self.chance.randrange(2, outgoing.last_seq(WHOSE.epoch) + 2)
        head = outgoing.head_before(WHOSE.epoch, next_seq).hex()
        place = {"store": "S001", "box": "B1", "epoch": WHOSE.epoch, "next_seq": next_seq, "head": head}
        try:
            outgoing.record_receipt({**place, "at_ms": 0, "kid": "r", "signature": ""})
        except TryLater:
            assert outgoing.last_seq(WHOSE.epoch) >= next_seq - 1
        readers.close()

    def seal(self) -> None:
        """Close a shift."""
        try:
            self.writer.seal()
        except TryLater:
            return

    def restart(self) -> None:
        """Stop and start, sometimes after a rebuild."""
        self.writer.close()
        assert verify_tail(self.path).ok
        if self.chance.random() < 0.3:
            rebuild(self.path, VIEWS)
        self.writer = self.opened()

    def check(self) -> None:
        """Compare what is there with what was answered."""
        reader = open_reader(self.path)
        assert dict(reader.execute("SELECT name, amount_fen FROM view_sum")) == self.sums
        assert dict(reader.execute("SELECT key, seq FROM answer")) == self.answered
        counted = reader.execute("SELECT value FROM counter WHERE name = 'sale'").fetchone()
        assert (counted[0] if counted else 0) == len(self.answered)
        reader.close()


@pytest.mark.parametrize("seed", range(4))
def test_a_stores_life(tmp_path: Path, seed: int) -> None:
    life = Life(tmp_path, seed)
    steps = [life.sale] * 6 + [
        life.refusal,
        life.repetition,
        life.time,
        life.time,
        life.receipt,
        life.seal,
        life.restart,
    ]
    for _ in range(STEPS):
        life.chance.choice(steps)()
        life.check()
    life.writer.close()
    report = verify(life.path, VIEWS)
    assert report.fault is None
    assert report.seals > 0
    assert len(life.answered) > STEPS // 4
