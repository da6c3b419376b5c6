"""Pole displays follow their tills: one thread reads what the customer should see, whatever it costs.

Nothing waits for it: a change of a till sets a flag, and a display that takes no bytes holds up nobody.
"""

import logging
import threading
from collections.abc import Callable, Mapping
from typing import Any

from agent.core.errors import StoreboxError
from agent.services import customer_display
from agent.services.shop import Shop
from drivers.display.device import DisplayDevice
from drivers.display.protocol import Row

log = logging.getLogger("storebox.displays")

LOOK_AGAIN_S = 5.0
"""How late thanks give way to the welcome: no event tells that a sale has become old. Also when what could not be read
is read again.
"""

Publish = Callable[[str, dict[str, Any]], None]


class PoleDisplays:
    """The displays of the tills that have one."""

    def __init__(
        self, shop: Shop, displays: Mapping[str, DisplayDevice], *, look_again_s: float = LOOK_AGAIN_S
    ) -> None:
        """`displays` by till."""
        self._shop = shop
        self._look_again_s = look_again_s
        self._displays = dict(displays)
        self._before: dict[str, dict[str, Any]] = {}
        self._changed: set[str] = set()
        self._unread: set[str] = set()
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="pole displays", daemon=True)

    def changed(self, till: str) -> None:
        """A till's state changed; any thread, never waits."""
        if till in self._displays:
            with self._lock:
                self._changed.add(till)
            self._wake.set()

    def start(self) -> None:
        """Begin to look for the displays and to show; nothing runs in a shop without one."""
        for till, display in self._displays.items():
            display.start()
            self.changed(till)
        if self._displays:
            self._thread.start()

    def stop(self) -> None:
        """Let go of the displays."""
        self._stopping = True
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(LOOK_AGAIN_S)
        for display in self._displays.values():
            display.stop()

    def _run(self) -> None:
        while not self._stopping:
            patience_s = self._look_again_s if self._thanks() or self._unread else None
            woken = self._wake.wait(patience_s)
            self._wake.clear()
            with self._lock:
                tills = set(self._changed) if woken else self._thanks() | self._unread
                self._changed.clear()
            for till in tills:
                self._show(till)

    def _thanks(self) -> set[str]:
        """The tills whose display thanks for a sale."""
        return {till for till, shown in self._before.items() if shown["last"] is not None}

    def _show(self, till: str) -> None:
        try:
            now = customer_display.shown(self._shop, till)
        except StoreboxError as error:
            log.warning("display of till %s: %s", till, error.code)
            self._unread.add(till)
            return
        except Exception:
            # A disk that fails for a moment must not leave an old total before customers until a restart.
            log.exception("display of till %s", till)
            self._unread.add(till)
            return
        self._unread.discard(till)
        if now != self._before.get(till):
            first, second = customer_display.pole(now, self._before.get(till), self._shop.translate)
            self._displays[till].show((Row(*first), Row(*second)))
            self._before[till] = now


def followed(publish: Publish, changed: Callable[[str], None]) -> Publish:
    """Return `publish` that also says which till's state changed."""

    def publish_and_follow(kind: str, data: dict[str, Any]) -> None:
        publish(kind, data)
        if kind == "state" and isinstance(data.get("till"), str):
            changed(data["till"])

    return publish_and_follow
