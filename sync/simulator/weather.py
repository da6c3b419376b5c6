"""Faults of the simulated platforms on command, by chance of a seed, or for the next requests only.

Words of a mode: `ok`. Nothing arrives: `down` (connections are cut), `500`, `silence` (no answer). The request is done
and its answer worthless: `lost` (cut off), `garbage`, `unsigned`, `forged` (a wrong signature), `probe` (WeChat's
SIGNTEST), `busy` (a system error). `slow MS` answers late. `MODE` alone holds until the next word; `next MODE [COUNT]`
spoils the next requests; `chance MODE PERCENT` spoils each request so often.

`balance low|ok`: the merchant's, for refunds. `refunds SECONDS`: how long a refund is under way. `recall on|off`:
whether V2's reverse asks to be repeated, and Alipay's cancel. `bill ok|now|late|missing|empty|short`: bills as in life
(from 10:00 the next day), and from then on at once and for today too: whole, never ready, none, without lines, and
without the last line (the corrected one follows with `now` or `ok`). `notify once|twice|never`: how often the same
notification comes. `renew wechat|alipay`: from now on that platform signs under a new certificate.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Any

from agent.core.errors import Refused
from sync.platforms.wallet_signing import SIGNATURE_HEADER

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Message, Receive, Send], Awaitable[None]]

LOST_HEADER = b"wallet-lost"
SILENCE_S = 120.0
SLOW_MS_MAX = 600_000
MODES = frozenset({"ok", "down", "500", "silence", "lost", "garbage", "unsigned", "forged", "probe", "busy"})
BILLS = frozenset({"ok", "now", "late", "missing", "empty", "short"})
NOTICES = {"never": 0, "once": 1, "twice": 2}


@dataclass(slots=True)
class Weather:
    """How the platforms do at the moment; `seed` makes chance repeatable."""

    mode: str = "ok"
    slow_ms: int = 0
    balance_low: bool = False
    refund_s: int = 0
    recall: bool = False
    bill: str = "ok"
    notices: int = 1
    renewals: dict[str, int] = field(default_factory=dict)
    seed: int = 1
    upcoming: list[str] = field(default_factory=list)
    chances: dict[str, float] = field(default_factory=dict)
    dice: random.Random = field(default_factory=random.Random)

    def __post_init__(self) -> None:
        self.dice.seed(self.seed)

    def command(self, line: str) -> None:
        """Obey one line of words; refuses with `simulator.unknown_word`."""
        words = line.split()
        match words:
            case ["balance", ("low" | "ok") as how]:
                self.balance_low = how == "low"
            case ["slow", milliseconds] if milliseconds.isdecimal():
                self.mode, self.slow_ms = "ok", min(int(milliseconds), SLOW_MS_MAX)
            case ["refunds", seconds] if seconds.isdecimal():
                self.refund_s = min(int(seconds), SLOW_MS_MAX)
            case ["recall", ("on" | "off") as how]:
                self.recall = how == "on"
            case ["bill", kind] if kind in BILLS:
                self.bill = kind
            case ["notify", often] if often in NOTICES:
                self.notices = NOTICES[often]
            case ["renew", ("wechat" | "alipay") as kind]:
                self.renewals[kind] = self.renewals.get(kind, 0) + 1
            case ["next", mode, *count] if mode in MODES and (not count or count[0].isdecimal()):
                self.upcoming = [mode] * (min(int(count[0]), 1000) if count else 1)
            case ["chance", mode, percent] if mode in MODES and percent.isdecimal() and int(percent) <= 100:
                self.chances[mode] = int(percent) / 100
            case [mode] if mode in MODES:
                self.mode, self.slow_ms, self.upcoming, self.chances = mode, 0, [], {}
            case _:
                raise Refused("simulator.unknown_word", words=line[:60])

    def of_next_request(self) -> str:
        """Return the mode in which the request that just came is served."""
        if self.upcoming:
            return self.upcoming.pop(0)
        thrown = self.dice.random() if self.chances else 1.0
        for mode, share in sorted(self.chances.items()):
            if thrown < share:
                return mode
            thrown -= share
        return self.mode


class Storm:
    """ASGI middleware that spoils requests below some paths as the weather says.

    What only the one who signs can do (`forged`, `probe`, `busy`, and `unsigned` of the two platforms) stands in the
    request's state as `fault`.
    """

    def __init__(
        self, app: Application, weather: Weather, below: tuple[str, ...], now_ms: Callable[[], int] | None = None
    ) -> None:
        """With a clock it writes `Date` as well, which the server below must leave out then."""
        self._app = app
        self._weather = weather
        self._below = below
        self._now_ms = now_ms

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Pass a request on, or spoil it."""
        if self._now_ms is not None and scope["type"] == "http":
            send = _dated(send, self._now_ms())
        if scope["type"] != "http" or not scope["path"].startswith(self._below):
            await self._app(scope, receive, send)
            return
        mode = self._weather.of_next_request()
        scope.setdefault("state", {})["fault"] = mode
        if mode == "silence":
            await asyncio.sleep(SILENCE_S)
        if mode in ("silence", "down"):
            await _cut(send)
        elif mode == "500":
            await _answer(send, 500, [], b"internal error")
        else:
            await self._spoilt(mode, scope, receive, send)

    async def _spoilt(self, mode: str, scope: Message, receive: Receive, send: Send) -> None:
        messages: list[Message] = []

        async def hold(message: Message) -> None:
            messages.append(message)

        await self._app(scope, receive, hold)
        if self._weather.slow_ms:
            await asyncio.sleep(self._weather.slow_ms / 1000)
        headers = list(messages[0]["headers"])
        body = b"".join(message.get("body", b"") for message in messages[1:])
        if mode == "lost" or any(name.lower() == LOST_HEADER for name, _ in headers):
            await _cut(send)
        elif mode == "garbage":
            await _answer(send, 200, [], b"\x00\xff<html>" + body[:20])
        elif mode == "unsigned":
            kept = [item for item in headers if item[0].lower() != SIGNATURE_HEADER.lower().encode()]
            await _answer(send, messages[0]["status"], _without_length(kept), body)
        else:
            await _answer(send, messages[0]["status"], _without_length(headers), body)


def _dated(send: Send, now_ms: int) -> Send:
    date = formatdate(now_ms / 1000, usegmt=True).encode()

    async def dated(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", ()), (b"date", date)]}
        await send(message)

    return dated


async def _cut(send: Send) -> None:
    """Begin an answer and never end it: the server closes the connection."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"100000")]})
    await send({"type": "http.response.body", "body": b"{", "more_body": True})


async def _answer(send: Send, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    if status != 204:
        headers = [*headers, (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _without_length(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    return [item for item in headers if item[0].lower() != b"content-length"]
