"""Questions that wait: held open without a thread each, woken when a directive for their store was put.

Directives are put by other processes too (the command line, another serving process), so one thread looks at the
database each second while anybody waits: one small query, however many boxes there are.
"""

import asyncio
import logging
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from sync.hq.database import Database
from sync.hq.directives.tables import directive

LOOK_S = 1.0
OVERLAP_MS = 10_000
"""A transaction may end later than the time that it wrote down; and clocks of processes differ a little."""
log = logging.getLogger("storebox.hq.directives")


class Bell:
    """Wakes the questions of stores. Waiting is the event loop's; the look-out is a thread that ends by itself."""

    def __init__(self, database: Database, now_ms: Callable[[], int]) -> None:
        self._database = database
        self._now_ms = now_ms
        self._lock = threading.Lock()
        self._waiting: dict[str, set[Waiter]] = {}
        self._thread: threading.Thread | None = None
        self._ended = threading.Event()

    @contextmanager
    def listening(self, store: str) -> "Iterator[Waiter]":
        """Hear of the store from now on; begun before the database is read, so that nothing falls in between."""
        waiter = Waiter(asyncio.get_running_loop())
        with self._lock:
            self._waiting.setdefault(store, set()).add(waiter)
            if self._thread is None and not self._ended.is_set():
                self._thread = threading.Thread(target=self._look, name="directives", daemon=True)
                self._thread.start()
        try:
            yield waiter
        finally:
            with self._lock:
                waiters = self._waiting.get(store, set())
                waiters.discard(waiter)
                if not waiters:
                    self._waiting.pop(store, None)

    @property
    def ended(self) -> bool:
        """Tell whether headquarters stop: nobody waits any more."""
        return self._ended.is_set()

    def close(self) -> None:
        """Wake everybody and end."""
        self._ended.set()
        with self._lock:
            for waiters in self._waiting.values():
                for waiter in waiters:
                    waiter.wake()

    def _look(self) -> None:
        told: dict[tuple[str, str, int], None] = {}
        while not self._ended.wait(LOOK_S):
            with self._lock:
                if not self._waiting:
                    self._thread = None
                    return
            try:
                new = [place for place in self._put_lately() if place not in told]
            except SQLAlchemyError as error:
                log.warning("the look-out for directives: %s", type(error).__name__)
                continue
            told |= dict.fromkeys(new)
            for place in list(told)[: max(0, len(told) - 10_000)]:
                del told[place]
            self._wake({store for store, _, _ in new})

    def _put_lately(self) -> Collection[tuple[str, str, int]]:
        known = directive.c
        query = select(known.store, known.kind, known.version)
        query = query.where(known.made_at_ms >= self._now_ms() - OVERLAP_MS)
        with self._database.read() as connection:
            return [(row.store, row.kind, row.version) for row in connection.execute(query)]

    def _wake(self, stores: Collection[str]) -> None:
        with self._lock:
            for store in stores:
                for waiter in self._waiting.get(store, ()):
                    waiter.wake()


class Waiter:
    """One question on its event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._event = asyncio.Event()

    async def woken(self, timeout_s: float) -> bool:
        """Wait until a directive was put; False after the time-out."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._event.wait()
        except TimeoutError:
            return False
        self._event.clear()
        return True

    def wake(self) -> None:
        """Wake it, from any thread; one whose loop has ended is left alone."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._event.set)
