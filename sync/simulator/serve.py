"""Serves the simulated platforms on loopback: `serve(state, port)` for `storebox sim platform` and the demo."""

import json
import secrets
from collections.abc import Callable
from pathlib import Path

from agent.disk import write_private
from sync.platforms.base import wall_ms
from sync.platforms.wallet_signing import Merchant
from sync.serving import AnnouncingServer, listening, make_server, run_until_stopped, url_of
from sync.simulator.alipay import notify as alipay_notify
from sync.simulator.app import create_app
from sync.simulator.notices import Courier, Notice
from sync.simulator.orders import Books
from sync.simulator.tls import secure
from sync.simulator.weather import Weather
from sync.simulator.wechat import notify as wechat_notify
from sync.simulator.world import World
from sync.threads import StepThread

__all__ = ["HOST", "PORT", "SEED", "Simulation", "open_server", "serve", "wall_ms", "wallet_settings"]

HOST = "127.0.0.1"
PORT = 8070
SEED = 1
MERCHANT_FILE = "merchant.json"
DATABASE_FILE = "wallet.db"


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


class Simulation:
    """A server over one state folder: wallet, both platforms, customers, notifications. The caller closes it."""

    def __init__(
        self,
        state: Path,
        announce: Callable[[str], None],
        now_ms: Callable[[], int] = wall_ms,
        seed: int = SEED,
        hurry: int = 1,
        *,
        tls: bool = False,
    ) -> None:
        """`tls`: https, and V2's `/secapi/` only for who shows the merchant's certificate."""
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        weather = Weather(seed=seed)
        self.books = Books(state / DATABASE_FILE, now_ms, hurry)
        self.world = World(state, weather, now_ms, seed, hurry)
        self.server = make_server(
            create_app(load_or_create_merchant(state), self.books, weather, self.world), announce, grace_s=1
        )
        self.server.config.date_header = False  # the simulator writes its own clock's
        self._authorities = secure(self.server, self.world.accounts, state) if tls else None
        self._courier = StepThread("notices", Courier(self.world.notices, self._composed).step)
        self.world.notices.wake = self._courier.wake

    def publish(self, url: str) -> None:
        """Make merchants and customers that are not there yet, and tell in their files how they are reached."""
        self.world.accounts.publish(url, self._authorities)
        self.world.customers.prepare()

    def deliver(self) -> None:
        """Begin to deliver notifications, those of an earlier run too."""
        self._courier.start()

    def close(self) -> None:
        """Stop delivering and close every database."""
        self._courier.stop()
        self.world.close()
        self.books.close()

    def _composed(self, notice: Notice) -> tuple[bytes, dict[str, str]] | None:
        account = self.world.accounts.named(notice.account)
        compose = alipay_notify.compose if account.kind == "alipay" else wechat_notify.compose
        return compose(self.world, account, notice)


def open_server(
    state: Path, announce: Callable[[str], None], now_ms: Callable[[], int] = wall_ms, hurry: int = 1
) -> tuple[AnnouncingServer, Books]:
    """Return a server over the wallet's books alone; the caller gives it a socket, and closes the books."""
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    books = Books(state / DATABASE_FILE, now_ms, hurry)
    app = create_app(load_or_create_merchant(state), books, Weather())
    return make_server(app, announce, grace_s=1), books


def serve(
    state: Path,
    port: int = PORT,
    announce: Callable[[str], None] = print,
    seed: int = SEED,
    *,
    wallet_only: bool = False,
    hurry: int = 1,
    tls: bool = False,
) -> None:
    """Serve on loopback until SIGINT or SIGTERM; port 0 takes a free one, `announce` gets the URL.

    `wallet_only` makes no merchants of WeChat Pay and Alipay, whose keys take a second. `hurry` divides how long
    customers and refunds take; what is signed keeps the true time. `tls`: see `Simulation`.
    """
    listener = listening(HOST, port)
    if wallet_only:
        server, books = open_server(state, announce, hurry=hurry)
        try:
            run_until_stopped(server, listener)
        finally:
            books.close()
        return

    def announced(url: str) -> None:
        announce(_secured(url) if tls else url)

    simulation = Simulation(state, announced, seed=seed, hurry=hurry, tls=tls)
    try:
        simulation.publish(_secured(url_of(listener)) if tls else url_of(listener))
        simulation.deliver()
        run_until_stopped(simulation.server, listener)
    finally:
        simulation.close()


def _secured(url: str) -> str:
    return url.replace("http://", "https://", 1)
