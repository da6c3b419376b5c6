"""A diagnostics bundle going up: signed by the box, kept by headquarters, acknowledged with its hash."""

from collections.abc import Mapping
from hashlib import sha256

from agent.core.chain import Identity
from agent.core.errors import Refused, UnknownOutcome
from agent.core.ports import Signer
from sync.headquarters import document_of
from sync.session import HttpSession, signed_by

BUNDLE_BYTES_MAX = 4 * 1024 * 1024 - 64 * 1024
"""What a request may hold."""


def send_bundle(session: HttpSession, sender: Identity, signer: Signer, data: bytes) -> Mapping[str, object]:
    """Send a bundle and return `{sha256, at_ms}` as headquarters kept it; the same one again is kept once.

    Refuses with `bundle.too_large`; raises what the line and headquarters say.
    """
    if len(data) > BUNDLE_BYTES_MAX:
        raise Refused("bundle.too_large", bytes_max=BUNDLE_BYTES_MAX)
    headers = {"Content-Type": "application/zip"}
    target = f"/v1/boxes/{sender.box}/bundles"
    kept = document_of(session.send("POST", target, data, headers, signed_by(sender, signer)))
    if kept.get("sha256") != sha256(data).hexdigest():
        raise UnknownOutcome("hq.garbage_answer")
    return {"sha256": kept["sha256"], "at_ms": kept.get("at_ms")}
