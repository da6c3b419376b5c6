"""The customers of the simulated platforms: what is in their wallets, and codes that live for a minute and serve once.

`STATE/customers.json` may be edited; codes and what they were used for are kept in `STATE/customers.db`. A code that
nobody here was given is a stranger's, whose last two digits decide (`behaviour`); after a minute it may come again.
"""

import json
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import pysqlite3.dbapi2

from agent.disk import write_private
from sync.simulator.behaviour import Behaviour, behaviour

CODE_LIVES_MS = 60_000
PASSWORD_WITHIN_S = 45
"""The platform itself undoes an order whose password does not come."""
_FILE = "customers.json"
_SCHEMA = """
CREATE TABLE IF NOT EXISTS pay_code(
  code TEXT PRIMARY KEY,
  customer TEXT NOT NULL,
  expires_at_ms INTEGER NOT NULL,
  used_for TEXT
) STRICT;
"""
_PREFIXES = {"wechat": ("10", "11", "12", "13", "14"), "alipay": ("25", "26", "27", "28", "29", "30")}


def code_digest(code: str) -> str:
    """Return what an order keeps of the payment code that it was begun with: the same again is the same request."""
    return sha256(code.encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Customer:
    """Somebody with a wallet at both platforms; `balance_fen` is what was in each before the first payment."""

    id: str
    name: str
    name_en: str
    balance_fen: int
    password_above_fen: int
    discount_percent: int = 0
    banned: bool = False

    @property
    def payer(self) -> str:
        """Return who this is at a platform: WeChat's openid and Alipay's user id are made of it."""
        return f"customer-{self.id}"


FIRST = (
    Customer("C1", "小陈", "Chen", 200_000, 100_000),
    Customer("C2", "刘阿姨", "Aunt Liu", 80_000, 2_000),
    Customer("C3", "阿强", "Qiang", 500, 100_000),
    Customer("C4", "王先生", "Mr Wang", 500_000, 0, 5),
    Customer("C5", "小赵", "Zhao", 50_000, 100_000, 0, True),
)
"""Who comes into a new shop: pays at once; is asked for a password; has no money; has a coupon; is barred."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a payment code, and what happens to an order paid with it."""

    payer: str
    how: Behaviour
    asks: bool = False
    """Whether a customer of ours is asked for a password on the phone page."""


class Customers:
    """People and their codes. Thread-safe."""

    def __init__(self, state: Path, now_ms: Callable[[], int], seed: int) -> None:
        self._path = state / _FILE
        self._now_ms = now_ms
        self._seed = seed
        self._lock = threading.Lock()
        self._connection: Any = pysqlite3.dbapi2.connect(
            str(state / "customers.db"), check_same_thread=False, isolation_level=None
        )
        self._connection.executescript(_SCHEMA)

    def prepare(self) -> None:
        """Write the first customers unless there are some."""
        if not self._path.exists():
            text = json.dumps([asdict(one) for one in FIRST], ensure_ascii=False, indent=1)
            write_private(self._path, f"{text}\n".encode())

    def all(self) -> list[Customer]:
        """Return everybody, as the file has them now."""
        self.prepare()
        return [Customer(**one) for one in json.loads(self._path.read_text(encoding="utf-8"))]

    def find(self, number: str) -> Customer | None:
        """Return a customer by id, None without one."""
        return next((one for one in self.all() if one.id == number), None)

    def new_code(self, customer: Customer, platform: str) -> tuple[str, int]:
        """Return a fresh payment code and when it ends, in milliseconds UTC."""
        with self._lock:
            count = self._connection.execute("SELECT count(*) FROM pay_code").fetchone()[0]
            digits = f"{int(sha256(f'{self._seed} {customer.id} {count}'.encode()).hexdigest(), 16):020d}"[-16:]
            prefixes = _PREFIXES[platform]
            code = prefixes[count % len(prefixes)] + digits
            ends_at_ms = self._now_ms() + CODE_LIVES_MS
            self._connection.execute(
                "INSERT OR REPLACE INTO pay_code(code, customer, expires_at_ms) VALUES (?, ?, ?)",
                (code, customer.id, ends_at_ms),
            )
        return code, ends_at_ms

    def use(self, code: str, order: str, amount_fen: int, spent: Callable[[str], int]) -> Holder:
        """Use a code up for an order and return whose it is; a used or old one is declined.

        `spent` tells what a payer has spent so far.
        """
        with self._lock:
            row = self._connection.execute(
                "SELECT customer, expires_at_ms, used_for FROM pay_code WHERE code = ?", (code,)
            ).fetchone()
            expired = Behaviour("declined", "AUTH_CODE_EXPIRED")
            if row is None or (not row[0] and row[1] < self._now_ms()):
                values = code, self._now_ms() + CODE_LIVES_MS, order
                self._connection.execute("INSERT OR REPLACE INTO pay_code VALUES (?, '', ?, ?)", values)
                return Holder(f"stranger-{code[-6:-2]}", behaviour(code))
            if row[2] is not None and row[2] != order:
                return Holder("", expired)
            self._connection.execute("UPDATE pay_code SET used_for = ? WHERE code = ?", (order, code))
        if not row[0]:
            return Holder(f"stranger-{code[-6:-2]}", behaviour(code))
        if row[1] < self._now_ms():
            return Holder("", expired)
        customer = self.find(row[0])
        if customer is None:
            return Holder("", expired)
        return Holder(customer.payer, *decision(customer, amount_fen, spent(customer.payer)))

    def close(self) -> None:
        """Close the database."""
        with self._lock:
            self._connection.close()


def decision(customer: Customer, amount_fen: int, spent_fen: int) -> tuple[Behaviour, bool]:
    """Return what happens when a customer shows a code for an amount, and whether a password is asked for."""
    to_pay_fen = amount_fen - amount_fen * customer.discount_percent // 100
    if customer.banned:
        return Behaviour("declined", "PAYER_BARRED"), False
    if to_pay_fen > customer.balance_fen - spent_fen:
        return Behaviour("declined", "BALANCE_TOO_LOW"), False
    if to_pay_fen > customer.password_above_fen:
        return Behaviour("closed", "PASSWORD_NOT_ENTERED", PASSWORD_WITHIN_S), True
    return Behaviour(discount_percent=customer.discount_percent), False
