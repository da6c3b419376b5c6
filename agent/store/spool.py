"""Slips on disk: each is queued, sending, printed, printed unverified, unconfirmed or not printed."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from agent.core.errors import Broken
from agent.store.unit import Unit


class SlipState(StrEnum):
    """Where a slip is on its way to paper."""

    QUEUED = "queued"
    SENDING = "sending"
    PRINTED = "printed"
    PRINTED_UNVERIFIED = "printed_unverified"
    UNCONFIRMED = "unconfirmed"
    NOT_PRINTED = "not_printed"


TRANSITIONS: dict[SlipState, frozenset[SlipState]] = {
    SlipState.QUEUED: frozenset({SlipState.SENDING, SlipState.NOT_PRINTED}),
    SlipState.SENDING: frozenset(
        {
            SlipState.PRINTED,
            SlipState.PRINTED_UNVERIFIED,
            SlipState.UNCONFIRMED,
            SlipState.QUEUED,  # nothing reached the printer
            SlipState.NOT_PRINTED,
        }
    ),
    # A cashier looks at the paper and says what happened, or a late word of the printer comes in.
    SlipState.UNCONFIRMED: frozenset({SlipState.PRINTED, SlipState.PRINTED_UNVERIFIED, SlipState.NOT_PRINTED}),
    SlipState.PRINTED: frozenset(),
    SlipState.PRINTED_UNVERIFIED: frozenset(),
    SlipState.NOT_PRINTED: frozenset(),
}


@dataclass(frozen=True, slots=True)
class Slip:
    """One row of the spool; `number` is its place in the queue."""

    number: int
    slip: str
    printer: str
    sale: str | None
    kind: str
    state: SlipState
    document: Mapping[str, Any]
    copy: int
    process_id: str | None
    code: str | None
    queued_ms: int
    changed_ms: int
    cuts_after: int | None = None
    """Where the printer's counter of cuts stands once the slip is out, when the printer has one."""


_RECENT = 200
"""More slips than all tills of a box queue in half a minute."""
_compact = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False).encode
_COLUMNS = (
    "number, slip, printer, sale, kind, state, document, copy, process_id, code, queued_ms, changed_ms, cuts_after"
)
_ENQUEUE = (
    "INSERT INTO spool(slip, printer, sale, kind, state, document, copy, queued_ms, changed_ms)"
    " VALUES(?, ?, ?, ?, 'queued', ?, ?, ?, ?)"
)


def enqueue(
    unit: Unit,
    slip: str,
    *,
    printer: str,
    kind: str,
    document: Mapping[str, Any],
    sale: str | None = None,
    copy: int = 0,
) -> None:
    """Put a slip at the end of a printer's queue."""
    text = _compact(document)
    unit.connection.execute(_ENQUEUE, (slip, printer, sale, kind, text, copy, unit.now_ms, unit.now_ms))


def next_queued(reader: Any, printer: str) -> Slip | None:
    """Return the oldest queued slip of a printer, or None."""
    rows = reader.execute(
        f"SELECT {_COLUMNS} FROM spool WHERE state = 'queued' AND printer = ? ORDER BY number LIMIT 1", (printer,)
    ).fetchall()
    return _slip(rows[0]) if rows else None


def mark_sending(unit: Unit, slip: str, process_id: str | None = None) -> None:
    """Record that bytes of a slip are about to leave; from here on a crash leaves it unconfirmed."""
    _move(unit, slip, SlipState.SENDING, process_id=process_id)


def claim(unit: Unit, slip: str, printer: str, process_id: str, cuts_after: int | None = None) -> bool:
    """Record that a printer's worker is about to send a slip; False when it was withdrawn or moved meanwhile."""
    found = find_slip(unit.connection, slip)
    if found is None or found.state is not SlipState.QUEUED or found.printer != printer:
        return False
    _move(unit, slip, SlipState.SENDING, process_id=process_id)
    unit.connection.execute("UPDATE spool SET cuts_after = ? WHERE number = ?", (cuts_after, found.number))
    return True


def mark_result(unit: Unit, slip: str, state: SlipState, code: str | None = None) -> None:
    """Record how a slip ended, or that it waits again because nothing of it reached the printer."""
    _move(unit, slip, state, code=code)


def queued_after(reader: Any, printer: str, number: int) -> Sequence[Slip]:
    """Return the queued slips of a printer that came after a place in the queue, oldest first."""
    rows = reader.execute(
        f"SELECT {_COLUMNS} FROM spool WHERE state = 'queued' AND printer = ? AND number > ? ORDER BY number",
        (printer, number),
    )
    return [_slip(row) for row in rows]


def without_paper(reader: Any, printer: str, number: int, since_ms: int) -> Sequence[Slip]:
    """Return the slips of a printer after a place in the queue that by policy stay without paper, of those that came
    since `since_ms`, oldest first. Only the newest are looked through: the queue may be long, and half a minute is not.
    """
    rows = reader.execute(
        f"SELECT {_COLUMNS} FROM spool WHERE number > max(?1, (SELECT max(number) FROM spool) - {_RECENT})"
        " AND printer = ?2 AND state = 'not_printed' AND code IN ('slip.ask', 'slip.never') AND queued_ms >= ?3"
        " ORDER BY number",
        (number, printer, since_ms),
    )
    return [_slip(row) for row in rows]


def waiting(reader: Any, kinds: Sequence[str]) -> Sequence[Slip]:
    """Return the slips of these kinds that are queued, sending or unconfirmed, oldest first."""
    rows = reader.execute(
        f"SELECT {_COLUMNS} FROM spool WHERE (state = 'queued' OR state = 'sending' OR state = 'unconfirmed')"
        f" AND kind IN ({', '.join('?' * len(kinds))}) ORDER BY number",
        tuple(kinds),
    )
    return [_slip(row) for row in rows]


def in_state(reader: Any, states: Sequence[SlipState], limit: int) -> Sequence[Slip]:
    """Return at most `limit` slips in one of these states, the newest first."""
    rows = reader.execute(
        f"SELECT {_COLUMNS} FROM spool WHERE state IN ({', '.join('?' * len(states))}) ORDER BY number DESC LIMIT ?",
        (*(state.value for state in states), limit),
    )
    return [_slip(row) for row in rows]


def redirect_from(unit: Unit, slip: str, printer: str, deputy: str) -> bool:
    """Give a slip of a printer's queue to another printer; False when it left the queue meanwhile."""
    changed = unit.connection.execute(
        "UPDATE spool SET printer = ?, changed_ms = ? WHERE slip = ? AND printer = ? AND state = 'queued'",
        (deputy, unit.now_ms, slip, printer),
    ).rowcount
    return int(changed) == 1


def find_slip(reader: Any, slip: str) -> Slip | None:
    """Return a slip by its name, or None."""
    rows = reader.execute(f"SELECT {_COLUMNS} FROM spool WHERE slip = ?", (slip,)).fetchall()
    return _slip(rows[0]) if rows else None


def interrupted(reader: Any) -> Sequence[Slip]:
    """Return the slips left in sending: at start, those whose end nobody saw."""
    return [
        _slip(row) for row in reader.execute(f"SELECT {_COLUMNS} FROM spool WHERE state = 'sending' ORDER BY number")
    ]


def unconfirmed(reader: Any) -> Sequence[Slip]:
    """Return the slips that may or may not be on paper, oldest first; the cashier is asked about them."""
    return [
        _slip(row)
        for row in reader.execute(f"SELECT {_COLUMNS} FROM spool WHERE state = 'unconfirmed' ORDER BY number")
    ]


def break_off(unit: Unit, printer: str, process_id: str, cuts_after: int | None) -> None:
    """Record that a slip may stand half printed in a printer: the next one has to end it, whoever sends that."""
    unit.connection.execute("REPLACE INTO broken_off VALUES(?, ?, ?)", (printer, process_id, cuts_after))


def close_off(unit: Unit, printer: str, process_id: str | None = None) -> None:
    """Record that nothing half printed stands in a printer; with a `process_id` only when it was that slip."""
    unit.connection.execute(
        "DELETE FROM broken_off WHERE printer = ?1 AND (?2 IS NULL OR process_id = ?2)", (printer, process_id)
    )


def broken_off(reader: Any, printer: str) -> tuple[str, int | None] | None:
    """Return mark and counter of the slip that may stand half printed in a printer, or None."""
    row = reader.execute("SELECT process_id, cuts_after FROM broken_off WHERE printer = ?", (printer,)).fetchone()
    return None if row is None else (str(row[0]), row[1])


def forget_slips(connection: Any, before_ms: int) -> int:
    """Delete slips that ended before `before_ms`; return how many. The journal keeps that they were printed."""
    return int(
        connection.execute(
            "DELETE FROM spool WHERE state IN ('printed', 'printed_unverified', 'not_printed') AND changed_ms < ?",
            (before_ms,),
        ).rowcount
    )


def _move(unit: Unit, slip: str, state: SlipState, *, process_id: str | None = None, code: str | None = None) -> None:
    rows = unit.connection.execute("SELECT number, state FROM spool WHERE slip = ?", (slip,)).fetchall()
    if not rows:
        raise Broken("spool.unknown_slip", slip=slip)
    number, before = rows[0]
    if state not in TRANSITIONS[SlipState(before)]:
        raise Broken("spool.bad_transition", slip=slip, before=before, after=state.value)
    unit.connection.execute(
        "UPDATE spool SET state = ?, process_id = coalesce(?, process_id), code = ?, changed_ms = ? WHERE number = ?",
        (state.value, process_id, code, unit.now_ms, number),
    )


def _slip(row: Sequence[Any]) -> Slip:
    number, slip, printer, sale, kind, state, document, copy, process_id, code, queued_ms, changed_ms, cuts = row
    return Slip(
        number,
        slip,
        printer,
        sale,
        kind,
        SlipState(state),
        json.loads(document),
        copy,
        process_id,
        code,
        queued_ms,
        changed_ms,
        cuts,
    )
