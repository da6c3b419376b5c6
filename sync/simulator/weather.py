"""Faults of the simulated platform on command, applied around its application.

Words: `ok`, `down` (connections are cut, nothing arrives), `500` (nothing arrives), `silence` (nothing arrives and
nothing is answered), `slow MS`, `garbage` and `unsigned` (the request is done, the answer worthless),
`balance low|ok` (the merchant's balance, for refunds).
"""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any

from agent.core.errors import Refused
from sync.platforms.wallet_signing import SIGNATURE_HEADER

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Message, Receive, Send], Awaitable[None]]

LOST_HEADER = b"wallet-lost"
SILENCE_S = 120.0
_MODES = frozenset({"ok", "down", "500", "silence", "garbage", "unsigned"})


@dataclass(slots=True)
class Weather:
    """How the platform does at the moment."""

    mode: str = "ok"
    slow_ms: int = 0
    balance_low: bool = False

    def command(self, line: str) -> None:
        """Obey one line of words; refuses with `simulator.unknown_word`."""
        words = line.split()
        match words:
            case ["balance", ("low" | "ok") as how]:
                self.balance_low = how == "low"
            case ["slow", milliseconds] if milliseconds.isdecimal():
                self.mode, self.slow_ms = "ok", min(int(milliseconds), 600_000)
            case [mode] if mode in _MODES:
                self.mode, self.slow_ms = mode, 0
            case _:
                raise Refused("simulator.unknown_word", words=line[:60])


class Storm:
    """ASGI middleware that spoils requests below a path as the weather says."""

    def __init__(self, app: Application, weather: Weather, below: str) -> None:
        self._app = app
        self._weather = weather
        self._below = below

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Pass a request on, or spoil it."""
        if scope["type"] != "http" or not scope["path"].startswith(self._below):
            await self._app(scope, receive, send)
            return
        mode = self._weather.mode
        if mode == "silence":
            await asyncio.sleep(SILENCE_S)
        if mode in ("silence", "down"):
            await _cut(send)
        elif mode == "500":
            await _answer(send, 500, [], b"internal error")
        else:
            await self._spoilt(scope, receive, send)

    async def _spoilt(self, scope: Message, receive: Receive, send: Send) -> None:
        messages: list[Message] = []

        async def hold(message: Message) -> None:
            messages.append(message)

        await self._app(scope, receive, hold)
        if self._weather.slow_ms:
            await asyncio.sleep(self._weather.slow_ms / 1000)
        headers = list(messages[0]["headers"])
        body = b"".join(message.get("body", b"") for message in messages[1:])
        if any(name.lower() == LOST_HEADER for name, _ in headers):
            await _cut(send)
        elif self._weather.mode == "garbage":
            await _answer(send, 200, [], b"\x00\xff<html>" + body[:20])
        elif self._weather.mode == "unsigned":
            kept = [item for item in headers if item[0].lower() != SIGNATURE_HEADER.lower().encode()]
            await _answer(send, messages[0]["status"], _without_length(kept), body)
        else:
            await _answer(send, messages[0]["status"], _without_length(headers), body)


async def _cut(send: Send) -> None:
    """Begin an answer and never end it: the server closes the connection."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"100000")]})
    await send({"type": "http.response.body", "body": b"{", "more_body": True})


async def _answer(send: Send, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    headers = [*headers, (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _without_length(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    return [item for item in headers if item[0].lower() != b"content-length"]
