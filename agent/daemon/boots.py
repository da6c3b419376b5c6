"""How often this box was started, and how often the run before had not ended in order: power cuts, crashes, kills."""

import json
from pathlib import Path
from typing import Self

from agent.disk import write_private

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
        write_private(self._path, json.dumps(counts).encode())


def counted(state: Path) -> dict[str, int]:
    """Return `{starts, unclean, running}`; zeros before the first start, and where the file can't be read."""
    try:
        found = json.loads((state / "run" / FILE).read_text(encoding="utf-8"))
        return {name: int(found[name]) for name in ("starts", "unclean", "running")}
    except (OSError, ValueError, KeyError, TypeError):
        return {"starts": 0, "unclean": 0, "running": 0}
