"""Whether the box may use a device file, and what would let it."""

from __future__ import annotations

import grp
import os
import pwd
import stat
from dataclasses import dataclass
from enum import Enum

READ, WRITE = 4, 2
_ROOT = 0


class Verdict(Enum):
    """What stands between the box and a device."""

    ALLOWED = "allowed"
    NOT_IN_GROUP = "not_in_group"
    """The device's group may use it, and the user is not in that group: usermod helps."""
    NO_GROUP = "no_group"
    """No group but root's may use it: a udev rule helps."""
    MISSING = "missing"
    """There is no device file: udev does not run, or the device has just gone."""


@dataclass(frozen=True, slots=True)
class Runner:
    """The user whom the box runs as."""

    name: str
    uid: int
    groups: frozenset[int]


@dataclass(frozen=True, slots=True)
class Access:
    """The verdict, with the device's owner and group by name and its permissions as `ls` shows them."""

    verdict: Verdict
    owner: str = ""
    group: str = ""
    mode: str = ""


def runner(name: str | None = None) -> Runner:
    """The user of this name, else this process's own user with the groups that it has now. KeyError for an unknown
    name.
    """
    if name is None:
        uid = os.geteuid()
        return Runner(_user(uid), uid, frozenset({os.getegid(), *os.getgroups()}))
    known = pwd.getpwnam(name)
    return Runner(name, known.pw_uid, frozenset(os.getgrouplist(name, known.pw_gid)))


def access(path: str, who: Runner, needed: int = READ | WRITE) -> Access:
    """Whether `who` may open the device file, judged by its mode alone (ACLs and containers may know better)."""
    try:
        status = os.stat(path)
    except OSError:
        return Access(Verdict.MISSING)
    facts = (_user(status.st_uid), _group(status.st_gid), stat.filemode(status.st_mode))
    return Access(judge(status.st_mode, status.st_uid, status.st_gid, who, needed), *facts)


def judge(mode: int, uid: int, gid: int, who: Runner, needed: int = READ | WRITE) -> Verdict:
    """The verdict on permission bits, by the kernel's rule: the first of owner, group and others that applies."""
    if who.uid == _ROOT:
        return Verdict.ALLOWED
    shift = 6 if who.uid == uid else 3 if gid in who.groups else 0
    if mode >> shift & needed == needed:
        return Verdict.ALLOWED
    helps = gid != _ROOT and gid not in who.groups and mode >> 3 & needed == needed
    return Verdict.NOT_IN_GROUP if helps else Verdict.NO_GROUP


def _user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _group(gid: int) -> str:
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)
