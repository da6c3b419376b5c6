"""Headquarters' permit to go back to an older release: signed for this box, one sequence, once it is lower."""

from pathlib import Path

from agent.core.errors import StoreboxError
from agent.core.release import Manifest
from agent.upgrade.intake import Permits
from agent.upgrade.place import read_json
from sync.enrol import load_enrolment

PERMIT_FILE = "permit.json"
USE = "release"


def permits_of(state: Path) -> Permits:
    """Return who says which older release a box may take: the permit in its state folder, if headquarters signed it."""

    def permitted(manifest: Manifest, installed: int) -> int | None:
        try:
            document = read_json(state / "upgrade" / PERMIT_FILE)
            enrolment = load_enrolment(state)
            keys = enrolment.key_ring() if enrolment is not None else None
        except StoreboxError:
            return None
        if not isinstance(document, dict) or enrolment is None or keys is None:
            return None
        sequence, below, at_ms = (document.get(name) for name in ("sequence", "below", "at_ms"))
        if type(sequence) is not int or type(below) is not int or type(at_ms) is not int:
            return None
        if sequence != manifest.sequence or installed > below:
            return None
        return sequence if keys.fault(USE, enrolment.identity, document, at_ms) is None else None

    return permitted
