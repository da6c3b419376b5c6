"""Errors of headquarters as HTTP answers: the family gives the status, a few codes have one of their own."""

import logging
import math

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from agent.core.errors import Family, Refused, StoreboxError

NUL = b"%00"
_log = logging.getLogger("storebox.hq")

_STATUS_OF_FAMILY = {
    Family.REFUSED: 400,
    Family.CREDENTIALS: 401,
    Family.TRY_LATER: 503,
    Family.UNKNOWN_OUTCOME: 502,
    Family.BROKEN: 500,
}
_STATUS_OF_CODE = {
    "box.unknown": 404,
    "box.revoked": 403,
    "epoch.unknown": 404,
    "store.unknown": 404,
    "upload.of_another_box": 403,
    "upload.too_large": 413,
    "enrol.token_unknown": 403,
    "enrol.token_used": 409,
    "enrol.token_expired": 410,
    "enrol.store_has_box": 409,
    "enrol.too_many_tries": 429,
    "enrol.too_many_from_address": 429,
    "enrol.too_many_at_hq": 429,
    "enrol.token_withdrawn": 410,
    "enrol.packet_unknown": 403,
    "enrol.packet_used": 409,
    "enrol.packet_expired": 410,
    "box.replaced": 403,
    "access.not_this_store": 403,
    "box.too_many_requests": 429,
    "page.too_many_requests": 429,
    "request.csrf": 403,
    "request.foreign_origin": 403,
    "person.may_not": 403,
    "person.not_yours": 403,
    "hq.backlog": 429,
    "request.timeout": 408,
    "request.not_found": 404,
}


def error_document(code: str, family: Family, values: dict[str, int | str | None]) -> dict[str, object]:
    """Return the JSON of an error; the reader finds the sentences by the code."""
    return {"error": {"code": code, "family": family.value, "values": values}}


def error_answer(error: StoreboxError) -> JSONResponse:
    """Return the HTTP answer for an error of ours."""
    status = _STATUS_OF_CODE.get(error.code, _STATUS_OF_FAMILY[error.family])
    values = dict(error.values)
    retry_after_s = values.pop("retry_after_s", None)
    headers = {"Retry-After": str(math.ceil(float(retry_after_s)))} if retry_after_s else None
    return JSONResponse(error_document(error.code, error.family, values), status, headers)


def add_error_handlers(app: FastAPI) -> None:
    """Make every error of the app leave in the one shape."""

    @app.exception_handler(StoreboxError)
    async def ours(_request: Request, error: StoreboxError) -> JSONResponse:
        return error_answer(error)

    @app.exception_handler(RequestValidationError)
    async def malformed(_request: Request, error: RequestValidationError) -> JSONResponse:
        places = ",".join(".".join(str(part) for part in item["loc"]) for item in error.errors())
        return JSONResponse(error_document("request.malformed", Family.REFUSED, {"field": places[:200]}), 400)

    @app.exception_handler(HTTPException)
    async def framework(_request: Request, error: HTTPException) -> JSONResponse:
        code = "request.not_found" if error.status_code == 404 else "request.malformed"
        document = error_document(code, Family.REFUSED, {"status": error.status_code})
        return JSONResponse(document, error.status_code, error.headers)

    app.add_middleware(DefectAnswers)


class DefectAnswers:
    """ASGI middleware that answers a defect of ours with 500 and keeps the connection open.

    A question with a NUL in it is refused here, for all: no text of a database holds one.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; log whatever escapes, and answer when nothing was sent yet."""
        if NUL in scope.get("query_string", b""):
            await error_answer(Refused("request.malformed", field="query"))(scope, receive, send)
            return
        begun = False

        async def watched(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except Exception:
            _log.exception("%s %s failed", scope.get("method"), scope.get("path"))
            if begun:
                raise
            await JSONResponse(error_document("hq.failed", Family.BROKEN, {}), 500)(scope, receive, send)
