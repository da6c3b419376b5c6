"""Logging in and out."""

from typing import Any

from fastapi import APIRouter, Request, Response

from agent.services import staff
from agent.services.shop import Actor
from agent.web.access import AnySeat, TheWeb, cookie_name, csrf_of, session_token
from agent.web.bodies import LoginBody

router = APIRouter(tags=["session"])


def _shown(actor: Actor, token: str | None) -> dict[str, Any]:
    return {
        "staff": actor.staff,
        "name": actor.name,
        "role": actor.role,
        "till": actor.till,
        "csrf": csrf_of(token) if token else None,
    }


@router.get("/people")
def people(web: TheWeb) -> list[dict[str, Any]]:
    """Return who may log in; the login screen shows them before anybody did."""
    return [{"staff": one["staff"], "name": one["name"], "role": one["role"]} for one in staff.people(web.shop)]


@router.post("/session")
def log_in(body: LoginBody, web: TheWeb, request: Request, response: Response) -> dict[str, Any]:
    """Log in by PIN; sets the session's cookie and ends the session that the browser had."""
    token, actor = staff.login(web.shop, body.staff, body.pin, body.till)
    before = session_token(request)
    if before:
        staff.logout(web.shop, before)
    response.set_cookie(
        cookie_name(web.shop),
        token,
        httponly=True,
        samesite="strict",
        path="/",
        secure=request.url.scheme == "https",
    )
    return _shown(actor, token)


@router.get("/session")
def session(seat: AnySeat, request: Request) -> dict[str, Any]:
    """Return who is logged in, with the CSRF token of the session."""
    return _shown(seat.actor, session_token(request))


@router.delete("/session")
def log_out(seat: AnySeat, request: Request, response: Response) -> dict[str, Any]:
    """End the session. Baskets, attempts and unsent entries stay."""
    token = session_token(request)
    if token:
        staff.logout(seat.shop, token)
        response.delete_cookie(cookie_name(seat.shop), path="/", httponly=True, samesite="strict")
    return {}
