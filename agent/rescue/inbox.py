"""Old disks that wait to be taken over: an order is a file, written whole, and so is its answer.

The command line may not write into the journal of a box that runs: it leaves an order, the box answers.
"""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agent.disk import write_private


@dataclass(frozen=True, slots=True)
class Order:
    """A file that should be taken over."""

    name: str
    source: Path


def leave(state: Path, source: Path) -> str:
    """Order that a file be taken over; returns the order's name."""
    name = f"{source.stem[:40]}-{secrets.token_hex(4)}"
    document = json.dumps({"source": str(source.absolute())}).encode()
    write_private(_folder(state, "waiting") / f"{name}.json", document)
    return name


def waiting(state: Path) -> list[Order]:
    """Return the orders that nobody answered yet, oldest first."""
    files = sorted(_folder(state, "waiting").glob("*.json"), key=lambda path: path.stat().st_mtime_ns)
    return [Order(path.stem, Path(str(json.loads(path.read_bytes())["source"]))) for path in files]


def done(state: Path, order: Order, answer: Mapping[str, Any]) -> None:
    """Answer an order; it is not carried out again."""
    write_private(_folder(state, "done") / f"{order.name}.json", json.dumps(dict(answer)).encode())
    (_folder(state, "waiting") / f"{order.name}.json").unlink(missing_ok=True)


def answer_of(state: Path, name: str) -> Mapping[str, Any] | None:
    """Return the answer to an order, or None."""
    path = _folder(state, "done") / f"{name}.json"
    if not path.exists():
        return None
    found: Mapping[str, Any] = json.loads(path.read_bytes())
    return found


def _folder(state: Path, which: str) -> Path:
    return state / "handover" / which
