"""How the simulated apps tell a merchant's page who opened it: redirects with a code, and the code for a name.

A page opened in a wallet is sent here with its address; it goes back with a code that serves once, for five minutes.
Whose telephone it is stands in a cookie that the phone page sets; without one it is the first customer's.
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from secrets import token_hex
from typing import Any
from urllib.parse import urlencode, urlsplit

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from sync.simulator.accounts import Account, Kind, app_secret
from sync.simulator.alipay.documents import user_id_of
from sync.simulator.wechat.documents import openid_of
from sync.simulator.world import World

CODE_LIVES_MS = 300_000
COOKIE = "storebox_phone"


@dataclass(frozen=True, slots=True)
class _Given:
    account: str
    payer: str
    ends_at_ms: int


class Codes:
    """Codes that were given out and not used yet, in memory. Thread-safe."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._lock = threading.Lock()
        self._given: dict[str, _Given] = {}

    def new(self, account: Account, payer: str) -> str:
        """Return a code for a page of a merchant's application."""
        code, now_ms = token_hex(16), self._world.now_ms()
        with self._lock:
            self._given = {name: one for name, one in self._given.items() if one.ends_at_ms > now_ms}
            self._given[code] = _Given(account.name, payer, now_ms + CODE_LIVES_MS)
        return code

    def use(self, account: Account, code: str) -> str | None:
        """Return who it was given to and use it up; None for an old, used or foreign one."""
        with self._lock:
            found = self._given.pop(code, None)
        if found is None or found.account != account.name or found.ends_at_ms <= self._world.now_ms():
            return None
        return found.payer


class WhoPays:
    """The two platforms' ways to the same end."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.codes = Codes(world)

    def send_back(self, kind: Kind, application: str, back_url: str, state: str, customer: str) -> Response:
        """Return the redirect to the merchant's page with a code, or a page that says what is wrong."""
        field = "appid" if kind == "wechat" else "app_id"
        account = self._world.accounts.find(kind, field, application)
        parts = urlsplit(back_url)
        if account is None or parts.scheme not in ("http", "https") or not parts.hostname:
            return Response("<html>redirect_uri 参数错误</html>", 200, media_type="text/html; charset=utf-8")
        person = self._world.customers.find(customer) or self._world.customers.all()[0]
        code = self.codes.new(account, person.payer)
        named = {"code": code, "state": state}
        if kind == "alipay":
            named = {"app_id": application, "scope": "auth_base", "state": state, "auth_code": code}
        separator = "&" if parts.query else "?"
        return RedirectResponse(f"{back_url}{separator}{urlencode(named)}", 302)

    def access_token(self, given: Mapping[str, str]) -> dict[str, Any]:
        """Return who a code stands for, as WeChat answers: HTTP 200 for errors too, and no signature."""
        account = self._world.accounts.find("wechat", "appid", given.get("appid", ""))
        if account is None:
            return {"errcode": 40013, "errmsg": "invalid appid"}
        if given.get("secret") != app_secret(account):
            return {"errcode": 40125, "errmsg": "invalid appsecret"}
        payer = self.codes.use(account, given.get("code", ""))
        if payer is None or given.get("grant_type") != "authorization_code":
            return {"errcode": 40029, "errmsg": "invalid code"}
        tokens = {"access_token": token_hex(32), "expires_in": 7200, "refresh_token": token_hex(32)}
        return {**tokens, "openid": openid_of(payer), "scope": "snsapi_base"}

    def user(self, account: Account, given: Mapping[str, str]) -> dict[str, Any] | None:
        """Return who a code stands for, as Alipay names them; None for a wrong code."""
        right = given.get("grant_type") == "authorization_code"
        payer = self.codes.use(account, given.get("code", "")) if right else None
        if payer is None:
            return None
        tokens = {"access_token": token_hex(16), "expires_in": 1296000, "re_expires_in": 2592000}
        return {**tokens, "refresh_token": token_hex(16), "user_id": user_id_of(payer)}


def who_pays_routes(who: WhoPays) -> APIRouter:
    """Return the addresses to which pages in the apps are sent."""
    router = APIRouter(include_in_schema=False)

    @router.get("/connect/oauth2/authorize")
    def authorize(request: Request, appid: str = "", redirect_uri: str = "", state: str = "") -> Response:
        return who.send_back("wechat", appid, redirect_uri, state, request.cookies.get(COOKIE, ""))

    @router.get("/oauth2/publicAppAuthorize.htm")
    def public_app_authorize(request: Request, app_id: str = "", redirect_uri: str = "", state: str = "") -> Response:
        return who.send_back("alipay", app_id, redirect_uri, state, request.cookies.get(COOKIE, ""))

    @router.get("/sns/oauth2/access_token")
    def access_token(request: Request) -> dict[str, Any]:
        return who.access_token(dict(request.query_params))

    return router
