"""Errors as JSON (docs/decisions/001): code, family, sentences in two languages, values, help code."""

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from agent.core.errors import Broken, Family, Refused, StoreboxError
from agent.core.sentences import help_code, sentence_of

log = logging.getLogger(__name__)

_STATUS = {
    Family.REFUSED: HTTPStatus.BAD_REQUEST,
    Family.TRY_LATER: HTTPStatus.SERVICE_UNAVAILABLE,
    Family.UNKNOWN_OUTCOME: HTTPStatus.ACCEPTED,
    Family.CREDENTIALS: HTTPStatus.UNAUTHORIZED,
    Family.BROKEN: HTTPStatus.INTERNAL_SERVER_ERROR,
}
_CODE_STATUS = {
    "request.not_found": HTTPStatus.NOT_FOUND,
    "request.method_not_allowed": HTTPStatus.METHOD_NOT_ALLOWED,
    "request.too_large": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "request.not_json": HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    "request.foreign_host": HTTPStatus.MISDIRECTED_REQUEST,
    "request.foreign_origin": HTTPStatus.FORBIDDEN,
    "request.csrf": HTTPStatus.FORBIDDEN,
}
_BECAUSE_OF_STATE = frozenset(
    {
        "attempt.ended",
        "day.not_open",
        "day.open_already",
        "day.shifts_open",
        "idempotency.key_reused",
        "refund.nothing_left",
        "sale.attempt_open",
        "sale.cash_elsewhere",
        "sale.empty",
        "sale.money_taken",
        "sale.not_free",
        "sale.not_held",
        "sale.till_busy",
        "sale.wrong_state",
        "shift.basket_open",
        "shift.cash_in_basket",
        "shift.day_closed",
        "shift.not_open",
        "shift.open_already",
        "slip.wrong_state",
    }
)
_MAY_NOT = ("approval.", "act.")


def status_of(error: StoreboxError) -> int:
    """Return the HTTP status of an error."""
    if error.code in _CODE_STATUS:
        return _CODE_STATUS[error.code]
    if error.code.startswith(_MAY_NOT):
        return HTTPStatus.FORBIDDEN
    if error.family is Family.REFUSED and error.code in _BECAUSE_OF_STATE:
        return HTTPStatus.CONFLICT
    return _STATUS[error.family]


def error_data(error: StoreboxError) -> dict[str, Any]:
    """Return an error's JSON form."""
    sentence = sentence_of(error)
    return {
        "error": {
            "code": error.code,
            "family": error.family.value,
            "title": {"zh": sentence.zh_title, "en": sentence.en_title},
            "detail": {"zh": sentence.zh_detail, "en": sentence.en_detail},
            "remedy": {"zh": sentence.zh_remedy, "en": sentence.en_remedy},
            "values": error.values,
            "help": help_code(error.code),
        }
    }


def error_response(error: StoreboxError, headers: Mapping[str, str] | None = None) -> Response:
    """Return an error as a response that is never cached."""
    return JSONResponse(
        error_data(error), status_of(error), headers={"Cache-Control": "no-store", **(dict(headers) if headers else {})}
    )


def _of_http(error: HTTPException) -> StoreboxError:
    if error.status_code == HTTPStatus.NOT_FOUND:
        return Refused("request.not_found")
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        return Refused("request.method_not_allowed")
    if error.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return Refused("request.too_large")
    return Refused("request.malformed", field="")


def _of_validation(error: RequestValidationError) -> StoreboxError:
    first = error.errors()[0] if error.errors() else {"loc": ()}
    places = [str(place) for place in first["loc"] if place not in ("body", "query", "path", "header")]
    # The name of a field came from outside, too, and may hold half a surrogate pair, which no answer can carry.
    return Refused("request.malformed", field=".".join(places)[:80].encode(errors="replace").decode())


def install(app: FastAPI) -> None:
    """Answer every error of ours, of the framework, and every defect in one form, without a stack trace."""

    def ours(_request: Request, error: Exception) -> Response:
        if not isinstance(error, StoreboxError):
            return defect(_request, error)
        if error.family is Family.BROKEN:
            log.error("broken: %s", error)
        return error_response(error)

    def http(_request: Request, error: Exception) -> Response:
        return error_response(_of_http(error) if isinstance(error, HTTPException) else Broken("web.defect"))

    def validation(_request: Request, error: Exception) -> Response:
        if not isinstance(error, RequestValidationError):
            return error_response(Broken("web.defect"))
        return error_response(_of_validation(error))

    def defect(request: Request, error: Exception) -> Response:
        log.error("defect in %s %s", request.method, request.url.path, exc_info=error)
        return error_response(Broken("web.defect"))

    app.add_exception_handler(StoreboxError, ours)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(RequestValidationError, validation)
    app.add_exception_handler(Exception, defect)
