"""The way to headquarters before a box belongs to them: nothing secret leaves until root key and server are proved.

The introduction tells no secret and proves itself by the root key that the code names, so its line needs no
certificate; it brings the pins of the servers. What follows goes to a pinned key, or, where headquarters have no pins,
to whom the authorities vouch for, whatever the clock says. Where no root key is known the authorities vouch for it all,
the certificate's dates count too.
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager

from agent.core.errors import StoreboxError
from sync.dateless import DatelessAdapter, dateless_context
from sync.introduction import Introduction, introduce
from sync.pinning import PinningAdapter, TrustlessAdapter
from sync.pins import Pins
from sync.session import HttpSession

READ_TIMEOUT_S = 10.0


@contextmanager
def first_contact(
    url: str, nonce: bytes, fingerprint: str | None, store: str
) -> Iterator[tuple[HttpSession, Introduction]]:
    """Give the session over which a token may leave, and what headquarters proved.

    Raises what `introduce` raises; the session raises `tls.pin_mismatch` for a server that shows another key.
    """
    unproven = None if fingerprint is None else TrustlessAdapter()
    with closing(HttpSession(url, read_timeout_s=READ_TIMEOUT_S, adapter=unproven)) as line:
        found = introduce(line, nonce, fingerprint, store)
    known = Pins(found.keys)
    adapter = PinningAdapter(known.accepted, None if fingerprint is None else dateless_context)
    with closing(HttpSession(url, read_timeout_s=READ_TIMEOUT_S, pins=known, adapter=adapter)) as session:
        yield session, found


def server_fault(url: str, nonce: bytes, fingerprint: str | None, store: str) -> StoreboxError | None:
    """Return what keeps a token from leaving, None when nothing does; sends nothing secret.

    Of a server that did not prove itself by the root key, what the authorities have against it comes first.
    """
    try:
        with first_contact(url, nonce, fingerprint, store) as (session, _):
            return _line_fault(session)
    except StoreboxError as error:
        if error.code.startswith("network."):
            return error
        with closing(HttpSession(url, read_timeout_s=READ_TIMEOUT_S, adapter=DatelessAdapter())) as line:
            return _line_fault(line) or error


def _line_fault(session: HttpSession) -> StoreboxError | None:
    try:
        session.send("GET", "/v1/time")
    except StoreboxError as error:
        return error
    return None
