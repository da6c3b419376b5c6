"""TCP lines: network printers on port 9100, and serial-to-network boxes."""

from __future__ import annotations

import errno
import socket

from drivers.base import DeviceError, DeviceGone
from drivers.transport.base import Monotonic
from drivers.transport.descriptor import DescriptorTransport, describe_error

CONNECT_TIMEOUT_S = 1.5
"""A printer stands in the same shop; one that takes longer is off, and the supervisor asks again."""

_UNACKNOWLEDGED_MS = 5000
_KEEPALIVE_IDLE_S = 10
_KEEPALIVE_INTERVAL_S = 3
_KEEPALIVE_COUNT = 3


def open_tcp(host: str, port: int, monotonic: Monotonic) -> DescriptorTransport:
    """Connect within CONNECT_TIMEOUT_S. Raises DeviceGone `device.absent` when nobody answers there.

    A cut cable shows as DeviceGone within seconds: without TCP_USER_TIMEOUT the kernel would go on taking
    bytes for minutes (tcp(7)).
    """
    description = f"tcp:{host}:{port}"
    try:
        connection = socket.create_connection((host, port), timeout=CONNECT_TIMEOUT_S)
    except OSError as error:
        raise _connect_error(description, error) from error
    try:
        _prepare(connection)
    except OSError as error:
        connection.close()
        raise _connect_error(description, error) from error
    return DescriptorTransport(connection.fileno(), description, monotonic, close=connection.close)


def _prepare(connection: socket.socket) -> None:
    connection.setblocking(False)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _UNACKNOWLEDGED_MS)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, _KEEPALIVE_IDLE_S)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, _KEEPALIVE_INTERVAL_S)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, _KEEPALIVE_COUNT)


def _connect_error(description: str, error: OSError) -> DeviceError:
    detail = f"{description}: {describe_error(error)}"
    if error.errno in (errno.EACCES, errno.EPERM):
        return DeviceError("device.denied", detail)
    return DeviceGone("device.absent", detail)
