"""The address at which platforms tell of payments: each word is checked, and makes headquarters ask, nothing more."""

import logging
from collections.abc import Mapping

import anyio
import anyio.to_thread
from fastapi import APIRouter, Request, Response

from agent.core.chain import Identity
from agent.core.errors import Refused, StoreboxError
from agent.core.payment import PlatformAnswer, RefundAnswer, RefundVerdict, Verdict
from agent.core.wish import Verb, Wish
from sync.hq.pay import phone_book
from sync.hq.pay.api import PayOffice
from sync.hq.pay.book import order_of
from sync.platforms.notified import Notified, Notifying

_log = logging.getLogger("storebox.hq.pay")
BODY_BYTES_MAX = 64 * 1024
AT_ONCE_MAX = 8
"""Notifications in hand at the same time: anybody may knock here, and boxes come first."""


def notify_router(office: PayOffice) -> APIRouter:
    """Return the endpoint `POST /notify/{merchant}`; MERCHANT is the name of the merchant's file."""
    router = APIRouter(tags=["payments"])
    threads: list[anyio.CapacityLimiter] = []

    @router.post("/notify/{merchant}")
    async def notify(merchant: str, request: Request) -> Response:
        """Take a platform's word and ask what became of that order; answered as the platform wants it."""
        if not threads:
            threads.append(anyio.CapacityLimiter(AT_ONCE_MAX))
        body = bytearray()
        async for piece in request.stream():
            body += piece
            if len(body) > BODY_BYTES_MAX:
                raise Refused("upload.too_large", bytes_max=BODY_BYTES_MAX)
        headers = {name.lower(): value for name, value in request.headers.items()}
        return await anyio.to_thread.run_sync(told, office, merchant, headers, bytes(body), limiter=threads[0])

    return router


def told(office: PayOffice, merchant: str, headers: Mapping[str, str], body: bytes) -> Response:
    """Return the answer to a notification; one that is not the platform's changes nothing and asks nothing."""
    platform = office.merchants.of_file(merchant)
    if not isinstance(platform, Notifying):
        return Response("", 404)
    try:
        accepted = _asked(office, merchant, platform.notified(headers, body))
    except StoreboxError as error:
        _log.warning("a notification to %s is not believed: %s", merchant, error.code)
        accepted = False
    answer = platform.notify_answer(accepted=accepted)
    return Response(answer.body, answer.status, media_type=answer.media_type if answer.body else None)


def _asked(office: PayOffice, merchant: str, notice: Notified) -> bool:
    """Ask about the order or refund of a notification; True when there is nothing more to learn from it."""
    store = notice.out_trade_no.partition("_")[0]
    with office.database.read() as connection:
        order = order_of(connection, store, notice.out_trade_no)
        phone = phone_book.found(connection, store, notice.out_trade_no)
    if order is not None and order.merchant == merchant:
        verb = Verb.QUERY if notice.out_refund_no is None else Verb.QUERY_REFUND
        wish = Wish(verb, order.platform, notice.out_trade_no, out_refund_no=notice.out_refund_no)
        found = office.desk.take(Identity(order.store, order.box, order.epoch), wish, kept=True).answer
        return _is_known(found)
    if phone is not None and phone.wallet and office.merchants.merchant(store, phone.wallet) == merchant:
        office.phone.look(phone)
        return True
    _log.info("a notification of %s is about no order of ours", merchant)
    return True


def _is_known(answer: object) -> bool:
    if isinstance(answer, PlatformAnswer):
        return answer.verdict is not Verdict.UNKNOWN
    return isinstance(answer, RefundAnswer) and answer.verdict is not RefundVerdict.UNKNOWN
