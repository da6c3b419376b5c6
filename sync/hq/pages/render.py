"""Pages from templates: everything is escaped, a name that a template misses is a defect, times are China's."""

import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from fastapi import Request, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from agent.core.errors import StoreboxError
from agent.core.moment import PLATFORM_ZONE, at
from agent.core.money import yuan
from agent.core.sentences import sentence_of
from sync.hq.pages import words
from sync.hq.pages.navigation import sections_for
from sync.hq.pages.texts import LANGUAGES, catalogue
from sync.hq.pages.web import CSRF_FIELD, LANGUAGE_COOKIE, csrf_of, token_of
from sync.hq.people.rights import Person

HERE = Path(__file__).parent


def language_of(request: Request) -> str:
    """Return the language that was chosen, else the browser's first, else Chinese."""
    chosen = request.cookies.get(LANGUAGE_COOKIE, "")
    if chosen in LANGUAGES:
        return chosen
    first = request.headers.get("accept-language", "zh").partition(",")[0].strip().lower()
    return "en" if first.startswith("en") else "zh-CN"


def page(request: Request, template: str, person: Person | None = None, status: int = 200, **values: Any) -> Response:
    """Return a page; `person` is who is logged in. One that did not change since the browser's copy is a 304."""
    language = language_of(request)
    text = (
        _environment(language)
        .get_template(template)
        .render(
            language=language,
            chinese=language != "en",
            person=person,
            sections=sections_for(person) if person is not None and not person.must_change else (),
            path=request.url.path,
            csrf=csrf_of(token_of(request)) if person is not None else "",
            csrf_field=CSRF_FIELD,
            **values,
        )
    )
    body = text.encode()
    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    if status == 200 and request.headers.get("if-none-match") == etag:
        return Response(status_code=304, headers={"ETag": etag})
    return Response(body, status, {"ETag": etag}, "text/html; charset=utf-8")


def error_page(request: Request, error: StoreboxError, status: int) -> Response:
    """Return what is said about an error, with a way back."""
    said = sentence_of(error)
    chinese = language_of(request) != "en"
    title, detail = (said.zh_title, said.zh_detail) if chinese else (said.en_title, said.en_detail)
    return page(request, "error.html", status=status, title=title, detail=detail, code=error.code)


def problem(request: Request, error: StoreboxError) -> Mapping[str, str]:
    """Return title and detail of a refusal, for the form that it belongs to."""
    said = sentence_of(error)
    if language_of(request) != "en":
        return {"title": said.zh_title, "detail": said.zh_detail, "code": error.code}
    return {"title": said.en_title, "detail": said.en_detail, "code": error.code}


@cache
def _environment(language: str) -> Environment:
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    made.install_gettext_translations(catalogue(language), newstyle=True)  # type: ignore[attr-defined]
    chinese = language != "en"
    made.filters["yuan"] = yuan
    made.filters["signed"] = lambda amount_fen: f"{'−' if amount_fen < 0 else ''}¥{yuan(abs(amount_fen))}"
    made.filters["more_or_less"] = _more_or_less
    made.filters["moment"] = _moment
    made.filters["clock"] = _clock
    made.filters["named"] = lambda kind: words.named(kind, chinese)
    made.filters["class_word"] = lambda one: words.class_word(one, chinese)
    made.filters["settlement_word"] = lambda one: words.settlement_word(one, chinese)
    made.filters["owner_word"] = lambda one: words.owner_word(one, chinese)
    made.filters["told"] = lambda code: words.told(code, chinese)
    made.globals["sentence"] = lambda code, values: words.sentence(code, values, chinese)
    made.filters["gist"] = lambda body: words.gist(body, chinese)
    made.globals["words"] = words
    return made


def _more_or_less(amount_fen: int) -> str:
    """Write a difference with its sign; none is a dash."""
    return f"{'+' if amount_fen > 0 else '−'}{yuan(abs(amount_fen))}" if amount_fen else "—"


def _moment(at_ms: int | None) -> str:
    return "—" if at_ms is None else _written(at_ms, "%Y-%m-%d %H:%M:%S")


def _clock(at_ms: int | None) -> str:
    return "—" if at_ms is None else _written(at_ms, "%m-%d %H:%M:%S")


def _written(at_ms: int, form: str) -> str:
    """Write a time; a box's clock, or its body, may be far outside what a calendar holds."""
    try:
        return at(at_ms, PLATFORM_ZONE).strftime(form)
    except (OverflowError, ValueError, OSError):
        return str(at_ms)
