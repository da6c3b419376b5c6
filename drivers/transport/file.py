"""Device files that are no tty, first of all /dev/usb/lp0, and plain files that collect bytes.

A file that cannot be read (a plain file, a pipe, an lp device opened by a write-only driver) is a silent line.
"""

from __future__ import annotations

import errno
import os
import stat

from drivers.transport.base import Monotonic
from drivers.transport.descriptor import DescriptorTransport, leads_to, open_error
from drivers.transport.printer_port import PortStatus, usblp_port_status

_WRITE_ONLY_ERRORS = (errno.EACCES, errno.EINVAL, errno.EROFS, errno.EPERM)


class FileTransport(DescriptorTransport):
    """A device file; one of usblp also has the status of its port."""

    def port_status(self) -> PortStatus | None:
        """The port's three bits; None for a file that is no printer port."""
        return usblp_port_status(self.fileno())


def open_file(path: str, monotonic: Monotonic) -> FileTransport:
    """Open an existing file to write, and to read where it can; a plain file is appended to.

    Raises DeviceGone `device.absent` or DeviceError as open_serial does. Never creates the file: a lost
    device must not turn into a plain file under /dev that swallows receipts.
    """
    description = f"file:{path}"
    try:
        descriptor, readable = _open(path)
        device_number = os.fstat(descriptor).st_rdev
    except OSError as error:
        raise open_error(description, error) from error
    return FileTransport(
        descriptor,
        description,
        monotonic,
        close=lambda: os.close(descriptor),
        readable=readable,
        still_there=lambda: leads_to(path, device_number),
    )


def _open(path: str) -> tuple[int, bool]:
    flags = os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
    mode = os.stat(path).st_mode
    if stat.S_ISREG(mode):
        return os.open(path, flags | os.O_WRONLY | os.O_APPEND), False
    if not stat.S_ISCHR(mode):
        return os.open(path, flags | os.O_WRONLY), False
    try:
        return os.open(path, flags | os.O_RDWR), True
    except OSError as error:
        if error.errno not in _WRITE_ONLY_ERRORS:
            raise
    return os.open(path, flags | os.O_WRONLY), False
