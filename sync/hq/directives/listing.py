"""What was put for a store, with what its box did."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, and_, select

from sync.hq.directives.tables import directive, directive_answer

LISTED_MAX = 200


@dataclass(frozen=True, slots=True)
class Listed:
    """A directive and its answer; outcome None: the box has not said."""

    kind: str
    version: int
    body: str
    sha256: str
    effective_ms: int
    made_at_ms: int
    made_by: str
    outcome: str | None
    code: str | None
    answered_at_ms: int | None
    answer: str | None


def listed(connection: Connection, store: str, kind: str | None = None) -> Sequence[Listed]:
    """Return a store's directives, the newest first, of one kind or of all."""
    known, answer = directive.c, directive_answer.c
    same = and_(answer.store == known.store, answer.kind == known.kind, answer.version == known.version)
    query = (
        select(
            known.kind,
            known.version,
            known.body,
            known.sha256,
            known.effective_ms,
            known.made_at_ms,
            known.made_by,
            answer.outcome,
            answer.code,
            answer.received_at_ms,
            answer.body.label("answer"),
        )
        .select_from(directive.outerjoin(directive_answer, same))
        .where(known.store == store)
    )
    if kind is not None:
        query = query.where(known.kind == kind)
    rows = connection.execute(query.order_by(known.made_at_ms.desc(), known.version.desc()).limit(LISTED_MAX))
    return [Listed(*row) for row in rows]
