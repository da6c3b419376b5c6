"""Asks a printer who it is and what it can do, over an open line and within a few seconds.

Prints nothing on a printer that knows the questions. One that knows none may print a few characters of them, so each
question is asked only when the ones before were answered.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from drivers.printer.identity import QUESTIONS, Identity
from drivers.printer.status import (
    REAL_TIME_STATUS,
    STATUS_REQUEST,
    UNKNOWN,
    Automatic,
    Block,
    Demultiplexer,
    InOrder,
    PrinterHealth,
    ProcessDone,
    RealTime,
    Reply,
    health_from_real_time,
)
from drivers.printer.witness import CUTS_REQUEST
from drivers.recorder import FlightRecorder
from drivers.transport.base import Monotonic, Transport
from drivers.transport.printer_port import PortStatus, has_port_status

NOBODY = Identity()
"""A printer that said nothing about itself."""

STATUS_WITHIN_S = 1.0
ANSWER_WITHIN_S = 1.0
PROCESS_ID_WITHIN_S = 3.0
"""How long an idle printer that knows GS ( H may take to say that what stands before it is printed."""

_SEND_WITHIN_S = 1.0
_TEXT_HEADER = 0x5F
_ASK_FIRMWARE = b"\x1dIA"
"""GS I 65, answered by a block as those of `identity.QUESTIONS` are (Epson ESC/POS reference)."""
_PROCESS_ID = "~id?"
_ASK_PROCESS_ID = b"\x1d(H\x06\x0000" + _PROCESS_ID.encode()
_ASK_FENCE = b"\x1dr\x01"
_AUTOMATIC_ON, _AUTOMATIC_OFF = b"\x1da\x0f", b"\x1da\x00"


@dataclass(frozen=True, slots=True)
class Examination:
    """What a printer said. A capability is None when it was not asked for, as on a printer that needs help first."""

    answers: bool = False
    """It answered DLE EOT."""
    health: PrinterHealth = UNKNOWN
    identity: Identity = NOBODY
    firmware: str = ""
    process_ids: bool | None = None
    fence: bool | None = None
    automatic_status: bool | None = None
    counters: bool | None = None
    port: PortStatus | None = None
    trace: str = field(default="", compare=False)
    """The last bytes both ways."""


def examine(line: Transport, monotonic: Monotonic) -> Examination:
    """Examine an idle printer; at most about ten seconds, mostly below one. Raises DeviceGone when it goes away."""
    talk = _Talk(line, monotonic)
    port = line.port_status() if has_port_status(line) else None
    health = talk.status()
    if health is None:
        return Examination(port=port, trace=talk.recorder.text())
    found = replace(_identity(talk), answers=True, health=health, port=port)
    if health.blocked is None:
        found = replace(
            found,
            process_ids=talk.asks(
                _ASK_PROCESS_ID, PROCESS_ID_WITHIN_S, lambda reply: reply == ProcessDone(_PROCESS_ID)
            ),
            fence=talk.asks(_ASK_FENCE, ANSWER_WITHIN_S, lambda reply: isinstance(reply, InOrder)),
            automatic_status=talk.asks(_AUTOMATIC_ON, ANSWER_WITHIN_S, lambda reply: isinstance(reply, Automatic)),
            counters=(talk.block(CUTS_REQUEST) or "").isdigit(),
        )
        talk.send(_AUTOMATIC_OFF)
    return replace(found, trace=talk.recorder.text())


def _identity(talk: _Talk) -> Examination:
    """Ask GS I; a printer that says neither maker nor model knows none of it."""
    said: dict[str, str] = {}
    for key, question in QUESTIONS:
        answer = talk.block(question)
        if answer is not None:
            said[key] = answer.strip("_ ")
        elif key == "model" and not said:
            return Examination()
    return Examination(identity=Identity(**said), firmware=(talk.block(_ASK_FIRMWARE) or "").strip("_ "))


class _Talk:
    """Questions and answers in turn."""

    def __init__(self, line: Transport, monotonic: Monotonic) -> None:
        self._line = line
        self._monotonic = monotonic
        self._replies = Demultiplexer()
        self.recorder = FlightRecorder()

    def send(self, data: bytes) -> bool:
        """Whether all of it went out."""
        taken = self._line.write(data, self._monotonic() + _SEND_WITHIN_S)
        self.recorder.sent(data[:taken])
        return taken == len(data)

    def status(self) -> PrinterHealth | None:
        """Ask DLE EOT 1 to 4; None for silence or half an answer."""
        values: dict[int, int] = {}

        def complete(reply: Reply) -> bool:
            if isinstance(reply, RealTime):
                values[reply.number] = reply.value
            return len(values) == len(REAL_TIME_STATUS)

        self._replies.expect_status()
        answered = self.asks(STATUS_REQUEST, STATUS_WITHIN_S, complete)
        self._replies.forget()
        return health_from_real_time(values) if answered else None

    def block(self, question: bytes) -> str | None:
        """The text of the block that answers; None for silence."""
        texts: list[str] = []

        def is_text(reply: Reply) -> bool:
            if isinstance(reply, Block) and reply.header == _TEXT_HEADER:
                texts.append(reply.data.decode("ascii", "replace"))
            return bool(texts)

        return texts[0] if self.asks(question, ANSWER_WITHIN_S, is_text) else None

    def asks(self, question: bytes, within_s: float, answers: Callable[[Reply], bool]) -> bool:
        """Send, and hear until a reply answers or the time is up."""
        if not self.send(question):
            return False
        deadline_s = self._monotonic() + within_s
        while (rest_s := deadline_s - self._monotonic()) > 0:
            data = self._line.read(rest_s)
            self.recorder.heard(data)
            if any(answers(reply) for reply in self._replies.feed(data)):
                return True
        return False
