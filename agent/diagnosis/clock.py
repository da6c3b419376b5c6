"""The clock: a date that can be, somebody who sets it, a battery that keeps it, its distance to headquarters."""

import ctypes
from datetime import UTC, datetime

from agent.diagnosis.finding import Finding, degraded, failing, well
from agent.diagnosis.site import Site

GOOD_MS = 120_000
BAD_MS = 3_600_000
YEAR_FIRST = 2024
YEAR_LAST = 2099
UNSYNCHRONISED = 0x0040
"""STA_UNSYNC of adjtimex(2): the kernel was told by nobody that its clock is right."""
HARDWARE_GOOD_S = 300


def date(site: Site) -> Finding:
    """Whether the date can be, and is not before what was booked."""
    now_ms = site.now_ms()
    shown = _shown(site, now_ms)
    if not YEAR_FIRST <= datetime.fromtimestamp(now_ms / 1000, UTC).year <= YEAR_LAST:
        return failing("clock.years_off", "date", (shown, shown), now=shown)
    last_ms = _last_entry_ms(site)
    if last_ms > now_ms + GOOD_MS:
        last = _shown(site, last_ms)
        return degraded("clock.behind_journal", "date", (f"{shown} < {last}",) * 2, now=shown, last=last)
    return well("date", shown, shown)


def distance(site: Site) -> Finding:
    """How far the clock is from that of headquarters, by a receipt that they signed."""
    from agent.diagnosis.asking import headquarters_time, hq_url

    name = "clock offset"
    if not hq_url(site):
        return well(name, "没有总部可比", "no headquarters to compare with")
    told = headquarters_time(site)
    if told is None:
        return well(name, "总部没有应答,没法比", "headquarters does not answer, nothing to compare with")
    away_ms = abs(site.now_ms() - told.at_ms)
    seconds = away_ms // 1000
    signed_zh, signed_en = ("(已验签)", " (signed)") if told.signed else ("(未签名)", " (not signed)")
    evidence = (f"与总部差 {seconds} 秒{signed_zh}", f"{seconds} s from headquarters'{signed_en}")
    if away_ms > BAD_MS:
        return failing("clock.differs", name, evidence, seconds=seconds)
    if away_ms > GOOD_MS:
        return degraded("clock.differs", name, evidence, seconds=seconds)
    return well(name, *evidence)


def source(site: Site) -> Finding:
    """Whether somebody sets the clock: a time service that says so, or the kernel's own flag."""
    if (site.roots.run / "systemd" / "timesync" / "synchronized").exists():
        return well("clock source", "systemd-timesyncd", "systemd-timesyncd")
    if kernel_is_synchronised():
        return well("clock source", "内核:已校准", "the kernel's clock is being set")
    return degraded("clock.unsynchronised", "clock source", ("adjtimex: STA_UNSYNC", "adjtimex: STA_UNSYNC"))


class _Timex(ctypes.Structure):
    _fields_ = (
        ("modes", ctypes.c_uint),
        *((name, ctypes.c_long) for name in ("offset", "freq", "maxerror", "esterror")),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_byte * 256),
    )


def kernel_is_synchronised() -> bool:
    """Ask the kernel, changing nothing, whether a time service keeps its clock."""
    asked = _Timex()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.adjtimex(ctypes.byref(asked)) < 0:
        return False
    return not asked.status & UNSYNCHRONISED


def battery(site: Site) -> Finding:
    """Whether a clock of the hardware keeps the time while the box is without power."""
    clocks = sorted((site.roots.sys / "class" / "rtc").glob("rtc*/since_epoch"))
    if not clocks:
        missing = ("/sys/class/rtc 是空的", "/sys/class/rtc is empty")
        return degraded("clock.no_battery", "clock battery", missing, found="—")
    try:
        kept_s = int(clocks[0].read_text())
    except (OSError, ValueError):
        return degraded("clock.no_battery", "clock battery", (str(clocks[0]),) * 2, found=clocks[0].parent.name)
    away_s = abs(kept_s - site.now_ms() // 1000)
    evidence = (f"硬件钟差 {away_s} 秒", f"the hardware clock is {away_s} s away")
    if away_s > HARDWARE_GOOD_S:
        found = _shown(site, kept_s * 1000)
        return degraded("clock.no_battery", "clock battery", evidence, found=found)
    return well("clock battery", *evidence)


def _last_entry_ms(site: Site) -> int:
    from agent.store.connection import JOURNAL_FILE, open_reader

    path = site.settings.state / JOURNAL_FILE
    if not path.exists():
        return 0
    connection = open_reader(path)
    try:
        return int(connection.execute("SELECT coalesce(max(at_ms), 0) FROM journal").fetchone()[0])
    finally:
        connection.close()


def _shown(site: Site, at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, site.settings.zone).strftime("%Y-%m-%d %H:%M:%S")


EXAMINATIONS = (date, distance, source, battery)
