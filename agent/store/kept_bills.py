"""Platforms' bills as they came, each a file under its SHA-256 in `STATE/bills`: evidence that is never changed.

What no longer has its hash is not there: a bill can be fetched again while its platform keeps it.
"""

import hashlib
import os
import re
from pathlib import Path

from agent.store.journal import sync_directory

FOLDER = "bills"
PIECE_BYTES = 1024 * 1024
_NAME = re.compile(r"[0-9a-f]{64}")


class KeptBills:
    """The files of one state folder. A file is whole under its name, or not there."""

    def __init__(self, state: Path) -> None:
        self._folder = state / FOLDER

    def keep(self, content: bytes) -> str:
        """Keep a bill and return its SHA-256 in hex; the same one again changes nothing. Raises `OSError`."""
        sha256 = hashlib.sha256(content).hexdigest()
        if self.path(sha256) is not None:
            return sha256
        self._folder.mkdir(mode=0o700, exist_ok=True)
        waiting = self._folder / f"{sha256}.new"
        descriptor = os.open(waiting, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        waiting.replace(self._folder / sha256)
        sync_directory(self._folder)
        return sha256

    def path(self, sha256: str) -> Path | None:
        """Return a bill's file, None when there is none or when it has changed."""
        if not _NAME.fullmatch(sha256):
            return None
        path = self._folder / sha256
        found = hashlib.sha256()
        try:
            with path.open("rb") as file:
                while piece := file.read(PIECE_BYTES):
                    found.update(piece)
        except FileNotFoundError:
            return None
        return path if found.hexdigest() == sha256 else None
