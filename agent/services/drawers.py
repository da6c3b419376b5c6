"""Drawers: opened once for each slip that asks for it, told of when one stays open."""

import threading

from agent.core.errors import TryLater
from agent.services.shop import Shop
from agent.services.spooled import Printer
from agent.store import spool
from agent.store.spool import Slip
from sync.threads import StepThread

IDLE_S = 3600.0
FRESH_MS = 30_000
"""A drawer is opened for a slip that is as old at most: after a restart nobody stands there any more."""


class DrawerOpener:
    """Opens the drawer at one printer, however long the slips before wait for paper, and when the shop's policy prints
    none: cash is in somebody's hand."""

    def __init__(self, shop: Shop, name: str, printer: Printer) -> None:
        self._shop = shop
        self._name = name
        self._printer = printer
        self._last = 0
        self._lock = threading.Lock()
        self._thread = StepThread(f"drawer {name}", self.step)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def wake(self) -> None:
        """There may be a slip that opens the drawer."""
        self._thread.wake()

    def stop(self, timeout_s: float = 5.0) -> None:
        """End."""
        self._thread.stop(timeout_s)

    def step(self) -> float:
        """Open it once for each slip that came since and asks for it; any thread. Returns seconds until the next look,
        unless it is woken before."""
        reader, last = self._shop.read(), self._last
        queued = spool.queued_after(reader, self._name, last)
        unprinted = spool.without_paper(reader, self._name, last, self._shop.clock.now_ms() - FRESH_MS)
        for slip in sorted([*queued, *unprinted], key=lambda one: one.number):
            self._open_for(slip)
        return IDLE_S

    def _open_for(self, slip: Slip) -> None:
        with self._lock:
            if slip.number <= self._last:
                return
            self._last = slip.number
            fresh = self._shop.clock.now_ms() - slip.queued_ms <= FRESH_MS
            if not fresh or slip.document.get("drawer") not in (True, self._name):
                return
            if self._printer.kick().outcome == "not_started":
                self._shop.tell(TryLater("drawer.not_opened", slip=slip.slip), self._shop.till_of(self._name))


class OpenDrawers:
    """Tells a till once when its drawer has been open for too long. Only a drawer that was seen to open counts."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._lock = threading.Lock()
        self._due_s: dict[str, float] = {}

    def changed(self, printer: str, is_open: bool) -> None:
        """A drawer was opened or closed; any thread."""
        after_s = self._shop.plan.drawer_open_s
        with self._lock:
            self._due_s.pop(printer, None)
            if is_open and after_s:
                self._due_s[printer] = self._shop.clock.monotonic_s() + after_s

    def step(self) -> float:
        """Tell of those that are due; returns seconds until the next is."""
        now_s = self._shop.clock.monotonic_s()
        with self._lock:
            due = [printer for printer, due_s in self._due_s.items() if due_s <= now_s]
            for printer in due:
                del self._due_s[printer]
            left = min(self._due_s.values(), default=now_s + IDLE_S)
        for printer in due:
            till = self._shop.till_of(printer)
            seconds = self._shop.plan.drawer_open_s
            self._shop.tell(TryLater("drawer.left_open", till=till or printer, seconds=seconds), till)
        return max(0.0, left - now_s)
