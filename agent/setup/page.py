"""What a box shows in a browser before it has its store: the same as its invitation, in Chinese and English.

Codes that people type may be sent from here, as from a keyboard. A page of another site can't send one: it does not
know the token of this start, and its Origin is not the box's.
"""

import hmac
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotInTime
from html import escape
from importlib.metadata import version
from typing import Any
from urllib.parse import parse_qs, urlsplit

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from agent.core.errors import StoreboxError, TryLater
from agent.core.sentences import Sentence, sentence_for, sentence_of

Facts = Callable[[], dict[str, Any]]
Say = Callable[[str], "Future[str]"]

SAID_WITHIN_S = 50.0
FORM_BYTES_MAX = 2048
_STATES = {
    "invited": ("请扫总部门店页上的开通码", "Scan the enrolment code of headquarters' store page"),
    "networking": ("正在接上网络", "Joining the network"),
    "enrolling": ("正在向总部开通", "Enrolling at headquarters"),
    "unsealing": ("请扫开通包的口令码,或在下面输入", "Scan the code of the packet's sheet, or type it below"),
    "testing": ("请扫刚打出的自检单上的码", "Scan the code on the test slip that was just printed"),
    "resting": ("等太久歇着了:拔插一次打印机", "Nobody came: plug the printer out and in"),
    "done": ("开通好了", "Ready to trade"),
}
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; form-action 'self'; base-uri 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}
_PAGE = """<!doctype html><html lang="zh-CN"><meta charset="utf-8">{refresh}
<meta name="viewport" content="width=device-width"><title>storebox</title>
<style>body{{font:1.2rem/1.6 sans-serif;margin:2rem auto;max-width:40rem;padding:0 1rem}}small{{color:#555}}
input,button{{font:inherit;padding:.4rem}}</style>
<h1>门店盒子 等待开通<br><small>Store box, to be enrolled</small></h1>
{body}</html>"""
_REFRESH = '<meta http-equiv="refresh" content="2">'
_FORM = """<form method="post" action="/code"><input type="hidden" name="token" value="{token}">{store}
<p><label>8 个字的口令 <small>the 8 characters</small><br>
<input name="code" autocomplete="off" autocapitalize="characters" required maxlength="40"></label>
<button>开通 Enrol</button></p></form>"""
_STORE = """<p><label>门店编号 <small>store number</small><br>
<input name="store" autocomplete="off" autocapitalize="characters" required maxlength="10"></label></p>
<p><label>总部网址 <small>headquarters</small><br>
<input name="hq" type="url" value="{hq}" maxlength="200"></label></p>"""


def setup_app(facts: Facts, say: Say, allowed_hosts: Iterable[str], token: str) -> Starlette:
    """Return the pages of setup mode: `/health`, `/setup.json`, `/code`, and the state for people everywhere else.

    `token` is drawn anew at each start; a form that does not bring it is refused.
    """

    def health(request: Request) -> Response:
        return JSONResponse({"status": "setup", "version": version("storebox")}, headers=_HEADERS)

    def document(request: Request) -> Response:
        return JSONResponse(facts(), headers=_HEADERS)

    def page(request: Request) -> Response:
        return _shown(_REFRESH, _state(facts()))

    def form(request: Request) -> Response:
        known = facts()
        store = "" if known["packets"] else _STORE.format(hq=escape(known["headquarters"]))
        return _shown("", _state(known) + _FORM.format(token=escape(token), store=store))

    async def typed(request: Request) -> Response:
        fields = await _fields(request)
        if not _is_own(request) or not hmac.compare_digest(fields.get("token", "").encode(), token.encode()):
            return HTMLResponse("", 403, headers=_HEADERS)
        try:
            words = (fields.get(name, "").strip() for name in ("store", "code", "hq"))
            await run_in_threadpool(_said, say, " ".join(filter(None, words)))
        except StoreboxError as error:
            return _shown("", _refusal(error), 409)
        return RedirectResponse("/", 303, headers=_HEADERS)

    return Starlette(
        routes=[
            Route("/health", health),
            Route("/setup.json", document),
            Route("/code", form, methods=["GET"]),
            Route("/code", typed, methods=["POST"]),
            Route("/{rest:path}", page),
        ],
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=[host.strip("[]") for host in allowed_hosts])],
    )


def _said(say: Say, text: str) -> str:
    try:
        return say(text).result(SAID_WITHIN_S)
    except NotInTime as error:
        raise TryLater("setup.not_now") from error


async def _fields(request: Request) -> dict[str, str]:
    """Return a form's fields; nothing of one that is larger than any of ours."""
    data = b""
    async for chunk in request.stream():
        data += chunk
        if len(data) > FORM_BYTES_MAX:
            return {}
    try:
        found = parse_qs(data.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=10)
    except ValueError:
        return {}
    return {name: values[0] for name, values in found.items()}


def _is_own(request: Request) -> bool:
    """Tell whether a form was sent by a page of this box: browsers name the sender's origin with each POST."""
    return urlsplit(request.headers.get("origin", "")).netloc == request.headers.get("host", "")


def _shown(refresh: str, body: str, status: int = 200) -> Response:
    return HTMLResponse(_PAGE.format(refresh=refresh, body=body), status, headers=_HEADERS)


def _refusal(error: StoreboxError) -> str:
    return f'{_told(sentence_of(error), error.code)}<p><a href="/code">再输一次 Type again</a></p>'


def _told(said: Sentence, code: str) -> str:
    lines = (said.zh_title, said.zh_detail, said.zh_remedy, said.en_title, said.en_detail, said.en_remedy)
    return "".join(f"<p>{escape(line)}</p>" for line in lines if line) + f"<p><small>{escape(code)}</small></p>"


def _state(known: dict[str, Any]) -> str:
    zh, en = _STATES[known["state"]]
    rows = [f"打印机 Printer: {escape(one['title'])} ({escape(one['state'])})" for one in known["printers"]]
    rows += [f"扫码枪 Scanner: {escape(one['title'])}" for one in known["scanners"]]
    missing = [] if known["printers"] else ["没有打印机 No printer"]
    missing += [] if known["scanners"] else ["没有扫码枪 No scanner"]
    store = f"门店 Store {escape(known['store'])}" if known["store"] else ""
    last = known["refusal"]
    told = _told(sentence_for(last["code"], last["values"]), last["code"]) if last else ""
    devices = "".join(f"<li>{row}</li>" for row in (*rows, *missing))
    typing = '<p><a href="/code">没有扫码枪:输入口令 No scanner: type the code</a></p>' if not store else ""
    return (
        f"<p><strong>{zh}</strong><br><small>{en}</small></p><p>盒子 Box {escape(known['box'])}<br>{store}</p>"
        f"{told}<ul>{devices}</ul>{typing}"
    )
