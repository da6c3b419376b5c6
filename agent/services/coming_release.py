"""The release that waits for a quiet moment, as the counter sees it: told once, put off twice at most.

It reads what root wrote for the box, and writes one file that root reads: the two share no more than that folder.
"""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from agent.core.errors import Refused
from agent.core.ports import Clock
from agent.core.upgrade import Later, UpgradeState
from agent.disk import write_whole
from agent.services.shop import Shop

STATUS_FILE = "status.json"
LATER_FILE = "later.json"
FILE_BYTES_MAX = 10_000
Shown = dict[str, Any]


class ComingRelease:
    """The upgrade that waits in a box's state folder, if one does."""

    def __init__(self, state: Path, clock: Clock) -> None:
        self._folder = state / "upgrade"
        self._clock = clock
        self._told: str | None = None

    def shown(self) -> Shown | None:
        """Return the release that waits and how often it was put off, None when none waits."""
        status = _read(self._folder / STATUS_FILE)
        if status.get("state") != UpgradeState.WAITING.value:
            return None
        later = self._later()
        until_ms = later.until_ms if later.holds(self._clock.now_ms()) else None
        return {"version": str(status.get("to"))[:40], "put_off": later.times, "until_ms": until_ms}

    def put_off(self) -> Shown:
        """Put it off by half an hour; refuses with `upgrade.nothing_pending` and `upgrade.later_used_up`."""
        if self.shown() is None:
            raise Refused("upgrade.nothing_pending")
        later = self._later().again(self._clock.now_ms())
        if later is None:
            raise Refused("upgrade.later_used_up")
        write_whole(self._folder / LATER_FILE, json.dumps(asdict(later)).encode())
        return self.shown() or {}

    def tell(self, shop: Shop) -> None:
        """Say on every page, once, that a release waits."""
        shown = self.shown()
        version = None if shown is None else str(shown["version"])
        if version is not None and version != self._told:
            shop.tell(Refused("upgrade.coming", version=version))
        self._told = version

    def _later(self) -> Later:
        found = _read(self._folder / LATER_FILE)
        times, until_ms = found.get("times"), found.get("until_ms")
        return Later(times, until_ms) if type(times) is int and type(until_ms) is int else Later()


def _read(path: Path) -> Shown:
    try:
        with path.open("rb") as file:
            found = json.loads(file.read(FILE_BYTES_MAX))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
