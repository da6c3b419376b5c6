"""Taking directives of headquarters: each in one transaction, journaled, in force at once or when its time comes.

The newest version in force of a document holds; a fact or a verb is done once. What this box did is kept until
headquarters have heard it. Verbs are only taken here; the daemon, which knows devices, does them.
"""

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from agent.core.catalog import catalog_of
from agent.core.directive_bodies import read
from agent.core.directives import QUEUES, Answered, Directive, Kind, Outcome, People, PortalRefund
from agent.core.errors import Refused, StoreboxError
from agent.core.events import DirectiveApplied, StaffChanged
from agent.core.verbs import Order, VerbDone, order_of
from agent.services import portal_refunds
from agent.services.journaling import record
from agent.services.shop import Shop
from agent.store.answers import keep_answer
from agent.store.unit import Unit

BY = "hq"
_ANSWER = "directive "
_VERBS_DONE = "verbs-done"
_NEXT_ORDER = "SELECT version, body, effective_ms FROM document WHERE kind = ? AND version > ? ORDER BY version LIMIT 1"
_KEPT = """SELECT version, body, sha256 FROM document
 WHERE kind = ? AND signature IS NOT NULL AND coalesce(effective_ms, 0) <= ? ORDER BY version DESC LIMIT 1"""
log = logging.getLogger("storebox.directives")


class Directives:
    """What `sync.directives` hands directives to; several threads may use it, one at a time takes."""

    def __init__(self, shop: Shop, on_verb: Callable[[], None]) -> None:
        """`on_verb` hears that an order was journaled; it must not block and never raises."""
        self._shop = shop
        self._on_verb = on_verb

    def versions(self) -> Mapping[str, int]:
        """Return the newest version that was taken of each kind, whatever came of it."""
        rows = self._shop.read().execute("SELECT name, value FROM counter WHERE name GLOB 'directive:*'")
        return {name.partition(":")[2]: value for name, value in rows}

    def in_force(self) -> Mapping[str, int]:
        """Return the version of each document that holds."""
        rows = self._shop.read().execute("SELECT name, value FROM counter WHERE name GLOB 'directive-in-force:*'")
        return {name.partition(":")[2]: value for name, value in rows}

    def take(self, directive: Directive) -> None:
        """Apply a directive, or keep it for its time. What it says never raises; a journal that stopped does."""
        try:
            parsed = read(directive.kind, directive.body)
        except StoreboxError as error:
            self.turned_away(directive.kind.value, directive.version, error.code)
            return
        taken: bool = self._shop.writer.run(lambda unit: self._take(unit, directive, parsed))
        if taken and directive.kind is Kind.VERB:
            self._on_verb()
        elif taken and directive.kind not in QUEUES:
            self.bring_into_force()
        self._shop.wake_uplink()

    def turned_away(self, kind: str, version: int, code: str) -> None:
        """Keep that a directive was refused; headquarters are told, and it is not asked for again."""
        log.warning("directive %s %d refused: %s", kind, version, code)

        def command(unit: Unit) -> None:
            if version > _counted(unit.connection, f"directive:{kind}"):
                _count(unit, f"directive:{kind}", version)
            _keep(unit, Answered(Kind(kind), version, Outcome.REFUSED, code, unit.now_ms, {}))

        self._shop.writer.run(command)

    def bring_into_force(self) -> None:
        """Apply documents that were kept and whose time has come; the shop works with them from here on."""
        now_ms = self._shop.clock.now_ms()
        for kind in (one for one in Kind if one not in QUEUES):
            row = self._shop.read().execute(_KEPT, (kind.value, now_ms)).fetchone()
            if row is not None and row[0] > _counted(self._shop.read(), f"directive-in-force:{kind.value}"):
                self._begin(kind, *row)

    def load(self) -> None:
        """Give the shop what was in force before this start and has no file of its own: stop-sale, messages."""
        for kind in (Kind.STOP_SALE, Kind.MESSAGES):
            version = _counted(self._shop.read(), f"directive-in-force:{kind.value}")
            row = (
                self._shop.read()
                .execute("SELECT body FROM document WHERE kind = ? AND version = ?", (kind.value, version))
                .fetchone()
            )
            if row is None:
                continue
            try:
                self._hold(kind, version, read(kind, row[0]))
            except StoreboxError as error:
                log.error("the directive %s %d is not readable: %s", kind.value, version, error.code)

    def next_order(self) -> tuple[int, Order, int] | None:
        """Return the oldest verb that was taken and not ended: version, order, and when headquarters signed it."""
        connection = self._shop.read()
        while True:
            row = connection.execute(_NEXT_ORDER, (Kind.VERB.value, _counted(connection, _VERBS_DONE))).fetchone()
            if row is None:
                return None
            try:
                return row[0], order_of(row[1]), row[2]
            except StoreboxError as error:  # taken by a later release
                self._pass_over(row[0], error.code)

    def _pass_over(self, version: int, code: str) -> None:
        """Leave a verb that this release can't read; headquarters are told."""

        def command(unit: Unit) -> None:
            _count(unit, _VERBS_DONE, version)
            _keep(unit, Answered(Kind.VERB, version, Outcome.REFUSED, code, unit.now_ms, {}))

        self._shop.writer.run(command)

    def end_order(
        self, version: int, order: Order, outcome: Outcome, code: str | None, detail: Mapping[str, Any]
    ) -> None:
        """Journal how a verb ended, once, and keep its answer for headquarters."""

        def command(unit: Unit) -> None:
            if version <= _counted(unit.connection, _VERBS_DONE):
                return
            _count(unit, _VERBS_DONE, version)
            record(unit, VerbDone(version, order.verb.value, order.asked_by, order.reason, outcome.value, code))
            _keep(unit, Answered(Kind.VERB, version, outcome, code, unit.now_ms, detail))

        self._shop.writer.run(command)
        self._shop.wake_uplink()

    def answers(self) -> Sequence[Answered]:
        """Return the answers that headquarters have not heard, oldest first."""
        rows = self._shop.read().execute(
            "SELECT answer FROM answer WHERE key GLOB ? ORDER BY at_ms, key LIMIT 100", (f"{_ANSWER}*",)
        )
        return [_answered(json.loads(text)) for (text,) in rows]

    def heard(self, answers: Sequence[Answered]) -> None:
        """Forget answers that headquarters have; one that changed meanwhile stays."""

        def command(unit: Unit) -> None:
            for one in answers:
                unit.connection.execute(
                    "DELETE FROM answer WHERE key = ? AND fingerprint = ?", (_key(one), one.outcome.value)
                )

        self._shop.writer.run(command)

    def _take(self, unit: Unit, directive: Directive, parsed: Any) -> bool:
        kind, version = directive.kind, directive.version
        seen = _counted(unit.connection, f"directive:{kind.value}")
        if version <= seen:
            if version < seen and kind not in QUEUES:
                _keep(unit, Answered(kind, version, Outcome.REFUSED, "directive.older", unit.now_ms, {}))
            return False
        _count(unit, f"directive:{kind.value}", version)
        unit.connection.execute(
            "INSERT INTO document(kind, version, body, sha256, signature, effective_ms, received_ms)"
            " VALUES(?,?,?,?,?,?,?)",
            (
                kind.value,
                version,
                directive.body,
                directive.sha256,
                directive.signature,
                directive.effective_ms if kind not in QUEUES else directive.at_ms,
                unit.now_ms,
            ),
        )
        if kind is Kind.PORTAL_REFUND:
            self._refund(unit, directive, parsed)
            return True
        if kind is Kind.VERB:
            record(unit, DirectiveApplied(kind.value, version, directive.sha256))
            return True
        _keep(unit, Answered(kind, version, Outcome.WAITING, None, unit.now_ms, {}))
        return True

    def _refund(self, unit: Unit, directive: Directive, fact: PortalRefund) -> None:
        record(unit, DirectiveApplied(directive.kind.value, directive.version, directive.sha256))
        portal_refunds.take_over(self._shop, unit, fact.platform, fact.line, fact.sha256, BY)
        done = portal_refunds.is_known(unit.connection, fact.line)
        outcome, code = (Outcome.DONE, None) if done else (Outcome.NOT_DONE, "directive.refund_of_no_sale")
        _keep(unit, Answered(directive.kind, directive.version, outcome, code, unit.now_ms, {}))

    def _begin(self, kind: Kind, version: int, body: str, sha256: str) -> None:
        try:
            parsed = read(kind, body)
        except StoreboxError as error:  # taken by an earlier release
            code = error.code
            self._shop.writer.run(lambda unit: _skip(unit, kind, version, code))
            return

        def command(unit: Unit) -> None:
            _count(unit, f"directive-in-force:{kind.value}", version)
            record(unit, DirectiveApplied(kind.value, version, sha256))
            if kind is Kind.STAFF:
                _change_people(unit, parsed)
            _keep(unit, Answered(kind, version, Outcome.APPLIED, None, unit.now_ms, {}))

        self._shop.writer.run(command)
        self._hold(kind, version, parsed)
        self._shop.publish("directive", {"kind": kind.value, "version": version})

    def _hold(self, kind: Kind, version: int, parsed: Any) -> None:
        """Let the shop work with a document: one assignment each, so a request sees the old or the new one."""
        shop = self._shop
        if kind is Kind.CATALOGUE:
            shop.catalog = catalog_of(parsed, version)
        elif kind is Kind.TENDERS:
            shop.tenders = parsed
        elif kind is Kind.ROLES:
            shop.matrix = parsed
        elif kind is Kind.SCALE_LABELS:
            shop.scale_layouts = parsed
        elif kind is Kind.STOP_SALE:
            shop.stop_sale = parsed
        elif kind is Kind.MESSAGES:
            shop.messages = parsed
            self._show_messages()
        shop.directives = {**shop.directives, kind.value: version}

    def _show_messages(self) -> None:
        now_ms = self._shop.clock.now_ms()
        for message in self._shop.messages:
            if message.until_ms is None or message.until_ms > now_ms:
                self._shop.tell(Refused("hq.message", text=message.in_language(self._shop.store.language)))
        for till in self._shop.tills:
            self._shop.changed(till)  # the pages keep each until somebody there has read it


def document_in_force(connection: Any, kind: str) -> tuple[int, str] | None:
    """Return version and body of a document of headquarters that holds; None where the shop's own file does."""
    version = _counted(connection, f"directive-in-force:{kind}")
    row = connection.execute("SELECT body FROM document WHERE kind = ? AND version = ?", (kind, version)).fetchone()
    return None if row is None else (version, row[0])


def _change_people(unit: Unit, found: People) -> None:
    """Write names, roles and who may not log in any more; PINs stay as they are, a new person has none yet."""
    rows = unit.connection.execute("SELECT id, name, role, disabled FROM staff").fetchall()
    known = {staff: (name, role, bool(disabled)) for staff, name, role, disabled in rows}
    for one in found.people:
        if known.get(one.staff) == (one.name, one.role.value, one.disabled):
            continue
        unit.connection.execute(
            "INSERT INTO staff(id, name, role, disabled, changed_ms) VALUES(?1,?2,?3,?4,?5) ON CONFLICT(id) DO UPDATE"
            " SET name = ?2, role = ?3, disabled = ?4, changed_ms = ?5",
            (one.staff, one.name, one.role.value, int(one.disabled), unit.now_ms),
        )
        _changed(unit, one.staff, "disabled" if one.disabled else "saved")
    listed = {one.staff for one in found.people}
    for staff, (_, _, disabled) in known.items() if found.complete else ():
        if staff not in listed and not disabled:
            unit.connection.execute("UPDATE staff SET disabled = 1, changed_ms = ? WHERE id = ?", (unit.now_ms, staff))
            _changed(unit, staff, "disabled")


def _changed(unit: Unit, staff: str, change: str) -> None:
    if change == "disabled":
        unit.connection.execute("DELETE FROM session WHERE staff = ?", (staff,))
    record(unit, StaffChanged(staff, change, BY))


def _skip(unit: Unit, kind: Kind, version: int, code: str) -> None:
    _count(unit, f"directive-in-force:{kind.value}", version)
    _keep(unit, Answered(kind, version, Outcome.REFUSED, code, unit.now_ms, {}))


def _counted(connection: Any, name: str) -> int:
    row = connection.execute("SELECT value FROM counter WHERE name = ?", (name,)).fetchone()
    return 0 if row is None else int(row[0])


def _count(unit: Unit, name: str, value: int) -> None:
    unit.connection.execute(
        "INSERT INTO counter(name, value) VALUES(?, ?) ON CONFLICT(name) DO UPDATE SET value = excluded.value",
        (name, value),
    )


def _key(one: Answered) -> str:
    return f"{_ANSWER}{one.kind.value} {one.version}"


def _keep(unit: Unit, one: Answered) -> None:
    """Keep an answer for headquarters; a later one takes an earlier one's place."""
    unit.connection.execute("DELETE FROM answer WHERE key = ?", (_key(one),))
    kept = {
        "kind": one.kind.value,
        "version": one.version,
        "outcome": one.outcome.value,
        "code": one.code,
        "at_ms": one.at_ms,
        "detail": dict(one.detail),
    }
    keep_answer(unit.connection, _key(one), one.outcome.value, kept, unit.now_ms, None)


def _answered(row: Mapping[str, Any]) -> Answered:
    return Answered(
        Kind(row["kind"]), row["version"], Outcome(row["outcome"]), row["code"], row["at_ms"], row["detail"]
    )
