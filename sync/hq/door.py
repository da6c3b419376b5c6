"""Who knocks: the box that signed a request; whoever is turned away is noted for the store that it names."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from agent.core.errors import Credentials, StoreboxError
from agent.core.signing import parse_request_header
from sync.hq.authentication import signed_box
from sync.hq.database import Database
from sync.hq.incoming import Incoming
from sync.hq.notices import Notice, Notices
from sync.hq.registry import RegisteredEpoch

KNOCKING = frozenset({"box.revoked", "box.replaced", "box.unknown", "request.wrong_signature"})


def known_sender(
    database: Database, notices: Notices, now_ms: Callable[[], int], box: str, request: Incoming
) -> RegisteredEpoch:
    """Return the epoch that signed a request; raises what `signed_box` raises.

    Of an unknown epoch only that there was one is noted: anybody may make numbers up.
    """
    with _noting(database, notices, now_ms, request):
        return _sender(database, box, request)


def live_sender(
    database: Database, notices: Notices, now_ms: Callable[[], int], box: str, request: Incoming
) -> RegisteredEpoch:
    """Return the epoch that signed a request, for all that moves money or tells of other boxes.

    As `known_sender`; besides raises `Credentials` (`box.replaced`) for a box in whose place another one trades.
    """
    with _noting(database, notices, now_ms, request):
        known = _sender(database, box, request)
        not_replaced(known)
        return known


def turn_away(
    database: Database, notices: Notices, now_ms: Callable[[], int], request: Incoming, known: RegisteredEpoch
) -> None:
    """Raise as `not_replaced` for a box that was replaced, and note that it asked."""
    with _noting(database, notices, now_ms, request):
        not_replaced(known)


def not_replaced(known: RegisteredEpoch) -> None:
    """Raise `Credentials` (`box.replaced`) when another box trades in this one's place."""
    if known.replaced_by is not None:
        raise Credentials("box.replaced", box=known.identity.box, epoch=known.identity.epoch, newest=known.newest)


def _sender(database: Database, box: str, request: Incoming) -> RegisteredEpoch:
    with database.read() as connection:
        return signed_box(connection, request.signature, box, request.method, request.target, request.body)


@contextmanager
def _noting(database: Database, notices: Notices, now_ms: Callable[[], int], request: Incoming) -> Iterator[None]:
    try:
        yield
    except StoreboxError as error:
        claimed = parse_request_header(request.signature or "")
        if claimed is not None and error.code in KNOCKING:
            who = claimed[0] if error.code != "box.unknown" else replace(claimed[0], epoch=0)
            notices.note(database, Notice(who.store, who.epoch, error.code, who.box[:10]), now_ms())
        raise
