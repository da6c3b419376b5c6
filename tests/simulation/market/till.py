"""A cashier at a till of the market: sells and takes payment codes until told to stop, over the box's own API."""

from __future__ import annotations

import os
import random
import threading
import time
from collections import Counter
from typing import Any

import requests

from sync.hq.pay.book import SENDING_MS
from tests.simulation.market.box import PIN, MarketBox

ANSWERED_WITHIN_S = SENDING_MS / 1000 + 30.0
"""Nothing is undone while a call of headquarters may be on its way. When they die in its middle that lasts so long, and
no hurry of the platforms makes it shorter."""
TRIES_MAX = 6
POLL_S = 0.02
PREFIXES = {"wechat": "13", "alipay": "28"}
ENDINGS = ("00", "10", "20", "30", "72", "75", "79", "81", "82", "82", "83", "84", "86", "87", "88")
"""What strangers at the simulated platforms do is in the last two digits of their code: pay at once, after a password,
without an answer, not at all …"""


class Refusal(Exception):
    """The box said no."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Till:
    """One till; `sell` returns when the sale is over."""

    def __init__(self, box: MarketBox, till: str, chance: random.Random, skus: list[str]) -> None:
        self.till = till
        self.met: Counter[str] = Counter()
        self._box = box
        self._chance = chance
        self._skus = skus
        self._csrf = ""
        self._session = requests.Session()
        self._session.trust_env = False

    def begin(self) -> None:
        """Log in and open the shift."""
        answer = self._post("/session", {"staff": f"1{self.till}", "pin": PIN, "till": self.till})
        self._csrf = answer["csrf"]
        self._post("/shift/open", {"float_fen": 0})

    def open_day(self, staff: str, pin: str) -> None:
        """Log in as somebody who may, and open the business day."""
        self._csrf = self._post("/session", {"staff": staff, "pin": pin, "till": self.till})["csrf"]
        self._post("/day/open", {})

    def sell(self, platforms: tuple[str, ...]) -> int:
        """Sell something for a payment code; returns how many codes were tried."""
        if self._state()["basket"] is None:
            self._post("/basket/lines", {"code": self._chance.choice(self._skus)})
        for number in range(1, TRIES_MAX + 1):
            if self._pay(self._chance.choice(platforms)):
                return number
        self._pay_cash()
        return TRIES_MAX

    def _pay(self, platform: str) -> bool:
        """Take one payment code; whether the sale is over. Impatient cashiers have the attempt parked."""
        code = f"{PREFIXES[platform]}{self._chance.randrange(10**14):014d}{self._chance.choice(ENDINGS)}"
        try:
            answer = self._post("/basket/tenders", {"kind": platform, "auth_code": code})
        except Refusal as refusal:
            self.met[refusal.code] += 1
            return self._over()
        number = answer["attempt"]["attempt"]
        parks = self._chance.random() < 0.03
        ends_s = time.monotonic() + (0.2 if parks else ANSWERED_WITHIN_S)
        while (state := self._get(f"/attempts/{number}")["state"]) == "open":
            if time.monotonic() > ends_s:
                assert parks, f"{number} has no end after {ANSWERED_WITHIN_S} s"
                return self._park(number)
            time.sleep(POLL_S)
        self.met[state] += 1
        return self._over()

    def _park(self, number: str) -> bool:
        try:
            self._post(f"/attempts/{number}/park", {"approval": {"staff": "01", "pin": PIN}})
            self.met["parked"] += 1
        except Refusal as refusal:
            self.met[refusal.code] += 1
        return self._over() or self._pay_cash()

    def _pay_cash(self) -> bool:
        try:
            self._post("/basket/tenders", {"kind": "cash"})
            self.met["cash"] += 1
        except Refusal as refusal:
            self.met[refusal.code] += 1
        return self._over()

    def _over(self) -> bool:
        return self._state()["basket"] is None

    def _state(self) -> dict[str, Any]:
        return self._get("/state")

    def _get(self, path: str) -> dict[str, Any]:
        return self._answered("GET", path, {}, None)

    def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        headers = {"Origin": self._box.url, "X-Storebox-CSRF": self._csrf, "Idempotency-Key": os.urandom(8).hex()}
        return self._answered("POST", path, headers, body)

    def _answered(self, method: str, path: str, headers: dict[str, str], body: dict[str, Any] | None) -> dict[str, Any]:
        """Ask until the box answers, the same under the same key: a dead box comes back."""
        ends_s = time.monotonic() + ANSWERED_WITHIN_S
        while True:
            try:
                answer = self._session.request(
                    method,
                    f"{self._box.url}/api/v1{path}",
                    json=body,
                    headers={**headers, "Connection": "close"},
                    timeout=ANSWERED_WITHIN_S,
                )
            except requests.RequestException:
                assert time.monotonic() < ends_s, f"the box does not come back: {method} {path}"
                time.sleep(POLL_S)
                continue
            document: dict[str, Any] = answer.json()
            if answer.ok:
                return document
            raise Refusal(document["error"]["code"])


class Crowd:
    """All tills at work, each on a thread, until so many payments were tried."""

    def __init__(self, tills: list[Till], payments: int, platforms: tuple[str, ...]) -> None:
        self._tills = tills
        self._wanted = payments
        self._platforms = platforms
        self._tried = 0
        self._changed = threading.Condition()
        self.errors: list[BaseException] = []
        self._threads = [threading.Thread(target=self._work, args=(till,), daemon=True) for till in tills]

    def start(self) -> None:
        """Let everybody begin."""
        for thread in self._threads:
            thread.start()

    def wait_for(self, payments: int, timeout_s: float) -> None:
        """Return once so many payments were tried; fails when a till failed, or when it takes too long."""
        with self._changed:
            done = self._changed.wait_for(lambda: self._tried >= payments or self.errors, timeout_s)
        assert not self.errors, self.errors
        assert done, f"{self._tried} payments after {timeout_s} s, {payments} were wanted"

    def join(self, timeout_s: float) -> None:
        """Wait until everybody has finished the last sale."""
        ends_s = time.monotonic() + timeout_s
        for thread in self._threads:
            thread.join(max(0.0, ends_s - time.monotonic()))
            assert not thread.is_alive(), "a till does not come to its end"
        assert not self.errors, self.errors

    def _work(self, till: Till) -> None:
        try:
            while self._tried < self._wanted and not self.errors:
                tried = till.sell(self._platforms)
                with self._changed:
                    self._tried += tried
                    self._changed.notify_all()
        except BaseException as error:  # noqa: BLE001 - handed to the test's own thread
            with self._changed:
                self.errors.append(error)
                self._changed.notify_all()
