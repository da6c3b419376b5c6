"""Live events: any thread publishes, every open stream gets a copy through a bounded queue of its own."""

import asyncio
import threading
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

QUEUE_MAX = 64


@dataclass(frozen=True, slots=True)
class LiveEvent:
    """One thing that pages may want to know: `state` (fetch again), `scan`, `notice`, `lamps`."""

    kind: str
    data: dict[str, Any]

    def concerns(self, till: str | None) -> bool:
        """Tell whether a page of `till` wants it; an event without a till concerns every page."""
        return till is None or self.data.get("till") in (None, till)


@dataclass(eq=False)
class Subscription:
    """One open stream. Ends when its client is too slow, when it is closed, and when the hub closes."""

    loop: asyncio.AbstractEventLoop
    till: str | None
    queue: asyncio.Queue[LiveEvent | None] = field(default_factory=lambda: asyncio.Queue(QUEUE_MAX))
    ended: bool = False

    def offer(self, event: LiveEvent) -> None:
        """Put an event into the queue; a full queue ends the stream, and its page fetches everything again."""
        if self.ended or not event.concerns(self.till):
            return
        if self.queue.full():
            self.end()
            return
        self.queue.put_nowait(event)

    def end(self) -> None:
        """End the stream after the event that is being sent."""
        if self.ended:
            return
        self.ended = True
        while not self.queue.empty():
            self.queue.get_nowait()
        self.queue.put_nowait(None)

    async def events(self, idle_s: float) -> AsyncIterator[LiveEvent | None]:
        """Yield events as they come, and None after every `idle_s` seconds of silence."""
        while True:
            try:
                event = await asyncio.wait_for(self.queue.get(), idle_s)
            except TimeoutError:
                yield None
                continue
            if event is None:
                return
            yield event


class Hub:
    """Passes events to streams. `publish` is safe from every thread and never waits."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._subscriptions: set[Subscription] = set()
        self._closed = False

    def publish(self, kind: str, data: dict[str, Any]) -> None:
        """Give an event to every open stream that it concerns."""
        event = LiveEvent(kind, data)
        with self._lock:
            subscriptions = tuple(self._subscriptions)
        for subscription in subscriptions:
            self._in_loop(subscription, subscription.offer, event)

    def subscribe(self, till: str | None = None) -> Subscription:
        """Open a stream in the running event loop, for one till or for all."""
        subscription = Subscription(asyncio.get_running_loop(), till)
        with self._lock:
            self._subscriptions.add(subscription)
            closed = self._closed
        if closed:
            subscription.end()
        return subscription

    def unsubscribe(self, subscription: Subscription) -> None:
        """Forget a stream."""
        with self._lock:
            self._subscriptions.discard(subscription)

    def close(self) -> None:
        """End every stream, now and in future: the server is about to stop. Safe from every thread."""
        with self._lock:
            self._closed = True
            subscriptions = tuple(self._subscriptions)
        for subscription in subscriptions:
            self._in_loop(subscription, subscription.end)

    @property
    def streams(self) -> int:
        """Return how many streams are open."""
        with self._lock:
            return len(self._subscriptions)

    def _in_loop(self, subscription: Subscription, call: Any, *arguments: Any) -> None:
        try:
            subscription.loop.call_soon_threadsafe(call, *arguments)
        except RuntimeError:  # its loop has ended: nobody listens any more
            self.unsubscribe(subscription)
