"""What can be found out about a job whose end nobody heard: the printer's fence and its cutter's counter.

A printer that answers a fence sent after the job has worked off, or lost, everything before it. When its counter of
cuts (GS g 2, 178: cumulative, kept without power) stands exactly where all cuts of the job leave it, the job is on
paper. Any other value proves nothing: somebody else may have cut, or another printer may stand at the place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from drivers.printer.conversation import Conversation
from drivers.printer.document import WIDE_FROM_CELLS
from drivers.printer.profiles import PrinterProfile
from drivers.printer.status import Reply

CUTS_REQUEST = b"\x1dg2\x00\xb2\x00"
"""GS g 2, counter 178: how often the autocutter has cut (Epson ESC/POS reference)."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """A job that was interrupted: its process IDs, and where the counter of cuts stands when it is done."""

    mark: str
    body_mark: str | None = None
    cuts_after: int | None = None


@dataclass(frozen=True, slots=True)
class Witness:
    """What a printer told before a job: where the job's cuts will leave its counter, and which doubt is settled.

    `printed` is the process ID of an interrupted job that proved to be on paper.
    """

    cuts_after: int | None = None
    printed: str | None = None


def ask_cuts(talk: Conversation, profile: PrinterProfile) -> tuple[int | None, list[Reply]]:
    """The counter of cuts, None when the printer has none or did not say; also what else was heard."""
    if not (profile.counters and profile.cutter):
        return None, []
    told, replies = talk.ask_text(CUTS_REQUEST, profile.reply_timeout_s)
    return (int(told) if told is not None and told.isdigit() else None), replies


def cuts_of(document: Mapping[str, object], profile: PrinterProfile) -> int:
    """How often a document cuts on this printer's paper; a malformed one counts as it may and is refused later."""
    return _cuts(document.get("blocks"), profile.cells >= WIDE_FROM_CELLS) if profile.cutter else 0


def _cuts(blocks: object, wide: bool) -> int:
    count = 0
    pending = [blocks]
    while pending:
        level = pending.pop()
        for block in level if isinstance(level, list) else ():
            kind = block.get("kind") if isinstance(block, Mapping) else None
            count += kind == "cut"
            if kind == "either":
                pending.append(block.get("wide" if wide else "narrow"))
    return count
