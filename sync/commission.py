"""The signed report of a box that was just set up: what it found, what was proved, and how long that took."""

from collections.abc import Mapping

from agent.core.canonical import canonical_bytes
from agent.core.chain import Identity
from agent.core.ports import Signer
from sync.headquarters import document_of
from sync.session import HttpSession, signed_by


def send_report(session: HttpSession, identity: Identity, signer: Signer, report: Mapping[str, object]) -> None:
    """Give headquarters the report; the same again is one report. Raises `StoreboxError` when it was not taken."""
    headers = {"Content-Type": "application/json"}
    body = canonical_bytes({"report": dict(report)})
    target = f"/v1/boxes/{identity.box}/report"
    document_of(session.send("POST", target, body, headers, signed_by(identity, signer)))
