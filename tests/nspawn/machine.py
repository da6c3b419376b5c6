"""A booted Debian 12: a copy of the root that `make nspawn` builds, under systemd-nspawn, with nothing but loopback.

Its units see what they would see on a box, but for devices: nodes are made by number, and the list of devices that a
unit may open is enforced (`--system-call-filter=bpf`, without which it silently is not).
"""

import json
import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.integration.running import wait_for

TREE = Path(__file__).resolve().parents[2]
ROOT = TREE / "build" / "nspawn" / "root"
BUILT = TREE / "build" / "dist"
GUEST = Path(__file__).parent / "guest"
TOOLS = ("systemd-nspawn", "nsenter", "dpkg-deb")
BOOT_WITHIN_S = 90.0
MEMORY_BYTES = 3 * 1024**3
ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "LC_ALL": "C.UTF-8",
    "STOREBOX_LANGUAGE": "en",
    "SYSTEMD_PAGER": "",
    "SYSTEMD_COLORS": "0",
}


def what_is_missing() -> str | None:
    """Why nothing can be booted here and what to do about it; None when all is there."""
    if os.geteuid() != 0:
        return "only root can boot a system: sudo make nspawn"
    missing = [name for name in TOOLS if shutil.which(name) is None]
    if missing:
        return f"lacks {', '.join(missing)}: apt-get install systemd-container util-linux dpkg"
    if not ROOT.with_name("root.whole").exists():
        return "there is no Debian 12 root: `make nspawn` builds one where apt has sources of Debian 12"
    if len(list(BUILT.glob("*.deb"))) != 2:
        return "there are no packages: make deb (on Debian 12, or with a Python 3.11)"
    if unified_cgroups() is None:
        return "this machine has no cgroup2 that may be written, as in a container without rights"
    return None


def unified_cgroups() -> Path | None:
    """Return where the unified hierarchy is mounted and may be written, or None."""
    for line in Path("/proc/mounts").read_text().splitlines():
        fields = line.split()
        if fields[2] == "cgroup2" and "rw" in fields[3].split(","):
            return Path(fields[1])
    return None


def roomy_memory() -> Path | None:
    """Return a folder in memory that a root may live in: dpkg syncs each file, which a busy disk makes minutes of."""
    folder = Path("/dev/shm")
    try:
        facts = os.statvfs(folder)
    except OSError:
        return None
    closed = facts.f_flag & (os.ST_NOEXEC | os.ST_RDONLY)
    return None if closed or facts.f_bavail * facts.f_frsize < MEMORY_BYTES else folder


class CannotBoot(Exception):
    """systemd-nspawn does not work here, in its own words."""


class Machine:
    """One booted root; `close` takes its power away and removes everything."""

    def __init__(self, folder: Path, disk: Path) -> None:
        """The root is made in `folder`; what must not be in memory, the machine's own secret, on `disk`."""
        self.root = folder / "root"
        self._own = disk / "own"
        self._folder = folder
        self._leader = 0
        self._nspawn: subprocess.Popen[bytes] | None = None
        groups = unified_cgroups()
        assert groups is not None
        self._group = groups / f"storebox-{os.getpid()}"
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(["cp", "-a", "--reflink=auto", ROOT, self.root], check=True)
        shutil.copytree(self.root / "var/lib/systemd", self._own)
        shutil.copytree(GUEST, self.root / "opt" / "guest", ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(TREE / "tests" / "plugged.py", self.root / "opt" / "guest")

    def boot(self) -> None:
        """Boot; returns when systemd says that it is up. Raises `CannotBoot`."""
        self._group.mkdir(exist_ok=True)
        heard = self._folder / "notify"
        heard.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notified, self._console.open("ab") as console:
            notified.bind(str(heard))
            self._nspawn = subprocess.Popen(
                ["sh", "-c", 'echo $$ >"$0/cgroup.procs"; exec "$@"', str(self._group), *self._command()],
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=console,
                env={**os.environ, "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1", "NOTIFY_SOCKET": str(heard)},
                start_new_session=True,
            )
            notified.settimeout(1.0)
            told: dict[str, str] = {}
            wait_for(lambda: self._ready(notified, told), BOOT_WITHIN_S)
        self._leader = int(told["X_NSPAWN_LEADER_PID"])

    def _command(self) -> Sequence[str]:
        return (
            *("systemd-nspawn", "--quiet", "--directory", str(self.root), "--machine", f"storebox-{os.getpid()}"),
            f"--bind={self._own}:/var/lib/systemd",  # systemd-creds seals with no secret that lies in memory
            *("--boot", "--register=no", "--keep-unit", "--private-network", "--notify-ready=yes"),
            *("--capability=all", "--system-call-filter=bpf", "--console=pipe", "--resolv-conf=off", "--timezone=off"),
        )

    def _ready(self, notified: socket.socket, told: dict[str, str]) -> bool:
        assert self._nspawn is not None
        if self._nspawn.poll() is not None:
            raise CannotBoot(self.console()[-600:])
        try:
            text = notified.recv(4096).decode()
        except TimeoutError:
            return False
        told.update(line.partition("=")[::2] for line in text.splitlines())
        return told.get("READY") == "1" and "X_NSPAWN_LEADER_PID" in told

    @property
    def _console(self) -> Path:
        return self._folder / "console.log"

    def console(self) -> str:
        """Return what was written to the console."""
        return self._console.read_text(errors="replace")

    def run(self, *command: str, check: bool = True, timeout_s: float = 120.0, **environment: str) -> str:
        """Run a command inside as root; returns its standard output. Fails with what it said on standard error."""
        done = subprocess.run(
            [
                *("nsenter", "--target", str(self._leader), "--mount", "--uts", "--ipc", "--net", "--pid"),
                *(
                    "env",
                    "-i",
                    *(f"{name}={value}" for name, value in {**ENVIRONMENT, **environment}.items()),
                    *command,
                ),
            ],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout_s,
        )
        if check and done.returncode != 0:
            raise AssertionError(f"{' '.join(command)} ended {done.returncode}: {done.stdout}{done.stderr}")
        return done.stdout

    def json(self, *command: str, **environment: str) -> Any:
        """Run a command inside and return the JSON document that it prints."""
        return json.loads(self.run(*command, **environment))

    def facts(self, unit: str, *names: str) -> dict[str, str]:
        """Return properties of a unit."""
        text = self.run("systemctl", "show", unit, *(f"--property={name}" for name in names))
        return dict(line.partition("=")[::2] for line in text.splitlines())

    def journal(self, unit: str) -> str:
        """Return the last lines of a unit, for a failing test's words."""
        return self.run("journalctl", "--no-pager", "--lines=60", "--output=cat", f"--unit={unit}", check=False)

    def cut_power(self) -> None:
        """Take the power away: every process dies at once."""
        if self._leader:
            os.kill(self._leader, signal.SIGKILL)
        self._gone()

    def restart(self) -> None:
        """Shut down as a person would, and boot."""
        self.run("systemctl", "--no-block", "poweroff")
        self._gone()
        self.boot()

    def _gone(self) -> None:
        if self._nspawn is not None:
            try:
                self._nspawn.wait(60)
            finally:
                if self._nspawn.poll() is None:
                    os.killpg(self._nspawn.pid, signal.SIGKILL)
                    self._nspawn.wait()
        self._leader, self._nspawn = 0, None

    def close(self) -> None:
        """End it and leave nothing behind."""
        self.cut_power()
        for folder in sorted(self._group.rglob("*"), key=lambda path: -len(path.parts)):
            if folder.is_dir():
                folder.rmdir()
        if self._group.exists():
            self._group.rmdir()
        shutil.rmtree(self._folder)
        shutil.rmtree(self._own, ignore_errors=True)
