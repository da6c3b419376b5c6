"""The endpoint of wishes. What a box may believe is signed; every other answer says nothing about money."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Annotated

import anyio
import anyio.to_thread
from fastapi import APIRouter, Depends
from starlette.responses import JSONResponse

from agent.core.chain import Identity
from agent.core.errors import Credentials, Refused, TryLater
from agent.core.wish import TAKING, Wish, answer_document, parse_wish, request_digest
from sync.hq.database import Database
from sync.hq.door import known_sender, turn_away
from sync.hq.incoming import Incoming, incoming
from sync.hq.keys import HqKeys
from sync.hq.limits import RateLimit
from sync.hq.notices import Notices
from sync.hq.pay.desk import WishDesk
from sync.hq.pay.merchants import Merchants
from sync.hq.pay.phone import PhoneOrders

BODY_BYTES_MAX = 16 * 1024
AT_ONCE_MAX = 256
"""Wishes in hand at the same time; most of them wait for a platform."""
RETRY_AFTER_S = 2

Request = Annotated[Incoming, Depends(incoming)]


class InHand:
    """Bounds the wishes in hand: beyond it nothing is begun, and the box is told when to come back."""

    def __init__(self, at_once_max: int = AT_ONCE_MAX) -> None:
        self._free = threading.BoundedSemaphore(at_once_max)

    @contextmanager
    def place(self) -> Iterator[None]:
        """Hold a place while the block runs; raises `TryLater` at once when there is none."""
        if not self._free.acquire(blocking=False):
            raise TryLater("hq.busy", retry_after_s=RETRY_AFTER_S)
        try:
            yield
        finally:
            self._free.release()


@dataclass(frozen=True, slots=True)
class PayOffice:
    """What the endpoints of the payments' process work with."""

    database: Database
    keys: HqKeys
    desk: WishDesk
    phone: PhoneOrders
    merchants: Merchants
    now_ms: Callable[[], int]
    rate: RateLimit = field(default_factory=lambda: RateLimit(per_second=20.0, burst=200))
    in_hand: InHand = field(default_factory=InHand)
    notices: Notices = field(default_factory=Notices)


def wishes_router(office: PayOffice) -> APIRouter:
    """Return the endpoints that boxes use."""
    router = APIRouter(prefix="/v1", tags=["payments"])
    threads: list[anyio.CapacityLimiter] = []

    @router.get("/keys")
    async def keys() -> JSONResponse:
        """Give the key list; its signature is the root key's."""
        return JSONResponse(dict(office.keys.key_list))

    @router.post("/boxes/{box}/wishes")
    async def wishes(box: str, request: Request) -> JSONResponse:
        """Take or return money; the same wish again returns the present state."""
        if not threads:
            threads.append(anyio.CapacityLimiter(AT_ONCE_MAX))
        with office.in_hand.place():
            return await anyio.to_thread.run_sync(taken, office, box, request, limiter=threads[0])

    return router


def taken(office: PayOffice, box: str, request: Incoming) -> JSONResponse:
    """Return the signed answer to a request; raises `StoreboxError` for what is nobody's or no wish.

    A box that was replaced moves no money: what would take some under a number of its own gets the signed answer that
    it was not sent, so that its till need not wait for an unknown one; all else is refused with `box.replaced`.
    """
    known = known_sender(office.database, office.notices, office.now_ms, box, request)
    sender = known.identity
    office.rate.take(sender.store, box)
    if len(request.body) > BODY_BYTES_MAX:
        raise Refused("upload.too_large", bytes_max=BODY_BYTES_MAX)
    wish = parse_wish(request.document(), sender.store)
    try:
        turn_away(office.database, office.notices, office.now_ms, request, known)
    except Credentials:
        if not _takes_under_own_number(sender, wish):
            raise
    done = office.desk.take(sender, wish)
    digest, at_ms = request_digest(request.body), office.now_ms()
    document = answer_document(sender, digest, done.answer, at_ms, office.keys.pay_kid, done.merchant)
    return JSONResponse({"answer": office.keys.signed_wish(sender, document)})


def _takes_under_own_number(sender: Identity, wish: Wish) -> bool:
    """Tell whether a refusal binds nobody else: a number of the epoch that followed is not this box's to spend."""
    return wish.verb in TAKING and wish.out_trade_no.startswith(f"{sender.store}_{sender.epoch}_")
