"""Fetching the release that headquarters names for this box, in pieces, and asking root to take it.

Runs with the rights of the agent, at low priority, in a process of its own. A piece that is on disk is not fetched
again; the digest is compared at the end, the signatures by whoever takes the bundle in.
"""

import os
import shutil
from pathlib import Path

from agent.core.canonical import canonical_bytes
from agent.core.errors import Broken, TryLater, UnknownOutcome
from agent.upgrade.intake import INCOMING, REQUEST_FILE, SUFFIX
from agent.upgrade.pending import digest_of, load, turned_away
from agent.upgrade.permits import PERMIT_FILE
from agent.upgrade.place import Place, write_whole
from sync.enrol import device_key, load_enrolment
from sync.pins import pins_of
from sync.releases import Offer, ReleaseClient
from sync.session import HttpSession

PIECE_BYTES = 1024 * 1024
SPARE_BYTES = 256 * 1024 * 1024
"""What stays free on the disk of the journal while a bundle comes down."""


def fetch_release(place: Place, hq_url: str | None) -> str:
    """Fetch what headquarters names, if anything is new; returns a sentence for the log.

    Raises `StoreboxError` when headquarters can't be reached; the next call goes on where this one ended.
    """
    enrolment = load_enrolment(place.state)
    url = hq_url or (enrolment.hq_url if enrolment is not None else None)
    if enrolment is None or not url:
        return "there is no headquarters to ask"
    session = HttpSession(url, pins=pins_of(place.state))
    try:
        client = ReleaseClient(session, enrolment.identity, device_key(place.state, enrolment))
        bad = [int(sequence) for sequence in turned_away(place) if sequence.isdecimal()]
        offer = client.offered(place.installed(), max(bad, default=None))
        if offer is None:
            shutil.rmtree(place.asked / INCOMING, ignore_errors=True)
            return "nothing new"
        under_way = load(place)
        if under_way is not None:
            return f"{under_way.to} is under way"
        if str(offer.sequence) in turned_away(place):
            return f"{offer.version} proved bad here"
        return _fetched(place.asked, client, offer)
    finally:
        session.close()


def _fetched(asked: Path, client: ReleaseClient, offer: Offer) -> str:
    folder = asked / INCOMING
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    final = folder / f"{offer.sha256}{SUFFIX}"
    for other in folder.iterdir():
        if not other.name.startswith(offer.sha256):
            other.unlink(missing_ok=True)
    if not final.exists():
        part = folder / f"{offer.sha256}.part"
        _room(folder, offer.size)
        _pieces(client, offer, part)
        if digest_of(part) != offer.sha256:
            part.unlink()
            raise UnknownOutcome("release.file_differs", file=final.name[:12])
        os.replace(part, final)
    if offer.permit is not None:
        write_whole(asked / PERMIT_FILE, canonical_bytes(dict(offer.permit)), 0o600)
    write_whole(asked / REQUEST_FILE, canonical_bytes({"bundle": final.name}), 0o600)
    return f"{offer.version} is asked for"


def _pieces(client: ReleaseClient, offer: Offer, part: Path) -> None:
    with part.open("ab") as file:
        while (have := file.tell()) < offer.size:
            data = client.piece(offer.sha256, have, min(PIECE_BYTES, offer.size - have))
            if not data:
                raise UnknownOutcome("hq.garbage_answer")
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if file.tell() > offer.size:
            raise Broken("release.truncated", file=part.name[:12])


def _room(folder: Path, size: int) -> None:
    found = os.statvfs(folder)
    free_bytes = found.f_bavail * found.f_frsize
    if free_bytes < size + SPARE_BYTES:
        raise TryLater(
            "upgrade.no_room",
            folder=str(folder),
            needed_mb=(size + SPARE_BYTES) // 1_000_000,
            free_mb=free_bytes // 1_000_000,
        )
