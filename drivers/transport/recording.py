"""Writes down what passes over a line, for whoever looks for a fault later or wants to play it back.

One JSON object a line, each written at once, so that a crash or a power cut loses at most the last one:

    {"at_ms": 0, "kind": "open", "line": "tcp:192.168.1.50:9100", "bytes_per_s": null, "wall_ms": 1764227000000}
    {"at_ms": 3, "kind": "sent", "hex": "100401"}
    {"at_ms": 9, "kind": "heard", "hex": "16"}
    {"at_ms": 70, "kind": "gone", "code": "device.gone"}        or "closed"

`at_ms` counts from the opening of the line. A scanner's recording holds what customers showed it, payment codes too:
the file is readable by its owner only, and belongs deleted when the fault is found.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import stat
import threading
import time
from collections.abc import Callable
from typing import Any

from drivers.base import DeviceError
from drivers.transport.base import Monotonic

RECORDING_BYTES_MAX = 8 * 1024 * 1024
"""A file as large is renamed to FILE.1, in the place of the one before, and a new one begun."""

_MODE = 0o600


def wall_ms() -> int:
    """Milliseconds since 1970, so that a recording can be laid beside a log."""
    return time.time_ns() // 1_000_000


class Recording:
    """One opening of one line, appended to a file that no other line writes to.

    A disk that is full or goes away ends the recording and never the line: trade goes on.
    """

    def __init__(
        self,
        path: str,
        line: str,
        monotonic: Monotonic,
        *,
        bytes_per_s: float | None = None,
        bytes_max: int = RECORDING_BYTES_MAX,
        now_ms: Callable[[], int] = wall_ms,
    ) -> None:
        """Open the file, or make it. Raises DeviceError `device.record_failed` when that is impossible, or when
        another line is being recorded there.
        """
        self._path = path
        self._monotonic = monotonic
        self._bytes_max = bytes_max
        self._began_s = monotonic()
        self._head = {"line": line, "bytes_per_s": bytes_per_s, "wall_ms": now_ms()}
        self._lock = threading.Lock()
        try:
            self._descriptor = _open(path)
        except OSError as error:
            raise DeviceError("device.record_failed", f"{path}: {error.strerror or error}") from error
        self._size = os.fstat(self._descriptor).st_size
        self._note("open", **self._head)

    @property
    def running(self) -> bool:
        """Whether it still writes: not ended, and the disk took all of it so far."""
        return self._descriptor >= 0

    def sent(self, data: bytes) -> None:
        """Note what the line took."""
        if data:
            self._note("sent", hex=data.hex())

    def heard(self, data: bytes) -> None:
        """Note what came."""
        if data:
            self._note("heard", hex=data.hex())

    def end(self, kind: str, code: str = "") -> None:
        """Note how the line ended, `closed` or `gone` with a code, and close the file; later calls do nothing."""
        self._note(kind, **({"code": code} if code else {}))
        with self._lock:
            self._close()

    def _note(self, kind: str, **values: Any) -> None:
        at_ms = round((self._monotonic() - self._began_s) * 1000)
        entry = json.dumps({"at_ms": at_ms, "kind": kind, **values}).encode() + b"\n"
        with self._lock:
            if not self.running:
                return
            try:
                if self._size and self._size + len(entry) > self._bytes_max:
                    self._begin_anew(at_ms)
                self._size += os.write(self._descriptor, entry)
            except OSError:
                self._close()

    def _begin_anew(self, at_ms: int) -> None:
        os.replace(self._path, f"{self._path}.1")
        os.close(self._descriptor)
        self._descriptor = -1
        self._descriptor = _open(self._path)
        head = {"at_ms": at_ms, "kind": "open", **self._head, "continued": True}
        self._size = os.write(self._descriptor, json.dumps(head).encode() + b"\n")

    def _close(self) -> None:
        if self.running:
            os.close(self._descriptor)
            self._descriptor = -1


def _open(path: str) -> int:
    """Append to a plain file of ours; a link or a device under that name must not swallow a recording."""
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    descriptor = os.open(path, flags, _MODE)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "not a plain file")
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor
