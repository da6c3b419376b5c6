"""Headquarters' payments in this process, on a clock that a test moves, and boxes that pay through them."""

import json
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path

import uvicorn

from agent.core.chain import Identity
from sync.hq import registry
from sync.hq.database import Database
from sync.hq.keys import HqKeys
from sync.hq.pay.serve import create_pay_app, open_pay_office
from sync.keylist import KeyRing
from sync.keys import FileKey
from sync.platforms.base import wall_ms
from sync.serving import listening, url_of
from sync.wishes import HqCustody, HqPlatform, addresses_of
from tests.unit.sync.fakes import AT_MS, SeededEntropy, new_key

STORE, BOX = "S001", "B1"
IDENTITY = Identity(STORE, BOX, 1)


def register(state: Path, identity: Identity, key: FileKey, database_url: str | None = None) -> None:
    """Make a box known to the headquarters of a state folder."""
    database = Database.open(state, database_url)
    with database.write() as connection:
        if not registry.has_store(connection, identity.store):
            registry.add_store(connection, identity.store, identity.store, AT_MS)
        registry.register_epoch(connection, identity, key.public_key, "enrolled", AT_MS)
    database.close()


def write_merchants(state: Path, merchants: Mapping[str, Mapping[str, str]]) -> None:
    """Write headquarters' merchants' files."""
    folder = state / "platforms"
    folder.mkdir(parents=True, exist_ok=True)
    for name, settings in merchants.items():
        (folder / f"{name}.json").write_text(json.dumps(dict(settings)), encoding="utf-8")


class RunningPay:
    """Serves wishes on a free port that stays the same when it is restarted."""

    def __init__(self, state: Path, now_ms: Callable[[], int] = wall_ms, database_url: str | None = None) -> None:
        self.state = state
        self._now_ms = now_ms
        self._database_url = database_url
        listener = listening("127.0.0.1", 0)
        self.url = url_of(listener)
        self._port = int(self.url.rpartition(":")[2])
        listener.close()
        self.start()

    def start(self) -> None:
        self._stack = ExitStack()
        self.office = self._stack.enter_context(open_pay_office(self.state, self._database_url, self._now_ms))
        config = uvicorn.Config(create_pay_app(self.office), log_level="critical", lifespan="off")
        self._server = uvicorn.Server(config)
        listener = listening("127.0.0.1", self._port)
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [listener]}, daemon=True)
        self._thread.start()
        while not self._server.started:
            time.sleep(0.002)

    def stop(self) -> None:
        """Stop serving; once is enough, twice does no harm."""
        self._server.should_exit = True
        self._server.force_exit = True
        self._thread.join(5)
        self._stack.close()


def key_ring(state: Path) -> KeyRing:
    """Return headquarters' key list as an enrolled box has it."""
    keys = HqKeys.load_or_create(state)
    return KeyRing(keys.root_public_key, keys.key_list)


class PayingBox:
    """A registered box with its key; `platform` gives its platforms through the addresses."""

    def __init__(self, state: Path, urls: list[str], identity: Identity = IDENTITY, seed: int = 5) -> None:
        self.identity = identity
        self.key = new_key()
        self.state = state
        register(state, identity, self.key)
        self._reach(urls, seed)

    @classmethod
    def known(cls, box: "PayingBox", urls: list[str], identity: Identity | None = None) -> "PayingBox":
        """Return a box that is registered already, reaching headquarters otherwise or calling itself otherwise."""
        made = cls.__new__(cls)
        made.identity, made.key, made.state = identity or box.identity, box.key, box.state
        made._reach(urls, 6)
        return made

    def _reach(self, urls: list[str], seed: int) -> None:
        self.addresses = addresses_of(urls, read_timeout_s=10)
        self.custody = HqCustody(self.identity, self.key, key_ring(self.state), self.addresses, SeededEntropy(seed))

    def platform(self, name: str) -> HqPlatform:
        return HqPlatform(name, self.custody)
