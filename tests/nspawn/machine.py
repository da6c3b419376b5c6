"""A booted Debian 12: a copy of the root that `make nspawn` builds, under systemd-nspawn, with nothing but loopback.

Its units see what they would see on a box, but for devices: nodes are made by number, and the list of devices that a
unit may open is enforced (`--system-call-filter=bpf`, without which it silently is not).
"""

import errno
import json
import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.integration.running import wait_for

TREE = Path(__file__).resolve().parents[2]
ROOT = TREE / "build" / "nspawn" / "root"
BUILT = TREE / "build" / "dist"
GUEST = Path(__file__).parent / "guest"
TOOLS = ("systemd-nspawn", "nsenter", "dpkg-deb")
COPIED_WITHIN_S = 300.0
BOOT_WITHIN_S = 90.0
KILLED_WITHIN_S = 20.0
LOOK_S = 0.3
MEMORY_BYTES = 3 * 1024**3
ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "LC_ALL": "C.UTF-8",
    "STOREBOX_LANGUAGE": "en",
    "SYSTEMD_PAGER": "",
    "SYSTEMD_COLORS": "0",
}


def what_is_missing(root: Path = ROOT, built: Path = BUILT) -> str | None:
    """Why nothing can be booted here and what to do about it; None when all is there."""
    if os.geteuid() != 0:
        return "only root can boot a system: sudo make nspawn"
    missing = [name for name in TOOLS if shutil.which(name) is None]
    if missing:
        return f"lacks {', '.join(missing)}: apt-get install systemd-container util-linux dpkg"
    if not root.with_name("root.whole").exists():
        said = last_words(root.with_name("root.log"))
        return f"there is no Debian 12 root: `make nspawn` builds one where apt has sources of Debian 12{said}"
    if len(list(built.glob("*.deb"))) != 2:
        said = last_words(built / "deb.log")
        return f"there are no packages: make deb (on Debian 12, or with a Python 3.11){said}"
    if unified_cgroups() is None:
        return "this machine has no cgroup2 that may be written, as in a container without rights"
    return None


def last_words(log: Path) -> str:
    """Return what a log ends with, as evidence behind a sentence; nothing without a log or with an empty one."""
    try:
        lines = log.read_text(errors="replace").strip().splitlines()
    except OSError:
        return ""
    return f"; {log} ends: {' / '.join(lines[-3:])}" if lines else ""


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


def group_of(folder: Path) -> str:
    """Return the name of the control group of the machine that is made in a folder; each machine has its own."""
    return f"storebox-{os.getpid()}-{folder.name}"


def populated(group: Path) -> bool:
    """Tell whether a control group, or one below it, has a process; one that has gone has none."""
    try:
        return "populated 1" in (group / "cgroup.events").read_text()
    except OSError:
        return False


class CannotBoot(Exception):
    """systemd-nspawn does not work here, in its own words."""


REMEDY = (
    "; run .ci/run or `make nspawn` on a machine with rights (containers: privileged, with a cgroup2 of its own), "
    "or leave it out: STOREBOX_NSPAWN=0 .ci/run"
)


def first_boot(folder: Path, disk: Path, root: Path = ROOT, within_s: float = BOOT_WITHIN_S) -> "Machine":
    """Return a machine that is up. Raises `CannotBoot` with evidence and remedy for whatever stands in the way.

    It shows whether this machine can do it at all, so nothing that goes wrong here is a fault of ours: it hangs, it
    dies, rights or room are lacking. What goes wrong at later boots is.
    """
    machine = None
    try:
        machine = Machine(folder, disk, root)
        machine.boot(within_s)
    except (CannotBoot, OSError, subprocess.SubprocessError) as error:
        evidence = str(error)
        if machine is not None:
            try:
                machine.close()
            except (OSError, subprocess.SubprocessError) as left:
                evidence += f"; and it does not go away: {left}"
        shutil.rmtree(folder, ignore_errors=True)
        raise CannotBoot(f"systemd-nspawn boots nothing here: {evidence}{REMEDY}") from error
    return machine


class Machine:
    """One booted root; `close` takes its power away and removes everything."""

    def __init__(self, folder: Path, disk: Path, root: Path = ROOT) -> None:
        """A copy of `root` is made in `folder`; what must not be in memory, the machine's own secret, on `disk`."""
        self.root = folder / "root"
        self._own = disk / "own"
        self._folder = folder
        self._leader = 0
        self._nspawn: subprocess.Popen[bytes] | None = None
        groups = unified_cgroups()
        assert groups is not None
        self._group = groups / group_of(folder)
        folder.mkdir(parents=True, exist_ok=True)
        copy = ("cp", "-a", "--reflink=auto", root, self.root)
        subprocess.run(copy, check=True, capture_output=True, timeout=COPIED_WITHIN_S)
        shutil.copytree(self.root / "var/lib/systemd", self._own)
        shutil.copytree(GUEST, self.root / "opt" / "guest", ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(TREE / "tests" / "plugged.py", self.root / "opt" / "guest")

    def boot(self, within_s: float = BOOT_WITHIN_S) -> None:
        """Boot; returns when systemd says that it is up. Raises `CannotBoot` when it ends, or is not up in time."""
        self._group.mkdir(exist_ok=True)
        heard = self._folder / "notify"
        heard.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notified, self._console.open("ab") as console:
            notified.bind(str(heard))
            self._nspawn = subprocess.Popen(
                ["sh", "-c", 'echo $$ >"$0/cgroup.procs" && exec "$@"', str(self._group), *self._command()],
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=console,
                env={**os.environ, "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1", "NOTIFY_SOCKET": str(heard)},
                start_new_session=True,
            )
            notified.settimeout(LOOK_S)
            told: dict[str, str] = {}
            try:
                wait_for(lambda: self._ready(notified, told), within_s)
            except AssertionError as error:
                raise CannotBoot(f"not up {error}; it said: {self.last_words() or 'nothing'}") from error
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
            raise CannotBoot(f"it ended {self._nspawn.returncode}: {self.last_words() or 'without a word'}")
        try:
            text = notified.recv(4096).decode("utf-8", "replace")
        except TimeoutError:
            text = ""
        told.update(line.partition("=")[::2] for line in text.splitlines())
        return "X_NSPAWN_LEADER_PID" in told and (told.get("READY") == "1" or self._is_up(told))

    def _is_up(self, told: Mapping[str, str]) -> bool:
        """Ask for the target itself: READY wants no job left, and a release that waits for a quiet moment is one."""
        self._leader = int(told["X_NSPAWN_LEADER_PID"])
        asked = ("systemctl", "is-active", "--quiet", "multi-user.target")
        return subprocess.run(self._inside(asked, {}), capture_output=True, timeout=KILLED_WITHIN_S).returncode == 0

    @property
    def _console(self) -> Path:
        return self._folder / "console.log"

    def console(self) -> str:
        """Return what was written to the console."""
        return self._console.read_text(errors="replace")

    def last_words(self) -> str:
        """Return the end of the console, in one line."""
        return " / ".join(self.console()[-600:].split("\n")).strip(" /")

    def run(self, *command: str, check: bool = True, timeout_s: float = 120.0, **environment: str) -> str:
        """Run a command inside as root; returns its standard output. Fails with what it said on standard error."""
        done = subprocess.run(
            self._inside(command, environment), capture_output=True, text=True, errors="replace", timeout=timeout_s
        )
        if check and done.returncode != 0:
            raise AssertionError(f"{' '.join(command)} ended {done.returncode}: {done.stdout}{done.stderr}")
        return done.stdout

    def begin(self, *command: str) -> subprocess.Popen[bytes]:
        """Begin a command inside as root, and look on; a power cut ends it. What it says goes to the console."""
        with self._console.open("ab") as console:
            return subprocess.Popen(self._inside(command, {}), stdin=subprocess.DEVNULL, stdout=console, stderr=console)

    def _inside(self, command: Sequence[str], environment: Mapping[str, str]) -> Sequence[str]:
        settings = (f"{name}={value}" for name, value in {**ENVIRONMENT, **environment}.items())
        enter = ("nsenter", "--target", str(self._leader), "--mount", "--uts", "--ipc", "--net", "--pid")
        return [*enter, "env", "-i", *settings, *command]

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
        """Take the power away: every process dies at once, systemd-nspawn's own too."""
        self._kill(self._group)
        self._gone()

    def kill_units(self, *names: str) -> list[str]:
        """`kill -9` of all processes of some units at once; returns the units that had any."""
        units = [group for name in names for group in self._group.glob(f"*/system.slice/{name}")]
        found = [group for group in units if populated(group)]
        for group in found:
            self._kill(group)
        return [group.name for group in found]

    @staticmethod
    def _kill(group: Path) -> None:
        """Have the kernel kill a control group with all below it; one that has gone has no processes."""
        try:
            (group / "cgroup.kill").write_text("1")
        except FileNotFoundError:
            for processes in group.rglob("cgroup.procs"):  # a kernel before 5.14
                for number in processes.read_text().split():
                    os.kill(int(number), signal.SIGKILL)

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
                    self._kill(self._group)
                    os.killpg(self._nspawn.pid, signal.SIGKILL)
                    self._nspawn.wait(KILLED_WITHIN_S)
        try:
            wait_for(lambda: not populated(self._group), KILLED_WITHIN_S)
        except AssertionError as error:
            raise OSError(errno.EBUSY, "processes that do not die", str(self._group)) from error
        self._leader, self._nspawn = 0, None

    def close(self) -> None:
        """End it and leave nothing behind; raises OSError or `subprocess.TimeoutExpired` when something does not go."""
        try:
            self.cut_power()
            for folder in sorted(self._group.rglob("*"), key=lambda path: -len(path.parts)):
                if folder.is_dir():
                    folder.rmdir()
            if self._group.exists():
                self._group.rmdir()
        finally:
            shutil.rmtree(self._folder)
            shutil.rmtree(self._own, ignore_errors=True)
