"""Payments through headquarters in the world's time: real wish table and signatures, two processes that may be killed.

Bytes go both ways, so that what is spoilt on the line is spoilt as in life; only sockets and threads are missing.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from multiprocessing.util import Finalize
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, delete, select

from agent.core.canonical import canonical_bytes, parse
from agent.core.chain import Identity
from agent.core.errors import StoreboxError, TryLater, UnknownOutcome
from agent.core.payment import Platform
from agent.core.signing import SIGNATURE_HEADER
from sync.addresses import Addresses
from sync.hq import registry, tables
from sync.hq.database import Database
from sync.hq.incoming import Incoming
from sync.hq.keys import HqKeys
from sync.hq.limits import RateLimit
from sync.hq.pay.api import PayOffice, taken
from sync.hq.pay.desk import WishDesk
from sync.hq.pay.keeper import Keeper
from sync.hq.pay.merchants import Merchants
from sync.hq.pay.notes import Note, Notes
from sync.hq.pay.phone import PhoneOrders
from sync.hq.pay.plan import PayPlan
from sync.keylist import KeyRing
from sync.keys import FileKey
from sync.session import Answer, HeaderMaker
from sync.wishes import HqCustody, HqPlatform
from tests.simulation.money.box import BoxClock, SeededEntropy
from tests.simulation.money.line import TIMEOUT_S, Weather
from tests.simulation.world import Life, World
from tests.unit.sync.fakes import new_key

NOTED_AFTER_S = 0.05
KEEPS_EVERY_S = 900.0
"""The keeper of a schedule looks less often than the real one, which does nothing most of the time."""


@cache
def lasting() -> tuple[Database, HqKeys, FileKey, Path]:
    """Return headquarters' database and keys, and the box's key; made once a process, cleared for each schedule."""
    memory = Path("/dev/shm")
    folder = Path(tempfile.mkdtemp(prefix="storebox-hq-", dir=memory if memory.is_dir() else None))
    Finalize(None, shutil.rmtree, (folder, True), exitpriority=1)  # `atexit` is silent in a pool's processes
    keys, database, box_key = HqKeys.load_or_create(folder), Database.open(folder), new_key()
    return database, keys, box_key, folder


class TurnDatabase(Database):
    """The database, with a step of the present life before and after each transaction that writes."""

    def __init__(self, real: Database, world: World) -> None:
        self._real = real
        self._world = world

    @contextmanager
    def write(self) -> Iterator[Connection]:
        self._world.touch()
        with self._real.write() as connection:
            yield connection
        self._world.touch()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        with self._real.read() as connection:
            yield connection


class TurnNotes(Notes):
    """Notes written in turns: a moment after they came, or never when the process dies before."""

    def __init__(self, database: Database, world: World, life: Life) -> None:
        super().__init__(database)
        self._world = world
        world.spawn("notes", self._turns, life)

    def put(self, note: Note) -> None:
        super().put(note)

    def written(self, store: str, out_trade_no: str, timeout_s: float = 5.0) -> bool:
        return self._world.wait(lambda: (store, out_trade_no) not in self._pending, timeout_s)

    def _turns(self) -> None:
        while True:
            self._world.wait(lambda: self._waiting, None)
            self._world.wait(lambda: False, NOTED_AFTER_S)
            batch, self._waiting = self._waiting, []
            self._write(batch)


class Office:
    """One of headquarters' two payment processes."""

    def __init__(self, world: World, name: str, platforms: Mapping[str, Platform]) -> None:
        self.name = name
        self.world = world
        self._platforms = platforms
        self.life = Life()
        self.up = False
        self._office: PayOffice | None = None

    def begin(self, kill_at: int | None) -> None:
        """Start the process."""
        database, keys, _, folder = lasting()
        self.life = Life(kill_at)
        turns = TurnDatabase(database, self.world)
        merchants = Merchants(folder, PayPlan(), SeededEntropy(0), self._now_ms, further=self._platforms)
        notes = TurnNotes(turns, self.world, self.life)
        desk = WishDesk(turns, merchants, PayPlan(), notes, self._now_ms, self.world.monotonic_s)
        rate = RateLimit(per_second=20.0, burst=200, monotonic_s=self.world.monotonic_s)
        phone = PhoneOrders(turns, merchants, self._now_ms)
        merchants.add(phone.name, phone)
        self._office = PayOffice(
            database=turns, keys=keys, desk=desk, phone=phone, merchants=merchants, now_ms=self._now_ms, rate=rate
        )
        keeper = Keeper(turns, desk, notes, self._now_ms)
        self.world.spawn("keeper", lambda: self._keep(keeper), self.life)
        self.up = True

    def _keep(self, keeper: Keeper) -> None:
        while True:
            self.world.wait(lambda: False, max(KEEPS_EVERY_S, keeper.step()))

    def end(self) -> None:
        """The process is dead: what it was doing ends, and callers are refused."""
        self.up = False
        self.life.dead = True
        self.world.bury(self.life)

    def answer(self, box: str, request: Incoming) -> Answer:
        """Answer a request, as the web application around the desk does."""
        assert self._office is not None
        try:
            response = taken(self._office, box, request)
        except StoreboxError as error:
            status = 503 if isinstance(error, TryLater) else 400
            document = {"error": {"code": error.code, "family": error.family.value, "values": {}}}
            return Answer(status, {}, canonical_bytes(document))
        return Answer(response.status_code, {}, bytes(response.body))

    def _now_ms(self) -> int:
        return BoxClock.true_ms(self.world.now_s)


class OfficeSession:
    """The box's connection to one of the processes; see `sync.session.HttpSession`."""

    def __init__(self, office: Office, weather: Weather, tell: Callable[[str], None]) -> None:
        self.base_url = f"http://{office.name}"
        self._office = office
        self._weather = weather
        self._tell = tell

    def send(
        self,
        method: str,
        target: str,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        header_maker: HeaderMaker | None = None,
    ) -> Answer:
        world, office = self._office.world, self._office
        made = dict(header_maker(method, target, body)) if header_maker is not None else {}
        request = Incoming(method, target, made.get(SIGNATURE_HEADER), "", body)
        world.touch()
        wished = parse(body) if body else None
        verb, number = (wished["verb"], wished["out_trade_no"]) if isinstance(wished, dict) else (method, target)
        fate = self._weather.fate()
        if not office.up or (fate.refused_at_once and fate.name != "error"):
            raise TryLater("network.unreachable", server=self.base_url)
        if fate.name:
            self._tell(f"{office.name}: {verb} {number}: {fate.name}")
        if fate.refused_at_once:
            return Answer(502, {}, b"bad gateway")
        came: list[Answer] = []

        def handle() -> None:
            said = office.answer(target.split("/")[3], request)
            if fate.back_s is not None:
                world.after(fate.back_s, lambda: came.append(said))

        def arrive() -> None:
            if office.up:
                world.spawn("wish", handle, office.life)

        if fate.there_s is not None:
            world.after(fate.there_s, arrive)
        in_time = world.wait(lambda: came, TIMEOUT_S + 5.0)
        world.touch()
        if not in_time:
            raise UnknownOutcome("network.no_answer", server=self.base_url)
        return came[0] if fate.spoilt is None else Answer(came[0].status, {}, _spoilt(came[0].body, fate.spoilt))

    def close(self) -> None:
        """Nothing is kept open."""


def _spoilt(body: bytes, how: str) -> bytes:
    if how == "platform.garbage_answer":
        return b"\x00\xff<html>" + body[:20]
    marker = b'"signature":"'
    place = body.find(marker) + len(marker)
    other = b"1" if body[place : place + 1] == b"0" else b"0"
    return body[:place] + other + body[place + 1 :]


class Headquarters:
    """Both processes over one wish table, empty at the beginning, and the boxes that are known there."""

    def __init__(self, world: World, identity: Identity, platforms: Mapping[str, Platform]) -> None:
        database, _, key, _ = lasting()
        self._nonces = SeededEntropy(0)
        self.offices = tuple(Office(world, name, platforms) for name in ("pay-a", "pay-b"))
        with database.write() as connection:
            for table in (tables.wish, tables.wish_order, tables.wish_day, tables.cursor, tables.epoch):
                connection.execute(delete(table))
            if not registry.has_store(connection, identity.store):
                registry.add_store(connection, identity.store, "", 0)
            registry.register_epoch(connection, identity, key.public_key, "enrolled", 0)

    def replace(self, identity: Identity) -> None:
        """Know the box of a new epoch; the one before it is fenced from now on."""
        database, _, key, _ = lasting()
        with database.write() as connection:
            registry.register_epoch(connection, identity, key.public_key, "enrolled", 0)

    def without_end(self, now_ms: int) -> list[str]:
        """Return the orders that have no end in the wish table, offers left out that a wrong clock made long."""
        known = tables.wish_order.c
        over = known.expires_at_ms.is_(None) | (known.expires_at_ms < now_ms)
        with lasting()[0].read() as connection:
            rows = connection.execute(select(known.out_trade_no).where(known.outcome.is_(None) & over))
            return [str(row[0]) for row in rows]

    def platforms(
        self, identity: Identity, names: tuple[str, ...], weather: Weather, tell: Callable[[str], None]
    ) -> dict[str, Platform]:
        """Return platforms through headquarters for a box of an epoch, as the daemon makes them."""
        _, keys, box_key, _ = lasting()
        sessions: list[Any] = [OfficeSession(office, weather, tell) for office in self.offices]
        ring = KeyRing(keys.root_public_key, keys.key_list)
        addresses = Addresses(sessions)
        custody = HqCustody(identity, box_key, ring, addresses, self._nonces)
        return {name: HqPlatform(name, custody) for name in names}
