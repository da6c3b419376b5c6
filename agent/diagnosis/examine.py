"""The examination: which parts there are, in the order in which a technician would look, and how they are run."""

import errno
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from importlib import import_module
from typing import Any

from pysqlite3 import dbapi2 as sqlite3

from agent.core.errors import Refused, StoreboxError
from agent.diagnosis.finding import Finding, Said, failing, of_error
from agent.diagnosis.site import Site

Examination = Callable[[Site], "Finding | Iterable[Finding]"]

PARTS: Mapping[str, Said] = {
    "versions": ("版本", "releases: storebox, Python, SQLite, the journal's schema"),
    "settings": ("设置", "the settings file"),
    "identity": ("身份和钥匙", "who this box is, and its keys"),
    "power": ("供电", "power: hard cuts, voltage"),
    "disk": ("硬盘", "the disk: room, flushing, wear"),
    "journal": ("账本", "the journal, its copies and its verification"),
    "clock": ("时钟", "the clock: date, source, distance to headquarters"),
    "devices": ("设备", "printers, scanners, displays, scales"),
    "pages": ("收银页面", "the port of the till's page"),
    "network": ("网络", "the line, layer by layer"),
    "headquarters": ("总部", "headquarters: its answer, its signature"),
    "platforms": ("支付平台", "payment platforms: their files, keys and bills"),
}
"""The parts, each with what it is about."""


def examine(
    site: Site, parts: Sequence[str] = (), advance: Callable[[int], None] = lambda _steps: None
) -> list[Finding]:
    """Return the findings of some parts, or of all; raises nothing about the box itself.

    Without a wish for parts those are left out that can only repeat what was found: a box that was never enrolled has
    no journal yet.
    """
    wanted = list(parts) or list(PARTS)
    for part in wanted:
        if part not in PARTS:
            raise Refused("doctor.unknown_part", part=part[:20], known=", ".join(PARTS))
    found: list[Finding] = []
    for part in wanted:
        if not parts and any(part in _POINTLESS_AFTER.get(one.code or "", ()) for one in found):
            continue
        found += [replace(one, part=part) for one in _findings(site, part)]
        advance(1)
    return found


_POINTLESS_AFTER: Mapping[str, tuple[str, ...]] = {
    "box.not_enrolled": ("journal", "headquarters", "platforms"),
    "state.missing": ("disk", "journal", "headquarters", "platforms"),
}
"""What can only repeat a finding that is there already."""


def _findings(site: Site, part: str) -> list[Finding]:
    examinations: Sequence[Examination] = import_module(f"agent.diagnosis.{part}").EXAMINATIONS
    found: list[Finding] = []
    for examination in examinations:
        name = examination.__name__.replace("_", " ")
        found += guarded(site, name, examination)
    return found


def guarded(site: Site, name: str, examination: Examination) -> list[Finding]:
    """Run one examination; what it raises about the box is a finding too."""
    try:
        given: Any = examination(site)
        return [given] if isinstance(given, Finding) else list(given)
    except StoreboxError as error:
        return [of_error(name, error)]
    except sqlite3.Error as error:
        from agent.core.errors import Broken
        from agent.store.failures import explained

        return [of_error(name, explained(error) or Broken("store.damaged", reason=str(error)[:120]))]
    except OSError as error:
        return [of_os_error(site, name, error)]
    except (ValueError, LookupError) as error:
        # a file of the machine or of somebody else that is not what it should be; the other examinations go on
        said = f"{type(error).__name__}: {error}"[:200]
        return [failing("doctor.unreadable", name, (said, said), what=name, reason=said)]


def of_os_error(site: Site, name: str, error: OSError) -> Finding:
    """Return what the system's own word means: full, read-only, not ours, or a fault of the disk."""
    from agent.diagnosis.users import box_user

    file = str(error.filename or site.settings.state)
    said = f"{file}: {error.strerror or error}"
    evidence = (said, said)
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return failing("store.disk_full", name, evidence)
    if error.errno == errno.EROFS:
        return failing("store.read_only", name, evidence)
    if error.errno == errno.EIO:
        return failing("store.disk_fault", name, evidence)
    folder = str(site.settings.state)
    if error.errno in (errno.EACCES, errno.EPERM):
        return failing("state.not_permitted", name, evidence, file=file, user=box_user().name, folder=folder)
    if error.errno == errno.ENOENT and not site.settings.state.is_dir():
        return failing("state.missing", name, evidence, folder=folder)
    return failing("state.unusable", name, evidence, file=file, reason=error.strerror or str(error))
