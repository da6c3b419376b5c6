"""Every platform that the contract is asked of, with its simulator on loopback.

The `code` of a harness gives a payment code whose holder behaves as named.
"""

import itertools
import threading
import time
from pathlib import Path
from typing import ClassVar, Protocol

import requests

from agent.core.payment import Offer, Platform, Verdict
from sync.platforms.base import open_platform
from sync.serving import listening
from sync.simulator.accounts import settings_of
from sync.simulator.serve import open_server, wall_ms, wallet_settings
from tests.custody import PayingBox, RunningPay, write_merchants
from tests.simulators import RunningSimulator
from tests.unit.sync.fakes import SeededEntropy

SUFFIXES = {
    "at_once": "00",
    "password_2s": "72",
    "balance_low": "81",
    "answer_lost": "82",
    "never_arrived": "83",
    "discount": "84",
    "never_entered": "86",
    "cancelled": "87",
}
_CODES = itertools.count(1)


class Harness(Protocol):
    """A platform under test and its simulator."""

    platform: Platform
    cancelled: ClassVar[frozenset[Verdict]]
    """What an order is to the platform whose customer closed the password prompt."""

    def code(self, behaviour: str) -> str: ...

    def control(self, words: str) -> None: ...

    def pass_time(self, seconds: float) -> None: ...

    def restart(self) -> None: ...

    def close(self) -> None: ...


SILENT = ("silence", "slow 2500")
PATIENT_S, IMPATIENT_S = "20", "1.4"
"""How long an answer is awaited: a busy machine is slow, not silent; where silence is the test, not for long."""


class WalletHarness:
    """The simulated wallet, with a clock of its own."""

    cancelled = frozenset({Verdict.DECLINED})

    def __init__(self, state: Path, patience_s: str = PATIENT_S) -> None:
        self._state = state
        self._ahead_ms = 0
        self._port = 0
        self._start()
        self.settings = {**wallet_settings(state, self.url), "read_timeout_s": patience_s}
        self.platform = open_platform("wallet", self.settings, SeededEntropy(7))

    def now_ms(self) -> int:
        return wall_ms() + self._ahead_ms

    def code(self, behaviour: str) -> str:
        return f"29{next(_CODES):014d}{SUFFIXES[behaviour]}"

    def control(self, words: str) -> None:
        assert requests.post(f"{self.url}/control", data=words, timeout=5).status_code == 200

    def pass_time(self, seconds: float) -> None:
        self._ahead_ms += int(seconds * 1000)

    def restart(self) -> None:
        self.close()
        self._start()

    def close(self) -> None:
        self._server.should_exit = True
        self._server.force_exit = True
        self._thread.join(5)
        self._books.close()

    def _start(self) -> None:
        listener = listening("127.0.0.1", self._port)
        self._port = listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self._port}"
        self._server, self._books = open_server(self._state, lambda _: None, self.now_ms)
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [listener]}, daemon=True)
        self._thread.start()
        while not self._server.started:
            time.sleep(0.002)


class PlatformHarness:
    """A real platform's adapter against the simulator, both on one clock that the test moves."""

    account: str
    options: ClassVar[dict[str, str]] = {}
    cancelled = frozenset({Verdict.DECLINED})

    def __init__(self, state: Path, patience_s: str = PATIENT_S) -> None:
        self._simulator = RunningSimulator(state)
        account = self._simulator.account(self.account)
        self.settings = {**settings_of(account, self._simulator.url), "read_timeout_s": patience_s, **self.options}
        self.platform = open_platform(account.kind, self.settings, SeededEntropy(7), now_ms=self._simulator.now_ms)
        self.now_ms = self._simulator.now_ms
        self.kind = account.kind
        self._prefix = "13" if account.kind == "wechat" else "28"
        self._account = account
        self.control = self._simulator.control
        self.pass_time = self._simulator.pass_time
        self.restart = self._simulator.restart
        self.close = self._simulator.close

    def code(self, behaviour: str) -> str:
        return f"{self._prefix}{next(_CODES):014d}{SUFFIXES[behaviour]}"

    def phone_pays(self, offer: Offer) -> None:
        """Let a customer scan what was offered, or open its page, and enter the password."""
        wish = {"platform": self._account.kind, "text": offer.qr or offer.url or ""}
        if offer.parameters is not None:
            wish = {
                "platform": self._account.kind,
                "merchant": self._account.name,
                "out_trade_no": offer.out_trade_no,
            }
        answer = requests.post(f"{self._simulator.url}/sim/customers/C1/pay", json=wish, timeout=5)
        assert answer.status_code == 200, answer.text


class WechatHarness(PlatformHarness):
    """WeChat Pay as most merchants have it: code pay over V2, the rest over v3, the platform's public key."""

    account = "wechat"


class WechatV3Harness(PlatformHarness):
    """WeChat Pay over v3 alone, trusting platform certificates that it downloads."""

    account = "wechat"
    options: ClassVar[dict[str, str]] = {"code_pay": "v3", "public_key": "", "public_key_id": ""}


class WechatPartnerHarness(PlatformHarness):
    """WeChat Pay for a sub-merchant, refunds over V2 as well."""

    account = "wechat-partner"
    options: ClassVar[dict[str, str]] = {"refunds": "v2"}


class AlipayHarness(PlatformHarness):
    """Alipay with keys."""

    account = "alipay"
    cancelled = frozenset({Verdict.PENDING})


class AlipayCertificateHarness(PlatformHarness):
    """Alipay with certificates."""

    account = "alipay-certificate"
    cancelled = frozenset({Verdict.PENDING})


class ThroughHeadquarters:
    """Puts headquarters' payments between a harness's platform and the box; before the harness in the bases."""

    def __init__(self, state: Path, patience_s: str = PATIENT_S) -> None:
        super().__init__(state, patience_s)
        name, hq = self.platform.name, state.with_name("hq")
        write_merchants(hq, {name: self.settings})
        self._pay = RunningPay(hq, self.now_ms)
        self.platform = PayingBox(hq, [self._pay.url]).platform(name)
        restart_platform, close_platform = self.restart, self.close

        def restart() -> None:
            self._pay.stop()
            restart_platform()
            self._pay.start()

        def close() -> None:
            self._pay.stop()
            close_platform()

        self.restart, self.close = restart, close


class WalletHqHarness(ThroughHeadquarters, WalletHarness):
    """The simulated wallet, through headquarters."""


class WechatHqHarness(ThroughHeadquarters, WechatHarness):
    """WeChat Pay, through headquarters."""


class AlipayHqHarness(ThroughHeadquarters, AlipayHarness):
    """Alipay, through headquarters."""


HARNESSES: dict[str, type[Harness]] = {
    "wallet-hq": WalletHqHarness,
    "wechat-hq": WechatHqHarness,
    "alipay-hq": AlipayHqHarness,
    "wallet": WalletHarness,
    "wechat": WechatHarness,
    "wechat-v3": WechatV3Harness,
    "wechat-partner": WechatPartnerHarness,
    "alipay": AlipayHarness,
    "alipay-certificate": AlipayCertificateHarness,
}


def number(count: int) -> str:
    """Return an order's number at the platform."""
    return f"S001_1_{count:06d}_A1ABCD"
