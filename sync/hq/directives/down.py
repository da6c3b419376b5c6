"""What a box lacks, signed for it; and what it answered. Functions over an open transaction."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from agent.core.canonical import LARGEST_INTEGER, canonical
from agent.core.chain import Identity
from agent.core.directives import QUEUES, Kind, Outcome
from agent.core.errors import Refused
from sync.hq.directives.tables import directive, directive_answer
from sync.hq.keys import HqKeys
from sync.hq.upserts import insert_of

AT_ONCE_MAX = 50
"""Facts and verbs in one answer; the rest at the next question."""
BYTES_AT_ONCE = 3_500_000
ANSWERS_MAX = 200
DETAIL_BYTES_MAX = 8_192


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """What a box did with a directive."""

    kind: str
    version: int
    epoch: int
    outcome: str
    code: str | None
    at_ms: int
    received_at_ms: int
    detail: Mapping[str, Any]


def have_of(text: str) -> dict[Kind, int]:
    """Read which versions a box has: `catalogue:1003,verb:1007`. Kinds that we do not know are left out."""
    found: dict[Kind, int] = {}
    for part in text.split(",") if text else ():
        kind, _, version = part.partition(":")
        if not version.isascii() or not version.isdecimal() or len(version) > 15:
            raise Refused("request.malformed", field="have")
        if kind in list(Kind):
            found[Kind(kind)] = int(version)
    return found


def lacking(connection: Connection, store: str, have: Mapping[Kind, int]) -> Sequence[Any]:
    """Return the rows that a box lacks of the kinds that it knows.

    Of documents the newest, and older ones only while the newest waits for its time; of facts and verbs all, oldest
    first, a bounded number.
    """
    found: list[Any] = []
    size = 0
    for kind, version in have.items():
        known = directive.c
        query = select(directive).where((known.store == store) & (known.kind == kind.value) & (known.version > version))
        if kind in QUEUES:
            rows = list(connection.execute(query.order_by(known.version).limit(AT_ONCE_MAX)))
        else:
            rows = _standing(connection.execute(query.order_by(known.version.desc()).limit(AT_ONCE_MAX)))
        for row in rows:
            size += len(row.body.encode())
            if found and size > BYTES_AT_ONCE:
                return found
            found.append(row)
    return found


def signed(keys: HqKeys, identity: Identity, rows: Sequence[Any], at_ms: int) -> list[dict[str, object]]:
    """Return rows as directives for one box."""
    return [
        keys.signed_directive(
            identity,
            {
                "kind": row.kind,
                "version": row.version,
                "effective_ms": row.effective_ms,
                "body": row.body,
                "sha256": row.sha256,
            },
            at_ms,
        )
        for row in rows
    ]


def keep_answers(
    connection: Connection, sender: Identity, rows: object, signature: str, now_ms: int
) -> Sequence[tuple[str, int, str, str | None]]:
    """Keep what a box did; a later answer takes an earlier one's place, never one that is final.

    Returns kind, version, outcome and code of each that is news, since what got no answer comes again. Refuses with
    `request.malformed`.
    """
    if not isinstance(rows, list) or len(rows) > ANSWERS_MAX:
        raise Refused("request.malformed", field="answers")
    news = []
    for row in [_checked(one) for one in rows]:
        values = {
            **{name: row[name] for name in ("kind", "version", "outcome", "code", "at_ms")},
            "store": sender.store,
            "epoch": sender.epoch,
            "body": canonical(row),
            "received_at_ms": now_ms,
            "signature": signature[:400],
        }
        insert = insert_of(connection, directive_answer).values(**values)
        kept = {name: insert.excluded[name] for name in values if name not in ("store", "kind", "version")}
        waiting = directive_answer.c.outcome == Outcome.WAITING.value
        key = ["store", "kind", "version"]
        upsert = insert.on_conflict_do_update(index_elements=key, set_=kept, where=waiting)
        if connection.execute(upsert.returning(directive_answer.c.version)).first() is not None:
            news.append((row["kind"], row["version"], row["outcome"], row["code"]))
    return news


def answers_of(connection: Connection, store: str, kind: Kind | None = None) -> Sequence[AnswerRow]:
    """Return a store's answers, the newest version first."""
    known = directive_answer.c
    query = select(directive_answer).where(known.store == store)
    if kind is not None:
        query = query.where(known.kind == kind.value)
    rows = connection.execute(query.order_by(known.kind, known.version.desc()))
    return [
        AnswerRow(
            row.kind,
            row.version,
            row.epoch,
            row.outcome,
            row.code,
            row.at_ms,
            row.received_at_ms,
            json.loads(row.body).get("detail") or {},
        )
        for row in rows
    ]


def _standing(newest_first: Any) -> list[Any]:
    """Return the documents that a box needs: the newest that holds at once, and what waits above it, oldest first."""
    found: list[Any] = []
    for row in newest_first:
        found.append(row)
        if row.effective_ms == 0:
            break
    return found[::-1]


def _checked(row: object) -> dict[str, Any]:
    if not isinstance(row, dict) or row.get("kind") not in list(Kind) or row.get("outcome") not in list(Outcome):
        raise Refused("request.malformed", field="kind")
    version, at_ms, code, detail = (row.get(name) for name in ("version", "at_ms", "code", "detail"))
    if not all(type(value) is int and 0 <= value <= LARGEST_INTEGER for value in (version, at_ms)):
        raise Refused("request.malformed", field="version")
    if code is not None and (not isinstance(code, str) or len(code) > 80 or not code.isprintable()):
        raise Refused("request.malformed", field="code")
    if not isinstance(detail, dict) or len(canonical(detail).encode()) > DETAIL_BYTES_MAX:
        raise Refused("request.malformed", field="detail")
    return {
        "kind": row["kind"],
        "version": version,
        "outcome": row["outcome"],
        "code": code,
        "at_ms": at_ms,
        "detail": detail,
    }
