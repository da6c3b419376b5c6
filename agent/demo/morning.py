"""The demo's next morning: the shop closes, the platforms publish the day's bills, box and headquarters match them.

The clocks stay as they are: the simulator publishes today's bill at once, and both are told to fetch it. Beforehand the
desk can plant what a bill may differ by: a refund in the merchant's portal, a payment to a printed code.
"""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol

import requests

from agent.core.errors import StoreboxError
from agent.core.moment import platform_day

log = logging.getLogger("storebox.demo")

ANSWER_WITHIN_S = 5.0
SENT_WITHIN_S = 30.0
LOOK_EVERY_S = 0.2
PLATFORMS = ("wechat", "alipay")
STATIC_CODE_CUSTOMER, STATIC_CODE_FEN = "C1", 1_880


class Phase(StrEnum):
    """How far the next morning has come."""

    IDLE = "idle"
    CLOSING = "closing"
    SENDING = "sending"
    MATCHING = "matching"
    DONE = "done"
    REFUSED = "refused"


class Places(Protocol):
    """Where the parts are that a morning concerns."""

    def close_shop(self) -> str | None:
        """Close shifts and day; returns the date of the last business day. Raises what the box refuses."""

    def ask_box(self, verb: str, values: dict[str, str]) -> Any:
        """Have the box run a verb of its control."""

    def simulator_url(self) -> str:
        """Return where the platforms' simulator is."""

    async def match_at_headquarters(self, days: list[str], store_day: str) -> dict[str, Any]:
        """Have headquarters fetch the platforms' bills of some days and match; returns what became of a store's day.

        `{state, reasons: [{zh, en}], differences}`.
        """


class Morning:
    """One at a time; what it came to is shown until the next one begins."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._shown: dict[str, Any] = {"phase": Phase.IDLE.value}
        self._task: asyncio.Task[None] | None = None

    def shown(self) -> dict[str, Any]:
        """Return `{phase}`, when it is done with `day`, `state`, `reasons`, `differences`, when refused with `why`."""
        return dict(self._shown)

    def begin(self) -> str:
        """Begin in the background; `ok`, or `refused: why` while one is under way."""
        if self._task is not None and not self._task.done():
            return "refused: the morning is coming already"
        self._task = asyncio.get_running_loop().create_task(self._guarded())
        return "ok"

    async def stop(self) -> None:
        """End what is under way."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def plant(self, what: str) -> str:
        """Let a bill differ: `refund` (in the portal, of the newest payment) or `payment` (to a printed code).

        Returns what was done as JSON, or `refused: why`.
        """
        wishes = {"refund": ("refund", {}), "payment": ("static-code", _STATIC_CODE)}
        if what not in wishes:
            return f"refused: plant {' or '.join(wishes)}"
        verb, wish = wishes[what]
        for platform in PLATFORMS:
            url = f"{self._places.simulator_url()}/sim/merchants/{platform}/{verb}"
            answer = await asyncio.to_thread(requests.post, url, json=wish, timeout=ANSWER_WITHIN_S)
            if answer.status_code == 200:
                return json.dumps({"platform": platform, **answer.json()})
        return "refused: no payment to refund yet, sell something by a wallet first"

    async def _guarded(self) -> None:
        try:
            await self._come()
        except (StoreboxError, requests.RequestException, OSError, TimeoutError) as error:
            log.warning("the morning did not come: %s", error)
            self._shown = {"phase": Phase.REFUSED.value, "why": _why(error)}
        except Exception:
            # A defect must not leave the desk waiting for ever; the log has it whole.
            self._shown = {"phase": Phase.REFUSED.value, "why": _DEFECT}
            raise

    async def _come(self) -> None:
        day = await self._at(Phase.CLOSING, lambda: asyncio.to_thread(self._places.close_shop))
        await self._at(Phase.SENDING, self._until_sent)
        days = _days(day, platform_day(int(datetime.now(UTC).timestamp() * 1000)))
        result = await self._at(Phase.MATCHING, lambda: self._match(days, day or days[-1]))
        self._shown = {"phase": Phase.DONE.value, "day": day, **result}

    async def _at(self, phase: Phase, work: Callable[[], Awaitable[Any]]) -> Any:
        self._shown = {"phase": phase.value}
        return await work()

    async def _until_sent(self) -> None:
        """Wait until headquarters have every entry: what has not arrived can't be matched there."""
        await asyncio.to_thread(self._places.ask_box, "sync.now", {})
        async with asyncio.timeout(SENT_WITHIN_S):
            while (await asyncio.to_thread(self._places.ask_box, "status", {}))["unsent"]["entries"]:
                await asyncio.sleep(LOOK_EVERY_S)

    async def _match(self, days: list[str], store_day: str) -> dict[str, Any]:
        control = f"{self._places.simulator_url()}/control"
        answer = await asyncio.to_thread(requests.post, control, data="bill now", timeout=ANSWER_WITHIN_S)
        answer.raise_for_status()
        for day in days:
            await asyncio.to_thread(self._places.ask_box, "bill.match", {"day": day, "again": "yes"})
        await self._until_sent()
        return await self._places.match_at_headquarters(days, store_day)


_DEFECT = {"zh": "没做完，看 log 文件夹里的记录。", "en": "It was not finished; see the log folder."}
_STATIC_CODE = {"customer": STATIC_CODE_CUSTOMER, "amount_fen": str(STATIC_CODE_FEN)}


def _days(first: str | None, today: date) -> list[str]:
    """Return the platforms' days that a business day may have touched: it may pass midnight."""
    day = today if first is None else date.fromisoformat(first)
    return [one.isoformat() for one in (day, day + timedelta(days=1)) if one <= today]


def _why(error: Exception) -> dict[str, str]:
    """Return why in both languages: the box's own sentence where it refused something."""
    if isinstance(error, requests.HTTPError):
        title = error.response.json().get("error", {}).get("title")
        if isinstance(title, dict):
            return {"zh": str(title.get("zh")), "en": str(title.get("en"))}
    if isinstance(error, StoreboxError):
        from agent.core.sentences import sentence_of

        said = sentence_of(error)
        return {"zh": said.zh_title, "en": said.en_title}
    return {"zh": "网络没通,等一下再来。", "en": "The network is cut; try again in a moment."}
