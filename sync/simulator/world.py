"""What the desks of the simulated platforms share: merchants and their books, customers, weather, clock, notices."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sync.simulator.account_books import AccountBooks
from sync.simulator.accounts import Account, Accounts, Kind, PlatformKeys
from sync.simulator.customers import Customers
from sync.simulator.notices import Notices
from sync.simulator.orders import Order
from sync.simulator.weather import Weather


@dataclass(frozen=True, slots=True)
class Signer:
    """A key of a platform and the certificate over it, PEM."""

    key: str
    certificate: str


def _first_signer(keys: PlatformKeys, kind: Kind) -> Signer:
    if kind == "wechat":
        return Signer(keys.wechat_key, keys.wechat_certificate)
    return Signer(keys.alipay_key, keys.alipay_certificate)


class World:
    """Everything below one state folder. Thread-safe; books open when they are first needed."""

    def __init__(self, state: Path, weather: Weather, now_ms: Callable[[], int], seed: int, hurry: int = 1) -> None:
        """`hurry` divides what customers and refunds take."""
        self.weather = weather
        self.now_ms = now_ms
        self.accounts = Accounts(state, now_ms)
        self.customers = Customers(state, now_ms, seed)
        self.notices = Notices(state, now_ms)
        self.hurry = hurry
        self._state = state
        self._lock = threading.Lock()
        self._books: dict[str, AccountBooks] = {}
        self._signers: dict[Kind, list[Signer]] = {}

    def books(self, account: Account) -> AccountBooks:
        """Return a merchant's books."""
        with self._lock:
            if account.name not in self._books:
                folder = self._state / "merchants"
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._books[account.name] = AccountBooks(
                    folder / f"{account.name}.db", self.now_ms, account.kind, self.hurry
                )
            return self._books[account.name]

    @property
    def refund_ms(self) -> int:
        """Return how long a refund is under way, as the weather says."""
        return self.weather.refund_s * 1000 // self.hurry

    def signers(self, kind: Kind) -> list[Signer]:
        """Return a platform's keys with their certificates, the one in use first; see the weather's `renew`."""
        with self._lock:
            found = self._signers.setdefault(kind, [_first_signer(self.accounts.keys, kind)])
            while len(found) <= self.weather.renewals.get(kind, 0):
                made = self.accounts.renewed(kind)
                if made is None:
                    break
                found.insert(0, Signer(*made))
            return list(found)

    def spent_by(self, payer: str, kind: Kind) -> int:
        """Return what a customer has spent at a platform, with every merchant."""
        return sum(self.books(one).spent_by(payer) for one in self.accounts.all() if one.kind == kind)

    def waiting_for(self, payer: str, kind: Kind) -> list[tuple[Account, Order]]:
        """Return the orders for which a customer's password is awaited."""
        mine = [one for one in self.accounts.all() if one.kind == kind]
        return [(account, order) for account in mine for order in self.books(account).waiting_for(payer)]

    def tell(self, account: Account, what: str, number: str) -> None:
        """Have a merchant notified of an order or refund, if it asked for that (`notify_url`)."""
        url = self.books(account).particulars(number).get("notify_url", "")
        for _ in range(self.weather.notices if url else 0):
            self.notices.add(account.name, what, number, url)

    def close(self) -> None:
        """Close every database."""
        self.notices.close()
        self.customers.close()
        with self._lock:
            for books in self._books.values():
                books.close()
