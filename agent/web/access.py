"""Who asks: a session's cookie with its CSRF token, or a third-party till's key. Handlers get a `Seat`."""

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, cast

from fastapi import Depends, Header, Request

from agent.core.errors import Credentials, Refused
from agent.services import staff
from agent.services.shop import Actor, Approval, Shop
from agent.web.bodies import ApprovalBody
from agent.web.hub import Hub
from agent.web.security import SAFE_METHODS, bearer

CSRF_HEADER = "X-Storebox-CSRF"
KEY_LENGTH_MAX = 100


@dataclass(frozen=True, slots=True)
class Web:
    """What handlers work with; `run` starts a call on a thread of its own, for a platform is asked there."""

    shop: Shop
    hub: Hub
    run: Callable[[Callable[[], None]], None]


@dataclass(frozen=True, slots=True)
class Seat:
    """One request of somebody who may ask: the shop and who acts."""

    shop: Shop
    actor: Actor


def web_of(request: Request) -> Web:
    """Return what the application was made with."""
    return cast(Web, request.app.state.web)


def cookie_name(shop: Shop) -> str:
    """Return the session cookie's name: browsers keep cookies by host, not by port, so it names the store."""
    return f"storebox_{shop.identity.store}"


def csrf_of(token: str) -> str:
    """Return the token that a page must send with every change; it does not lead back to the session's token."""
    return hmac.digest(token.encode(), b"storebox csrf", "sha256").hex()


def session_token(request: Request) -> str | None:
    """Return the session's token in the cookie; None beside an Authorization header, which alone counts then."""
    if bearer(request.headers) is not None:
        return None
    return request.cookies.get(cookie_name(web_of(request).shop))


def known(request: Request) -> Actor | None:
    """Return who asks, or None; changes nothing and checks no CSRF token."""
    shop = web_of(request).shop
    key = bearer(request.headers)
    if key is not None:
        return staff.actor_of_api_key(shop, key) if key else None
    token = session_token(request)
    return staff.actor_of_session(shop, token) if token else None


def seat(request: Request) -> Seat:
    """Return who asks; refuses a missing or ended session (`session.missing`), a bad key and a bad CSRF token."""
    actor = known(request)
    if actor is None:
        raise Credentials("session.missing" if bearer(request.headers) is None else "key.unknown")
    token = session_token(request)
    if token is not None and request.method not in SAFE_METHODS:
        sent = request.headers.get(CSRF_HEADER, "")
        if not hmac.compare_digest(sent.encode(), csrf_of(token).encode()):
            raise Credentials("request.csrf")
    return Seat(web_of(request).shop, actor)


def money_key(idempotency_key: Annotated[str | None, Header()] = None) -> str:
    """Return the idempotency key of a request that moves money; refuses a missing or huge one."""
    if not idempotency_key or len(idempotency_key) > KEY_LENGTH_MAX:
        raise Refused("idempotency.key_missing")
    return idempotency_key


def approved(shop: Shop, approval: ApprovalBody | None) -> Approval | None:
    """Return the second person's approval after his PIN was checked."""
    return None if approval is None else staff.approve(shop, approval.staff, approval.pin)


AnySeat = Annotated[Seat, Depends(seat)]
MoneyKey = Annotated[str, Depends(money_key)]
TheWeb = Annotated[Web, Depends(web_of)]
