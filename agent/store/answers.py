"""Answers kept by idempotency key, so that the same request again changes nothing and says the same."""

import json
from typing import Any

from agent.core.errors import Refused

_compact = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False).encode
_FIND = "SELECT fingerprint, answer FROM answer WHERE key = ?"
_KEEP = "INSERT INTO answer(key, fingerprint, answer, at_ms, seq) VALUES(?, ?, ?, ?, ?)"


class Nothing:
    """No answer is stored; told from an answer that is null."""


NOTHING = Nothing()


def stored_answer(connection: Any, key: str, fingerprint: str) -> Any:
    """Return the answer stored under `key`, or `NOTHING`.

    Raises `Refused("idempotency.key_reused")` when the key belongs to a request with another fingerprint.
    """
    row = connection.execute(_FIND, (key,)).fetchone()
    if row is None:
        return NOTHING
    if row[0] != fingerprint:
        raise Refused("idempotency.key_reused", key=key[:60])
    return json.loads(row[1])


def keep_answer(connection: Any, key: str, fingerprint: str, answer: Any, at_ms: int, seq: int | None) -> None:
    """Store the answer of a request; `seq` is the last entry that it wrote, if any."""
    connection.execute(_KEEP, (key, fingerprint, _compact(answer), at_ms, seq))


def forget_answers(connection: Any, before_ms: int) -> int:
    """Delete answers older than `before_ms`; return how many. What trade needs for ever stands in views instead."""
    return int(connection.execute("DELETE FROM answer WHERE at_ms < ?", (before_ms,)).rowcount)
