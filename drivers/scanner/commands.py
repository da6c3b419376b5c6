"""What can be said to a scanner of a known maker on a serial line, and how its replies are told from scans. Pure.

Newland, "unified" set (Serial Programming Command Manual; FM530 and HR52 user manuals, Programming Commands):
`7E 01 30 30 30 30`, `@` kept or `#` until power-off, tag, sub-tag and data, `3B 03`; the reply is the same after
`02 01 30 30 30 30` with ACK, NAK or ENQ before `3B 03`. It knows no command that beeps on demand.
Honeywell (Xenon, Voyager and 2020 user guides, Serial Programming Commands): `16 54 0D` and `16 55 0D` trigger,
`16 07 0D` beeps, `16 4D 0D` begins a menu command, which ends with `.` (kept) or `!` (until power-off) and is echoed
with ACK, ENQ or NAK before that character.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Verdict(Enum):
    """How a scanner answered a setting."""

    DONE = 0x06
    BAD_VALUE = 0x15
    UNKNOWN_COMMAND = 0x05


@dataclass(frozen=True, slots=True)
class Reply:
    """A scanner's answer to one setting; `command` is the text it echoed."""

    command: str
    verdict: Verdict


_VERDICTS = {verdict.value: verdict for verdict in Verdict}
_NEWLAND_ASKS = b"~\x010000"
_NEWLAND_SAYS = b"\x02\x010000"
_NEWLAND_END = b";\x03"
_HONEYWELL_MENU = b"\x16M\r"
REPLY_BYTES_MAX = 512
"""Longer is no reply: what was held back is a scan after all."""


def newland(command: str, *, kept: bool = False) -> bytes:
    """The frame of a command such as `SCNTRG1`; several settings are separated by `;`."""
    return _NEWLAND_ASKS + (b"@" if kept else b"#") + command.encode("ascii") + _NEWLAND_END


def honeywell(command: str, *, kept: bool = False) -> bytes:
    """The frame of a menu command such as `SUFBK2990D`."""
    return _HONEYWELL_MENU + command.encode("ascii") + (b"." if kept else b"!")


@dataclass(frozen=True, slots=True)
class CommandSet:
    """What one maker's scanners understand; an empty command is one that they do not have."""

    trigger: bytes = b""
    release: bytes = b""
    beep: bytes = b""
    set_up: tuple[bytes, ...] = ()
    """A carriage return after each scan, until power-off: the box asks for it each time the line is opened."""


COMMANDS: dict[str, CommandSet] = {
    "": CommandSet(),
    "newland": CommandSet(
        trigger=newland("SCNTRG1"), release=newland("SCNTRG0"), set_up=(newland("TSUENA1;TSUSET0D"),)
    ),
    "honeywell": CommandSet(
        trigger=b"\x16T\r", release=b"\x16U\r", beep=b"\x16\x07\r", set_up=(honeywell("SUFBK2990D"),)
    ),
}
"""By the words of the till's `scanner_model`; the empty one says nothing to a scanner."""


class ReplySplitter:
    """Takes replies out of a scanner's bytes, however they are cut; what remains are scans.

    Newland's replies begin with bytes that no scan begins with. Honeywell's are looked for only after `expect`: its
    echo is plain text.
    """

    def __init__(self, model: str) -> None:
        self._model = model
        self._held = b""
        self._expected: list[bytes] = []

    def expect(self, frame: bytes) -> None:
        """A setting was sent whose reply is to come."""
        if self._model == "honeywell" and frame.startswith(_HONEYWELL_MENU):
            self._expected.append(frame[len(_HONEYWELL_MENU) : -1])

    def feed(self, data: bytes) -> tuple[bytes, list[Reply]]:
        """The bytes that belong to scans, and the replies that are complete."""
        if not self._model:
            return data, []
        data = self._held + data
        self._held = b""
        scans, replies = bytearray(), []
        while data:
            begin, opening = self._begin_of_reply(data)
            scans += data[:begin]
            data = data[begin:]
            if not data:
                break
            reply, length = self._reply(data, opening)
            if reply is not None:
                replies.append(reply)
                data = data[length:]
            elif length < 0 and len(data) <= REPLY_BYTES_MAX:
                self._held = data
                break
            else:
                scans += data[:1]
                data = data[1:]
        return bytes(scans), replies

    def give_up(self) -> bytes:
        """What was held back for a reply that never ended; it belongs to a scan."""
        held, self._held = self._held, b""
        return held

    def _begin_of_reply(self, data: bytes) -> tuple[int, bytes]:
        """Where the next reply begins, or may begin at the very end of the data; its length when none does."""
        best, opening = len(data), b""
        for candidate in [_NEWLAND_SAYS] if self._model == "newland" else self._expected[:1]:
            at = _find_begin(data, candidate)
            if at < best:
                best, opening = at, candidate
        return best, opening

    def _reply(self, data: bytes, opening: bytes) -> tuple[Reply | None, int]:
        """The reply at the front and its length; (None, -1) when more must come, (None, 1) when it is none."""
        if len(data) < len(opening):
            return None, -1
        if self._model == "newland":
            end = data.find(_NEWLAND_END, len(opening))
            if end < 0:
                return None, -1
            return _read(data[len(opening) + 1 : end], end + len(_NEWLAND_END))
        if len(data) < len(opening) + 2:
            return None, -1
        reply, length = _read(data[: len(opening) + 1], len(opening) + 2)
        if reply is not None:
            self._expected.pop(0)
        return reply, length


def _read(said: bytes, length: int) -> tuple[Reply | None, int]:
    """A reply whose last byte, or the byte before each `;`, is the verdict: the worst of several counts."""
    verdicts = [_VERDICTS[value] for value in said if value in _VERDICTS]
    if not verdicts or said[-1] not in _VERDICTS:
        return None, 1
    worst = next((verdict for verdict in verdicts if verdict is not Verdict.DONE), Verdict.DONE)
    command = bytes(value for value in said if value not in _VERDICTS)
    return Reply(command.decode("ascii", "backslashreplace"), worst), length


def _find_begin(data: bytes, opening: bytes) -> int:
    """Where `opening` stands whole, or its first bytes at the end of `data`."""
    at = data.find(opening)
    if at >= 0:
        return at
    for length in range(min(len(opening) - 1, len(data)), 0, -1):
        if data.endswith(opening[:length]):
            return len(data) - length
    return len(data)
