"""What headquarters send down: documents that replace each other, and facts and verbs that each count. Pure.

A document is TOML as its file in `config/` (catalogue, tenders, roles, scale labels) or in a form of its own (staff,
stop-sale, messages); the newest one in force holds. A fact or a verb is canonical JSON; each is done once, in order.
"""

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from agent.core.bill import BillKind, BillLine
from agent.core.errors import Refused
from agent.core.roles import Role

FIRST_VERSION = 1001
"""Versions of headquarters begin here: those that a shop counts of its own files stay below."""
BODY_BYTES_MAX = 3 * 1024 * 1024
MESSAGES_MAX, PEOPLE_MAX, STOPPED_MAX = 20, 500, 5_000
TEXT_MAX = 200
_STAFF = re.compile(r"[A-Za-z0-9]{1,20}")


class Kind(StrEnum):
    """What a directive is about."""

    CATALOGUE = "catalogue"
    TENDERS = "tenders"
    ROLES = "roles"
    SCALE_LABELS = "scale_labels"
    STAFF = "staff"
    STOP_SALE = "stop_sale"
    MESSAGES = "messages"
    PORTAL_REFUND = "portal_refund"
    VERB = "verb"


QUEUES = frozenset({Kind.PORTAL_REFUND, Kind.VERB})
"""Each version counts and is done once; of the others only the newest in force."""


class Outcome(StrEnum):
    """What a box did with a directive."""

    APPLIED = "applied"
    WAITING = "waiting"
    """Taken; its time has not come."""
    REFUSED = "refused"
    DONE = "done"
    NOT_DONE = "not_done"
    """A verb that did not come to its end, or a fact that this box has nothing to do with."""


@dataclass(frozen=True, slots=True)
class Directive:
    """A directive that headquarters signed for this box."""

    kind: Kind
    version: int
    effective_ms: int
    body: str
    sha256: str
    signature: str
    at_ms: int
    """When headquarters signed it, by their clock: the box's may be years off."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What became of a directive; `detail` is a short text of closed words for a verb's result."""

    kind: Kind
    version: int
    outcome: Outcome
    code: str | None
    at_ms: int
    detail: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class StopSale:
    """What must not be sold: nothing at all with `everything`, else articles by sku, each with its reason."""

    everything: bool = False
    reason: str = ""
    items: Mapping[str, str] | None = None

    def check(self, sku: str, name: str) -> None:
        """Refuse an article that must not be sold (`item.stopped`), or any (`sale.stopped`)."""
        if self.everything:
            raise Refused("sale.stopped", reason=self.reason)
        if self.items and sku in self.items:
            raise Refused("item.stopped", name=name[:40], reason=self.items[sku])


@dataclass(frozen=True, slots=True)
class Message:
    """A line of headquarters for the counter; shown until `until_ms`, for ever without."""

    text: str
    text_en: str = ""
    until_ms: int | None = None

    def in_language(self, language: str) -> str:
        """Return the text in the counter's language, Chinese where there is no other."""
        return self.text if language.startswith("zh") else self.text_en or self.text


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who works in the store; the PIN is the store's own affair and never comes down."""

    staff: str
    name: str
    role: Role
    disabled: bool = False


@dataclass(frozen=True, slots=True)
class People:
    """Who works in the store; with `complete` all others lose their right to log in."""

    people: tuple[Person, ...]
    complete: bool = False


@dataclass(frozen=True, slots=True)
class PortalRefund:
    """A refund that nobody in the store made, as the bill of `platform` tells it."""

    platform: str
    line: BillLine
    sha256: str


def table_of(kind: Kind, body: str) -> dict[str, Any]:
    """Return a document's TOML; refuses with `directive.not_readable`."""
    try:
        return tomllib.loads(body)
    except tomllib.TOMLDecodeError as error:
        raise _unreadable(kind, str(error)) from error


def stop_sale_of(body: str) -> StopSale:
    """Read a stop-sale: `all`, `reason`, `[[item]] sku, reason`. An empty one lets everything be sold."""
    values = _checked(Kind.STOP_SALE, table_of(Kind.STOP_SALE, body), {"all": bool, "reason": str, "item": list})
    items = {
        _text(Kind.STOP_SALE, row, "sku"): _text(Kind.STOP_SALE, row, "reason", "")
        for row in _rows(Kind.STOP_SALE, values, "item", STOPPED_MAX)
    }
    return StopSale(values.get("all", False), _text(Kind.STOP_SALE, values, "reason", ""), items)


def messages_of(body: str) -> tuple[Message, ...]:
    """Read messages: `[[message]] text, text_en, until` (a TOML time with its zone)."""
    values = _checked(Kind.MESSAGES, table_of(Kind.MESSAGES, body), {"message": list})
    return tuple(_message(row) for row in _rows(Kind.MESSAGES, values, "message", MESSAGES_MAX))


def people_of(body: str) -> People:
    """Read who works in the store: `complete`, `[[person]] staff, name, role, disabled`."""
    values = _checked(Kind.STAFF, table_of(Kind.STAFF, body), {"complete": bool, "person": list})
    people = tuple(_person(row) for row in _rows(Kind.STAFF, values, "person", PEOPLE_MAX))
    if len({one.staff for one in people}) < len(people):
        raise _unreadable(Kind.STAFF, "a number stands twice")
    return People(people, values.get("complete", False))


def portal_refund_of(body: str) -> PortalRefund:
    """Read the fact of a refund in a merchant's portal; refuses with `directive.not_readable`."""
    values = json_of(Kind.PORTAL_REFUND, body)
    numbers = {name: values.get(name) for name in ("at_ms", "amount_fen", "settled_fen", "fee_fen")}
    texts = {name: values.get(name) for name in ("platform", "merchant", "out_trade_no", "transaction", "sha256")}
    if any(type(value) is not int or value < 0 for value in numbers.values()):
        raise _unreadable(Kind.PORTAL_REFUND, "an amount is none")
    if any(not isinstance(value, str) or len(value) > 128 for value in texts.values()):
        raise _unreadable(Kind.PORTAL_REFUND, "a number is none")
    optional = {name: values.get(name) for name in ("out_refund_no", "refund_transaction")}
    if any(value is not None and (not isinstance(value, str) or len(value) > 128) for value in optional.values()):
        raise _unreadable(Kind.PORTAL_REFUND, "a refund's number is none")
    line = BillLine(
        kind=BillKind.REFUND,
        merchant=str(texts["merchant"]),
        out_trade_no=str(texts["out_trade_no"]),
        transaction=str(texts["transaction"]),
        out_refund_no=optional["out_refund_no"],
        refund_transaction=optional["refund_transaction"],
        at_ms=int(numbers["at_ms"] or 0),
        amount_fen=int(numbers["amount_fen"] or 0),
        settled_fen=int(numbers["settled_fen"] or 0),
        fee_fen=int(numbers["fee_fen"] or 0),
    )
    return PortalRefund(str(texts["platform"]), line, str(texts["sha256"]))


def portal_refund_body(platform: str, line: BillLine, sha256: str) -> dict[str, Any]:
    """Return the fact of a refund in a portal as it is sent down; the payer stays at headquarters."""
    return {
        "platform": platform,
        "merchant": line.merchant,
        "out_trade_no": line.out_trade_no,
        "transaction": line.transaction,
        "out_refund_no": line.out_refund_no,
        "refund_transaction": line.refund_transaction,
        "at_ms": line.at_ms,
        "amount_fen": line.amount_fen,
        "settled_fen": line.settled_fen,
        "fee_fen": line.fee_fen,
        "sha256": sha256,
    }


def json_of(kind: Kind, body: str) -> dict[str, Any]:
    """Return the JSON object of a fact or a verb."""
    try:
        value = json.loads(body)
    except ValueError as error:
        raise _unreadable(kind, "no JSON") from error
    if not isinstance(value, dict):
        raise _unreadable(kind, "no object")
    return value


def _message(row: Mapping[str, Any]) -> Message:
    _checked(Kind.MESSAGES, row, {"text": str, "text_en": str, "until": object})
    until = row.get("until")
    if until is not None and (not hasattr(until, "timestamp") or until.tzinfo is None):
        raise _unreadable(Kind.MESSAGES, "until is no time with a zone, like 2026-12-01T22:00:00+08:00")
    until_ms = None if until is None else int(until.timestamp()) * 1000
    return Message(_text(Kind.MESSAGES, row, "text"), _text(Kind.MESSAGES, row, "text_en", ""), until_ms)


def _person(row: Mapping[str, Any]) -> Person:
    _checked(Kind.STAFF, row, {"staff": str, "name": str, "role": str, "disabled": bool})
    staff, role = _text(Kind.STAFF, row, "staff"), _text(Kind.STAFF, row, "role")
    if not _STAFF.fullmatch(staff) or role not in list(Role):
        raise _unreadable(Kind.STAFF, f"number or role of {staff[:20]}")
    return Person(staff, _text(Kind.STAFF, row, "name"), Role(role), row.get("disabled", False))


def _checked(kind: Kind, values: Mapping[str, Any], keys: Mapping[str, type]) -> Mapping[str, Any]:
    for key, value in values.items():
        if key not in keys or not isinstance(value, keys[key]):
            raise _unreadable(kind, f"the key {key[:40]}")
    return values


def _rows(kind: Kind, values: Mapping[str, Any], name: str, most: int) -> list[Mapping[str, Any]]:
    rows = values.get(name, [])
    if len(rows) > most or not all(isinstance(row, dict) for row in rows):
        raise _unreadable(kind, f"{name}: at most {most} tables")
    return list(rows)


def _text(kind: Kind, values: Mapping[str, Any], name: str, default: str | None = None) -> str:
    value = values.get(name, default)
    if not isinstance(value, str) or len(value) > TEXT_MAX or not (value.isprintable() and (value or default == "")):
        raise _unreadable(kind, f"{name} is no text of up to {TEXT_MAX} characters")
    return value


def _unreadable(kind: Kind, reason: str) -> Refused:
    return Refused("directive.not_readable", kind=kind.value, reason=reason[:120])
