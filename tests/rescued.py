"""A store at a real headquarters whose box dies: real enrolment, journal, uplink and sales; a clock that is told."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agent.bench.counter import Counter
from agent.daemon.box import Box, Outside, begin_journal
from agent.replay.counter import denominations
from agent.rescue import restore
from agent.rescue.opened import past_source
from agent.services import days, shifts
from agent.services.reports import drawer_sums
from agent.services.trade import open_shift
from agent.settings import Settings, Till, shipped
from agent.store import views
from agent.store.verify import verify
from sync.enrol import Enrolment, enrol, load_enrolment
from sync.hq import registry
from sync.hq.registry import TokenMode
from sync.past_source import PastSource
from sync.session import HttpSession
from tests.shops import CountingEntropy, FakeClock
from tests.unit.sync.fakes import RunningHq

STORE = "S001"
DAY_S = 86_400.0


@dataclass
class Stage:
    """A headquarters with one store, and the folder for its boxes."""

    hq: RunningHq
    folder: Path
    clock: FakeClock = field(default_factory=FakeClock)

    def __post_init__(self) -> None:
        self.hq.add_store(STORE)

    def enrolled(self, name: str, mode: TokenMode = TokenMode.NEW) -> Path:
        """Return the state folder of a box that was just enrolled."""
        state = self.folder / name
        state.mkdir()
        shutil.copyfile(shipped("demo/catalogue.toml"), state / "catalogue.toml")
        session = HttpSession(self.hq.url)
        try:
            enrolment = enrol(session, state, self.token(mode), STORE, "B1")
        finally:
            session.close()
        begin_journal(state, enrolment, self.clock)
        return state

    def token(self, mode: TokenMode = TokenMode.REPLACE) -> str:
        """Return a one-time token."""
        office = self.hq.office
        with office.database.write() as connection:
            return registry.make_enrolment_token(connection, STORE, office.now_ms(), mode=mode, reason="dead")

    @contextmanager
    def opened(self, state: Path, **outside: Any) -> Iterator[Box]:
        """A box of a folder, nothing started."""
        settings = Settings(state=state).model_copy(update={"tills": (Till(), Till(till="2"))})
        box = Box(settings, Outside(self.clock, CountingEntropy(), _quiet, outside.get("platforms", {})))
        try:
            yield box
        finally:
            box.writer.close()
            box.readers.close()

    @contextmanager
    def source(self, state: Path) -> Iterator[PastSource]:
        """The way of an enrolled box to its store's history."""
        with past_source(state, enrolment_at(state), self.hq.url) as found:
            yield found

    def sell(self, box: Box, count: int, till: str = "1") -> list[str]:
        """Open day and shift where they are not, and sell for cash."""
        counter = Counter(box, till, lines=2)
        counter.open()
        sales = []
        for _ in range(count):
            counter.prepare()
            sales.append(counter.pay())
            self.clock.advance(30)
        return sales

    def close(self, box: Box, till: str = "1") -> None:
        """Count the drawer, close the till's shift and the day."""
        actor = Counter(box, till, lines=1).actor
        shift = open_shift(box.shop.read(), till)
        if shift is not None:
            expected_fen = drawer_sums(box.shop.read(), shift["shift"]).expected_fen
            shifts.close_shift(box.shop, actor, denominations(expected_fen))
        days.close_the_day(box.shop, actor)

    def drain(self, box: Box) -> None:
        """Send up all that is unsent."""
        uplink = box.headquarters.uplink
        assert uplink is not None
        for _ in range(200):
            if uplink.step() > 0 and not box.unsent() and uplink.status.last_error is None:
                return
        raise AssertionError(f"not drained: {uplink.status}")

    def restored(self, state: Path) -> None:
        """Bring everything back, without stops."""
        with self.opened(state) as box, self.source(state) as source:
            restore.begin(box, source, views)
            restore.bring_history(box, source)
            restore.complete_views(box, state / restore.SHADOW_FILE, views)


def enrolment_at(state: Path) -> Enrolment:
    """Return who a box is."""
    found = load_enrolment(state)
    assert found is not None
    return found


def sound(state: Path) -> None:
    """Assert that the whole journal of a closed box verifies, past and views included."""
    report = verify(state / "journal.db", views)
    assert report.ok, report.fault


def _quiet(kind: str, data: dict[str, Any]) -> None:
    """Nobody watches."""
