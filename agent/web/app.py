"""The application: routers, pages, errors, and the guard in front of them."""

import threading
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager

from anyio.to_thread import current_default_thread_limiter
from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.types import Receive, Scope, Send

from agent.services.shop import Shop
from agent.web import desk as desk_pages
from agent.web import errors, live, pages
from agent.web.access import Web
from agent.web.desk import DeskPort
from agent.web.hub import Hub
from agent.web.routers import (
    basket,
    day,
    display,
    foreign,
    lookups,
    messages,
    parts,
    payments,
    refunds,
    release,
    scale,
    session,
    slips,
    state,
)
from agent.web.security import Guard

API = "/api/v1"
THREADS_MAX = 8
"""Handlers that run at once. The writer is one thread; more readers would only cost memory."""
_NOUNS = (session, state, basket, payments, lookups, refunds, foreign, slips, day, display, scale, release, messages)


class LocalApp(FastAPI):
    """FastAPI behind the guard, so that error pages of the framework pass it as well."""

    guard: Guard

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] == "lifespan":
            await super().__call__(scope, receive, send)
        else:
            await self.guard(scope, receive, send)


def _on_a_thread(call: Callable[[], None]) -> None:
    threading.Thread(target=call, name="platform-call", daemon=True).start()


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    current_default_thread_limiter().total_tokens = THREADS_MAX
    yield
    app.state.web.hub.close()


def create_app(
    shop: Shop,
    *,
    hub: Hub,
    desk: DeskPort | None = None,
    allowed_hosts: Iterable[str] = ("localhost", "127.0.0.1", "[::1]"),
    run: Callable[[Callable[[], None]], None] = _on_a_thread,
    metrics_everywhere: bool = False,
) -> FastAPI:
    """Return the application of a box. `run` starts a platform's call on a thread of its own; `desk` is the demo's."""
    app = LocalApp(
        title="storebox",
        version="1",
        openapi_url=f"{API}/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=_lifespan,
        generate_unique_id_function=_operation_id,
    )
    app.guard = Guard(super(LocalApp, app).__call__, allowed_hosts)
    app.state.web = Web(shop, hub, run)
    app.state.metrics_everywhere = metrics_everywhere
    for noun in _NOUNS:
        app.include_router(noun.router, prefix=API)
    app.include_router(live.router, prefix=API)
    app.include_router(parts.router)
    pages.install(app)
    if desk is not None:
        desk_pages.install(app, desk)
    errors.install(app)
    return app


def _operation_id(route: APIRoute) -> str:
    return route.name
