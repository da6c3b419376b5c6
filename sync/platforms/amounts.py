"""Amounts and times as the platforms write them: yuan with decimals, GMT+8; pure, exact, no float."""

import re
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal, DecimalException

from agent.core.moment import PLATFORM_ZONE, at, milliseconds
from agent.core.money import yuan

__all__ = ["fen", "moment_ms", "platform_time", "rfc3339", "yuan"]

_FEN_MAX = 10**15
_NOT_DIGIT = re.compile(r"\D")


def fen(text: str) -> int:
    """Return an amount in yuan as fen, rounded half up; raises ValueError for what is no amount."""
    try:
        value = (Decimal(text.strip()) * 100).quantize(Decimal(1), ROUND_HALF_UP)
    except DecimalException as error:
        raise ValueError(f"no amount: {text[:20]!r}") from error
    if not value.is_finite() or abs(value) > _FEN_MAX:
        raise ValueError(f"no amount: {text[:20]!r}")
    return int(value)


def moment_ms(text: str) -> int:
    """Return milliseconds UTC of a platform's time: RFC 3339, `2026-10-03 09:12:45` or `20261003091245` in GMT+8.

    Raises ValueError for anything else.
    """
    if len(text) > 40:
        raise ValueError("no time")
    if len(text) == 19 and text[4:5] == "-":  # the bills' own form, a million times a day
        found = datetime.fromisoformat(text)
        return milliseconds(found.replace(tzinfo=PLATFORM_ZONE))
    digits = _NOT_DIGIT.sub("", text)
    found = datetime.strptime(digits, "%Y%m%d%H%M%S") if len(digits) == 14 else datetime.fromisoformat(text)
    return milliseconds(found if found.tzinfo else found.replace(tzinfo=PLATFORM_ZONE))


def platform_time(at_ms: int) -> str:
    """Write a moment as the platforms do, `2026-10-03 09:12:45` in GMT+8."""
    return at(at_ms, PLATFORM_ZONE).strftime("%Y-%m-%d %H:%M:%S")


def rfc3339(at_ms: int) -> str:
    """Write a moment as WeChat Pay v3 does, `2026-10-03T09:12:45+08:00`."""
    return at(at_ms, PLATFORM_ZONE).isoformat(timespec="seconds")
