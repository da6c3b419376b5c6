"""The class of every page's route: errors become pages, and each answer carries the security headers."""

from collections.abc import Callable, Coroutine
from typing import Any
from urllib.parse import urlencode

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.responses import RedirectResponse

from agent.core.errors import Refused, StoreboxError
from sync.hq.errors import error_answer
from sync.hq.pages.render import error_page
from sync.hq.pages.web import HEADERS, is_part


class PageRoute(APIRoute):
    """A route whose errors are pages, and whose every answer carries the headers."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler between guards."""
        handler = super().get_route_handler()

        async def guarded(request: Request) -> Response:
            try:
                response = await handler(request)
            except StoreboxError as error:
                response = self._answer(request, error)
            except RequestValidationError:
                response = self._answer(request, Refused("request.malformed", field=request.url.path[:80]))
            for name, value in HEADERS.items():
                response.headers[name] = value
            response.headers.setdefault("Cache-Control", "no-store")
            return response

        return guarded

    def _answer(self, request: Request, error: StoreboxError) -> Response:
        if error.code == "person.log_in" and not is_part(request):
            back = urlencode({"next": request.url.path}) if request.method == "GET" and request.url.path != "/" else ""
            return RedirectResponse(f"/login?{back}" if back else "/login", 303)
        if error.code == "person.change_password" and not is_part(request):
            return RedirectResponse("/password", 303)
        plain = error_answer(error)
        response = error_page(request, error, plain.status_code)
        if "retry-after" in plain.headers:
            response.headers["Retry-After"] = plain.headers["retry-after"]
        return response
