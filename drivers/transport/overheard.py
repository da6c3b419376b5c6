"""A transport with a witness that writes down what passes.

Separate from the transports so that every line, whatever it is made of, can be recorded by the same option of its
address.
"""

from __future__ import annotations

from drivers.base import DeviceError
from drivers.transport.base import Transport
from drivers.transport.printer_port import PortStatus, has_port_status
from drivers.transport.recording import Recording


class Overheard:
    """Keeps the contract of Transport for the line inside."""

    def __init__(self, line: Transport, recording: Recording) -> None:
        self._line = line
        self._recording = recording

    @property
    def bytes_per_s(self) -> float | None:
        """The line's rate when it has one."""
        return self._line.bytes_per_s

    def write(self, data: bytes, deadline_s: float) -> int:
        """See Transport.write."""
        try:
            taken = self._line.write(data, deadline_s)
        except DeviceError as error:
            self._recording.end("gone", error.code)
            raise
        self._recording.sent(bytes(data[:taken]))
        return taken

    def read(self, timeout_s: float, limit: int = 4096) -> bytes:
        """See Transport.read."""
        try:
            data = self._line.read(timeout_s, limit)
        except DeviceError as error:
            self._recording.end("gone", error.code)
            raise
        self._recording.heard(data)
        return data

    def wake(self) -> None:
        """See Transport.wake."""
        self._line.wake()

    def close(self) -> None:
        """See Transport.close."""
        self._recording.end("closed")
        self._line.close()

    def describe(self) -> str:
        """See Transport.describe."""
        return self._line.describe()

    def port_status(self) -> PortStatus | None:
        """What the port of a USB printer says without the printer's help; None for every other line."""
        return self._line.port_status() if has_port_status(self._line) else None
