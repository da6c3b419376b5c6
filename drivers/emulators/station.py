"""The loop that every emulated device runs in: bytes of the host, words of a person, time.

It sleeps in poll(2) until something arrives or is due, so an idle device costs nothing.
"""

from __future__ import annotations

import contextlib
import math
import os
import queue
import select
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from concurrent.futures import Future
from types import TracebackType
from typing import Protocol, Self

from drivers.emulators.endpoints import Endpoint

WORD_TIMEOUT_S = 10.0


class Source(Protocol):
    """Something beside the host that has lines for us."""

    def filenos(self) -> list[int]:
        """What to poll for reading."""
        ...

    def serve(self, descriptor: int) -> None:
        """Deal with what can be read."""
        ...

    def close(self) -> None:
        """Give everything back."""
        ...


class Wakeup:
    """Ends a poll(2) from another thread or a signal handler; rung when it is closed, it does nothing.

    A descriptor that was closed may be another's by then.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._closed = False
        self._read_end, self._write_end = os.pipe()
        os.set_blocking(self._read_end, False)
        os.set_blocking(self._write_end, False)

    def fileno(self) -> int:
        """What to poll for reading."""
        return self._read_end

    def ring(self) -> None:
        """End the poll; any thread. A full pipe rings already."""
        with self._lock, contextlib.suppress(BlockingIOError):
            if not self._closed:
                os.write(self._write_end, b"!")

    def silence(self) -> None:
        """Take the rings out."""
        with contextlib.suppress(BlockingIOError):
            os.read(self._read_end, 4096)

    def close(self) -> None:
        """Give the pipe back."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            os.close(self._read_end)
            os.close(self._write_end)


class Station(ABC):
    """A device on an endpoint. `run` in one thread; `word` and `stop` from any."""

    def __init__(self, endpoint: Endpoint, monotonic_s: Callable[[], float] = time.monotonic) -> None:
        self.endpoint = endpoint
        self.sources: list[Source] = []
        self._monotonic_s = monotonic_s
        self._wakeup = Wakeup()
        self._words: queue.SimpleQueue[tuple[str, Future[str]]] = queue.SimpleQueue()
        self._stopping = False

    @abstractmethod
    def obey(self, line: str) -> str:
        """Obey a line in the loop's own thread: `ok`, an answer, or `refused: why`."""

    @abstractmethod
    def room(self) -> int:
        """How many bytes of the host are welcome now."""

    @abstractmethod
    def hear(self, data: bytes) -> None:
        """Bytes of the host."""

    def advance(self) -> None:
        """What time alone brings; called after every wake-up."""
        return

    def next_due_s(self) -> float | None:
        """When time brings something, on the monotonic clock; None for never."""
        return None

    def open(self) -> None:
        """Make the device reachable; after this a host can connect."""
        self.endpoint.open()

    def stop(self) -> None:
        """End `run` soon; safe in a signal handler."""
        self._stopping = True
        self._wakeup.ring()

    def word(self, line: str) -> str:
        """Give a line from another thread; when this returns, the device has obeyed."""
        answer: Future[str] = Future()
        self._words.put((line, answer))
        self._wakeup.ring()
        return answer.result(WORD_TIMEOUT_S)

    def run(self) -> None:
        """Serve until `stop`, then hang up and close the sources."""
        try:
            while not self._stopping:
                self._turn()
        finally:
            self.endpoint.close()
            for source in self.sources:
                source.close()
            self._wakeup.close()

    def _turn(self) -> None:
        poller = select.poll()
        poller.register(self._wakeup.fileno(), select.POLLIN)
        listening = self.endpoint.fileno() if self.endpoint.is_open and self.room() else -1
        if listening >= 0:
            poller.register(listening, select.POLLIN)
        owners: dict[int, Source] = {}
        for source in self.sources:
            for descriptor in source.filenos():
                owners[descriptor] = source
                poller.register(descriptor, select.POLLIN)
        for descriptor, _ in poller.poll(self._patience_ms()):
            if descriptor == listening:
                self._listen()
            elif descriptor in owners:
                owners[descriptor].serve(descriptor)
            else:
                self._wakeup.silence()
        self._obey_waiting_words()
        self.advance()

    def _listen(self) -> None:
        if self.endpoint.is_open:  # a word of the same turn may have pulled the cable
            data = self.endpoint.read(self.room())
            if data:
                self.hear(data)

    def _patience_ms(self) -> int | None:
        due_s = self.next_due_s()
        return None if due_s is None else max(0, math.ceil((due_s - self._monotonic_s()) * 1000))

    def _obey_waiting_words(self) -> None:
        while not self._words.empty():
            line, answer = self._words.get()
            answer.set_result(self.obey(line))


class Served:
    """A device served in a thread of its own, for programs that embed one.

    Use as a context manager: reachable on entry, hung up and gone on exit.
    """

    def __init__(self, station: Station) -> None:
        self._station = station
        self._thread = threading.Thread(target=station.run, name="emulated-device", daemon=True)

    @property
    def name(self) -> str:
        """The link's path or 127.0.0.1:PORT."""
        return self._station.endpoint.name

    def word(self, line: str) -> str:
        """Give a line; when this returns, the device has obeyed. `ok`, or `refused: why`."""
        return self._station.word(line)

    def __enter__(self) -> Self:
        self._station.open()
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._station.stop()
        self._thread.join(WORD_TIMEOUT_S)
