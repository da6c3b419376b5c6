"""What may stand in a bundle: words of closed lists, counts, versions, hashes. Everything else is left out.

A list of what to hide forgets something one day; here nothing passes that was not let in by name. Each function returns
the value when it may pass, else None. Pure.
"""

import re
from collections.abc import Collection
from functools import cache

from agent.core import events, events_matching, events_rescue, undoing, verbs
from agent.core.sentences import known_codes

COUNT_MAX = 10**9
"""Counts, bytes and durations stay below; telephone numbers, payment codes and card numbers do not."""
MOMENTS_MS = range(1_500_000_000_000, 4_000_000_000_000)

_VERSION = re.compile(r"\d{1,4}(?:\.\d{1,5}){1,3}(?:(?:rc|a|b|\.post|\.dev)\d{1,3})?")
_HASH = re.compile(r"[0-9a-f]{64}")
_CODE = re.compile(r"[a-z]+(?:_[a-z]+)*\.[a-z]+(?:_[a-z0-9]+)*")


def count(value: object) -> int | None:
    """Return a whole number from 0 up to a thousand million."""
    return value if type(value) is int and 0 <= value < COUNT_MAX else None


def flag(value: object) -> bool | None:
    """Return a truth value."""
    return value if type(value) is bool else None


def moment_ms(value: object) -> int | None:
    """Return a time in milliseconds since 1970 that a box can have lived through."""
    return value if type(value) is int and value in MOMENTS_MS else None


def word(value: object, allowed: Collection[str]) -> str | None:
    """Return a word of a closed list."""
    return value if isinstance(value, str) and value in allowed else None


def version(value: object) -> str | None:
    """Return the number of a release: 3.11.2, 0.1.0rc1."""
    return value if isinstance(value, str) and _VERSION.fullmatch(value) else None


def digest(value: object) -> str | None:
    """Return a SHA-256 in hex: of a chain, which has to be told to be compared."""
    return value if isinstance(value, str) and _HASH.fullmatch(value) else None


def code(value: object) -> str | None:
    """Return a code that has sentences."""
    return value if isinstance(value, str) and value in known_codes() else None


def codes_in(text: object) -> list[str]:
    """Return the codes that have sentences within any text, in order, each once."""
    if not isinstance(text, str):
        return []
    return list(dict.fromkeys(found for found in _CODE.findall(text[:20_000]) if found in known_codes()))


@cache
def kinds() -> frozenset[str]:
    """Return the kinds of entries that this release knows."""
    found = {
        kind
        for place in (events, events_matching, events_rescue, undoing, verbs)
        for name in vars(place)
        if isinstance(kind := getattr(getattr(place, name), "KIND", None), str) and kind
    }
    return frozenset(found | {"seal", "hq.rolled_back", "clock.jumped"})
