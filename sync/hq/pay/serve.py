"""The payments' process put together and served, on an address or on a socket that a parent opened."""

import logging
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

from fastapi import FastAPI
from sqlalchemy import text

from sync.hq.database import Database
from sync.hq.errors import add_error_handlers
from sync.hq.keys import HqKeys
from sync.hq.pay.api import PayOffice, wishes_router
from sync.hq.pay.desk import WishDesk
from sync.hq.pay.keeper import Keeper
from sync.hq.pay.merchants import Merchants
from sync.hq.pay.notes import Notes
from sync.hq.pay.notify import notify_router
from sync.hq.pay.page import PageOffice, page_router
from sync.hq.pay.phone import PhoneOrders
from sync.hq.pay.plan import load_plan
from sync.platforms.base import NowMs, wall_ms
from sync.serving import make_server, run_until_stopped
from sync.threads import StepThread

_log = logging.getLogger("storebox.hq.pay")


class SystemEntropy:
    """Randomness of the operating system."""

    def random_bytes(self, count: int) -> bytes:
        """Return `count` unpredictable bytes."""
        return os.urandom(count)


@contextmanager
def open_pay_office(state: Path, database_url: str | None = None, now_ms: NowMs = wall_ms) -> Iterator[PayOffice]:
    """Open what the payments' process works with, and close it after the block; notes are written to the last.

    Refuses a wrong `pay.toml`; raises `Broken` when the key list does not know the payments' key.
    """
    keys, plan = HqKeys.load_or_create(state), load_plan(state)
    _log.info("answers are signed by %s", keys.pay_kid)
    merchants = Merchants(state, plan, SystemEntropy(), now_ms)
    for problem in merchants.problems():
        _log.error("a merchant is left out: %s", problem)
    database = Database.open(state, database_url)
    phone = PhoneOrders(database, merchants, now_ms)
    merchants.add(phone.name, phone)
    notes = Notes(database)
    desk = WishDesk(database, merchants, plan, notes, now_ms)
    keeper = StepThread("keeper", Keeper(database, desk, notes, now_ms, phone).step)
    notes.start()
    keeper.start()
    try:
        yield PayOffice(database, keys, desk, phone, merchants, now_ms)
    finally:
        keeper.stop()
        notes.stop()
        database.close()


def create_pay_app(office: PayOffice) -> FastAPI:
    """Return the application over an open office."""
    app = FastAPI(title="storebox payments", version=version("storebox"), docs_url=None, redoc_url=None)
    add_error_handlers(app)
    app.include_router(wishes_router(office))
    app.include_router(notify_router(office))
    app.include_router(page_router(PageOffice(office.database, office.keys, office.phone, office.now_ms)))

    @app.get("/health")
    def health() -> dict[str, str]:
        """Tell that the database answers."""
        with office.database.read() as connection:
            connection.execute(text("SELECT 1"))
        return {"status": "ok", "version": version("storebox")}

    return app


def serve(state: Path, listener: socket.socket, database_url: str | None = None) -> None:
    """Serve until SIGINT or SIGTERM; prints one line with the URL when ready."""
    with open_pay_office(state, database_url) as office:
        run_until_stopped(make_server(create_pay_app(office), _announce), listener)


def _announce(url: str) -> None:
    sys.stdout.write(f"storebox-hq pay ready at {url}\n")
    sys.stdout.flush()
