"""Plays a recording back: the device's words at their times, or as soon as what they answered was written.

Deterministic: what is read depends on the file and on how many bytes were written, never on the machine's speed. A
word that the device said after N bytes of ours comes only after N bytes have been written, and then as long after
them as it did.
"""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from drivers.base import DeviceError, DeviceGone
from drivers.transport.base import Monotonic
from drivers.transport.recording import RECORDING_BYTES_MAX

_KINDS = frozenset({"open", "sent", "heard", "gone", "closed"})


@dataclass(frozen=True, slots=True)
class Step:
    """Something that the device did: said `data`, or went away when `data` is None."""

    data: bytes | None
    after_bytes: int
    gap_s: float


@dataclass(frozen=True, slots=True)
class Session:
    """One opening of the recorded line."""

    line: str
    bytes_per_s: float | None
    sent: bytes
    steps: tuple[Step, ...]


def sessions_of(data: bytes, name: str = "recording") -> list[Session]:
    """Every opening that a recording holds; a last line that a power cut left unfinished is passed over.

    Raises DeviceError `device.replay_unreadable`, which names the first line that is none of a recording.
    """
    found: list[_Reader] = []
    *lines, unfinished = data.split(b"\n")
    del unfinished
    for number, line in enumerate(lines, 1):
        try:
            _read_entry(json.loads(line), found)
        except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
            raise DeviceError("device.replay_unreadable", f"{name}:{number}: {error!r}") from error
    return [reader.session() for reader in found]


def open_replay(path: str, monotonic: Monotonic, *, session: int = 1, at_recorded_pace: bool = True) -> ReplayTransport:
    """Play the opening number `session` of a file, from 1. Raises DeviceGone `device.absent` without the file or that
    opening, DeviceError `device.replay_unreadable` when it is no recording.
    """
    try:
        with Path(path).open("rb") as file:
            data = file.read(RECORDING_BYTES_MAX * 2 + 1)
    except OSError as error:
        raise DeviceGone("device.absent", f"replay:{path}: {error.strerror or error}") from error
    if len(data) > RECORDING_BYTES_MAX * 2:
        raise DeviceError("device.replay_unreadable", f"{path}: larger than any recording")
    found = sessions_of(data, path)
    if not 1 <= session <= len(found):
        raise DeviceGone("device.absent", f"replay:{path}: has {len(found)} openings, no number {session}")
    return ReplayTransport(found[session - 1], f"replay:{path}", monotonic, at_recorded_pace=at_recorded_pace)


class ReplayTransport:
    """The recorded device; keeps the contract of Transport. After its last word it is silent."""

    def __init__(
        self, session: Session, description: str, monotonic: Monotonic, *, at_recorded_pace: bool = True
    ) -> None:
        self._session = session
        self._description = description
        self._monotonic = monotonic
        self._at_recorded_pace = at_recorded_pace
        self._changed = threading.Condition()
        self._steps = iter(session.steps)
        self._step = next(self._steps, None)
        self._pending = b""
        self._written = 0
        self._answerable_at_s = self._moment()
        self._woken = False
        self._closed = False
        self.diverged_at_byte: int | None = None
        """The first byte written that is another than the recorded one, or beyond the recording's last."""

    @property
    def bytes_per_s(self) -> float | None:
        """The recorded line's rate."""
        return self._session.bytes_per_s

    def write(self, data: bytes, deadline_s: float) -> int:
        """See Transport.write. Takes everything at once; other bytes than the recorded ones count the same."""
        with self._changed:
            self._check_there()
            self._compare(data)
            self._written += len(data)
            if self._answerable_at_s is None:
                self._answerable_at_s = self._moment()
            self._changed.notify_all()
            return len(data)

    def read(self, timeout_s: float, limit: int = 4096) -> bytes:
        """See Transport.read."""
        deadline_s = self._monotonic() + timeout_s
        with self._changed:
            while True:
                self._check_there()
                if self._pending:
                    data, self._pending = self._pending[:limit], self._pending[limit:]
                    return data
                if self._take_step():
                    continue
                if not self._wait(min(deadline_s, self._due_s()), deadline_s):
                    return b""

    def wake(self) -> None:
        """See Transport.wake."""
        with self._changed:
            self._woken = True
            self._changed.notify_all()

    def close(self) -> None:
        """See Transport.close."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def describe(self) -> str:
        """See Transport.describe."""
        return self._description

    def _moment(self) -> float | None:
        """Now, when enough is written for the next word; else None."""
        if self._step is None or self._written < self._step.after_bytes:
            return None
        return self._monotonic()

    def _due_s(self) -> float:
        if self._step is None or self._answerable_at_s is None:
            return float("inf")
        return self._answerable_at_s + (self._step.gap_s if self._at_recorded_pace else 0.0)

    def _take_step(self) -> bool:
        """Let the device do what is due by now; False when nothing is."""
        if self._step is None or self._step.data is None or self._monotonic() < self._due_s():
            return False
        self._pending = self._step.data
        self._step = next(self._steps, None)
        self._answerable_at_s = self._moment()
        return True

    def _check_there(self) -> None:
        if self._closed:
            raise DeviceGone("device.closed", f"{self._description}: closed")
        leaves = self._step is not None and self._step.data is None
        if leaves and not self._pending and self._monotonic() >= self._due_s():
            raise DeviceGone("device.gone", f"{self._description}: went away, as recorded")

    def _wait(self, until_s: float, deadline_s: float) -> bool:
        """Wait for a change or the next word; False when the time is up or somebody called wake."""
        if not self._woken:
            rest_s = until_s - self._monotonic()
            if rest_s > 0:
                self._changed.wait(rest_s)
        if self._woken:
            self._woken = False
            return False
        return self._monotonic() < deadline_s or self._due_s() <= deadline_s

    def _compare(self, data: bytes) -> None:
        recorded = self._session.sent[self._written : self._written + len(data)]
        if self.diverged_at_byte is None and data != recorded:
            same = next(
                (place for place, pair in enumerate(zip(data, recorded, strict=False)) if pair[0] != pair[1]), None
            )
            self.diverged_at_byte = self._written + (len(recorded) if same is None else same)


class _Reader:
    """Collects the entries of one opening."""

    def __init__(self, entry: dict[str, Any]) -> None:
        self._line = str(entry["line"])
        rate = entry.get("bytes_per_s")
        self._bytes_per_s = None if rate is None else float(rate)
        self._sent = bytearray()
        self._steps: list[Step] = []
        self._at_ms = int(entry["at_ms"])

    def take(self, entry: dict[str, Any]) -> None:
        at_ms = int(entry["at_ms"])
        gap_s = max(0, at_ms - self._at_ms) / 1000
        self._at_ms = at_ms
        if entry["kind"] == "sent":
            self._sent += bytes.fromhex(entry["hex"])
        elif entry["kind"] == "heard":
            self._steps.append(Step(bytes.fromhex(entry["hex"]), len(self._sent), gap_s))
        elif entry["kind"] == "gone":
            self._steps.append(Step(None, len(self._sent), gap_s))

    def session(self) -> Session:
        return Session(self._line, self._bytes_per_s, bytes(self._sent), tuple(self._steps))


def _read_entry(entry: dict[str, Any], found: list[_Reader]) -> None:
    kind = entry["kind"]
    if kind not in _KINDS:
        raise ValueError(f"unknown kind {kind!r}")
    if kind == "open":
        found.append(_Reader(entry))
    else:
        found[-1].take(entry)
