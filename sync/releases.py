"""Headquarters' releases as a box sees them: which one it should have, and the bundle piece by piece."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from agent.core.chain import Identity
from agent.core.errors import UnknownOutcome
from agent.core.ports import Signer
from agent.core.release import Installed
from sync.headquarters import answer_error, document_of
from sync.session import HttpSession, signed_by

_HEX32 = re.compile(r"[0-9a-f]{64}")
BUNDLE_BYTES_MAX = 2_000_000_000


@dataclass(frozen=True, slots=True)
class Offer:
    """A bundle that headquarters names for a box; `permit` lets it go back to that one."""

    version: str
    sequence: int
    sha256: str
    size: int
    permit: Mapping[str, object] | None


class ReleaseClient:
    """Sends a box's signed requests about releases; nothing here retries or waits."""

    def __init__(self, session: HttpSession, sender: Identity, signer: Signer) -> None:
        self._session = session
        self._sender = sender
        self._headers = signed_by(sender, signer)

    def offered(self, installed: Installed, turned_away: int | None) -> Offer | None:
        """Tell what runs here and the newest that proved bad; return what should run, None when nothing else should."""
        told = {"sequence": installed.sequence, "version": installed.version, "arch": installed.arch}
        more = {} if turned_away is None else {"turned_away": turned_away}
        target = f"/v1/boxes/{self._sender.box}/release?{urlencode({**told, **more})}"
        found = document_of(self._session.send("GET", target, header_maker=self._headers)).get("release")
        if found is None:
            return None
        if not isinstance(found, Mapping):
            raise UnknownOutcome("hq.garbage_answer")
        try:
            offer = Offer(
                str(found["version"]), int(found["sequence"]), str(found["sha256"]), int(found["size"]), found["permit"]
            )
        except (KeyError, TypeError, ValueError) as error:
            raise UnknownOutcome("hq.garbage_answer") from error
        sound = _HEX32.fullmatch(offer.sha256) and 0 < offer.size <= BUNDLE_BYTES_MAX
        if not sound or not (offer.permit is None or isinstance(offer.permit, Mapping)):
            raise UnknownOutcome("hq.garbage_answer")
        return offer

    def piece(self, sha256: str, start: int, length: int) -> bytes:
        """Return a piece of a bundle, at most as long as asked for; raises what HQ answers instead."""
        target = f"/v1/boxes/{self._sender.box}/release/{sha256}"
        headers = {"Range": f"bytes={start}-{start + length - 1}"}
        answer = self._session.send("GET", target, headers=headers, header_maker=self._headers)
        if answer.status != 206:
            raise answer_error(answer)
        if len(answer.body) > length:
            raise UnknownOutcome("hq.garbage_answer")
        return answer.body
