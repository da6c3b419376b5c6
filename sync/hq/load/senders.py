"""Simulated boxes that all come back at once: threads that upload what is due until headquarters has everything."""

import random
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from agent.core.errors import StoreboxError
from sync.headquarters import HqClient
from sync.hq.load.boxes import SimulatedBox
from sync.hq.load.weather import Weather, send_badly
from sync.session import HttpSession
from sync.wire import ENTRIES_MAX

WAIT_MAX_S = 10.0
FAIR = Weather()


@dataclass
class Outcome:
    """What a run of uploads came to; times in seconds."""

    uploads: int = 0
    entries: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    longest_s: float = 0.0
    took_s: float = 0.0
    lost: list[str] = field(default_factory=list)


class Senders:
    """Brings every box's entries up with `concurrency` connections; a box that is told to wait waits its turn."""

    def __init__(
        self,
        url: str,
        boxes: Sequence[SimulatedBox],
        entries_a_box: int,
        *,
        concurrency: int = 8,
        weather: Weather = FAIR,
        seed: int = 1,
        give_up_s: float = 600.0,
        advance: Callable[[int], object] = lambda _count: None,
    ) -> None:
        self._url = url
        self._entries_a_box = entries_a_box
        self._concurrency = concurrency
        self._weather = weather
        self._chance = random.Random(seed)
        self._give_up_s = give_up_s
        self._advance = advance
        self._due: deque[tuple[float, SimulatedBox, bytes | None, int]] = deque((0.0, box, None, 0) for box in boxes)
        self._lock = threading.Lock()
        self.outcome = Outcome()

    def run(self) -> Outcome:
        """Send until every box has its entries acknowledged, or the time is up; what is not, is in `lost`."""
        began_s = time.monotonic()
        workers = [threading.Thread(target=self._work, args=(began_s,)) for _ in range(self._concurrency)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        self.outcome.took_s = time.monotonic() - began_s
        self.outcome.lost = [str(box.identity) for _, box, _, _ in self._due]
        return self.outcome

    def _work(self, began_s: float) -> None:
        session = HttpSession(self._url)
        try:
            while time.monotonic() - began_s < self._give_up_s:
                taken = self._take()
                if taken is None:
                    return
                not_before_s, box, body, count = taken
                time.sleep(max(0.0, not_before_s - time.monotonic()))
                if body is None:
                    body, count = box.upload(min(ENTRIES_MAX, self._entries_a_box - box.seq))
                self._send(session, box, body, count)
        finally:
            session.close()

    def _take(self) -> tuple[float, SimulatedBox, bytes | None, int] | None:
        with self._lock:
            return self._due.popleft() if self._due else None

    def _send(self, session: HttpSession, box: SimulatedBox, body: bytes, count: int) -> None:
        with self._lock:
            fault = self._weather.fault(self._chance)
        if fault is not None:
            send_badly(self._url, fault, box.identity, box.signer, body, self._weather.slow_s)
            self._again(box, body, count, f"connection.{fault}", 0.0)
            return
        began_s = time.monotonic()
        try:
            reply = HqClient(session, box.signer).send_compressed(box.identity, body)
        except StoreboxError as error:
            asked = error.values.get("retry_after_s")
            wait_s = min(float(asked), WAIT_MAX_S) if isinstance(asked, int) else 0.2
            self._again(box, body, count, error.code, wait_s)
            return
        with self._lock:
            self.outcome.longest_s = max(self.outcome.longest_s, time.monotonic() - began_s)
            self.outcome.uploads += 1
            if not reply.accepted:
                self.outcome.refused["409"] = self.outcome.refused.get("409", 0) + 1
            self.outcome.entries += count
            if box.seq < self._entries_a_box:
                self._due.append((0.0, box, None, 0))
        self._advance(count)

    def _again(self, box: SimulatedBox, body: bytes, count: int, code: str, wait_s: float) -> None:
        """Bring the same upload later: after a cut connection headquarters acknowledges what it has."""
        with self._lock:
            self.outcome.refused[code] = self.outcome.refused.get(code, 0) + 1
            self._due.append((time.monotonic() + wait_s, box, body, count))
