"""Takes commands out of the receive buffer, one whole command or run of text at a time.

Separate from the printer so that it can be told when to stop: each `step` does one thing, and the
printer decides between steps whether the mechanism is ready for the next.
"""

from __future__ import annotations

import re

from drivers.emulators import answer_commands, image_commands, symbol_commands, text_commands
from drivers.emulators.codepages import (
    KANJI_TEXT,
    SINGLE_TEXT,
    decode_kanji,
    decode_page,
    kanji_verdict,
    multibyte_units,
)
from drivers.emulators.framing import NEED_MORE, measure
from drivers.emulators.linebuffer import SMALL_DOTS
from drivers.emulators.machine import CutterStuck, Machine
from drivers.emulators.paper import CELL_DOTS
from drivers.emulators.text_commands import Handler

HANDLERS: dict[bytes, Handler] = {
    **text_commands.COMMANDS,
    **symbol_commands.COMMANDS,
    **image_commands.COMMANDS,
    **answer_commands.COMMANDS,
}
"""Handlers by the first one, two or (for `GS (`) three bytes."""

_NULS = re.compile(rb"\x00+")
_LEADS = b"\x10\x1b\x1c\x1d"
_COMPACT_AT = 4096
_ASCII_END = "\x7f"


class Interpreter:
    """The bytes not yet executed, and the machine that executes them.

    `waiting` is what occupies the receive buffer: bytes of a command in progress have already been
    taken out of it, as a raster far bigger than the buffer shows.
    """

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self._buffer = bytearray()
        self._at = 0
        self._absorbed = 0
        self._need = 0
        self._taken = 0

    @property
    def waiting(self) -> int:
        """Bytes in the receive buffer."""
        return len(self._buffer) - self._at - self._absorbed

    def clear(self) -> None:
        """Lose everything received (power, `DLE ENQ 2`, `DLE DC4` fn 8)."""
        self._taken += len(self._buffer)
        self._buffer.clear()
        self._at = self._absorbed = self._need = 0

    def push(self, data: bytes) -> None:
        """Put bytes at the end of the receive buffer."""
        self._buffer += data

    def step(self) -> bool:
        """Execute one command or run of text; False when more bytes have to come first.

        A cut that met a blocked cutter stays in the buffer; the machine's health says so.
        """
        done = self._step()
        if done:
            self._absorbed = self._need = 0
        else:
            self._absorbed = len(self._buffer) - self._at
        if self._at == len(self._buffer) or self._at >= _COMPACT_AT:
            self._taken += self._at
            del self._buffer[: self._at]
            self._at = 0
        return done

    def _step(self) -> bool:
        buffer, at = self._buffer, self._at
        if len(buffer) - at < max(1, self._need):
            return False
        lead = buffer[at]
        if lead >= 0x20:
            return self._text(lead)
        if not lead:
            return self._nothing()
        length = measure(buffer, at)
        if length < 0:
            return self._unknown(-length)
        if length == NEED_MORE or len(buffer) - at < length:
            self._need = length
            return False
        return self._execute(bytes(buffer[at : at + length]))

    def _nothing(self) -> bool:
        """NULs between commands mean nothing; a host ends a command with thousands that its line was cut in."""
        match = _NULS.match(self._buffer, self._at)
        self._at = match.end() if match else self._at + 1
        return True

    def _execute(self, command: bytes) -> bool:
        size = 1 if command[0] not in _LEADS else 3 if command[1:2] == b"(" else 2
        handler = HANDLERS.get(command[:size], text_commands.unsupported)
        try:
            handler(self.machine, command)
        except CutterStuck:
            return True
        self._at += len(command)
        return True

    def _text(self, lead: int) -> bool:
        machine = self.machine
        pattern = KANJI_TEXT if machine.kanji else SINGLE_TEXT
        match = pattern.match(self._buffer, self._at)
        if match is None:
            verdict = kanji_verdict(self._buffer, self._at) if machine.kanji else -1
            return self._unknown(1) if verdict < 0 else False
        data = match.group()
        self._at += len(data)
        if machine.kanji:
            self._put_kanji(data)
        else:
            style = machine.ascii_style
            dots = len(data) * (SMALL_DOTS if style.small else CELL_DOTS) * style.wide
            machine.put(decode_page(data, machine.code_page), style, False, dots)
        return True

    def _put_kanji(self, data: bytes) -> None:
        machine = self.machine
        plain = data.isascii()
        one_style = machine.ascii_style == machine.kanji_style and not machine.ascii_style.small
        runs = [(len(data), not plain)] if plain or one_style else multibyte_units(data)
        at = 0
        for length, multibyte in runs:
            part = data[at : at + length]
            at += length
            style = machine.kanji_style if multibyte else machine.ascii_style
            text = decode_kanji(part, machine.profile.font)
            cell = SMALL_DOTS if style.small else CELL_DOTS
            dots = (len(text) + sum(map(_ASCII_END.__lt__, text))) * cell * style.wide
            machine.put(text, style, True, dots)

    def _unknown(self, count: int) -> bool:
        """Bytes that mean nothing here: counted, noted, skipped."""
        machine = self.machine
        data = bytes(self._buffer[self._at : self._at + count])
        where = self._taken + self._at
        self._at += len(data)
        machine.unknown_bytes += len(data)
        machine.note(f"unknown bytes {data.hex(' ')} at {where}")
        return True
