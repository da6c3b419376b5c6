"""A store closes, moves or changes its merchant: the box hands everything over and trades no more.

Nothing is thrown away: the state folder stays as it is. What is not finished hinders it, by name, and each thing has
its way to be finished at the counter.
"""

import json
from collections.abc import Mapping
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any

from agent.core.chain import Identity
from agent.core.errors import Refused, StoreboxError, TryLater, UnknownOutcome
from agent.core.events_rescue import StoreRetired
from agent.core.ports import Clock, Entropy, Signer
from agent.core.receipt_parts import Document, Translate, both, centred, document, rule, text
from agent.disk import write_private
from agent.rescue import inbox
from agent.rescue.opened import OpenStore
from agent.services.journaling import record
from agent.store import restoring
from agent.store.drafts import load_drafts
from agent.store.outgoing import Outgoing
from agent.store.unit import Unit
from sync.headquarters import HqClient
from sync.keylist import KeyRing
from sync.session import HttpSession
from sync.uplink import Uplink

FILE = "retirement.json"
STOPPED = "retire.done"
STEPS_MAX = 100_000
LISTED_MAX = 6
_OPEN = (
    ("day", "SELECT day FROM view_day WHERE state = 'open' ORDER BY day"),
    ("shift", "SELECT shift FROM view_shift WHERE state = 'open' ORDER BY shift"),
    ("attempt", "SELECT attempt FROM view_attempt WHERE state IN ('open', 'parked') ORDER BY attempt"),
    (
        "attempt",
        "SELECT attempt FROM view_attempt a WHERE state = 'paid' AND used = 0 AND NOT EXISTS"
        " (SELECT 1 FROM view_platform_refund r WHERE r.attempt = a.attempt) ORDER BY attempt",
    ),
    ("refund", "SELECT out_refund_no FROM view_platform_refund WHERE state = 'started' ORDER BY out_refund_no"),
)


def unfinished(state: Path, connection: Any) -> list[str]:
    """Name what hinders a retirement: `day 2026-10-03`, `shift …`, `attempt …`, `refund …`, `basket …`, `disk …`."""
    found = [f"{noun} {row[0]}" for noun, query in _OPEN for row in connection.execute(query)]
    found += [f"basket {draft.sale}" for draft in load_drafts(connection) if draft.body.get("lines")]
    found += [f"disk {order.source.name}" for order in inbox.waiting(state)]
    if restoring.history_behind(connection):
        found.append("history")
    return found


def retire(
    held: OpenStore, session: HttpSession, keys: KeyRing, signer: Signer, reason: str, by: str, clock: Clock,
    entropy: Entropy,
) -> Mapping[str, Any]:  # fmt: skip
    """Retire the box and return headquarters' certificate; the same again after a lost answer ends what was begun.

    Raises `Refused("retire.not_yet")` with what is unfinished; `TryLater` and others while headquarters is away.
    """
    certificate = certificate_of(held.state)
    if certificate is None:
        names = unfinished(held.state, held.readers.get())
        if names:
            raise Refused("retire.not_yet", unfinished=_listed(names))
        identity = held.writer.identity
        next_seq, head = held.writer.run(lambda unit: _last_word(unit, reason, by))
        client = HqClient(session, signer)
        _send_all(held, client, keys, clock, entropy)
        certificate = client.retire(identity, {"reason": reason, "next_seq": next_seq, "head": head})
        _check(keys, identity, certificate, next_seq, head)
        write_private(held.state / FILE, json.dumps(certificate, ensure_ascii=False, indent=2).encode())
    if held.writer.stopped is None:
        held.writer.stop_epoch(STOPPED)
    return certificate


def certificate_of(state: Path) -> Mapping[str, Any] | None:
    """Return the kept certificate, or None when this box is not retired."""
    path = state / FILE
    if not path.exists():
        return None
    found: Mapping[str, Any] = json.loads(path.read_bytes())
    return found


def slip_of(certificate: Mapping[str, Any], translate: Translate, language: str, zone: tzinfo) -> Document:
    """Return the certificate as a slip."""
    at = datetime.fromtimestamp(int(certificate["at_ms"]) / 1000, zone)
    blocks = [
        centred(translate("RETIRED"), "double"),
        both(f"{certificate['store']}/{certificate['box']}/{certificate['epoch']}", f"{at:%Y-%m-%d %H:%M}"),
        both(translate("Entries handed over"), f"#{int(certificate['next_seq']) - 1}"),
        rule(),
        text(str(certificate["reason"])),
        text(str(certificate["head"])[:32]),
        text(translate("This box takes no more money.")),
    ]
    return document(translate("RETIRED"), language, blocks)


def _last_word(unit: Unit, reason: str, by: str) -> tuple[int, str]:
    """Journal the retirement once and seal it; returns where the chain ends."""
    row = unit.connection.execute("SELECT kind FROM journal ORDER BY seq DESC LIMIT 2").fetchall()
    if StoreRetired.KIND not in [str(kind) for (kind,) in row]:
        record(unit, StoreRetired(reason, by))
        unit.seal()
    return unit.last_seq + 1, unit.head.hex()


class _Nothing:
    """A heartbeat without trade."""

    def heartbeat(self) -> Mapping[str, object]:
        """See HeartbeatSource."""
        return {"retiring": True}


def _send_all(held: OpenStore, client: HqClient, keys: KeyRing, clock: Clock, entropy: Entropy) -> None:
    """Send what is unsent of every epoch; raises what keeps an entry back."""
    journal = Outgoing(held.writer, held.readers)
    failed: list[StoreboxError] = []
    uplink = Uplink(journal, client, keys, _Nothing(), clock, entropy)
    for _ in range(STEPS_MAX):
        if all(journal.last_seq(epoch) < journal.watermark(epoch).next_seq for epoch in journal.epochs()):
            return
        uplink.step()
        if uplink.status.last_error is not None:
            failed.append(TryLater("retire.not_yet", unfinished=uplink.status.last_error))
            break
    raise failed[0] if failed else TryLater("retire.not_yet", unfinished="uplink")


def _check(keys: KeyRing, identity: Identity, certificate: Mapping[str, Any], next_seq: int, head: str) -> None:
    at_ms = certificate.get("at_ms")
    fault = keys.fault("retirement", identity, certificate, at_ms if isinstance(at_ms, int) else 0)
    if fault is not None or (certificate.get("next_seq"), certificate.get("head")) != (next_seq, head):
        raise UnknownOutcome("hq.receipt_not_signed", reason=fault)


def _listed(names: list[str]) -> str:
    more = f" … +{len(names) - LISTED_MAX}" if len(names) > LISTED_MAX else ""
    return "、".join(names[:LISTED_MAX]) + more
