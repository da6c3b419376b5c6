"""One process at a time owns a state folder: a lock that the kernel gives back when its holder dies."""

import fcntl
import os
from pathlib import Path
from typing import Self

from agent.core.errors import Refused

FILE = "agent.lock"


class StateLock:
    """The right to write into a state folder, held from entering to leaving; refuses with `store.in_use`."""

    def __init__(self, state: Path, name: str = FILE, code: str = "store.in_use") -> None:
        self._path = state / "run" / name
        self._code = code
        self._descriptor = -1

    def __enter__(self) -> Self:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._descriptor)
            raise Refused(self._code, state=str(self._path.parent.parent)) from error
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._descriptor)


def is_running(state: Path) -> bool:
    """Tell whether a box runs in this state folder now."""
    path = state / "run" / FILE
    if not path.exists():
        return False
    descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False
