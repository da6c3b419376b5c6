"""The one way in which rendering a picture can be refused."""

from __future__ import annotations


class EmulatorError(Exception):
    """Has a stable dotted `code` and a `detail` that says what to do about it."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
