"""What a box shows in a browser before it has its store: the same as its invitation, in Chinese and English.

It changes nothing and knows no secret: the box is set up by its scanner or from its command line, never by a page.
"""

from collections.abc import Callable, Iterable
from html import escape
from importlib.metadata import version
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

Facts = Callable[[], dict[str, Any]]

_STATES = {
    "invited": ("请扫总部门店页上的开通码", "Scan the enrolment code of headquarters' store page"),
    "networking": ("正在接上网络", "Joining the network"),
    "enrolling": ("正在向总部开通", "Enrolling at headquarters"),
    "testing": ("请扫刚打出的自检单上的码", "Scan the code on the test slip that was just printed"),
    "resting": ("等太久歇着了:拔插一次打印机", "Nobody came: plug the printer out and in"),
    "done": ("开通好了", "Ready to trade"),
}
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
}
_PAGE = """<!doctype html><html lang="zh-CN"><meta charset="utf-8"><meta http-equiv="refresh" content="2">
<meta name="viewport" content="width=device-width"><title>storebox</title>
<style>body{{font:1.2rem/1.6 sans-serif;margin:2rem auto;max-width:40rem;padding:0 1rem}}small{{color:#555}}</style>
<h1>门店盒子 等待开通<br><small>Store box, to be enrolled</small></h1>
<p><strong>{zh}</strong><br><small>{en}</small></p>
<p>盒子 Box {box}<br>{store}</p>
<ul>{devices}</ul></html>"""


def setup_app(facts: Facts, allowed_hosts: Iterable[str]) -> Starlette:
    """Return the pages of setup mode: `/health`, `/setup.json`, and the same for people everywhere else."""

    def health(request: Request) -> Response:
        return JSONResponse({"status": "setup", "version": version("storebox")}, headers=_HEADERS)

    def document(request: Request) -> Response:
        return JSONResponse(facts(), headers=_HEADERS)

    def page(request: Request) -> Response:
        return HTMLResponse(_page(facts()), headers=_HEADERS)

    return Starlette(
        routes=[Route("/health", health), Route("/setup.json", document), Route("/{rest:path}", page)],
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=[host.strip("[]") for host in allowed_hosts])],
    )


def _page(known: dict[str, Any]) -> str:
    zh, en = _STATES[known["state"]]
    rows = [f"打印机 Printer: {escape(one['title'])} ({escape(one['state'])})" for one in known["printers"]]
    rows += [f"扫码枪 Scanner: {escape(one['title'])}" for one in known["scanners"]]
    missing = [] if known["printers"] else ["没有打印机 No printer"]
    missing += [] if known["scanners"] else ["没有扫码枪 No scanner"]
    return _PAGE.format(
        zh=zh,
        en=en,
        box=escape(known["box"]),
        store=f"门店 Store {escape(known['store'])}" if known["store"] else "",
        devices="".join(f"<li>{row}</li>" for row in (*rows, *missing)),
    )
