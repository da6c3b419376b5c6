"""Fields of v3 requests, read one by one; what is missing or of a wrong kind is answered by its name."""

import json
from collections.abc import Mapping
from typing import Any, Protocol


class Fields(Protocol):
    """Where texts of a request stand."""

    def text(self, name: str, /) -> str:
        """Return a text that must be there; raises `Wrong`."""


class Wrong(Exception):
    """The request gets an error answer: HTTP status, code, text, and the diagnostic number of Request-ID."""

    def __init__(self, status: int, code: str, text: str, diagnostic: int = 268435461) -> None:
        super().__init__(code)
        self.status, self.code, self.text, self.diagnostic = status, code, text, diagnostic


class Body:
    """A JSON body, read field by field; what is missing or of a wrong kind is a PARAM_ERROR that names it."""

    def __init__(self, body: bytes) -> None:
        try:
            value = json.loads(body or b"{}")
        except (ValueError, RecursionError) as error:
            raise Wrong(400, "PARAM_ERROR", "请求内容不是JSON") from error
        self._fields: Mapping[str, Any] = value if isinstance(value, dict) else {}

    def text(self, *path: str, needed: bool = True) -> str:
        """Return the text at a path; without one it is empty, or raises `Wrong` where it is needed."""
        value = self._at(path)
        if isinstance(value, str) and value:
            return value
        if needed:
            raise Wrong(400, "PARAM_ERROR", f"{'.'.join(path)}缺失或格式有误")
        return ""

    def one_of(self, *paths: tuple[str, ...]) -> str:
        """Return the first text that is there, empty without one."""
        return next((found for path in paths if (found := self.text(*path, needed=False))), "")

    def number(self, *path: str) -> int:
        """Return a whole number above zero; raises `Wrong` without one."""
        value = self._at(path)
        if type(value) is not int or not 0 < value <= 10**10:
            raise Wrong(400, "PARAM_ERROR", f"{'.'.join(path)}缺失或格式有误")
        return value

    def _at(self, path: tuple[str, ...]) -> object:
        value: object = self._fields
        for name in path:
            value = value.get(name) if isinstance(value, dict) else None
        return value


class Query:
    """The fields of a query, read like a body's."""

    def __init__(self, query: Mapping[str, str]) -> None:
        self._query = query

    def text(self, name: str, /) -> str:
        """Return a text that must be there; raises `Wrong`."""
        value = self._query.get(name, "")
        if not value:
            raise Wrong(400, "PARAM_ERROR", f"{name}缺失")
        return value
