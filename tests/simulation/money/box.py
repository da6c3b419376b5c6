"""The box of a schedule: real journal on disk, real use cases, real resolver, one life after another."""

from __future__ import annotations

import dataclasses
import random
import tempfile
from collections.abc import Callable, Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from agent.core.errors import StoreboxError
from agent.core.payment import Platform
from agent.services import days, shifts
from agent.services.platform_health import PlatformHealth
from agent.services.resolver import Resolver
from agent.services.shop import Shop
from agent.store import views
from agent.store.connection import Readers, open_reader
from agent.store.set_aside import set_aside
from tests.shops import CASHIER, MANAGER, START_MS, FakeClock, make_shop
from tests.simulation.direct_writer import DirectWriter
from tests.simulation.world import Life, Task, TurnEvent, World

TILLS = ("1", "2")
JOURNAL = "journal.db"


class BoxClock:
    """The box's clock: the wall may be wrong, the monotonic one begins with each life."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.began_s = 0.0
        self.off_s = 0.0
        """By how much the wall clock is ahead of the true time."""

    def now_ms(self) -> int:
        return self.true_ms(self._world.now_s) + int(self.off_s * 1000)

    def monotonic_s(self) -> float:
        return self._world.now_s - self.began_s

    @staticmethod
    def true_ms(at_s: float) -> int:
        return START_MS + 1_000 + int(at_s * 1000)


class SeededEntropy:
    """Randomness of a schedule."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)

    def random_bytes(self, count: int) -> bytes:
        return self._chance.randbytes(count)


class SameAgain(SeededEntropy):
    """Randomness of a box that draws the characters of an earlier life: all attempts have the same ones."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self._characters = random.Random(f"characters {seed}").randbytes(4)
        self._for_attempt = False

    def next_is_of_an_attempt(self) -> None:
        """The next bytes are an attempt's characters."""
        self._for_attempt = True

    def random_bytes(self, count: int) -> bytes:
        drawn = super().random_bytes(count)
        of_attempt, self._for_attempt = self._for_attempt, False
        return self._characters if of_attempt else drawn


@cache
def template() -> tuple[Shop, bytes]:
    """Return a shop's parts and the journal of its opened day, made once a process."""
    with tempfile.TemporaryDirectory() as folder:
        made = make_shop(Path(folder), tills=TILLS)
        days.open_the_day(made, MANAGER)
        for till in TILLS:
            shifts.open_a_shift(made, dataclasses.replace(CASHIER, till=till), 0)
        made.writer.close()
        reader = made.read()
        reader.execute("PRAGMA query_only=OFF")
        reader.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        reader.close()
        assert isinstance(made.clock, FakeClock)
        return made, (Path(folder) / JOURNAL).read_bytes()


class Incarnation:
    """One process of the box, made from what is on disk."""

    def __init__(self, box: Box, life: Life) -> None:
        self.life = life
        self._world = box.world
        self._box = box
        box.clock.began_s = box.world.now_s
        self.writer = DirectWriter(box.path, box.clock)
        self.writer.before = self.writer.after = box.world.touch
        self._readers = Readers(box.path)
        self._woken = TurnEvent(box.world)
        self.changes = 0
        self.shop = dataclasses.replace(
            template()[0],
            identity=box.identity,
            writer=self.writer,  # type: ignore[arg-type]
            read=self._readers.get,
            clock=box.clock,
            entropy=box.entropy,
            platforms=box.platforms,
            platform_health=PlatformHealth(box.clock.now_ms),
            publish=self._published,
            wake_resolver=self._woken.set,
        )
        self._resolver = Resolver(self.shop)
        self.spawn("resolver", self._resolve)

    def spawn(self, name: str, run: Callable[[], None]) -> Task:
        """Run something as a thread of this process."""
        return self._world.spawn(name, run, self.life)

    def unfinished(self) -> int:
        """Return how many attempts and refunds have no end yet."""
        connection = self._readers.get()
        (attempts,) = connection.execute(
            "SELECT count(*) FROM view_attempt WHERE state IN ('open', 'parked')"
        ).fetchone()
        (refunds,) = connection.execute("SELECT count(*) FROM view_platform_refund WHERE state = 'started'").fetchone()
        return int(attempts) + int(refunds)

    def close(self) -> None:
        """Let go of the files, as the kernel does for a process that died."""
        self.writer.close()
        self._readers.close()

    def _resolve(self) -> None:
        while True:
            try:
                wait_s = self._resolver.step()
            except StoreboxError as error:
                self._box.wrong.append(f"the resolver's step failed: {error}")
                wait_s = 30.0
            self._woken.wait(wait_s)
            self._woken.clear()

    def _published(self, kind: str, data: dict[str, Any]) -> None:
        self.changes += 1


class Box:
    """What outlives a process: the disk, the clock, and the counterparts outside."""

    def __init__(self, world: World, folder: Path, seed: int, *, same_numbers: bool = False) -> None:
        """`same_numbers`: an attempt's number comes again when its sale's does."""
        self.world = world
        self.folder = folder
        self.path = folder / JOURNAL
        self.path.write_bytes(template()[1])
        self.clock = BoxClock(world)
        self.entropy = SameAgain(seed) if same_numbers else SeededEntropy(seed)
        self.identity = template()[0].identity
        self.platforms: Mapping[str, Platform] = {}
        self.wrong: list[str] = []
        self.dead_journals: list[Path] = []
        self.now: Incarnation | None = None
        self._seed = seed

    def switch_on(self, kill_at: int | None) -> Incarnation:
        """Begin a life."""
        self.now = Incarnation(self, Life(kill_at))
        return self.now

    def switch_off(self) -> None:
        """End the present life, whatever it was doing."""
        ended = self.now
        assert ended is not None
        ended.life.dead = True
        self.now = None
        self.world.bury(ended.life)
        ended.close()

    def put_back(self, *, new_epoch: bool) -> None:
        """Replace the state by last night's, as on a restored box; it is switched off."""
        assert self.now is None
        dead = self.folder / f"dead{len(self.dead_journals)}"
        dead.mkdir()
        for file in self.folder.glob(f"{JOURNAL}*"):
            file.rename(dead / file.name)
        self.dead_journals.append(dead / JOURNAL)
        self.path.write_bytes(template()[1])
        if new_epoch:
            epoch = self.identity.epoch + 1
            set_aside(self.path, views=views, epoch=epoch, at_ms=self.clock.now_ms(), day=date(2026, 10, 3))
            self.identity = dataclasses.replace(self.identity, epoch=epoch)
            self.entropy = SeededEntropy(self._seed)

    def begins_attempt(self) -> None:
        """An attempt's number is about to be drawn."""
        if isinstance(self.entropy, SameAgain):
            self.entropy.next_is_of_an_attempt()

    def knows_attempt(self, number: str) -> bool:
        """Return whether an attempt is on disk, as another process sees it, or on the disk of a box that died."""
        return any(_knows(path, number) for path in (self.path, *self.dead_journals))

    def has_open(self, number: str) -> bool:
        """Return whether an attempt has no end on the present disk."""
        reader = open_reader(self.path)
        try:
            place = (number,)
            found = reader.execute("SELECT state FROM view_attempt WHERE attempt = ?", place).fetchone()
        finally:
            reader.close()
        return found is not None and found[0] in ("open", "parked")


def _knows(journal: Path, attempt: str) -> bool:
    reader = open_reader(journal)
    try:
        return bool(reader.execute("SELECT count(*) FROM view_attempt WHERE attempt = ?", (attempt,)).fetchone()[0])
    finally:
        reader.close()
