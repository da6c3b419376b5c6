"""The one thread that writes: commands come in through a queue and leave with one COMMIT a batch."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TypeVar

from agent.core.chain import Identity
from agent.core.errors import Broken, TryLater
from agent.core.ports import Clock, Signer
from agent.store.connection import open_writer
from agent.store.engine import REOPEN_DELAYS_S, Connect, Engine
from agent.store.jobs import Job, answer_all
from agent.store.migrations import set_meta
from agent.store.ports import Views
from agent.store.sealing import seal_when_idle
from agent.store.unit import Unit

T = TypeVar("T")

BATCH_MAX = 64
IDLE_S = 30.0


class Writer:
    """Runs commands one after another on its own thread and answers when they are on disk.

    A command is a function of a `Unit`: it reads, decides, appends and returns its answer, in 5 ms at most and without
    network, device or PIN hashing. What it raises undoes its own work only and reaches the one who asked.
    """

    def __init__(
        self,
        path: Path,
        *,
        views: Views,
        clock: Clock,
        signer: Signer | None = None,
        seal_every: int = 1_000,
        batch_max: int = BATCH_MAX,
        connect: Connect = open_writer,
        reopen_delays_s: Sequence[float] = REOPEN_DELAYS_S,
    ) -> None:
        """Open the store and start the thread; raises what stops the store from opening."""
        self.path = path
        self._engine = Engine(
            path,
            views=views,
            clock=clock,
            signer=signer,
            seal_every=seal_every,
            connect=connect,
            reopen_delays_s=reopen_delays_s,
        )
        self._batch_max = batch_max
        self._queue: SimpleQueue[Job | None] = SimpleQueue()
        self._closing = threading.Lock()
        self._closed = False
        self._opened: Future[None] = Future()
        self._thread = threading.Thread(target=self._serve, name="store-writer", daemon=True)
        self._thread.start()
        self._opened.result()

    @property
    def identity(self) -> Identity:
        """Return whose journal this is."""
        return self._engine.identity

    @property
    def last_seq(self) -> int:
        """Return the number of the last entry, as the writer last knew it."""
        return self._engine.tip.seq

    @property
    def stopped(self) -> str | None:
        """Return why this epoch may not go on, None when it may."""
        return self._engine.tip.stopped

    def submit(
        self, command: Callable[[Unit], T], key: str | None = None, fingerprint: str | None = None
    ) -> "Future[T]":
        """Queue a command; the future has its answer once it is on disk.

        With `key` the answer is stored: the same key again gives it back without running, and
        `Refused("idempotency.key_reused")` when `fingerprint` differs. Such an answer is plain JSON data.
        """
        future: Future[T] = Future()
        if self._closed:
            future.set_exception(TryLater("store.closed"))
        else:
            self._queue.put(Job(command, key, fingerprint or "", future))
            if self._closed and threading.current_thread() is not self._thread:
                self._thread.join()
                self._refuse_rest()
        return future

    def run(self, command: Callable[[Unit], T], key: str | None = None, fingerprint: str | None = None) -> T:
        """Run a command and return its answer; not from the writer's own thread."""
        if threading.current_thread() is self._thread:
            raise Broken("store.writer_waits_for_itself")
        return self.submit(command, key, fingerprint).result()

    def seal(self) -> int | None:
        """Seal the chain now; return the seal's number, None without a key or when nothing is new."""
        return self.run(Unit.seal)

    def seal_if_idle(self) -> int | None:
        """Seal when HQ had everything for 10 minutes and entries came since the last seal; else return None."""
        return self.run(seal_when_idle)

    def stop_epoch(self, reason: str) -> None:
        """Refuse every further entry of this epoch, also after a restart."""

        def stop(unit: Unit) -> None:
            set_meta(unit.connection, "stopped", reason)
            unit.tip.stopped = reason

        self.run(stop)

    def close(self) -> None:
        """Finish what is queued, then close the store."""
        with self._closing:
            if not self._closed:
                self._closed = True
                self._queue.put(None)
        self._thread.join()

    def _serve(self) -> None:
        try:
            self._engine.open()
        except BaseException as error:  # noqa: BLE001 - whoever made the writer gets it
            self._engine.close()
            self._opened.set_exception(error)
            return
        self._opened.set_result(None)
        try:
            while self._next_batch():
                pass
        finally:
            self._closed = True
            self._engine.close()
            self._refuse_rest()

    def _next_batch(self) -> bool:
        """Run what waits, without lingering for more; return False at the end."""
        try:
            job = self._queue.get(timeout=IDLE_S)
        except Empty:
            self._engine.idle()
            return True
        jobs: list[Job] = []
        while job is not None:
            if job.future is None or job.future.set_running_or_notify_cancel():
                jobs.append(job)
            if len(jobs) == self._batch_max or self._queue.empty():
                break
            job = self._queue.get()
        if jobs:
            self._engine.run(jobs)
        return job is not None

    def _refuse_rest(self) -> None:
        while True:
            try:
                job = self._queue.get_nowait()
            except Empty:
                return
            if job is not None:
                answer_all([job], TryLater("store.closed"))
