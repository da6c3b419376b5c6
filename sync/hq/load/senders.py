"""Simulated boxes that all come back at once: each has a connection and sends until headquarters has everything."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from agent.core.chain import Identity
from agent.core.errors import Refused
from agent.core.ports import Signer
from sync.hq.load.line import Heard, Line, LineCut
from sync.hq.load.weather import Weather
from sync.wire import ENTRIES_MAX, parse_receipt

WAIT_MAX_S = 120.0
CUT_WAIT_S = 0.2
FAIR = Weather()


class Sending(Protocol):
    """A box as a sender needs it: a simulated one, or one whose uploads are made already."""

    identity: Identity
    signer: Signer
    seq: int
    head: bytes

    def upload(self, count: int) -> tuple[bytes, int]:
        """Return the next upload, and how many entries it carries; moves `seq` and `head` behind them."""
        ...


@dataclass
class Outcome:
    """What a run of uploads came to; times in seconds."""

    uploads: int = 0
    entries: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    """Uploads that had to be brought again, by the code of the reason."""
    faults: Counter[str] = field(default_factory=Counter)
    """What the weather did."""
    longest_s: float = 0.0
    """The longest that an upload took which was acknowledged."""
    took_s: float = 0.0
    lost: list[str] = field(default_factory=list)
    """Boxes that gave up, or whose receipt says another thing than they sent."""


class Senders:
    """Brings every box's entries up, all boxes at once or `connections` at a time; who is told to wait waits."""

    def __init__(
        self,
        url: str,
        boxes: Sequence[Sending],
        entries_a_box: int,
        *,
        connections: int | None = None,
        upload_entries: int = ENTRIES_MAX,
        weather: Weather = FAIR,
        seed: int = 1,
        give_up_s: float = 600.0,
        advance: Callable[[int], object] = lambda _count: None,
    ) -> None:
        self._url = url
        self._boxes = boxes
        self._entries_a_box = entries_a_box
        self._connections = connections or max(1, len(boxes))
        self._upload_entries = upload_entries
        self._weather = weather
        self._seed = seed
        self._give_up_s = give_up_s
        self._advance = advance
        self.outcome = Outcome()

    def run(self) -> Outcome:
        """Send until every box has its entries acknowledged, or the time is up; what is not, is in `lost`."""
        began_s = time.monotonic()
        asyncio.run(self._run(began_s + self._give_up_s))
        self.outcome.took_s = time.monotonic() - began_s
        return self.outcome

    async def _run(self, ends_at_s: float) -> None:
        places = asyncio.Semaphore(self._connections)
        await asyncio.gather(*(self._drain(box, places, ends_at_s) for box in self._boxes))

    async def _drain(self, box: Sending, places: asyncio.Semaphore, ends_at_s: float) -> None:
        """Bring up one box's entries; its bad luck depends on its name alone, not on who else is there."""
        chance = random.Random(f"{self._seed} weather {box.identity}")
        async with places:
            line = Line(self._url, box.identity, box.signer)
            try:
                while box.seq < self._entries_a_box:
                    body, count = box.upload(min(self._upload_entries, self._entries_a_box - box.seq))
                    fault = await self._bring(line, box, body, chance, ends_at_s)
                    if fault is not None:
                        self.outcome.lost.append(f"{box.identity}: {fault}")
                        return
                    self.outcome.uploads += 1
                    self.outcome.entries += count
                    self._advance(count)
            finally:
                line.hang_up()

    async def _bring(
        self, line: Line, box: Sending, body: bytes, chance: random.Random, ends_at_s: float
    ) -> str | None:
        """Send one upload until it is acknowledged; returns what is wrong when it never will be."""
        code = "nothing was heard"
        while time.monotonic() < ends_at_s:
            began_s = time.monotonic()
            fault = self._weather.fault(chance)
            if fault is not None:
                self.outcome.faults[fault] += 1
            try:
                heard = await line.send(body, fault, self._weather.slow_s)
            except LineCut as error:
                code, wait_s = str(error), CUT_WAIT_S
            else:
                if heard.status in (200, 409):
                    self.outcome.longest_s = max(self.outcome.longest_s, time.monotonic() - began_s)
                    return _fault_of(heard, box)
                code, wait_s = heard.code, float(heard.retry_after_s or CUT_WAIT_S)
            self.outcome.refused[code] += 1
            await asyncio.sleep(min(wait_s, WAIT_MAX_S) * chance.uniform(1.0, 1.3))
        return code


def _fault_of(heard: Heard, box: Sending) -> str | None:
    """Return None when the receipt covers exactly what the box has sent: nothing less, and the same history."""
    try:
        receipt = parse_receipt(heard.document.get("receipt"))
    except Refused as error:
        return error.code
    if heard.status != 200:
        return f"{heard.code}: wants #{receipt.next_seq} after {receipt.head.hex()}"
    if (receipt.identity, receipt.next_seq, receipt.head) != (box.identity, box.seq + 1, box.head):
        return f"acknowledged up to #{receipt.next_seq - 1} with head {receipt.head.hex()}, sent up to #{box.seq}"
    return None
