"""A HID keyboard scanner without a kernel: text becomes the key presses that such a scanner makes.

The events come through a named pipe, which `events:PATH` opens as a grabbed keyboard; the pipe's end is the cable
being pulled.
"""

from __future__ import annotations

import contextlib
import errno
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from drivers.emulators.endpoints import LinkTaken
from drivers.emulators.scanner import ScannerStation
from drivers.transport.keys import (
    DOWN,
    EV_KEY,
    EV_SYN,
    EVENT,
    LEFT_CONTROL,
    LEFT_SHIFT,
    SYN_DROPPED,
    SYN_REPORT,
    UP,
    US_KEYS,
)

_LEFT_ALT = 56
_KEYPAD_DIGITS = (82, 79, 80, 81, 75, 76, 77, 71, 72, 73)
_BY_CHARACTER = {
    character: (code, shifted)
    for code, pair in reversed(US_KEYS.items())
    for shifted, character in reversed(tuple(enumerate(pair)))
}
"""Key and Shift for each character; the main block before the keypad, without Shift where both give it."""

DROPPED = EVENT.pack(0, 0, EV_SYN, SYN_DROPPED, 0) + EVENT.pack(0, 0, EV_SYN, SYN_REPORT, 0)
"""What the kernel says when its queue ran over."""


def presses(text: str, encoding: str = "gb18030") -> bytes:
    """Packed input events that type a text, as a scanner in keyboard mode sends them.

    Control characters are Control and a key; any other byte beyond ASCII is Alt and its three digits on the keypad,
    which no United States layout gives back: the reason that such a scanner shows no Chinese.
    """
    return b"".join(_events(text, encoding))


class PipeEndpoint:
    """A named pipe towards the host; what is written while nobody reads is lost, as presses without a computer."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor = -1
        self._closing = threading.Lock()

    @property
    def name(self) -> str:
        """The pipe's path."""
        return str(self._path)

    @property
    def is_open(self) -> bool:
        """Whether the cable is in."""
        return self._descriptor >= 0

    def open(self) -> None:
        """Make the pipe. Raises LinkTaken when something else has its name."""
        if self._path.exists() and not self._path.is_fifo():
            raise LinkTaken(errno.EEXIST, "not a pipe, so not replaced", str(self._path))
        self._path.unlink(missing_ok=True)
        os.mkfifo(self._path, 0o600)
        # A pipe without a reader can't be opened to write; held open from now on, its end is a hang-up for the host.
        both = os.open(self._path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        self._descriptor = os.open(self._path, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        os.close(both)

    def close(self) -> None:
        """Pull the cable: pipe removed, host hung up. Two hands may pull at once: one of them does."""
        with self._closing:
            descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            self._path.unlink(missing_ok=True)
            os.close(descriptor)

    def fileno(self) -> int:
        """Nothing to poll: a keyboard hears nothing."""
        return -1

    def read(self, limit: int) -> bytes:
        """Nothing comes."""
        return b""

    def write(self, data: bytes) -> None:
        """Presses for the host; lost when it reads none for long (64 KB) or is not there."""
        if self._descriptor >= 0:
            with contextlib.suppress(BlockingIOError, BrokenPipeError):
                os.write(self._descriptor, data)


class KeyboardStation(ScannerStation):
    """A keyboard scanner on a pipe; `!dropped` is the kernel losing events in the scan that follows."""

    def said(self, text: str) -> bytes:
        """The presses of a scan and of what ends it."""
        return presses(text + self.suffix.decode("ascii"), self.encoding)

    def words(self) -> dict[str, Callable[[], None]]:
        """See ScannerStation."""
        return {**super().words(), "!dropped": lambda: self.endpoint.write(DROPPED)}


def _events(text: str, encoding: str) -> Iterator[bytes]:
    for character in text:
        if character in _BY_CHARACTER:
            code, shifted = _BY_CHARACTER[character]
            yield from _struck(code, LEFT_SHIFT if shifted else None)
        elif character < " ":
            yield from _struck(_BY_CHARACTER[chr(ord(character) | 0x40).lower()][0], LEFT_CONTROL)
        else:
            for value in character.encode(encoding, "replace"):
                yield from _alt_code(value)


def _struck(code: int, with_key: int | None) -> Iterator[bytes]:
    if with_key is not None:
        yield _event(with_key, DOWN)
    yield _event(code, DOWN)
    yield _event(code, UP)
    if with_key is not None:
        yield _event(with_key, UP)


def _alt_code(value: int) -> Iterator[bytes]:
    yield _event(_LEFT_ALT, DOWN)
    for digit in f"{value:03d}":
        yield from _struck(_KEYPAD_DIGITS[int(digit)], None)
    yield _event(_LEFT_ALT, UP)


def _event(code: int, value: int) -> bytes:
    return EVENT.pack(0, 0, EV_KEY, code, value) + EVENT.pack(0, 0, EV_SYN, SYN_REPORT, 0)
