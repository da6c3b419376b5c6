"""Which processes have a file or a port open, from /proc: what fuser and ss would say, without installing them."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

LISTENING = "0A"


@dataclass(frozen=True, slots=True)
class Holder:
    """One process, by its number and the name of its program."""

    number: int
    program: str

    def __str__(self) -> str:
        return f"{self.program} ({self.number})"


def holders_of(path: Path, proc: Path) -> list[Holder]:
    """Return the processes that have a file open, this one left out; those of others are seen by root alone."""
    wanted = str(path.resolve())
    return [_holder(folder, proc) for folder, target in _open_files(proc) if target == wanted]


def listeners_on(port: int, proc: Path) -> list[Holder]:
    """Return the processes that listen on a TCP port, this one left out."""
    sockets = {f"socket:[{inode}]" for inode in _listening_inodes(port, proc)}
    return [_holder(folder, proc) for folder, target in _open_files(proc) if target in sockets]


def _listening_inodes(port: int, proc: Path) -> Iterator[str]:
    for table in ("tcp", "tcp6"):
        path = proc / "thread-self" / "net" / table
        if not path.exists():
            continue
        for row in path.read_text(encoding="ascii").splitlines()[1:]:
            fields = row.split()
            if fields[3] == LISTENING and int(fields[1].rpartition(":")[2], 16) == port:
                yield fields[9]


def _open_files(proc: Path) -> Iterator[tuple[Path, str]]:
    """Yield process folder and target of each open file once a process; processes that end meanwhile are left out."""
    for folder in proc.glob("[0-9]*"):
        if int(folder.name) == os.getpid():
            continue
        try:
            targets = {os.readlink(link) for link in (folder / "fd").iterdir()}
        except OSError:
            continue
        yield from ((folder, target) for target in targets)


def _holder(folder: Path, proc: Path) -> Holder:
    try:
        program = (folder / "comm").read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        program = "?"
    return Holder(int(folder.name), program)
