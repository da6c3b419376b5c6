"""What people do with differences: assign, comment, settle, approve, send back, reopen; each with its right and note.

Every act refuses with `difference.unknown`, `difference.wrong_state`, `difference.reason_missing`, as `require` does,
and with `difference.changed_meanwhile` when `version` is not the one that is kept: somebody saw an older state.
"""

from datetime import date
from typing import Any

from sqlalchemy import Connection

from agent.core.errors import Credentials, Refused
from agent.core.events_matching import DifferenceSettled
from agent.core.reconcile import workflow
from agent.core.reconcile.workflow import Difference, DifferenceAct, DifferenceState, Limits
from sync.hq import registry
from sync.hq.books.differences import find, write
from sync.hq.books.notes import hold
from sync.hq.people.accounts import person_named
from sync.hq.people.rights import Act, Person, require, require_second


def assign_to_store(
    connection: Connection, number: str, store: str, day: date | None, person: Person, reason: str, now_ms: int,
    version: int | None = None,
) -> None:  # fmt: skip
    """Assign to a store and one of its business days (the line's when left out), whose day then waits for it.

    Refuses with `store.unknown`; both stores must be in the person's scope.
    """
    book, known = _held(connection, number, person, Act.SETTLE, version)
    if not registry.has_store(connection, store):
        raise Refused("store.unknown", store=store[:10])
    require(person, Act.SETTLE, store)
    text = known.line_day if day is None else day.isoformat()
    body = {"store": store, "business_day": text, "person": None, "reason": workflow.checked_reason(reason)}
    write(connection, book, known, number, DifferenceAct.ASSIGNED, now_ms, person.name, body)


def assign_to_person(
    connection: Connection, number: str, name: str, person: Person, reason: str, now_ms: int,
    version: int | None = None,
) -> None:  # fmt: skip
    """Assign to a person who may settle it; refuses with `person.unknown`, `difference.not_theirs`."""
    book, known = _held(connection, number, person, Act.SETTLE, version)
    other = person_named(connection, name)
    if other is None:
        raise Refused("person.unknown", name=name[:40])
    if not other.may(Act.SETTLE) or not sees(other, known):
        raise Refused("difference.not_theirs", name=name)
    body = {"store": None, "business_day": None, "person": name, "reason": workflow.checked_reason(reason)}
    write(connection, book, known, number, DifferenceAct.ASSIGNED, now_ms, person.name, body)


def comment(connection: Connection, number: str, person: Person, text: str, now_ms: int) -> None:
    """Add a comment, also to one that is settled."""
    book, known = _held(connection, number, person, Act.COMMENT, None)
    body = {"text": workflow.checked_reason(text)}
    write(connection, book, known, number, DifferenceAct.COMMENTED, now_ms, person.name, body)


def settle(
    connection: Connection, number: str, settlement: str, person: Person, reason: str, limits: Limits, now_ms: int,
    version: int | None = None,
) -> DifferenceState:  # fmt: skip
    """Settle with a reason; returns PROPOSED when so much money waits for a second person.

    Refuses with `difference.bad_settlement`, `difference.assign_first`, `difference.reason_missing`.
    """
    book, known = _held(connection, number, person, Act.SETTLE, version)
    workflow.next_state(known.state, DifferenceAct.PROPOSED)
    chosen, why = workflow.checked_settlement(settlement, known), workflow.checked_reason(reason)
    if limits.needs_second(chosen, known.stake_fen):
        body: dict[str, Any] = {"settlement": chosen.value, "reason": why}
        act = DifferenceAct.PROPOSED
    else:
        ended = DifferenceSettled(number, chosen.value, person.name, why, None)
        act, body = DifferenceAct.SETTLED, ended.body()
    return write(connection, book, known, number, act, now_ms, person.name, body).state


def approve(connection: Connection, number: str, second: Person, now_ms: int, version: int | None = None) -> None:
    """Approve what another person proposed; refuses with `person.not_oneself`, `difference.not_proposed`."""
    book, known = _held(connection, number, second, Act.APPROVE, version)
    if known.state is not DifferenceState.PROPOSED:
        raise Refused("difference.not_proposed")
    require_second(known.settled_by or "", second)
    ended = DifferenceSettled(
        number, known.settlement or "", known.settled_by or "", known.reason or "", approved_by=second.name
    )
    write(connection, book, known, number, DifferenceAct.SETTLED, now_ms, second.name, ended.body())


def send_back(
    connection: Connection, number: str, person: Person, reason: str, now_ms: int, version: int | None = None
) -> None:
    """Send a proposal back: the second person declines it, or who proposed it takes it back.

    Refuses with `difference.not_proposed`; others without the right to approve may not.
    """
    book, known = _held(connection, number, person, Act.SETTLE, version)
    if known.state is not DifferenceState.PROPOSED:
        raise Refused("difference.not_proposed")
    if known.settled_by != person.name:
        require(person, Act.APPROVE)
    body = {"reason": workflow.checked_reason(reason)}
    write(connection, book, known, number, DifferenceAct.SENT_BACK, now_ms, person.name, body)


def reopen(
    connection: Connection, number: str, person: Person, reason: str, now_ms: int, version: int | None = None
) -> None:
    """Take a settlement back; only who may approve does that, and its day waits again."""
    book, known = _held(connection, number, person, Act.APPROVE, version)
    body = {"reason": workflow.checked_reason(reason)}
    write(connection, book, known, number, DifferenceAct.REOPENED, now_ms, person.name, body)


def sees(person: Person, known: Difference) -> bool:
    """Tell whether a difference is in a person's scope; one without a store is only for who sees all stores."""
    stores = {known.line_store, known.assigned_store} - {None}
    return person.stores is None or bool(stores & person.stores)


def _held(connection: Connection, number: str, person: Person, act: Act, version: int | None) -> tuple[str, Difference]:
    """Hold the book and return the difference as it is now; refuses who may not, or who saw an older state.

    `version` is what the person saw; None skips the comparison (`difference.changed_meanwhile`).
    """
    require(person, act)
    book, _ = find(connection, number)
    hold(connection, book)
    _, known = find(connection, number)
    if not sees(person, known):
        raise Credentials("access.not_this_store", store=known.line_store or book)
    if version is not None and version != known.version:
        raise Refused("difference.changed_meanwhile")
    return book, known
