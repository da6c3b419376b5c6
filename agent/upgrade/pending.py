"""The upgrade under way, on disk before each of its steps; and the history of those that ended.

`pending.json` is root's and small enough to be replaced whole: whoever finds it after a power cut knows which step was
begun. `agent/upgrade/guard.py` reads the same file without any of our modules.
"""

import fcntl
import json
import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from agent.core.canonical import canonical_bytes
from agent.core.errors import Broken, TryLater
from agent.core.release import is_version
from agent.core.upgrade import UpgradeState, UpgradeStep, after
from agent.disk import sync_folder
from agent.upgrade.place import Place, read_json, write_whole

log = logging.getLogger("storebox.upgrade")

PENDING_FILE = "pending.json"
LOCK_FILE = "lock"
HISTORY_FILE = "history.jsonl"
STATUS_FILE = "status.json"
LATER_FILE = "later.json"
REFUSED_FILE = "turned-away.json"
BALLAST_FILE = "ballast"
BALLAST_BYTES = 256 * 1024
HISTORY_LINES_MAX = 500
TURNED_AWAY_MAX = 50
LOCK_EVERY_S = 0.1
BY_HAND_S = 15.0
"""How long a person's command waits for the step that is under way."""
ASKED_BYTES_MAX = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Pending:
    """One upgrade. `back` is the release to return to; `tries` counts starts of the machine while on trial.

    `resumed` counts how often the one who carries it out began again while it is on trial, `starts_within_s` is how
    long the new release is awaited, by what was measured before the switch. The guard took back what has more than two
    tries.
    """

    id: str
    to: str
    back: str
    sequence: int
    state: UpgradeState
    begun_ms: int
    bundle: str = ""
    tries: int = 0
    resumed: int = 0
    hurry: bool = False
    starts_within_s: int = 0
    reason: str = ""

    def at(self, step: UpgradeStep, **changes: Any) -> "Pending":
        """Return it after a step."""
        return replace(self, state=after(self.state, step), **changes)


def load(place: Place) -> Pending | None:
    """Return the upgrade under way, None when there is none; raises `Broken("upgrade.damaged_file")`."""
    found = read_json(place.own / PENDING_FILE)
    if found is None:
        return None
    try:
        pending = Pending(**{**found, "state": UpgradeState(found["state"])})
    except (KeyError, TypeError, ValueError) as error:
        raise Broken("upgrade.damaged_file", file=PENDING_FILE) from error
    if not is_version(str(pending.to)) or not is_version(str(pending.back)):
        raise Broken("upgrade.damaged_file", file=PENDING_FILE)
    return pending


def save(place: Place, pending: Pending) -> Pending:
    """Put a state on disk and return it; on a disk that is full by the room that was kept for it."""
    data = canonical_bytes({**asdict(pending), "state": pending.state.value})
    try:
        write_whole(place.own / PENDING_FILE, data)
    except OSError:
        (place.own / BALLAST_FILE).unlink(missing_ok=True)
        write_whole(place.own / PENDING_FILE, data)
    show(place, pending)
    return pending


def keep_room(place: Place) -> None:
    """Keep room for the papers and links of a way back: whatever fills the disk meanwhile, a sick release goes."""
    write_whole(place.own / BALLAST_FILE, os.urandom(BALLAST_BYTES))


def forget(place: Place) -> None:
    """End an upgrade: nothing is pending any more."""
    (place.own / PENDING_FILE).unlink(missing_ok=True)
    sync_folder(place.own)
    show(place, None)


@contextmanager
def alone(place: Place, within_s: float = 0.0) -> Iterator[None]:
    """Keep others from carrying an upgrade out at the same time.

    Raises `TryLater("upgrade.under_way")` when another one holds it for longer than `within_s`.
    """
    descriptor = os.open(place.own / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        ends_s = time.monotonic() + within_s
        while not _locked(descriptor):
            if time.monotonic() >= ends_s:
                raise TryLater("upgrade.under_way")
            time.sleep(LOCK_EVERY_S)
        yield
    finally:
        os.close(descriptor)


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def record(place: Place, pending: Pending, at_ms: int) -> None:
    """Append how an upgrade ended to the history, once however often it is called."""
    lines = history(place)
    if any((line.get("id"), line.get("end")) == (pending.id, pending.state.value) for line in lines[-5:]):
        return
    row = {
        "id": pending.id,
        "at_ms": at_ms,
        "from": pending.back,
        "to": pending.to,
        "sequence": pending.sequence,
        "end": pending.state.value,
        "reason": pending.reason,
    }
    kept = [*lines, row][-HISTORY_LINES_MAX:]
    write_asked(place, HISTORY_FILE, "".join(f"{json.dumps(line, ensure_ascii=False)}\n" for line in kept).encode())


def history(place: Place) -> list[dict[str, Any]]:
    """Return how upgrades ended, oldest first; lines that cannot be read are left out."""
    data = _read_asked(place, HISTORY_FILE)
    found = []
    for line in data.decode("utf-8", "replace").splitlines():
        try:
            row = json.loads(line)
        except ValueError:
            continue
        if isinstance(row, dict):
            found.append(row)
    return found


def show(place: Place, pending: Pending | None) -> None:
    """Tell the agent where an upgrade stands, for whoever asks it; an upgrade does without being shown."""
    shown = (
        {} if pending is None else {"to": pending.to, "sequence": pending.sequence, "state": str(pending.state.value)}
    )
    try:
        write_asked(place, STATUS_FILE, canonical_bytes(shown))
    except Broken as error:
        log.warning("the state of the upgrade is not shown: %s", error)


def turned_away(place: Place) -> dict[str, Any]:
    """Return the releases that proved bad here, by their sequence: they are not tried again by themselves."""
    found = read_json(place.own / REFUSED_FILE)
    return found if isinstance(found, dict) else {}


def turn_away(place: Place, sequence: int, reason: str) -> None:
    """Remember that a release proved bad here, or that a person went back from it."""
    known = {**turned_away(place), str(sequence): reason}
    write_whole(place.own / REFUSED_FILE, canonical_bytes(dict(list(known.items())[-TURNED_AWAY_MAX:])))


def take_back(place: Place, sequence: int) -> None:
    """Forget that a release proved bad: a person wants it tried again."""
    known = turned_away(place)
    if known.pop(str(sequence), None) is not None:
        write_whole(place.own / REFUSED_FILE, canonical_bytes(known))


@contextmanager
def asked_folder(place: Place) -> Iterator[int]:
    """Give the descriptor of the agent's folder, which must be a folder and no link, made when it is missing."""
    place.state.mkdir(mode=0o700, parents=True, exist_ok=True)
    state = os.open(place.state, os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            os.mkdir("upgrade", 0o700, dir_fd=state)
            _same_owner(state, "upgrade")
        except FileExistsError:
            pass  # the usual case
        folder = os.open("upgrade", os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=state)
    finally:
        os.close(state)
    try:
        yield folder
    finally:
        os.close(folder)


def write_asked(place: Place, name: str, data: bytes) -> None:
    """Write a file for the agent, whole; raises `Broken("upgrade.not_shown")`."""
    making = f".{name}.{os.getpid()}"
    try:
        with asked_folder(place) as folder:
            descriptor = os.open(making, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600, dir_fd=folder)
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            _same_owner(folder, making)
            os.replace(making, name, src_dir_fd=folder, dst_dir_fd=folder)
            os.fsync(folder)
    except OSError as error:
        raise Broken("upgrade.not_shown", file=name, reason=error.strerror) from error


def _read_asked(place: Place, name: str, *, and_take: bool = False) -> bytes:
    """Return what a file of the agent's folder holds; empty when there is none, or something else in its place."""
    try:
        with asked_folder(place) as folder:
            descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
            with os.fdopen(descriptor, "rb") as file:
                data = file.read(ASKED_BYTES_MAX)
            if and_take:
                os.unlink(name, dir_fd=folder)
            return data
    except OSError as error:
        if not isinstance(error, FileNotFoundError):
            log.warning("%s of the box can't be read: %s", name, error)
        return b""


def _same_owner(folder: int, name: str) -> None:
    """What root writes below the state folder belongs to the one whom the state folder belongs to."""
    if os.geteuid() == 0:
        whose = os.fstat(folder)
        os.chown(name, whose.st_uid, whose.st_gid, dir_fd=folder, follow_symlinks=False)


def take_asked(place: Place, name: str) -> bytes:
    """Return a file of the agent's folder and take it away; empty without one."""
    return _read_asked(place, name, and_take=True)


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a bundle, by which it is known everywhere."""
    from hashlib import file_digest

    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()
