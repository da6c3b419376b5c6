"""Non-blocking bytes over a file descriptor: what serial lines, sockets and device files have in common.

Waiting is poll(2) on the descriptor and on an eventfd, so that another thread can end a wait at once and
an idle device costs nothing.
"""

from __future__ import annotations

import errno
import math
import os
import select
import termios
import threading
from collections.abc import Callable

from drivers.base import DeviceError, DeviceGone
from drivers.transport.base import Monotonic

GONE_ERRORS = (OSError, termios.error)
"""pyserial leaks both: its SerialException is an OSError, termios.error is not."""

_CLOSE_PATIENCE_S = 0.05
"""An ordinary close takes less; nobody waits longer for another."""


def describe_error(error: BaseException) -> str:
    """The errno's name and text, also for termios.error, which keeps them in its arguments."""
    number = getattr(error, "errno", None)
    if number is None and error.args and isinstance(error.args[0], int):
        number = error.args[0]
    name = errno.errorcode.get(number, "") if number is not None else ""
    return f"{name} {error}".strip()


def open_error(description: str, error: BaseException) -> DeviceError:
    """The device error that an error of open(2) or its successors means."""
    number = getattr(error, "errno", None)
    detail = f"{description}: {describe_error(error)}"
    if number in (errno.ENOENT, errno.ENODEV, errno.ENXIO, errno.EIO, errno.ENOTDIR):
        return DeviceGone("device.absent", detail)
    if number in (errno.EACCES, errno.EPERM):
        return DeviceError("device.denied", detail)
    if number in (errno.EBUSY, errno.EAGAIN):
        return DeviceError("device.busy", detail)
    return DeviceError("device.open_failed", detail)


def leads_to(path: str, device_number: int) -> bool:
    """Whether the path, through its links, still names the device with this number."""
    try:
        return os.stat(path).st_rdev == device_number
    except OSError:
        return False


class DescriptorTransport:
    """A transport over one descriptor, which it owns from now on."""

    def __init__(
        self,
        descriptor: int,
        description: str,
        monotonic: Monotonic,
        *,
        close: Callable[[], None],
        bytes_per_s: float | None = None,
        readable: bool = True,
        still_there: Callable[[], bool] | None = None,
    ) -> None:
        self._descriptor = descriptor
        self._description = description
        self._monotonic = monotonic
        self._close = close
        self._bytes_per_s = bytes_per_s
        self._readable = readable
        self._still_there = still_there
        self._closed = False
        self._close_lock = threading.Lock()
        self._wake = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._read_poll = select.poll()
        self._write_poll = select.poll()
        if readable:
            self._read_poll.register(descriptor, select.POLLIN)
        self._write_poll.register(descriptor, select.POLLOUT)
        self._read_poll.register(self._wake, select.POLLIN)
        self._write_poll.register(self._wake, select.POLLIN)

    @property
    def bytes_per_s(self) -> float | None:
        """The line's rate when it has one."""
        return self._bytes_per_s

    def write(self, data: bytes, deadline_s: float) -> int:
        """See Transport.write."""
        rest = memoryview(data)
        taken = 0
        while taken < len(data):
            try:
                count = self._write_some(rest[taken:])
            except GONE_ERRORS as error:
                if taken:
                    break
                raise self._gone(error) from error
            taken += count
            if not count and not self._wait(self._write_poll, deadline_s - self._monotonic()):
                break
        return taken

    def read(self, timeout_s: float, limit: int = 4096) -> bytes:
        """See Transport.read."""
        self._check_open()
        if not self._wait(self._read_poll, timeout_s):
            if timeout_s > 0 and self._still_there is not None and not self._still_there():
                raise DeviceGone("device.gone", f"{self._description}: the path leads elsewhere now")
            return b""
        try:
            data = os.read(self._descriptor, limit)
        except BlockingIOError:
            return b""
        except GONE_ERRORS as error:
            raise self._gone(error) from error
        if not data:
            raise DeviceGone("device.gone", f"{self._description}: end of file")
        return data

    def wake(self) -> None:
        """See Transport.wake."""
        with self._close_lock:
            if not self._closed:
                os.eventfd_write(self._wake, 1)

    def close(self) -> None:
        """See Transport.close. A stalled tty may block close(2) for 31 s; a thread of its own waits for it."""
        with self._close_lock:
            if self._closed:
                return
            self._closed = True
        reaper = threading.Thread(target=self._reap, name=f"close {self._description}", daemon=True)
        reaper.start()
        reaper.join(_CLOSE_PATIENCE_S)

    def describe(self) -> str:
        """See Transport.describe."""
        return self._description

    def fileno(self) -> int:
        """The descriptor, for requests that only one kind of line knows. Raises DeviceGone when it is closed."""
        self._check_open()
        return self._descriptor

    def _write_some(self, data: memoryview) -> int:
        self._check_open()
        try:
            return os.write(self._descriptor, data)
        except BlockingIOError:
            return 0

    def _wait(self, poll: select.poll, timeout_s: float) -> bool:
        """True when the descriptor is ready, has hung up or is in error; False on time-out and wake."""
        timeout_ms = math.ceil(max(0.0, timeout_s) * 1000)
        ready = poll.poll(timeout_ms)
        if any(descriptor == self._wake for descriptor, _ in ready):
            os.eventfd_read(self._wake)
            ready = [entry for entry in ready if entry[0] != self._wake]
            return bool(ready) and poll is self._read_poll
        return bool(ready)

    def _check_open(self) -> None:
        if self._closed:
            raise DeviceGone("device.closed", f"{self._description}: closed")

    def _gone(self, error: BaseException) -> DeviceGone:
        return DeviceGone("device.gone", f"{self._description}: {describe_error(error)}")

    def _reap(self) -> None:
        try:
            self._close()
        except GONE_ERRORS:
            # The device is gone, and close(2) has released the descriptor whatever it said.
            return
        finally:
            os.close(self._wake)
