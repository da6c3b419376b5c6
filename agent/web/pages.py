"""The pages and their files: no build step, nothing inline, nothing from elsewhere."""

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from agent.core.errors import Refused
from agent.web.access import TheWeb
from agent.web.texts import FOLDERS, texts

HERE = Path(__file__).resolve().parent
router = APIRouter(include_in_schema=False)


class Files(StaticFiles):
    """Static files that the browser asks about each time: an upgrade shows at once, an ETag saves the bytes."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return a file with its ETag, or 304."""
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = "no-cache"
        return response


@cache
def _environment() -> Any:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(loader=FileSystemLoader(HERE / "templates"), autoescape=True, undefined=StrictUndefined)


def page(request: Request, template: str, **values: Any) -> Response:
    """Return a page; the browser keeps it only as long as its ETag holds."""
    html = _environment().get_template(template).render(**values)
    return _with_etag(request, html.encode(), "text/html; charset=utf-8")


def _with_etag(request: Request, body: bytes, media_type: str) -> Response:
    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {"ETag": etag, "Cache-Control": "no-cache"}
    if request.headers.get("if-none-match") == etag:
        return Response(status_code=304, headers=headers)
    return Response(body, media_type=media_type, headers=headers)


@router.get("/")
def cashier_page(web: TheWeb, request: Request) -> Response:
    """Return the cashier's page."""
    shop = web.shop
    return page(request, "till.html", store=shop.store, tills=list(shop.tills), language=shop.store.language)


@router.get("/display/{till}")
def display_page(till: str, web: TheWeb, request: Request) -> Response:
    """Return the customer's display of a till."""
    if till not in web.shop.tills:
        raise Refused("request.not_found")
    return page(request, "display.html", store=web.shop.store, till=till, language=web.shop.store.language)


@router.get("/texts/{language}.json")
def page_texts(language: str, request: Request) -> Response:
    """Return the pages' texts in a language."""
    if language not in FOLDERS:
        raise Refused("request.not_found")
    return _with_etag(request, json.dumps(texts(language), ensure_ascii=False).encode(), "application/json")


@router.get("/favicon.ico")
def favicon() -> Response:
    """Return the icon that browsers ask for by themselves."""
    return FileResponse(HERE / "static" / "icons" / "box.svg", media_type="image/svg+xml")


def install(app: FastAPI) -> None:
    """Serve the pages and `/static`."""
    app.include_router(router)
    app.mount("/static", Files(directory=HERE / "static"), name="static")
