"""The devices of the settings: plugged in, open to the box's user, used by nobody else, what the address says."""

import errno
import os
import socket
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from agent.core.errors import StoreboxError
from agent.diagnosis.finding import Finding, State, degraded, failing, of_error, well
from agent.diagnosis.holders import holders_of
from agent.diagnosis.site import Site

if TYPE_CHECKING:
    from agent.daemon.named_devices import NamedDevice

UP = {"ready": "ok", "degraded": "degraded"}
WORDS = {
    "block": ("磁盘", "a disk"),
    "character": ("别的设备", "another kind of device"),
    "folder": ("文件夹", "a folder"),
    "file": ("普通文件", "an ordinary file"),
    "line": ("串口", "a serial line"),
    "input": ("扫码枪的输入设备", "an input device"),
    "device": ("设备文件", "a device file"),
}


def devices(site: Site) -> Iterable[Finding]:
    """Look at each device: what the running box says of it, then what the machine shows."""
    from agent.daemon.named_devices import named_devices

    named = named_devices(site.settings)
    if not named:
        yield well("devices", "没有设置设备", "no device is set up")
        return
    told = {} if site.known is None else {str(row["name"]): row for row in site.known()}
    for one in named:
        yield from _of_box(site, one, dict(told[one.name])) if one.name in told else _of_machine(site, one)


def _of_box(site: Site, one: "NamedDevice", row: dict[str, object]) -> Iterator[Finding]:
    """Yield what the running box knows; when it can not use the device, also why, as the machine shows it."""
    state, code = str(row["state"]), row.get("code")
    if state == "ready":
        yield well(one.name, f"好用({one.url})", f"ready ({one.url})")
        return
    reasons = [] if state == "degraded" else [found for found in _of_machine(site, one) if found.state != "ok"]
    if reasons:
        yield from reasons
        return
    how: State = "degraded" if state == "degraded" else "fail"
    yield of_error(one.name, StoreboxError(str(code or f"{one.kind}.absent")), how)


def _of_machine(site: Site, one: "NamedDevice") -> Iterator[Finding]:
    scheme, _, rest = one.url.partition(":")
    address = rest.partition("?")[0]
    if scheme == "tcp":
        yield _over_network(site, one, address)
    elif scheme == "usb":
        yield _over_usb(site, one, address)
    elif address.startswith("/"):
        yield from _by_file(site, one, scheme, Path(address))
    else:
        yield well(one.name, one.url, one.url)


def _over_network(site: Site, one: "NamedDevice", address: str) -> Finding:
    """Try a connection; a box that runs holds the only one, and is asked instead."""
    host, _, port = address.rpartition(":")
    if not port.isdecimal():
        host, port = address, "9100"
    try:
        socket.create_connection((host.strip("[]"), int(port)), site.within_s).close()
    except OSError as error:
        reason = _reason(error, site.within_s)
        return failing("node.unreachable", one.name, (reason, reason), device=one.name, address=address, reason=reason)
    return well(one.name, f"{address} 通", f"{address} takes connections")


def _reason(error: OSError, within_s: float) -> str:
    if isinstance(error, TimeoutError):
        return f"> {within_s:g} s"
    return error.strerror or errno.errorcode.get(error.errno or 0, str(error))


def _over_usb(site: Site, one: "NamedDevice", address: str) -> Finding:
    vendor, _, product = address.partition(":")
    for folder in sorted((site.roots.sys / "bus" / "usb" / "devices").glob("*/idVendor")):
        same_product = folder.with_name("idProduct").read_text().strip() == product.lower()
        if folder.read_text().strip() == vendor.lower() and same_product:
            return well(one.name, f"USB {folder.parent.name}", f"USB {folder.parent.name}")
    return failing("node.usb_missing", one.name, (address, address), device=one.name, address=address)


def _by_file(site: Site, one: "NamedDevice", scheme: str, path: Path) -> Iterator[Finding]:
    if not path.exists():
        yield failing("node.missing", one.name, (str(path), str(path)), device=one.name, path=str(path))
        return
    other = _other_kind(scheme, path)
    if other is not None:
        found, wanted = WORDS[other[0]], WORDS[other[1]]
        yield failing(
            "node.other_kind",
            one.name,
            (f"{path} → {path.resolve()}",) * 2,
            device=one.name,
            path=str(path),
            found=found[1],
            found_zh=found[0],
            wanted=wanted[1],
            wanted_zh=wanted[0],
        )
        return
    closed = _closed(one, scheme, path)
    if closed is not None:
        yield closed
        return
    yield _held(site, one, path) or _grabbed(site, one, path) or well(one.name, str(path), str(path))


def _other_kind(scheme: str, path: Path) -> tuple[str, str] | None:
    """Return what an address leads to and what was wanted, None when they agree."""
    mode = path.stat().st_mode
    wanted = {"serial": "line", "hid": "input"}.get(scheme, "device")
    if stat.S_ISDIR(mode):
        return "folder", wanted
    if stat.S_ISBLK(mode):
        return "block", wanted
    if not stat.S_ISCHR(mode):
        # an emulated device is a pipe or an ordinary file on purpose, by a scheme of its own
        return ("file", wanted) if stat.S_ISREG(mode) and scheme in ("serial", "hid") else None
    if scheme == "serial" and not _is_line(path):
        return "character", wanted
    return None


def _is_line(path: Path) -> bool:
    """Tell whether a character device is a serial line: of a major number that terminals have."""
    name = path.resolve().name
    return name.startswith("tty") or path.resolve().parent.name == "pts"


def _closed(one: "NamedDevice", scheme: str, path: Path) -> Finding | None:
    """Return why the box's user may not open a device file, None when it may."""
    from agent.diagnosis.users import box_user
    from drivers.discovery.access import READ, WRITE, Verdict, access

    needed = READ if scheme == "hid" and "hidraw" not in str(path.resolve()) else READ | WRITE
    who = box_user()
    seen = access(str(path), who, needed)
    evidence = (f"{path} {seen.mode} {seen.owner}:{seen.group}",) * 2
    if seen.verdict is Verdict.NOT_IN_GROUP:
        return failing("node.not_in_group", one.name, evidence, device=one.name, group=seen.group, user=who.name)
    if seen.verdict is Verdict.NO_GROUP:
        mode = f"{seen.mode} {seen.owner}:{seen.group}"
        return failing(
            "node.not_permitted", one.name, evidence, device=one.name, path=str(path), mode=mode, user=who.name
        )
    return None


def _held(site: Site, one: "NamedDevice", path: Path) -> Finding | None:
    """Return which other program has the device open, None when nobody has or the box itself runs."""
    if site.runs:
        return None
    holders = holders_of(path, site.roots.proc)
    if not holders:
        return None
    first = holders[0]
    evidence = (", ".join(map(str, holders)),) * 2
    make = degraded if stat.S_ISFIFO(path.stat().st_mode) else failing
    return make("node.held", one.name, evidence, device=one.name, holder=str(first), path=str(path), pid=first.number)


def _grabbed(site: Site, one: "NamedDevice", path: Path) -> Finding | None:
    """Return whether another program keeps a keyboard scanner's keys to itself, by trying to grab it for a moment."""
    if site.runs or one.kind != "scanner" or "/input/" not in str(path.resolve()):
        return None
    import fcntl

    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.ioctl(descriptor, EVIOCGRAB, 1)
        fcntl.ioctl(descriptor, EVIOCGRAB, 0)
    except OSError as error:
        if error.errno != errno.EBUSY:
            raise
        return failing("node.grabbed", one.name, (str(path), str(path)), device=one.name, path=str(path))
    finally:
        os.close(descriptor)
    return None


EVIOCGRAB = 0x4004_4590
"""input.h: _IOW('E', 0x90, int)."""

EXAMINATIONS = (devices,)
