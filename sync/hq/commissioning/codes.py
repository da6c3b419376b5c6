"""What headquarters puts into QR codes for a box: its own address, the token, the fingerprint of its root key."""

from agent.core.errors import Refused
from agent.core.setup_codes import EnrolmentCode, enrolment_code, is_host
from sync.hq.commissioning.tokens import MadeToken
from sync.hq.registry import TokenMode


def enrolment_text(made: MadeToken, fingerprint: str, host: str, *, plain: bool) -> str:
    """Return the text of a token's `E1` code; `host` may hold a port. Refuses with `rollout.bad_host`.

    `plain` is http without TLS, which a box believes on its own machine only.
    """
    place = host.lower()
    if not is_host(place):
        raise Refused("rollout.bad_host", host=host[:80])
    code = EnrolmentCode(
        token=bytes.fromhex(made.token),
        fingerprint=bytes.fromhex(fingerprint),
        store=made.store,
        expires_s=made.expires_at_ms // 1000,
        host=place,
        plain=plain,
        replaces=made.mode is TokenMode.REPLACE,
    )
    return enrolment_code(code)
