"""Logging in and out, the first password, and the language: what works without any right."""

import re
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from starlette.responses import RedirectResponse

from agent.core.errors import Credentials, Refused, StoreboxError
from sync.hq.books.notes import write_note
from sync.hq.pages.render import page, problem
from sync.hq.pages.route import PageRoute
from sync.hq.pages.texts import LANGUAGES
from sync.hq.pages.web import COOKIE, LANGUAGE_COOKIE, Desk, Form, asking, bounded, field, has_csrf, sent_form, token_of
from sync.hq.people.accounts import change_password, is_password, note_guess, password_hash_of
from sync.hq.people.sessions import LIFE_MS, log_in, log_out, token_hash

OFFICE_BOOK = "@hq:people"
"""The book of what concerns no store: persons, programs, passwords."""
_LOCAL_PATH = re.compile(r"/(?!/)[A-Za-z0-9/_.\-]*")
_YEAR_S = 365 * 24 * 3600

Sent = Annotated[Form, Depends(sent_form)]


def entrance_router(desk: Desk) -> APIRouter:
    """Return the routes of the entrance."""
    router = APIRouter(route_class=PageRoute, include_in_schema=False)

    @router.get("/login")
    def login_page(request: Request, next: str = "/") -> Response:
        return page(request, "login.html", next=_local(next), name="", problem=None)

    @router.post("/login")
    def login(request: Request, form: Sent) -> Response:
        return _logged_in(desk, request, form)

    @router.post("/logout")
    def logout(request: Request, form: Sent) -> Response:
        has_csrf(request, form)
        log_out(desk.office.database, token_of(request))
        response = RedirectResponse("/login", 303)
        response.delete_cookie(COOKIE, path="/")
        return response

    @router.get("/password")
    def password_page(request: Request) -> Response:
        return page(request, "password.html", asking(desk, request, act=None), problem=None)

    @router.post("/password")
    def password(request: Request, form: Sent) -> Response:
        person = asking(desk, request, act=None)
        has_csrf(request, form)
        try:
            _change(desk, request, person.name, form)
        except StoreboxError as error:
            return page(request, "password.html", person, 400, problem=problem(request, error))
        return RedirectResponse("/", 303)

    @router.post("/language")
    def language(request: Request, form: Sent) -> Response:
        chosen = field(form, "language")
        if chosen not in LANGUAGES:
            raise Refused("request.malformed", field="language")
        response = RedirectResponse(_local(field(form, "next")), 303)
        response.set_cookie(LANGUAGE_COOKIE, chosen, max_age=_YEAR_S, path="/", samesite="lax", httponly=True)
        return response

    return router


def _logged_in(desk: Desk, request: Request, form: Form) -> Response:
    name, back = field(form, "name"), _local(field(form, "next"))
    try:
        bounded(desk.guesses, request.client.host if request.client is not None else "")
        token = log_in(desk.office.database, name[:200], form.get("password", [""])[0], desk.office.now_ms())
    except StoreboxError as error:
        status = 401 if isinstance(error, Credentials) else 429
        return page(request, "login.html", status=status, next=back, name=name[:40], problem=problem(request, error))
    response = RedirectResponse(back, 303)
    secure = request.url.scheme == "https"
    response.set_cookie(
        COOKIE, token, max_age=LIFE_MS // 1000, path="/", httponly=True, samesite="strict", secure=secure
    )
    return response


def _change(desk: Desk, request: Request, name: str, form: Form) -> None:
    """Set a person's own password; who sits down at an open session does not know the present one."""
    new = form.get("new", [""])[0]
    if new != form.get("again", [""])[0]:
        raise Refused("person.passwords_differ")
    database, now_ms = desk.office.database, desk.office.now_ms()
    with database.read() as connection:
        known = password_hash_of(connection, name, now_ms)
    present = form.get("present", [""])[0]
    right = is_password(known, present)
    with database.write() as connection:
        note_guess(connection, name, right, now_ms)
    if not right:
        raise Credentials("person.wrong_password")
    if new == present:
        raise Refused("person.same_password")
    with database.write() as connection:
        change_password(connection, name, new, keep_session=token_hash(token_of(request)))
        write_note(connection, OFFICE_BOOK, now_ms, name, "account.password_changed", name, {})


def _local(path: str) -> str:
    return path if _LOCAL_PATH.fullmatch(path) else "/"
