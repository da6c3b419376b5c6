"""Platforms' bills as they came, each a file under its SHA-256 in `STATE/bills`: evidence that is never changed.

What no longer has its hash is not there: a bill can be fetched again while its platform keeps it.
"""

import hashlib
import re
from pathlib import Path

from agent.disk import write_private

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
        write_private(self._folder / sha256, content)
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
