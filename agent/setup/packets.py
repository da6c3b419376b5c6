"""Offline packets that a stick brought, and the eight characters that open one: `STATE/setup/stick/`.

The box may not mount a disk. Root's part (`agent.setup.stick`) copies what it finds on a stick into this folder while
the folder is there, which is as long as setup lasts. Which store a packet is for, nobody can tell before it is open.
"""

import logging
import os
import shutil
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

from agent.core.errors import Credentials, Refused, StoreboxError
from agent.core.ports import Clock
from agent.daemon.box import begin_journal
from agent.disk import write_private
from agent.setup.destination import Known
from sync.enrol import Enrolment
from sync.grant import enrol_from_packet
from sync.packet import MAGIC, PACKET_BYTES_MAX
from sync.threads import StepThread

FOLDER = Path("setup") / "stick"
SUFFIX = ".packet"
PACKETS_MAX = 40
"""A technician's stick may hold the packets of a whole tour; each costs a try of its code."""
TRIES_MAX = 3
LOOK_EVERY_S = 0.5
_log = logging.getLogger("storebox.setup")


class Packets:
    """The packets that are here, and how often a code opened none of them."""

    def __init__(self, state: Path, clock: Clock, known: Callable[[], Known]) -> None:
        """`known` says whose packets this box may open, and of which stores."""
        self._state = state
        self._clock = clock
        self._known = known
        self._tries = 0
        self._refused: set[Path] = set()

    def begin(self) -> None:
        """Make the folder that root's part looks for."""
        (self._state / FOLDER).mkdir(mode=0o700, parents=True, exist_ok=True)

    def end(self) -> None:
        """Forget every packet: the box has its store, and each is a secret of another."""
        shutil.rmtree(self._state / FOLDER, ignore_errors=True)

    def waiting(self) -> list[Path]:
        """Return the packets that may still be opened, the newest first."""
        found = [path for path in (self._state / FOLDER).glob(f"*{SUFFIX}") if path not in self._refused]
        return sorted(found, key=_changed_ns, reverse=True)[:PACKETS_MAX]

    def seen(self) -> tuple[tuple[str, int], ...]:
        """Return what is here, so that something new is noticed: also the same stick once more."""
        return tuple(sorted((path.name, _changed_ns(path)) for path in (self._state / FOLDER).glob(f"*{SUFFIX}")))

    def came(self) -> int:
        """Count anew: a stick was plugged in. Returns how many packets there are to open."""
        self._tries = 0
        self._refused.clear()
        return len(self.waiting())

    def open(self, code: str) -> Enrolment:
        """Enrol with the packet that a code opens and begin the journal.

        Raises `enrol.no_packet` when none is here, `enrol.packet_wrong_code`, at the third one `enrol.packet_locked`:
        then the packets rest until their stick is plugged in again. What else is wrong with the packet that the code
        opened raises as `enrol_from_packet` does, and the packet rests too.
        """
        waiting = self.waiting()
        if not waiting:
            raise Refused("enrol.no_packet")
        damaged: list[Refused] = []
        for path in waiting:
            try:
                return self._opened(path, code)
            except StoreboxError as error:
                if error.code == "enrol.packet_wrong_code":
                    continue
                _log.warning("%s: %s", path.name, error)
                self._refused.add(path)
                if not isinstance(error, Refused) or error.code != "enrol.packet_damaged":
                    raise
                damaged.append(error)
        if len(damaged) == len(waiting):
            raise damaged[0]
        self._tries += 1
        if self._tries < TRIES_MAX:
            raise Credentials("enrol.packet_wrong_code", left=TRIES_MAX - self._tries)
        self._refused.update(waiting)
        raise Credentials("enrol.packet_locked")

    def _opened(self, path: Path, code: str) -> Enrolment:
        data, known = read_packet(path), self._known()
        enrolment = enrol_from_packet(
            self._state, data, code, self._clock.now_ms(), fingerprint=known.root or None, check_store=known.check_store
        )
        begin_journal(self._state, enrolment, self._clock)
        return enrolment


class PacketWatch:
    """Tells when packets come: `on_packets` is called on a thread of its own and returns at once."""

    def __init__(self, packets: Packets, on_packets: Callable[[], None]) -> None:
        self._packets = packets
        self._on_packets = on_packets
        self._seen: tuple[tuple[str, int], ...] = ()
        self._thread = StepThread("setup packets", self._look)

    def start(self) -> None:
        """Begin; what is there already counts as new."""
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self._thread.stop()

    def _look(self) -> float:
        seen, self._seen = self._seen, self._packets.seen()
        if set(self._seen) - set(seen):
            self._on_packets()
        return LOOK_EVERY_S


def hand_over(state: Path, data: bytes) -> None:
    """Put a packet where a box in setup mode looks for it, whole or not at all."""
    write_private(state / FOLDER / f"{sha256(data).hexdigest()[:16]}{SUFFIX}", data)


def read_packet(path: Path) -> bytes:
    """Return a file's bytes, one more than a packet may have at most; raises `enrol.packet_damaged`.

    A link is not followed: whoever may write here may not have the box read something else for it.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise Refused("enrol.packet_damaged", reason=error.strerror or "?") from error
    with os.fdopen(descriptor, "rb") as file:
        return file.read(PACKET_BYTES_MAX + 1)


def is_packet(path: Path) -> bool:
    """Tell whether a file begins as a packet does and is not too large to be one; a link is none."""
    try:
        size = path.lstat().st_size
        return len(MAGIC) < size <= PACKET_BYTES_MAX and not path.is_symlink() and read_head(path) == MAGIC
    except OSError:
        return False


def read_head(path: Path) -> bytes:
    """Return as many bytes as tell a packet; of a pipe or a device none."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        return file.read(len(MAGIC))


def _changed_ns(path: Path) -> int:
    try:
        return path.lstat().st_mtime_ns
    except OSError:
        return 0
