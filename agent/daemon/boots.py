"""How often this box was started, and how often the run before had not ended in order: power cuts, crashes, kills."""

import json
import os
from pathlib import Path
from typing import Self

from agent.store.journal import sync_directory

FILE = "boots.json"


class Boots:
    """Counts one run, from entering to leaving; a run that never left is counted as unclean by the next."""

    def __init__(self, state: Path) -> None:
        self._path = state / "run" / FILE

    def __enter__(self) -> Self:
        found = counted(self._path.parents[1])
        unclean = found["unclean"] + (1 if found["running"] else 0)
        self._write({"starts": found["starts"] + 1, "unclean": unclean, "running": 1})
        return self

    def __exit__(self, *_: object) -> None:
        self._write({**counted(self._path.parents[1]), "running": 0})

    def _write(self, counts: dict[str, int]) -> None:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        waiting = self._path.with_name(f".{FILE}.new")
        descriptor = os.open(waiting, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(json.dumps(counts).encode())
            file.flush()
            os.fsync(file.fileno())
        waiting.replace(self._path)
        sync_directory(self._path.parent)


def counted(state: Path) -> dict[str, int]:
    """Return `{starts, unclean, running}`; zeros before the first start, and where the file can't be read."""
    try:
        found = json.loads((state / "run" / FILE).read_text(encoding="utf-8"))
        return {name: int(found[name]) for name in ("starts", "unclean", "running")}
    except (OSError, ValueError, KeyError, TypeError):
        return {"starts": 0, "unclean": 0, "running": 0}
