"""A box in this process and its counters: the daemon's own wiring, demo goods, baskets ready to be paid."""

import gc
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from agent.core.events import SaleLine, SlipPrinted
from agent.core.ports import Clock
from agent.core.sale import new_line
from agent.daemon.box import Box, Outside, enrol_without_headquarters
from agent.daemon.clock import SystemClock, SystemEntropy
from agent.services import checkout, days, shifts, staff, tendering
from agent.services.journaling import record
from agent.services.shop import Actor
from agent.services.trade import open_day, open_shift
from agent.settings import Settings, Store, Till, shipped
from agent.store import spool
from agent.store.spool import SlipState
from agent.store.unit import Unit

STORE, BOX = "S001", "B1"
LINES = 10
FLOAT_FEN = 50_000
NOTE_FEN = 10_000
PIN = "246810"
FACTS = Store(
    name="湘味小馆",
    branch="人民路店",
    address="人民路18号",
    phone="0731-55550101",
    entity="长沙湘味餐饮有限公司",
)


def prepare_state(state: Path, clock: Clock) -> None:
    """Enrol a box without headquarters in a folder, with the demo's goods."""
    state.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(shipped("demo/catalogue.toml"), state / "catalogue.toml")
    enrol_without_headquarters(state, STORE, BOX, clock)


def open_box(state: Path, clock: Clock, tills: tuple[Till, ...]) -> Box:
    """Open an enrolled box as the daemon does; nothing is started."""
    settings = Settings(state=state, store=FACTS).model_copy(update={"tills": tills})
    return Box(settings, Outside(clock, SystemEntropy(), _quiet, {}))


def _quiet(kind: str, data: dict[str, Any]) -> None:
    """Nobody watches these pages."""


@contextmanager
def opened(state: Path, tills: tuple[Till, ...] = (Till(),), clock: Clock | None = None) -> Iterator[Box]:
    """A box of a folder, enrolled if it was not, with no device started; its journal is closed afterwards."""
    clock = clock or SystemClock()
    prepare_state(state, clock)
    box = open_box(state, clock, tills)
    try:
        gc.collect()
        gc.freeze()  # as the daemon does when it is ready
        yield box
    finally:
        gc.unfreeze()
        box.writer.close()
        box.readers.close()


class Counter:
    """One till with a manager at it: makes baskets ready and takes cash for them."""

    def __init__(self, box: Box, till: str = "1", lines: int = LINES) -> None:
        self.shop = box.shop
        self.actor = Actor("01", "店长", "store_manager", till)
        self._lines = goods(box, lines)
        self._given_fen = 0
        self._key = ""

    def open(self) -> None:
        """Open day and shift when they are not."""
        if open_day(self.shop.read()) is None:
            days.open_the_day(self.shop, self.actor)
        if open_shift(self.shop.read(), self.actor.till) is None:
            shifts.open_a_shift(self.shop, self.actor, FLOAT_FEN)

    def log_in(self) -> None:
        """Give the till a session, so that its scanner and command card act for somebody."""
        staff.add_person(self.shop, self.actor.staff, self.actor.name, self.actor.role, PIN)
        staff.login(self.shop, self.actor.staff, PIN, self.actor.till)

    def prepare(self) -> None:
        """Ring a basket up and ask for the total."""
        checkout.add_lines(self.shop, self.actor, self._lines)
        due_fen = checkout.ask_total(self.shop, self.actor)["due_fen"]
        self._given_fen = -(-due_fen // NOTE_FEN) * NOTE_FEN
        self._key = secrets.token_hex(16)

    def pay(self) -> str:
        """Take cash for the prepared basket; returns the sale's number."""
        answer = tendering.pay_cash(self.shop, self.actor, self._given_fen, self._key)
        return str(answer["completed"]["sale"])

    def append(self) -> None:
        """Put one small entry into the journal."""
        self.shop.writer.run(lambda unit: unit.append("bench.noted", {"till": self.actor.till, "note": "nothing"}))

    def file_slips(self) -> None:
        """Take the queued slips as printed, so that the queue stays as short as beside a printer."""
        self.shop.writer.run(_file_slips)


def _file_slips(unit: Unit) -> None:
    for (slip,) in unit.connection.execute("SELECT slip FROM spool WHERE state = 'queued'").fetchall():
        spool.mark_sending(unit, slip)
        spool.mark_result(unit, slip, SlipState.PRINTED)
        record(unit, SlipPrinted(slip, verified=True))


def goods(box: Box, count: int) -> tuple[SaleLine, ...]:
    """Return lines of different goods with a price."""
    items = [item for item in box.shop.catalog.by_sku.values() if item.price_fen and item.unit == "pc"]
    return tuple(new_line(number, items[number % len(items)], 1, None, None) for number in range(1, count + 1))
