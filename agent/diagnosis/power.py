"""Power: starts without a shutdown before them, a supply that sags, a box on its battery.

What the kernel or the system wrote down is read; nothing is measured here. A machine that says nothing about its
voltage is not called well, it is said that it is silent.
"""

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from agent.diagnosis.finding import Finding, degraded, well
from agent.diagnosis.site import Site

RECORD = struct.Struct("<hxxi32s4s32s256shhiii16s20x")
"""One record of wtmp, utmp(5) on every 64-bit Linux: 384 bytes."""
BOOT, RUN_LEVEL = 2, 1
DAYS_LOOKED_BACK = 30
THROTTLED = "devices/platform/soc/soc:firmware/get_throttled"
UNDER_VOLTAGE_BITS = 0x1_0001
"""Bit 0: now; bit 16: since the start (Raspberry Pi's firmware)."""


@dataclass(frozen=True, slots=True)
class Boot:
    """One start of the machine; `clean` when a shutdown stands before it, or nothing at all."""

    at_s: int
    clean: bool


def boots_of(data: bytes) -> Iterator[Boot]:
    """Yield the starts in the bytes of a wtmp file, oldest first; a torn record at the end is left out."""
    was_shut_down = True
    for start in range(0, len(data) - RECORD.size + 1, RECORD.size):
        kind, _, _, _, user, _, _, _, _, at_s, *_ = RECORD.unpack_from(data, start)
        name = user.rstrip(b"\0")
        if kind == BOOT and name == b"reboot":
            yield Boot(at_s, was_shut_down)
            was_shut_down = False
        elif kind == RUN_LEVEL and name == b"shutdown":
            was_shut_down = True


def hard_cuts(site: Site) -> Finding:
    """How often the machine lost its power without a shutdown in the last month."""
    path = site.roots.var / "log" / "wtmp"
    try:
        boots = list(boots_of(path.read_bytes()))
    except FileNotFoundError:
        return well("hard cuts", f"系统不记开机({path})", f"the system keeps no record of starts ({path})")
    after_s = site.now_ms() // 1000 - DAYS_LOOKED_BACK * 86_400
    recent = [boot for boot in boots if boot.at_s >= after_s]
    unclean = [boot for boot in recent if not boot.clean]
    if unclean:
        last = datetime.fromtimestamp(unclean[-1].at_s, site.settings.zone).strftime("%Y-%m-%d %H:%M")
        evidence = (f"{len(recent)} 次开机,{len(unclean)} 次没关机", f"{len(unclean)} of {len(recent)} starts")
        return degraded("power.unclean_boots", "hard cuts", evidence, boots=len(unclean), last=last)
    count = len(recent)
    return well("hard cuts", f"30 天 {count} 次开机,都关过机", f"{count} starts in 30 days, each after a shutdown")


def voltage(site: Site) -> Finding:
    """Whether the kernel or the firmware saw too little voltage."""
    throttled = site.roots.sys / THROTTLED
    alarms = list(_voltage_alarms(site.roots.sys))
    if throttled.exists() and int(throttled.read_text().strip(), 16) & UNDER_VOLTAGE_BITS:
        alarms.append(str(throttled))
    if alarms:
        return degraded("power.under_voltage", "voltage", (alarms[0], alarms[0]), source=alarms[0])
    if throttled.exists() or list(_voltage_files(site.roots.sys)):
        return well("voltage", "没有报过低压", "never reported low")
    return well("voltage", "这台机器不报电压", "this machine does not report it")


def _voltage_files(sys: Path) -> Iterable[Path]:
    return sorted((sys / "class" / "hwmon").glob("hwmon*/in*_lcrit_alarm"))


def _voltage_alarms(sys: Path) -> Iterator[str]:
    for path in _voltage_files(sys):
        if path.read_text().strip() == "1":
            yield str(path)


def mains(site: Site) -> Finding:
    """Whether a machine with a battery gets power from the wall.

    A wireless keyboard has a battery of its own, and a USB-C port that charges nothing is a supply without power: that
    says nothing about this machine.
    """
    known = {path: _word(path / "type") for path in sorted((site.roots.sys / "class" / "power_supply").glob("*"))}
    has_battery = any(kind == "Battery" and _word(path / "scope") != "Device" for path, kind in known.items())
    supplies = [
        path / "online"
        for path, kind in known.items()
        if (path / "online").exists() and kind != "Battery" and (has_battery or not kind.startswith("USB"))
    ]
    if not supplies:
        return well("mains", "没有电池,只用市电", "no battery, mains only")
    if not any(path.read_text().strip() == "1" for path in supplies):
        source = ", ".join(path.parent.name for path in supplies)
        return degraded("power.on_battery", "mains", (f"{source}: 0", f"{source}: 0"), source=source)
    since = datetime.fromtimestamp(site.now_ms() / 1000, UTC).strftime("%H:%M UTC")
    return well("mains", f"市电在({since})", f"on mains ({since})")


def _word(path: Path) -> str:
    """Return a word of the kernel's; empty where it says none."""
    try:
        return path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeError):
        return ""


EXAMINATIONS = (hard_cuts, voltage, mains)
