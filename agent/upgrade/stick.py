"""A stick is read, never run: its partition is mounted read-only, without devices, set-uid bits and programs."""

import os
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from agent.core.errors import Refused

OPTIONS = "ro,nosuid,nodev,noexec"
TIMEOUT_S = 30.0


@contextmanager
def read_only(source: Path) -> Iterator[Path]:
    """Give the folder or file itself, or for a block device a private mount of it, which is gone afterwards."""
    if not _is_partition(source):
        yield source
        return
    if os.geteuid() != 0:
        raise Refused("upgrade.needs_root", folder=str(source))
    folder = Path(tempfile.mkdtemp(prefix="storebox-stick-", dir="/run"))
    try:
        _run(source, "mount", "-o", OPTIONS, "--", str(source), str(folder))
        try:
            yield folder
        finally:
            _run(source, "umount", "--lazy", "--", str(folder))
    finally:
        folder.rmdir()


def _is_partition(source: Path) -> bool:
    try:
        return stat.S_ISBLK(source.stat().st_mode)
    except OSError as error:
        raise Refused("release.none_here", folder=str(source)) from error


def _run(source: Path, *command: str) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Refused("release.unreadable", file=source.name, reason=command[0]) from error
    if done.returncode != 0:
        raise Refused("release.unreadable", file=source.name, reason=done.stderr.strip()[:80])
