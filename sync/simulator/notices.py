"""Notifications that are to be delivered: on disk, repeated as the platforms do until they are answered or given up."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pysqlite3.dbapi2

from agent.core.errors import StoreboxError
from sync.session import Answer, HttpSession

_SCHEMA = """
CREATE TABLE IF NOT EXISTS notice(
  id INTEGER PRIMARY KEY,
  account TEXT NOT NULL,
  what TEXT NOT NULL,
  number TEXT NOT NULL,
  url TEXT NOT NULL,
  tries INTEGER NOT NULL,
  next_at_ms INTEGER NOT NULL,
  state TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS notice_due ON notice(state, next_at_ms);
"""
_MINUTE_S, _HOUR_S = 60, 3600
WECHAT_AFTER_S = (
    *(15, 15, 30, 3 * _MINUTE_S, 10 * _MINUTE_S, 20 * _MINUTE_S, 30 * _MINUTE_S, 30 * _MINUTE_S, 30 * _MINUTE_S),
    *(_HOUR_S, 3 * _HOUR_S, 3 * _HOUR_S, 3 * _HOUR_S, 6 * _HOUR_S, 6 * _HOUR_S),
)
ALIPAY_AFTER_S = (*(4 * _MINUTE_S, 10 * _MINUTE_S, 10 * _MINUTE_S, _HOUR_S, 2 * _HOUR_S, 6 * _HOUR_S, 15 * _HOUR_S),)
"""When a notification that was not answered comes again."""
ANSWER_WITHIN_S = 5.0
IDLE_S = 3600.0


@dataclass(frozen=True, slots=True)
class Notice:
    """A notification to deliver; `id` is the same in every repetition."""

    id: int
    account: str
    what: str
    number: str
    url: str
    tries: int


Composer = Callable[[Notice], tuple[bytes, dict[str, str]] | None]
"""Makes body and headers of a notification; None when there is nothing to tell any more."""


class Notices:
    """The queue. Thread-safe."""

    def __init__(self, state: Path, now_ms: Callable[[], int]) -> None:
        self._now_ms = now_ms
        self._lock = threading.Lock()
        self._connection: Any = pysqlite3.dbapi2.connect(
            str(state / "notices.db"), check_same_thread=False, isolation_level=None
        )
        self._connection.executescript(_SCHEMA)
        self.wake: Callable[[], None] = lambda: None

    def add(self, account: str, what: str, number: str, url: str) -> None:
        """Queue a notification."""
        with self._lock:
            self._connection.execute(
                "INSERT INTO notice(account, what, number, url, tries, next_at_ms, state)"
                " VALUES (?, ?, ?, ?, 0, ?, 'waiting')",
                (account, what, number, url, self._now_ms()),
            )
        self.wake()

    def due(self) -> Notice | None:
        """Return the notification whose time has come longest ago."""
        with self._lock:
            row = self._connection.execute(
                "SELECT id, account, what, number, url, tries FROM notice"
                " WHERE state = 'waiting' AND next_at_ms <= ? ORDER BY next_at_ms, id LIMIT 1",
                (self._now_ms(),),
            ).fetchone()
        return Notice(*row) if row else None

    def wait_s(self) -> float:
        """Return for how long nothing is due."""
        with self._lock:
            row = self._connection.execute("SELECT min(next_at_ms) FROM notice WHERE state = 'waiting'").fetchone()
        return IDLE_S if row[0] is None else max(0.05, (row[0] - self._now_ms()) / 1000)

    def tried(self, notice: Notice, *, answered: bool, after_s: tuple[int, ...]) -> None:
        """Note how a delivery went; without an answer it comes again until its times are used up."""
        state = "answered" if answered else "waiting" if notice.tries < len(after_s) else "given up"
        wait_ms = after_s[notice.tries] * 1000 if state == "waiting" else 0
        with self._lock:
            self._connection.execute(
                "UPDATE notice SET state = ?, tries = tries + 1, next_at_ms = ? WHERE id = ?",
                (state, self._now_ms() + wait_ms, notice.id),
            )

    def close(self) -> None:
        """Close the database."""
        with self._lock:
            self._connection.close()


class Courier:
    """Delivers what is due, one after the other; `step` is for a `StepThread`."""

    def __init__(self, notices: Notices, compose: Composer) -> None:
        self._notices = notices
        self._compose = compose

    def step(self) -> float:
        """Deliver all that is due; returns the seconds until there is more."""
        while (notice := self._notices.due()) is not None:
            after_s = ALIPAY_AFTER_S if notice.account.startswith("alipay") else WECHAT_AFTER_S
            self._notices.tried(notice, answered=self._delivered(notice), after_s=after_s)
        return self._notices.wait_s()

    def _delivered(self, notice: Notice) -> bool:
        composed = self._compose(notice)
        if composed is None:
            return True
        body, headers = composed
        parts = urlsplit(notice.url)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        try:
            session = HttpSession(f"{parts.scheme}://{parts.netloc}", read_timeout_s=ANSWER_WITHIN_S)
        except StoreboxError:
            return True
        try:
            return _accepted(notice, session.send("POST", target, body, headers))
        except StoreboxError:
            return False
        finally:
            session.close()


def _accepted(notice: Notice, answer: Answer) -> bool:
    if notice.account.startswith("alipay"):
        return answer.status == 200 and answer.body.strip() == b"success"
    return answer.status in (200, 204)
