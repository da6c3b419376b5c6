"""Serves the simulated wallet on loopback: `serve(state, port)` for `storebox sim platform` and the demo."""

import json
import secrets
import time
from collections.abc import Callable
from pathlib import Path

from sync.keys import write_private
from sync.platforms.wallet_signing import Merchant
from sync.serving import AnnouncingServer, listening, make_server, run_until_stopped
from sync.simulator.app import create_app
from sync.simulator.orders import Books
from sync.simulator.weather import Weather

HOST = "127.0.0.1"
PORT = 8070
MERCHANT_FILE = "merchant.json"
DATABASE_FILE = "wallet.db"


def wall_ms() -> int:
    """Return the wall clock in milliseconds UTC."""
    return time.time_ns() // 1_000_000


def load_or_create_merchant(state: Path) -> Merchant:
    """Return the one merchant of a state folder; the box gets number and secret from the same file."""
    path = state / MERCHANT_FILE
    if not path.exists():
        made = {"merchant": f"M{secrets.randbelow(10**8):08d}", "secret": secrets.token_hex(32)}
        write_private(path, json.dumps(made).encode())
    document = json.loads(path.read_text())
    return Merchant(document["merchant"], bytes.fromhex(document["secret"]))


def wallet_settings(state: Path, url: str) -> dict[str, str]:
    """Return the settings with which `sync.platforms.base.open_platform("wallet", …)` reaches this simulator."""
    merchant = load_or_create_merchant(state)
    return {"url": url, "merchant": merchant.number, "secret": merchant.secret.hex()}


def open_server(
    state: Path, announce: Callable[[str], None], now_ms: Callable[[], int] = wall_ms
) -> tuple[AnnouncingServer, Books]:
    """Return a server over the books in a state folder; the caller gives it a socket, and closes the books."""
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    books = Books(state / DATABASE_FILE, now_ms)
    app = create_app(load_or_create_merchant(state), books, Weather())
    return make_server(app, announce, grace_s=1), books


def serve(state: Path, port: int = PORT, announce: Callable[[str], None] = print) -> None:
    """Serve on loopback until SIGINT or SIGTERM; port 0 takes a free one, `announce` gets the URL."""
    server, books = open_server(state, announce)
    try:
        run_until_stopped(server, listening(HOST, port))
    finally:
        books.close()
