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
from agent.store.backup import backups
from agent.store.set_aside import epoch_in

_DRAWN_BYTES = 4


@dataclass(frozen=True, slots=True)
class Order:
    """A file that should be taken over."""

    name: str
    source: Path


def leave(state: Path, source: Path) -> str:
    """Order that a file be taken over; returns the order's name."""
    name = f"{_stem(source)}-{secrets.token_hex(_DRAWN_BYTES)}"
    document = json.dumps({"source": str(source.absolute())}).encode()
    write_private(_folder(state, "waiting") / f"{name}.json", document)
    return name


def leave_what_was_set_aside(state: Path) -> None:
    """Order that each journal set aside in this folder be taken over, once: a restore may be cut before it says so.

    With a file that does not open any more goes the newest copy of the journal.
    """
    kept = [file for file in sorted(state.glob("set-aside-*.db")) if not _ordered(state, file)]
    unreadable = any(epoch_in(file) is None for file in kept)
    copies = [copy for copy in backups(state) if epoch_in(copy)][:1] if unreadable else []
    for file in (*kept, *copies):
        leave(state, file)


def _ordered(state: Path, source: Path) -> bool:
    pattern = f"{_stem(source)}-{'?' * 2 * _DRAWN_BYTES}.json"
    return any(any(_folder(state, which).glob(pattern)) for which in ("waiting", "done"))


def _stem(source: Path) -> str:
    return source.stem[:40]


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
