"""The rights that the box's unit has: an ordinary user in the unit's groups, without a capability.

Cases run with them, so that they find what a shop would find (a tty that only root may tell not to wait). The kernel
keeps credentials for each thread, and a new thread has those of the one that starts it; so the threads of our drivers
have them too, while the emulated devices stay root's. glibc would change all threads at once, hence the bare calls.
"""

from __future__ import annotations

import ctypes
import grp
import os
import platform
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

UNIT = Path(__file__).parents[3] / "systemd/storebox.service"

_SETGROUPS, _SETRESUID, _SETRESGID = 116, 117, 119
"""Numbers of the x86-64 system calls (arch/x86/entry/syscalls/syscall_64.tbl)."""
_SAME = -1
_NOBODY = 65534


def groups_of_the_unit() -> list[str]:
    """The groups that the box's unit adds."""
    lines = UNIT.read_text(encoding="utf-8").splitlines()
    return " ".join(line.partition("=")[2] for line in lines if line.startswith("SupplementaryGroups=")).split()


def open_the_way(*places: Path) -> None:
    """Let everybody pass through the folders above these places; only in the machine's own layer over the root.

    A developer's Python and tree may lie in a home that is closed to others, and Python goes on importing.
    """
    for folder in {parent for place in places for parent in place.resolve().parents}:
        folder.chmod(folder.stat().st_mode | stat.S_IXOTH | stat.S_IROTH)


@contextmanager
def ordinary_user(groups: Sequence[str]) -> Iterator[None]:
    """Take root's rights from this thread, and from those that it starts, until the end of the block."""
    assert platform.machine() == "x86_64", "the numbers of the system calls are those of x86-64"
    before = os.getgroups()
    _set_groups([grp.getgrnam(name).gr_gid for name in groups])
    _call(_SETRESGID, _SAME, _NOBODY, _SAME)
    _call(_SETRESUID, _SAME, _NOBODY, _SAME)
    try:
        yield
    finally:
        _call(_SETRESUID, _SAME, 0, _SAME)
        _call(_SETRESGID, _SAME, 0, _SAME)
        _set_groups(before)


def _set_groups(groups: list[int]) -> None:
    array = (ctypes.c_uint32 * len(groups))(*groups)
    _call(_SETGROUPS, len(groups), ctypes.addressof(array))


def _call(number: int, *arguments: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.syscall(ctypes.c_long(number), *map(ctypes.c_long, arguments)) != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
