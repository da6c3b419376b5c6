"""A hand-over stick at headquarters: the file is opened with headquarters' key and taken in like uploads, once."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from agent.core.chain import first_fault
from agent.core.errors import Credentials
from sync.handover import Handover, Run, parse_handover
from sync.hq import registry
from sync.hq.ingest import Taken, ingest
from sync.hq.office import Office
from sync.wire import ENTRIES_MAX, parse_upload, upload_bytes


@dataclass(frozen=True, slots=True)
class TakenIn:
    """What a file brought: entries that were new, that were here, that do not follow; `codes` say why not."""

    store: str
    new: int
    known: int
    left: int
    codes: tuple[str, ...]


def import_handover(office: Office, data: bytes, *, unsigned: bool = False) -> TakenIn:
    """Take a file in; the same file again brings nothing new.

    Raises `Refused`: `handover.malformed`, `handover.other_headquarters`, `epoch.unknown`;
    `Credentials("handover.signature_differs")` for a file that the box's key did not sign. A box whose key is lost
    can't sign; with `unsigned` somebody vouches for the stick, and the chain must lead on from what is here.
    """
    file = parse_handover(data)
    _check_sender(office, file, unsigned)
    key = office.keys.handover_key if file.sealed_for == office.keys.handover_kid else None
    runs = file.runs(None if key is None else key.private_key)
    new = known = left = 0
    codes: dict[str, None] = {}
    office.months.ready(office.database, office.now_ms())
    for run in runs:
        counted = _take_run(office, file, run, codes)
        new, known, left = new + counted[0], known + counted[1], left + counted[2]
    return TakenIn(file.whose.store, new, known, left, tuple(codes))


def _check_sender(office: Office, file: Handover, unsigned: bool) -> None:
    with office.database.read() as connection:
        sender = registry.epoch_of_store(connection, file.whose.store, file.whose.epoch)
    vouched = unsigned and file.signature is None
    if not vouched and not file.signed_by(sender.public_key):
        raise Credentials("handover.signature_differs", store=file.whose.store, epoch=file.whose.epoch)


def _take_run(office: Office, file: Handover, run: Run, codes: dict[str, None]) -> tuple[int, int, int]:
    """Take a run in by pieces up to the first entry that does not follow; returns new, known and left."""
    previous, seq = run.previous, run.entries[0].seq if run.entries else 1
    fault = first_fault(previous, seq, run.entries)
    sound = run.entries if fault is None else run.entries[: fault.seq - seq]
    if fault is not None:
        codes[fault.code] = None
    new = done = 0
    for start in range(0, len(sound), ENTRIES_MAX):
        piece = sound[start : start + ENTRIES_MAX]
        while piece:
            body, count = upload_bytes(run.whose, previous, piece, {})
            with office.database.write() as connection:
                taken = _taken(connection, office, file, run, body)
            if taken.code is not None:
                codes[taken.code] = None
                return new, done - new, len(run.entries) - done
            new, done = new + taken.appended, done + count
            previous, piece = piece[count - 1].hash, piece[count:]
    return new, done - new, len(run.entries) - done


def _taken(connection: Connection, office: Office, file: Handover, run: Run, body: bytes) -> Taken:
    owner = registry.epoch_of_store(connection, run.whose.store, run.whose.epoch)
    return ingest(connection, owner, file.whose, parse_upload(body), office.now_ms())


def as_document(taken: TakenIn) -> Mapping[str, object]:
    """Return the figures as they are shown."""
    return {
        "store": taken.store,
        "new": taken.new,
        "known": taken.known,
        "left": taken.left,
        "codes": list(taken.codes),
    }
