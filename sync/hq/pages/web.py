"""What every page passes before its handler: who asks, Origin and token, bounds; and the headers of every answer.

As on the box (`agent/web/security.py`): a hostile page in an accountant's browser can neither frame a page, nor inject
script into it, nor send a form: its Origin is another, the cookie stays away (SameSite=Strict), the token is unknown.
"""

import asyncio
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs

from fastapi import Request
from starlette.requests import ClientDisconnect

from agent.core.errors import Credentials, Refused, TryLater
from sync.hq.limits import RateLimit
from sync.hq.office import Office
from sync.hq.people.rights import Act, Person, require
from sync.hq.people.sessions import logged_in

COOKIE = "storebox_hq"
LANGUAGE_COOKIE = "storebox_hq_language"
CSRF_FIELD = "csrf"
PART_HEADER = "x-storebox-part"
FORM_BYTES_MAX = 16_384
FORM_TIMEOUT_S = 20
FIELDS_MAX = 200
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:;"
        " frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    # "no-referrer" would make a browser send the Origin of its own forms as "null".
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), usb=(), serial=(), payment=()",
}

Form = Mapping[str, list[str]]


@dataclass(frozen=True, slots=True)
class Desk:
    """What the pages work with; bounds are for each person, and for each address that tries to log in."""

    office: Office
    asked: RateLimit
    guesses: RateLimit


def token_of(request: Request) -> str:
    """Return the session's token as the browser sent it, or ""."""
    return request.cookies.get(COOKIE, "")


def csrf_of(token: str) -> str:
    """Return what each form must bring; it does not lead back to the session's token."""
    return hmac.digest(token.encode(), b"storebox hq csrf", "sha256").hex()


def asking(desk: Desk, request: Request, act: Act | None = Act.READ, store: str | None = None) -> Person:
    """Return who asks; raises `Credentials` unless logged in and, where `act` is named, allowed to (in that store).

    A page that refreshes itself keeps no session alive: an unwatched screen is logged out after its hour.
    """
    person = logged_in(desk.office.database, token_of(request), desk.office.now_ms(), active=not is_part(request))
    bounded(desk.asked, person.name)
    if act is not None:
        require(person, act, store)
    return person


def bounded(rate: RateLimit, who: str) -> None:
    """Count a request; raises `TryLater` (`page.too_many_requests`)."""
    try:
        rate.take("", who)
    except TryLater as error:
        raise TryLater("page.too_many_requests", retry_after_s=error.values["retry_after_s"]) from error


def is_part(request: Request) -> bool:
    """Tell whether a page's own script asks for what has changed."""
    return PART_HEADER in request.headers


def same_origin(request: Request) -> None:
    """Raise `Credentials` unless a change comes from a page of ours; a proxy must pass Host and X-Forwarded-Proto."""
    host = request.headers.get("host", "")
    origin = request.headers.get("origin", "")
    if not host or origin != f"{request.url.scheme}://{host}":
        raise Credentials("request.foreign_origin", origin=origin[:80])


def has_csrf(request: Request, form: Form) -> None:
    """Raise `Credentials` unless the form brings the session's token."""
    if not hmac.compare_digest(field(form, CSRF_FIELD).encode(), csrf_of(token_of(request)).encode()):
        raise Credentials("request.csrf")


def field(form: Form, name: str) -> str:
    """Return a field without the spaces around it; "" when it is missing."""
    return form.get(name, [""])[0].strip()


async def sent_form(request: Request) -> Form:
    """Return the fields of a form that a page of ours sent; refuses everything else and what is too large."""
    same_origin(request)
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/x-www-form-urlencoded":
        raise Refused("request.malformed", field="content-type")
    body = bytearray()
    try:
        async with asyncio.timeout(FORM_TIMEOUT_S):
            async for piece in request.stream():
                body += piece
                if len(body) > FORM_BYTES_MAX:
                    raise Refused("request.too_large", bytes_max=FORM_BYTES_MAX)
    except TimeoutError as error:
        raise TryLater("request.timeout") from error
    except ClientDisconnect as error:
        raise Refused("request.cut") from error
    try:
        form = parse_qs(body.decode("ascii"), True, True, "utf-8", "strict", FIELDS_MAX)
    except ValueError as error:
        raise Refused("request.malformed", field="form") from error
    if any("\0" in value for values in form.values() for value in values):
        raise Refused("request.malformed", field="form")
    return form
