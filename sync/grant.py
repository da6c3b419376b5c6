"""Enrolment without a line: a packet brings headquarters' signed grant of an epoch, the key is told at first contact.

The grant waits as `keys/grant.json` until headquarters has heard of the key. It is written before the enrolment, so
that no power cut leaves a box that trades and that headquarters never hears of. The documents that the packet carried
wait as `keys/carried.json` for the box's first start: each is believed by its own signature, as one that came by line.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from agent.core.canonical import canonical_bytes, parse
from agent.core.chain import Identity
from agent.core.errors import Broken, Credentials, Refused, UnknownOutcome
from agent.core.ports import Signer
from agent.disk import sync_folder, write_private
from sync.enrol import Enrolment, enrolment_from, keep_enrolment, load_enrolment, save_enrolment, waiting_key
from sync.headquarters import document_of
from sync.keylist import root_fingerprint
from sync.packet import unseal
from sync.session import HttpSession, signed_by

GRANT_USE = "grant"
"""What the key list calls a key that may sign grants."""


@dataclass(frozen=True, slots=True)
class WaitingGrant:
    """A grant whose box has not met headquarters yet; `opened_at_ms` by the box's clock, never before it was made."""

    grant: Mapping[str, object]
    opened_at_ms: int


def enrol_from_packet(
    state: Path,
    data: bytes,
    code: str,
    now_ms: int,
    *,
    fingerprint: str | None = None,
    check_store: Callable[[str], None] | None = None,
) -> Enrolment:
    """Enrol with a packet's bytes and its typed code; the same packet again gives what is here already.

    `fingerprint` is that of the root key where it is known by another way; `check_store` refuses a store that this box
    may not serve. Raises what `unseal` raises;
    `enrol.packet_expired`; `enrol.other_root`; `enrol.already` for a box that is another one already.
    """
    content = unseal(data, code)
    grant, offered = _checked(content, fingerprint)
    who = offered.identity
    if check_store is not None:
        check_store(who.store)
    known = load_enrolment(state)
    if known is not None:
        if known.identity != who:
            mine = known.identity
            raise Refused("enrol.already", store=mine.store, box=mine.box, epoch=mine.epoch)
        return known
    opened_at_ms = max(now_ms, int(str(grant["made_at_ms"])))
    if opened_at_ms > int(str(grant["expires_at_ms"])):
        raise Refused("enrol.packet_expired", store=who.store)
    enrolment = replace(offered, public_key=waiting_key(state).public_key)
    carried = content.get("directives")
    write_private(_carried_path(state), canonical_bytes(carried if isinstance(carried, list) else []))
    write_private(_path(state), canonical_bytes({"grant": dict(grant), "opened_at_ms": opened_at_ms}))
    keep_enrolment(state, enrolment)
    return enrolment


def waiting_grant(state: Path) -> WaitingGrant | None:
    """Return the grant of which headquarters has not heard yet, None when there is none."""
    path = _path(state)
    if not path.exists():
        return None
    document = parse(path.read_bytes())
    try:
        if not isinstance(document, Mapping) or not isinstance(document["grant"], Mapping):
            raise TypeError("a grant is an object")
        return WaitingGrant(document["grant"], int(document["opened_at_ms"]))
    except (KeyError, TypeError, ValueError) as error:
        raise Broken("enrol.damaged", file=path.name) from error


def carried_documents(state: Path) -> Sequence[object]:
    """Return the signed documents that came with the packet and were not taken yet; nothing in them is checked."""
    try:
        found = parse(_carried_path(state).read_bytes())
    except (FileNotFoundError, Broken):
        return ()
    return found if isinstance(found, list) else ()


def forget_carried(state: Path) -> None:
    """Forget them, once they are in the journal."""
    if _carried_path(state).exists():
        _carried_path(state).unlink()
        sync_folder(_carried_path(state).parent)


def make_known(session: HttpSession, state: Path, enrolment: Enrolment, key: Signer) -> Enrolment:
    """Tell headquarters the key of a box that enrolled by a packet, and return the enrolment with what it answers.

    Without a waiting grant nothing is sent; one of another epoch than the box has was overtaken. Again after a lost
    answer is safe. Raises `enrol.packet_used` when another
    box came with the same packet: this one's epoch is that box's, and it must not trade in it.
    """
    waiting = waiting_grant(state)
    if waiting is None:
        return enrolment
    who = enrolment.identity
    if (waiting.grant.get("store"), waiting.grant.get("epoch")) != (who.store, who.epoch):
        _forget(state)
        return enrolment
    request = {
        "grant": dict(waiting.grant),
        "opened_at_ms": waiting.opened_at_ms,
        "store": who.store,
        "box": who.box,
        "public_key": enrolment.public_key.hex(),
    }
    headers = {"Content-Type": "application/json"}
    signed = signed_by(Identity(who.store, who.box, 0), key)
    answer = document_of(session.send("POST", "/v1/enrol/packet", canonical_bytes(request), headers, signed))
    known = _with_newer_keys(enrolment, answer)
    save_enrolment(state, known)
    _forget(state)
    return known


def _forget(state: Path) -> None:
    _path(state).unlink()
    sync_folder(_path(state).parent)


def _with_newer_keys(enrolment: Enrolment, answer: Mapping[str, object]) -> Enrolment:
    ring, document = enrolment.key_ring(), answer.get("key_list")
    if answer.get("epoch") != enrolment.identity.epoch or ring is None or not isinstance(document, Mapping):
        raise UnknownOutcome("hq.garbage_answer")
    ring.replace(document)
    return replace(enrolment, key_list=ring.document)


def _checked(content: Mapping[str, object], fingerprint: str | None) -> tuple[Mapping[str, object], Enrolment]:
    """Return a packet's grant and the enrolment that it offers, still without a key of the box."""
    try:
        offered = enrolment_from({**content, "public_key": ""})
        grant = content["grant"]
    except (KeyError, TypeError, ValueError) as error:
        raise Refused("enrol.packet_damaged", reason="content") from error
    ring = offered.key_ring()
    if ring is None or not isinstance(grant, Mapping):
        raise Refused("enrol.packet_damaged", reason="content")
    if fingerprint is not None and fingerprint != root_fingerprint(offered.root_public_key or b""):
        raise Credentials("enrol.other_root")
    if type(grant.get("made_at_ms")) is not int or type(grant.get("expires_at_ms")) is not int:
        raise Refused("enrol.packet_damaged", reason="times")
    if fault := ring.fault(GRANT_USE, offered.identity, grant, int(str(grant["made_at_ms"]))):
        raise Refused("enrol.packet_damaged", reason=fault)
    return grant, offered


def _carried_path(state: Path) -> Path:
    return state / "keys" / "carried.json"


def _path(state: Path) -> Path:
    return state / "keys" / "grant.json"
