"""Headquarters put together: database, keys, clock and limits, handed to whoever serves them."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from sync.hq.database import Database
from sync.hq.keys import HqKeys
from sync.hq.limits import Backlog, RateLimit
from sync.hq.months import Months
from sync.hq.notices import Notices

LOOKUPS_PER_SECOND = 0.2
LOOKUPS_BURST = 20
"""Look-ups of a box: a busy counter's worst day, and no search through other stores' sales."""


def wall_ms() -> int:
    """Return the wall clock in milliseconds UTC."""
    return time.time_ns() // 1_000_000


@dataclass(frozen=True, slots=True)
class Office:
    """What the endpoints work with."""

    database: Database
    keys: HqKeys
    now_ms: Callable[[], int] = wall_ms
    rate: RateLimit = field(default_factory=RateLimit)
    backlog: Backlog = field(default_factory=Backlog)
    months: Months = field(default_factory=Months)
    notices: Notices = field(default_factory=Notices)
    lookups: RateLimit = field(default_factory=lambda: RateLimit(LOOKUPS_PER_SECOND, LOOKUPS_BURST))
    state: Path | None = None
    """Headquarters' folder: what was told about banks and payouts is there."""

    @classmethod
    def open(cls, state: Path, url: str | None = None) -> "Office":
        """Open headquarters in its state folder; makes database and keys at the first start."""
        return cls(Database.open(state, url), HqKeys.load_or_create(state), state=state)

    def close(self) -> None:
        """Close the database."""
        self.database.close()
