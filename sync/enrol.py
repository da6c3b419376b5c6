"""Enrolment of a box: its key is made here, headquarters gives the epoch, and what both agreed on is kept.

The key waits as `device-new.key` until the epoch is known, so that a lost answer is asked for again with the same key
and the same token, and headquarters gives the same epoch.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from agent.core.canonical import canonical_bytes, parse
from agent.core.chain import Identity
from agent.core.errors import Broken, Credentials, UnknownOutcome
from agent.core.ids import checked_id
from agent.disk import sync_folder, write_private
from sync.credentials import credentials_folder
from sync.headquarters import document_of
from sync.keylist import KeyRing, root_fingerprint
from sync.keys import FileKey, device_epochs, device_key_path, public_key_path
from sync.sealing import sealed_key
from sync.session import HttpSession, signed_by


@dataclass(frozen=True, slots=True)
class Enrolment:
    """Who this box is. Without headquarters `hq_url`, root key and key list are None.

    `previous` is what HQ has of the store's epoch before this one: `{epoch, next_seq, head}`.
    """

    identity: Identity
    public_key: bytes
    hq_url: str | None = None
    root_public_key: bytes | None = None
    key_list: Mapping[str, object] | None = None
    previous: Mapping[str, object] | None = None

    def key_ring(self) -> KeyRing | None:
        """Return headquarters' keys under the pinned root, or None for a box on its own."""
        if self.root_public_key is None or self.key_list is None:
            return None
        return KeyRing(self.root_public_key, self.key_list)


@dataclass(frozen=True, slots=True)
class PastEpoch:
    """An epoch that the box lived through without headquarters."""

    epoch: int
    box: str
    public_key: bytes


def enrol(
    session: HttpSession,
    state: Path,
    token: str,
    store: str,
    box: str,
    *,
    fingerprint: str | None = None,
    past: Sequence[PastEpoch] = (),
) -> Enrolment:
    """Enrol at headquarters with a one-time token; the same call again after a lost answer is safe.

    `fingerprint` is that of the root key from the enrolment code; an answer under another root is refused.
    """
    checked_id(store, "store")
    checked_id(box, "box")
    key = waiting_key(state)
    request = {
        "token": token,
        "store": store,
        "box": box,
        "public_key": key.public_key.hex(),
        "past": [{"epoch": item.epoch, "box": item.box, "public_key": item.public_key.hex()} for item in past],
    }
    answer = session.send(
        "POST",
        "/v1/enrol",
        canonical_bytes(request),
        {"Content-Type": "application/json"},
        signed_by(Identity(store, box, 0), key),
    )
    enrolment = _from_answer(document_of(answer), store, box, key, session.base_url)
    if fingerprint is not None and fingerprint != root_fingerprint(enrolment.root_public_key or b""):
        raise Credentials("enrol.other_root")
    keep_enrolment(state, enrolment)
    return enrolment


def enrol_alone(state: Path, store: str, box: str) -> Enrolment:
    """Enrol a shop without headquarters: the epoch after the last one that has a key here."""
    checked_id(store, "store")
    checked_id(box, "box")
    key = waiting_key(state)
    epoch = max(device_epochs(state), default=0) + 1
    enrolment = Enrolment(Identity(store, box, epoch), key.public_key)
    keep_enrolment(state, enrolment)
    return enrolment


def load_enrolment(state: Path) -> Enrolment | None:
    """Return the kept enrolment, or None when this box was never enrolled."""
    path = _enrolment_path(state)
    if not path.exists():
        return None
    document = parse(path.read_bytes())
    try:
        return enrolment_from(document)
    except (KeyError, TypeError, ValueError) as error:
        raise Broken("enrol.damaged", file=path.name) from error


def save_enrolment(state: Path, enrolment: Enrolment) -> None:
    """Keep an enrolment, whole or not at all; also after a newer key list was fetched."""
    document = {
        "store": enrolment.identity.store,
        "box": enrolment.identity.box,
        "epoch": enrolment.identity.epoch,
        "public_key": enrolment.public_key.hex(),
        "hq_url": enrolment.hq_url,
        "root_public_key": enrolment.root_public_key.hex() if enrolment.root_public_key else None,
        "key_list": dict(enrolment.key_list) if enrolment.key_list else None,
        "previous": dict(enrolment.previous) if enrolment.previous else None,
    }
    write_private(_enrolment_path(state), canonical_bytes(document))


def device_key(state: Path, enrolment: Enrolment, credentials: Path | None = None) -> FileKey:
    """Return the box's key of its epoch: the sealed one, else the open one.

    Finishes an enrolment that a power cut interrupted. `credentials` is their folder, by default the unit's. Raises
    `Broken`: `key.seal_lost` when the key was sealed and the seal opens no more, `key.missing` and others.
    """
    sealed = sealed_key(credentials or credentials_folder())
    if sealed is not None and sealed.public_key == enrolment.public_key:
        return sealed
    path, waiting = device_key_path(state, enrolment.identity.epoch), _new_key_path(state)
    if not path.exists() and waiting.exists() and FileKey.load(waiting).public_key == enrolment.public_key:
        waiting.replace(path)
        sync_folder(path.parent)
    if not path.exists() and public_key_path(state, enrolment.identity.epoch).exists():
        raise Broken("key.seal_lost", file=path.name)
    key = FileKey.load(path)
    if key.public_key != enrolment.public_key:
        raise Broken("key.not_the_enrolled", file=path.name)
    return key


def waiting_key(state: Path) -> FileKey:
    """Return the key that waits for its epoch, made here at the first call; the same one until it has an epoch."""
    return FileKey.load_or_create(_new_key_path(state))


def keep_enrolment(state: Path, enrolment: Enrolment) -> None:
    """Keep a new enrolment and give the waiting key its place; after a power cut between, `device_key` ends it."""
    save_enrolment(state, enrolment)
    device_key(state, enrolment)


def _from_answer(document: Mapping[str, object], store: str, box: str, key: FileKey, hq_url: str) -> Enrolment:
    try:
        whole = {**document, "public_key": key.public_key.hex(), "hq_url": hq_url}
        enrolment = enrolment_from(whole)
    except (KeyError, TypeError, ValueError) as error:
        raise UnknownOutcome("hq.garbage_answer") from error
    if (enrolment.identity.store, enrolment.identity.box) != (store, box):
        raise UnknownOutcome("hq.garbage_answer")
    if enrolment.key_ring() is None:
        raise UnknownOutcome("hq.garbage_answer")
    return enrolment


def enrolment_from(document: object) -> Enrolment:
    """Return the enrolment in a parsed document; raises `KeyError`, `TypeError` or `ValueError` for what is none.

    The key list in it is not checked here; `Enrolment.key_ring` does.
    """
    if not isinstance(document, Mapping):
        raise TypeError("an enrolment is an object")
    epoch, key_list, previous = document["epoch"], document["key_list"], document["previous"]
    if type(epoch) is not int or epoch < 1:
        raise TypeError("an epoch is a number from 1")
    if not all(item is None or isinstance(item, Mapping) for item in (key_list, previous)):
        raise TypeError("key list and previous are objects")
    root = document["root_public_key"]
    return Enrolment(
        identity=Identity(str(document["store"]), str(document["box"]), epoch),
        public_key=bytes.fromhex(document["public_key"]),
        hq_url=document["hq_url"],
        root_public_key=None if root is None else bytes.fromhex(root),
        key_list=key_list,
        previous=previous,
    )


def _new_key_path(state: Path) -> Path:
    return state / "keys" / "device-new.key"


def _enrolment_path(state: Path) -> Path:
    return state / "keys" / "enrolment.json"
