"""Who knocks: the box that signed a request; whoever is turned away is noted for the store that it names."""

from collections.abc import Callable
from dataclasses import replace

from agent.core.errors import StoreboxError
from agent.core.signing import parse_request_header
from sync.hq.authentication import signed_box
from sync.hq.database import Database
from sync.hq.incoming import Incoming
from sync.hq.notices import Notice, Notices
from sync.hq.registry import RegisteredEpoch

KNOCKING = frozenset({"box.revoked", "box.unknown", "request.wrong_signature"})


def known_sender(
    database: Database, notices: Notices, now_ms: Callable[[], int], box: str, request: Incoming
) -> RegisteredEpoch:
    """Return the epoch that signed a request; raises what `signed_box` raises.

    Of an unknown epoch only that there was one is noted: anybody may make numbers up.
    """
    try:
        with database.read() as connection:
            return signed_box(connection, request.signature, box, request.method, request.target, request.body)
    except StoreboxError as error:
        claimed = parse_request_header(request.signature or "")
        if claimed is not None and error.code in KNOCKING:
            who = claimed[0] if error.code != "box.unknown" else replace(claimed[0], epoch=0)
            notices.note(database, Notice(who.store, who.epoch, error.code, who.box[:10]), now_ms())
        raise
