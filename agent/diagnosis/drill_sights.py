"""What is seen of the running box in a drill: its own word over its socket, and its journal, read and never written."""

import json
from collections.abc import Callable, Mapping
from contextlib import closing
from typing import Any

from agent.core.drill import Sight, Step
from agent.core.errors import StoreboxError
from agent.settings import Settings

Ask = Callable[[str, Mapping[str, str]], Any]
"""Has the running box run a verb; raises `StoreboxError` or OSError when it does not."""


class Sights:
    """Looks at one box. A box that does not answer is a sight too."""

    def __init__(self, settings: Settings, ask: Ask, now_ms: Callable[[], int]) -> None:
        self._settings = settings
        self._ask = ask
        self._now_ms = now_ms

    def look(self, step: Step | None, since_seq: int = 0, slip: str | None = None) -> Sight:
        """Return what is seen now. `since_seq` is the journal's end when the step began, `slip` the one to watch."""
        try:
            status = self._ask("status", {})
            if step is Step.WAN and status["lamps"].get("hq", {}).get("state", "absent") != "absent":
                self._ask("sync.now", {})  # a cut is noticed at the next request; a quiet shop may have none for long
            known = self._ask("device.known", {})
            run = self._run()
        except (StoreboxError, OSError):
            return Sight(answers=False)
        lamps = status["lamps"]
        return Sight(
            answers=True,
            run=run,
            sells=status["stopped"] is None,
            hq=str(lamps.get("hq", {}).get("state", "absent")),
            unsent=int(status["unsent"]["entries"]),
            devices={name: state for lamp in lamps.values() for name, state in lamp.get("devices", {}).items()},
            codes={row["name"]: row["code"] for row in known if row["code"]},
            **self._journal(since_seq, slip),
        )

    def _run(self) -> str:
        """Tell one run of the program from the next: each makes its socket anew."""
        from agent.daemon.control import FILE

        found = (self._settings.state / "run" / FILE).stat()
        return f"{found.st_ino}-{found.st_ctime_ns}"

    def _journal(self, since_seq: int, slip: str | None) -> dict[str, Any]:
        from agent.store.connection import JOURNAL_FILE, open_reader, snapshot

        with closing(open_reader(self._settings.state / JOURNAL_FILE)) as connection, snapshot(connection):
            seq, head = connection.execute("SELECT seq, hash FROM journal ORDER BY seq DESC LIMIT 1").fetchone()
            then = connection.execute("SELECT hash FROM journal WHERE seq = ?", (since_seq,)).fetchone()
            queued = connection.execute("SELECT state FROM spool WHERE slip = ?", (slip,)).fetchone()
            rows = connection.execute(
                "SELECT at_ms, kind, body FROM journal WHERE seq > ? AND kind IN ('attempt.started', 'attempt.ended')",
                (since_seq,),
            ).fetchall()
        began, ended = self._attempts(rows)
        waiting = [self._now_ms() - at_ms for attempt, at_ms in began.items() if not ended[attempt]]
        return {
            "seq": seq,
            "head": head.hex(),
            "hash_then": then[0].hex() if then else "",
            "slip": queued[0] if queued else None,
            "attempts": ended,
            "open_s": max(waiting, default=0) // 1000,
        }

    def _attempts(self, rows: list[tuple[int, str, str]]) -> tuple[dict[str, int], dict[str, int]]:
        """Return when each payment of the step began, and how often it has ended."""
        began: dict[str, int] = {}
        ended: dict[str, int] = {}
        for at_ms, kind, body in rows:
            attempt = str(json.loads(body)["attempt"])
            if kind == "attempt.started":
                began[attempt] = at_ms
                ended.setdefault(attempt, 0)
            elif attempt in began:
                ended[attempt] += 1
        return began, ended
