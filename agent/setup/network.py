"""Root's part of joining a network: what storebox-network.service runs when the box asks for it by a file.

It believes nothing: the request is read again as a code, only files of a fixed list are written, and when the new
network does not reach its gateway the files of before come back. They are kept on disk meanwhile, so that a power cut
in the middle ends with them too.
"""

import json
import os
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agent.core.canonical import canonical_bytes, parse
from agent.core.errors import Broken, StoreboxError
from agent.core.network_codes import NetworkPlan, read_network_code
from agent.disk import sync_folder
from agent.setup.enrolling import CLOCK_OFF_MS, CLOCK_REQUEST
from agent.setup.facts import Interface, interfaces
from agent.setup.joining import ANSWER, REQUEST
from agent.setup.network_files import device_of, files_for, managed_files

REQUEST_BYTES_MAX = 8192
REACHED_WITHIN_S = 40.0
LOOK_EVERY_S = 1.0
COMMAND_WITHIN_S = 30.0
BEFORE = "var/lib/storebox-network/before.json"
"""What the files held before a trial; it is there exactly while one runs."""
CLOCK_EARLIEST_MS = 1_735_689_600_000
"""2025-01-01: no release of this was made before."""
CLOCK_LATEST_MS = 4_102_444_800_000
_REACHED = frozenset({"REACHABLE", "DELAY", "STALE", "PROBE", "PERMANENT"})

RunCommand = Callable[[Sequence[str]], str | None]
"""Runs a command; returns what it printed, None when it ended otherwise than well."""


def run_command(words: Sequence[str]) -> str | None:
    """Run a program of the system."""
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=COMMAND_WITHIN_S, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None


@dataclass(frozen=True, slots=True)
class System:
    """What root's part touches; a test gives a folder and commands of its own."""

    root: Path = Path("/")
    run: RunCommand = run_command
    sleep: Callable[[float], None] = time.sleep
    monotonic_s: Callable[[], float] = time.monotonic
    now_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000
    set_clock: Callable[[float], None] = lambda at_s: time.clock_settime(time.CLOCK_REALTIME, at_s)


def serve_requests(state: Path, system: System) -> list[str]:
    """Do what the box asks for, and return what was done: `recovered`, `network`, `network kept`, `clock`."""
    done = ["recovered"] if recover(system) else []
    if (state / "setup").is_symlink():
        return done
    request = _read(state / "setup" / REQUEST)
    if request is not None:
        answer = answered(request, system)
        _write(state / "setup" / ANSWER, canonical_bytes(answer), 0o644)
        (state / "setup" / REQUEST).unlink(missing_ok=True)
        done.append("network" if answer["applied"] else "network kept")
    clock = _read(state / "setup" / CLOCK_REQUEST)
    if clock is not None:
        (state / "setup" / CLOCK_REQUEST).unlink(missing_ok=True)
        done += ["clock"] if _set_clock(clock, system) else []
    return done


def answered(request: dict[str, Any], system: System) -> dict[str, Any]:
    """Apply a request and return its answer `{id, applied, layers, code}`."""
    answer: dict[str, Any] = {"id": str(request.get("id"))[:64], "applied": False, "layers": {}, "code": None}
    try:
        plan = read_network_code(str(request.get("code")))
    except StoreboxError as error:
        return {**answer, "code": error.code}
    chosen = _chosen(plan, interfaces(system.root / "sys"))
    if chosen is None:
        return {**answer, "layers": {"link": {"good": False, "detail": "no interface"}}}
    layers = _tried(plan, chosen.name, system)
    return {**answer, "applied": all(one["good"] for one in layers.values()), "layers": layers}


def recover(system: System) -> bool:
    """Put the files of before back, when a trial was cut off; tells whether there was one."""
    kept = _read(system.root / BEFORE)
    if kept is None:
        return False
    for name, content in kept["files"].items():
        _replace(system.root / name, content)
    _activate(system, str(kept["interface"]))
    (system.root / BEFORE).unlink()
    return True


def _chosen(plan: NetworkPlan, found: list[Interface]) -> Interface | None:
    """Return the interface that a plan is about: the one of its kind that is plugged in, else the first."""
    fitting = [one for one in found if one.wireless == (plan.wireless is not None)]
    return next((one for one in fitting if one.carrier), fitting[0] if fitting else None)


def _tried(plan: NetworkPlan, interface: str, system: System) -> dict[str, dict[str, Any]]:
    wanted, managed = files_for(plan, interface), managed_files(interface)
    before = {name: _content(system.root / name) for name in managed}
    _write(system.root / BEFORE, json.dumps({"interface": interface, "files": before}).encode(), 0o600)
    for name in managed:
        _replace(system.root / name, wanted.get(name))
    _activate(system, interface)
    ends_at_s = system.monotonic_s() + REACHED_WITHIN_S
    layers = _layers(plan, interface, system)
    while not all(one["good"] for one in layers.values()) and system.monotonic_s() < ends_at_s:
        system.sleep(LOOK_EVERY_S)
        layers = _layers(plan, interface, system)
    if all(one["good"] for one in layers.values()):
        (system.root / BEFORE).unlink()
    else:
        recover(system)
    return layers


def _activate(system: System, interface: str) -> None:
    """Let the services take the files up; one that is not installed says so by its layer."""
    supplicant = f"wpa_supplicant@{interface}.service"
    has_wireless = (system.root / managed_files(interface)[3]).exists()
    system.run(["systemctl", *(("enable", "--now") if has_wireless else ("disable", "--now")), supplicant])
    if has_wireless:
        system.run(["systemctl", "restart", supplicant])
    system.run(["systemctl", "enable", "--now", "systemd-networkd.service"])
    system.run(["networkctl", "reload"])
    system.run(["networkctl", "reconfigure", interface])
    resolver = system.root / "etc/storebox/resolv.conf"
    if resolver.exists() and system.run(["systemctl", "is-active", "systemd-resolved.service"]) is None:
        _replace(system.root / "etc/resolv.conf", resolver.read_text(encoding="ascii"))


def _layers(plan: NetworkPlan, interface: str, system: System) -> dict[str, dict[str, Any]]:
    device = device_of(plan, interface)
    carrier = _content(system.root / "sys/class/net" / interface / "carrier") or ""
    address = _first(
        system.run(["ip", "-j", "-4", "addr", "show", "dev", device, "scope", "global"]), "addr_info", "local"
    )
    has_address = bool(address) and (plan.address is None or address == str(plan.address.ip))
    route = _first(system.run(["ip", "-j", "-4", "route", "show", "default", "dev", device]), "gateway")
    gateway = str(plan.gateway) if plan.gateway is not None else route
    isolated = plan.address is not None and plan.gateway is None
    reached = isolated or bool(has_address and gateway and _reaches(gateway, device, system))
    return {
        "link": {"good": carrier.strip() == "1", "detail": interface},
        "address": {"good": has_address, "detail": address},
        "gateway": {"good": reached, "detail": gateway},
    }


def _reaches(gateway: str, device: str, system: System) -> bool:
    """Tell whether the gateway is there: it answers a ping, or at least the question for its hardware address."""
    if system.run(["ping", "-c", "1", "-W", "1", "-I", device, gateway]) is not None:
        return True
    rows = _rows(system.run(["ip", "-j", "neigh", "show", gateway, "dev", device]))
    return any(_REACHED & set(row.get("state", [])) for row in rows)


def _set_clock(request: dict[str, Any], system: System) -> bool:
    """Set the clock by headquarters' time, unless the network keeps it already or the request is of another boot."""
    hq_at_ms, then_ms = request.get("hq_at_ms"), request.get("monotonic_ms")
    if type(hq_at_ms) is not int or type(then_ms) is not int:
        return False
    passed_ms = int(system.monotonic_s() * 1000) - then_ms
    at_ms = hq_at_ms + passed_ms
    synchronised = (system.run(["timedatectl", "show", "--property=NTPSynchronized", "--value"]) or "").strip() == "yes"
    if passed_ms < 0 or synchronised or not CLOCK_EARLIEST_MS <= at_ms <= CLOCK_LATEST_MS:
        return False
    if abs(at_ms - system.now_ms()) <= CLOCK_OFF_MS:
        return False
    system.set_clock(at_ms / 1000)
    return True


def _first(text: str | None, *keys: str) -> str:
    """Return the first value at a path of keys in what `ip -j` printed; empty where there is none."""
    values: list[Any] = _rows(text)
    for key in keys[:-1]:
        values = [inner for value in values for inner in value.get(key, [])]
    return next((str(value[keys[-1]]) for value in values if isinstance(value, dict) and keys[-1] in value), "")


def _rows(text: str | None) -> list[dict[str, Any]]:
    try:
        rows = json.loads(text or "[]")
    except ValueError:
        return []
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _read(path: Path) -> dict[str, Any] | None:
    """Return a request; None for what is none. A link is not followed: the box's user may not have root read for it."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    with os.fdopen(descriptor, "rb") as file:
        data = file.read(REQUEST_BYTES_MAX * 8)
    try:
        document = parse(data)
    except Broken:
        return None
    return document if isinstance(document, dict) else None


def _content(path: Path) -> str | None:
    """Return a file's text, byte for byte by `_replace`: somebody may have written it by hand, in GBK."""
    try:
        return path.read_bytes().decode(errors="surrogateescape")
    except OSError:
        return None


def _replace(path: Path, content: str | None) -> None:
    if content is None:
        path.unlink(missing_ok=True)
        return
    secret = path.name.startswith("wpa_supplicant")
    _write(path, content.encode(errors="surrogateescape"), 0o600 if secret else 0o644)


def _write(path: Path, data: bytes, mode: int) -> None:
    """Write a file whole or not at all; in a folder of the box's user no link of its is followed."""
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.root")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(descriptor, mode)
        file.write(data)
        file.flush()
        os.fsync(descriptor)
    draft.replace(path)
    sync_folder(path.parent)
