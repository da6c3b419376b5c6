"""Print jobs: the bytes of a document or a drawer pulse, what the printer will answer to them, how they may end.

Pure. Separate from the runner, which sends them and judges the answers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum

from drivers.printer.document import Kick
from drivers.printer.encoder import CHECK_EVERY_BYTES, FENCE, check_process_id, encode_checked, pulse, void_slip
from drivers.printer.profiles import PrinterProfile
from drivers.printer.raster import MAX_BAND_BYTES
from drivers.printer.witness import Doubt, cuts_of

SETTLING = "~~~"
"""Begins process IDs that belong to no job; no job's number is so large."""
FLUSH = bytes(MAX_BAND_BYTES + 16)
"""Ends a command that the line was cut in: NULs fill its missing bytes and print nothing beyond them."""


class PrintOutcome(Enum):
    """What is known about paper; there are no other answers."""

    PRINTED = "printed"
    PRINTED_UNVERIFIED = "printed_unverified"
    UNCONFIRMED = "unconfirmed"
    NOT_STARTED = "not_started"


@dataclass(frozen=True, slots=True)
class PrintResult:
    """How a job ended. `bytes_written` counts what the line took, `detail` ends with the last bytes both ways."""

    outcome: PrintOutcome
    code: str
    bytes_written: int
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Job:
    """Bytes for the printer and what it will answer to them."""

    data: bytes
    body_mark: str | None = None
    final_mark: str | None = None
    fence: bool = False
    """Whether the answer to the last fence is the word for the job."""
    fences: tuple[int, ...] = ()
    """Where fences end in the data, the last one included."""
    waits_for_people: bool = True
    voids_predecessor: bool = False
    mark: str = ""
    """The process ID by which the caller knows it, also where the printer has none."""
    cuts: int = 0
    cuts_after: int | None = None
    """Where the printer's counter of cuts stands when the job is done, when it is known beforehand."""

    @property
    def marks(self) -> tuple[str | None, str | None]:
        """The process IDs that belong to this job."""
        return self.body_mark, self.final_mark

    @property
    def doubt(self) -> Doubt | None:
        """What may be found out about it once it was interrupted; a drawer pulse leaves nothing behind."""
        return Doubt(self.mark, self.body_mark, self.cuts_after) if self.mark else None


def process_id(number: int) -> str:
    """The process ID of a job's number: four printable characters, the same again after 78 million jobs."""
    characters = ""
    for _ in range(4):
        number, digit = divmod(number, 94)
        characters = chr(0x21 + digit) + characters
    return characters


def print_job(
    document: Mapping[str, object],
    profile: PrinterProfile,
    mark: str,
    *,
    void_predecessor: bool,
    cuts_after: int | None = None,
) -> Job:
    """Make the job of a document. Raises DocumentError, and ValueError when `mark` is no process ID."""
    check_process_id(mark)
    before = FLUSH + void_slip(profile, document.get("language")) if void_predecessor else b""
    cuts = cuts_of(document, profile) + (void_predecessor and profile.cutter)
    every_bytes = CHECK_EVERY_BYTES if profile.fence else None
    marks = (_body_mark(mark), mark) if profile.process_ids else None
    data, places = encode_checked(document, profile, marks, every_bytes=every_bytes)
    data, fences = before + data, tuple(len(before) + place for place in places)
    if marks:
        job = Job(data, *marks, fences=fences)
    elif profile.fence:
        data += FENCE
        job = Job(data, fence=True, fences=(*fences, len(data)))
    else:
        job = Job(data)
    return replace(job, mark=mark, cuts=cuts, cuts_after=cuts_after, voids_predecessor=void_predecessor)


def kick_job(kick: Kick, profile: PrinterProfile) -> Job:
    """Make the job of a drawer pulse that is queued in the printer; it is done when the printer has processed it."""
    data = pulse(kick) + FENCE * profile.fence
    return Job(data, fence=profile.fence, fences=(len(data),) * profile.fence, waits_for_people=False)


def _body_mark(mark: str) -> str:
    """Another process ID, for the text before the cut."""
    return chr(0x20 + (ord(mark[0]) - 0x20 + 47) % 95) + mark[1:]
