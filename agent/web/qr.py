"""QR codes for pages: the modules of a code as rows of 0 and 1, which a page draws sharp at any size."""

from functools import lru_cache
from typing import Any

Shown = dict[str, Any]
TEXT_MAX = 1_000
"""Longer than any platform's code or link of ours; what is longer could not be read from a screen anyway."""


@lru_cache(maxsize=32)
def rows(text: str) -> tuple[str, ...]:
    """Return the modules of a text's QR code without its quiet zone, row by row; raises `ValueError` when too long.

    Error correction M: a screen has no dirt, and fewer modules are read from further away.
    """
    if not 0 < len(text) <= TEXT_MAX:
        raise ValueError(f"a QR code holds 1 to {TEXT_MAX} characters, not {len(text)}")
    import segno

    symbol = segno.make_qr(text, error="m", boost_error=False)
    return tuple("".join("1" if module else "0" for module in row) for row in symbol.matrix)


def with_rows(attempt: Shown | None) -> Shown | None:
    """Return an attempt with `qr_rows`, the drawing of its `qr`; None in both when there is nothing to scan."""
    if attempt is None:
        return None
    text = attempt.get("qr")
    return {**attempt, "qr_rows": None if text is None else rows(text)}
