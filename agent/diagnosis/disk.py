"""The disk under the state folder: room, files, whether a flush reaches it and how long that takes, its wear."""

import os
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from agent.diagnosis.finding import Finding, degraded, failing, well
from agent.diagnosis.site import Site
from agent.diagnosis.smart import Health, asked, disk_of

FSYNCS = 20
FSYNC_GOOD_MS = 25.0
FSYNC_BAD_MS = 250.0
FREE_GOOD_BYTES = 2_000_000_000
FREE_BAD_BYTES = 200_000_000
FILES_GOOD = 10_000
FILES_BAD = 500
IN_MEMORY = frozenset({"tmpfs", "ramfs", "rootfs"})
LIFE_PERCENT_BAD = 80
LIFE_STEPS_BAD = 9
"""eMMC counts its life in steps of a tenth; 9 means that 80 to 90 % are used."""


def read_only(site: Site) -> Iterable[Finding]:
    """Whether the disk takes writes at all; said only when it does not."""
    if os.statvfs(site.settings.state).f_flag & os.ST_RDONLY:
        mount = mount_of(site)
        said = f"{mount.point} ro"
        yield failing("store.read_only", "disk", (said, said))


def space(site: Site) -> Finding:
    """Whether there is room for the journal, its copies and the spool."""
    found = os.statvfs(site.settings.state)
    free_bytes = found.f_bavail * found.f_frsize
    free = f"{free_bytes / 1e9:.1f} GB" if free_bytes >= 1e8 else f"{free_bytes / 1e6:.1f} MB"
    if free_bytes < 1_000_000:
        return failing("store.disk_full", "disk space", (f"剩余 {free}", f"{free} free"))
    if free_bytes < FREE_BAD_BYTES:
        return failing("disk.nearly_full", "disk space", (f"剩余 {free}", f"{free} free"), free=free)
    if free_bytes < FREE_GOOD_BYTES:
        return degraded("disk.nearly_full", "disk space", (f"剩余 {free}", f"{free} free"), free=free)
    return well("disk space", f"剩余 {free}", f"{free} free")


def files(site: Site) -> Finding:
    """Whether more files can be made: a disk of many small ones is full while it shows room."""
    found = os.statvfs(site.settings.state)
    if found.f_files == 0:
        return well("disk files", "这种文件系统不限", "without limit on this file system")
    free = found.f_favail
    evidence = (f"还能放 {free} 个文件", f"room for {free} files")
    if free < FILES_BAD:
        return failing("disk.no_inodes", "disk files", evidence, free=free)
    if free < FILES_GOOD:
        return degraded("disk.no_inodes", "disk files", evidence, free=free)
    return well("disk files", *evidence)


def flush(site: Site) -> Finding:
    """Whether a flush reaches the disk, counted at the disk itself, and how long it takes: the floor of every sale."""
    mount = mount_of(site)
    if mount.kind in IN_MEMORY:
        said = f"{mount.point} {mount.kind}"
        folder = str(site.settings.state)
        return failing("disk.in_memory", "disk flush", (said, said), folder=folder, kind=mount.kind)
    before = _writes(site, mount)
    times_ms = sorted(flush_times_ms(site.settings.state))
    after = _writes(site, mount)
    middle_ms, worst_ms = times_ms[len(times_ms) // 2], times_ms[-1]
    text = f"fsync {middle_ms:.1f} ms, {worst_ms:.1f} ms"
    evidence = (f"{text}(中位、最慢)", f"{text} (median, worst of {FSYNCS})")
    if before is not None and after is not None and after - before < FSYNCS:
        reached = after - before
        counted = (f"{FSYNCS} 次落盘,盘写 {reached} 次", f"{FSYNCS} flushes, {reached} writes at the disk")
        return failing("disk.flush_lies", "disk flush", counted, flushes=FSYNCS, writes=reached)
    if middle_ms > FSYNC_BAD_MS:
        return failing("disk.slow", "disk flush", evidence, milliseconds=round(middle_ms))
    if middle_ms > FSYNC_GOOD_MS:
        return degraded("disk.slow", "disk flush", evidence, milliseconds=round(middle_ms))
    return well("disk flush", *evidence)


def flush_times_ms(state: Path) -> list[float]:
    """Return how long each of FSYNCS writes of a page took to be promised; leaves no file behind."""
    path = state / f".doctor-{os.getpid()}"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    times_ms = []
    try:
        for _ in range(FSYNCS):
            began_s = time.perf_counter()
            os.write(descriptor, bytes(4096))
            os.fsync(descriptor)
            times_ms.append((time.perf_counter() - began_s) * 1000)
    finally:
        os.close(descriptor)
        path.unlink()
    return times_ms


@dataclass(frozen=True, slots=True)
class Mount:
    """Where a folder's file system is mounted, of which kind, and the number of its device."""

    point: str
    kind: str
    device: str


def mount_of(site: Site) -> Mount:
    """Return the mount that holds the state folder, by the kernel's list."""
    number = os.stat(site.settings.state).st_dev
    wanted = f"{os.major(number)}:{os.minor(number)}"
    best = Mount("/", "", wanted)
    folder = str(site.settings.state.resolve())
    for line in (site.roots.proc / "self" / "mountinfo").read_text(encoding="utf-8", errors="replace").splitlines():
        fields = line.split()
        point = fields[4].replace("\\040", " ")
        inside = folder == point or folder.startswith(f"{point.rstrip('/')}/")
        if fields[2] == wanted and inside and len(point) >= len(best.point):
            best = Mount(point, fields[fields.index("-") + 1], wanted)
    return best


def _writes(site: Site, mount: Mount) -> int | None:
    """Return how many writes the disk has completed; None where no single disk holds the file system."""
    path = site.roots.sys / "dev" / "block" / mount.device / "stat"
    try:
        return int(path.read_text().split()[4])
    except (OSError, IndexError, ValueError):
        return None


def wear(site: Site) -> Finding:
    """How much of its life the disk has used: eMMC tells the kernel by itself, others are asked by SMART."""
    lives = sorted((site.roots.sys / "block").glob("mmcblk*/device/life_time"))
    for path in lives:
        device = path.parts[-3]
        steps = max(int(step, 16) for step in path.read_text().split())
        state = path.with_name("pre_eol_info")
        word = int(state.read_text().strip(), 16) if state.exists() else 0
        evidence = f"{device} life_time {path.read_text().strip()}, pre_eol_info {word}"
        if word > 1:
            names = {2: "80 % of the spare blocks are used", 3: "nearly no spare block is left"}
            told = names.get(word, str(word))
            return failing("disk.unhealthy", "disk wear", (evidence, evidence), device=device, word=told)
        if steps >= LIFE_STEPS_BAD:
            return degraded("disk.worn", "disk wear", (evidence, evidence), device=device, percent=min(steps * 10, 100))
        return well("disk wear", evidence, evidence)
    return _by_smart(site)


def _by_smart(site: Site) -> Finding:
    disk = disk_of(mount_of(site).device, site.roots.sys)
    health = Health(None, None) if disk is None else asked(disk)
    if disk is None or health == Health(None, None):
        return well("disk wear", "盘没说;root 用 smartctl -a 可看", "not told; root sees it by smartctl -a")
    used = f"{health.used_percent} %" if health.used_percent is not None else "?"
    evidence = (f"{disk}:SMART {health.good},寿命用了 {used}", f"{disk}: SMART {health.good}, {used} of its life used")
    if health.good is False:
        return failing("disk.unhealthy", "disk wear", evidence, device=disk, word="SMART: FAILED")
    if health.used_percent is not None and health.used_percent >= LIFE_PERCENT_BAD:
        return degraded("disk.worn", "disk wear", evidence, device=disk, percent=health.used_percent)
    return well("disk wear", *evidence)


EXAMINATIONS = (read_only, space, files, flush, wear)
