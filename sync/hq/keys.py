"""Headquarters' keys: a root that signs the key list, a key for receipts and one for payments. Made at first start.

A chain keeps the root elsewhere and puts only `key-list.json` and the keys of every day here; then nothing below needs
it. Where the root is here, a list of an earlier release gets the keys that it lacks under its next version.
"""

import fcntl
import logging
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from agent.core.canonical import canonical_bytes, parse
from agent.core.chain import Identity
from agent.core.errors import Broken, StoreboxError
from agent.core.signing import document_message
from agent.disk import write_private
from sync.grant import GRANT_USE
from sync.hq.handover_key import HANDOVER_USES, KEY_FILE, HandoverKey
from sync.introduction import LIST_VERSION, introduction_message
from sync.keylist import TLS_PINS, KeyRing, key_list_message, root_fingerprint
from sync.keys import FileKey

_log = logging.getLogger("storebox.hq")

RECEIPT_KID = "receipt-1"
RECEIPT_USES = ("receipt",)
LOOKUP_USES = ("lookup",)
"""What the key of receipts signs under a name of its own: answers to look-ups."""
GRANT_USES = (GRANT_USE,)
"""And grants of epochs, in offline packets."""
RELEASE_USES = ("release",)
"""And permits to go back to an older release."""
DIRECTIVE_USES = ("directive",)
"""What the key of directives signs: documents, facts and verbs for one box."""
RETIREMENT_USES = ("retirement",)
"""And certificates of retired boxes."""
PAY_USES = ("wish", "pass:P1")
"""What the key of the payments' process signs: answers to wishes, and the proofs of its pay page."""

Wanted = tuple[tuple[str, FileKey | HandoverKey, tuple[str, ...]], ...]
"""Stem of the name, key and uses of what the list should have."""


class HqKeys:
    """Signs for headquarters."""

    def __init__(
        self,
        root_public_key: bytes,
        receipt_key: FileKey,
        key_list: Mapping[str, object],
        pay_key: FileKey | None = None,
        directive_key: FileKey | None = None,
        handover_key: HandoverKey | None = None,
        list_path: Path | None = None,
    ) -> None:
        """`list_path` is where the list is looked for again, so that a newer one is served without a restart."""
        self.root_public_key = root_public_key
        self._key_list = KeyRing(root_public_key, key_list).document
        self._list_path = list_path
        self._listed_as = _stamp(list_path)
        self._receipt_key = receipt_key
        self._pay_key = pay_key
        self._directive_key = directive_key
        self.handover_key = handover_key

    @classmethod
    def load_or_create(cls, state: Path) -> "HqKeys":
        """Read the keys of a state folder; make what is missing. Several processes may begin at once."""
        folder = state / "keys"
        with _alone_in(folder):
            receipt_key = FileKey.load_or_create(folder / "receipt.key")
            pay_key = FileKey.load_or_create(folder / "pay.key")
            directive_key = FileKey.load_or_create(folder / "directive.key")
            handover_key = HandoverKey.load_or_create(folder / KEY_FILE)
            wanted: Wanted = (
                ("lookup", receipt_key, LOOKUP_USES),
                ("pay", pay_key, PAY_USES),
                ("grant", receipt_key, GRANT_USES),
                ("release", receipt_key, RELEASE_USES),
                ("directive", directive_key, DIRECTIVE_USES),
                ("handover", handover_key, HANDOVER_USES),
                ("retirement", receipt_key, RETIREMENT_USES),
            )
            list_path, root_path = folder / "key-list.json", folder / "root.pub"
            if not (list_path.exists() and root_path.exists()):
                root = FileKey.load_or_create(folder / "root.key")
                first = _signed_list(root, 1, [_row(RECEIPT_KID, receipt_key, RECEIPT_USES)])
                write_private(list_path, canonical_bytes(_completed(root, first, wanted)))
                write_private(root_path, root.public_key.hex().encode())
            document = _read(list_path)
            root_file = folder / "root.key"
            if root_file.exists():
                completed = _completed(FileKey.load(root_file), document, wanted)
                if completed is not document:
                    write_private(list_path, canonical_bytes(completed))
                document = completed
            return cls(
                bytes.fromhex(root_path.read_text()),
                receipt_key,
                document,
                pay_key,
                directive_key,
                handover_key,
                list_path,
            )

    @property
    def key_list(self) -> Mapping[str, object]:
        """Return the newest list that the root signed; a file that is none leaves the list as it was."""
        stamp = _stamp(self._list_path)
        if self._list_path is not None and stamp != self._listed_as:
            self._listed_as = stamp
            try:
                self._key_list = KeyRing(self.root_public_key, _read(self._list_path)).document
            except (StoreboxError, OSError) as error:
                _log.warning("the key list on disk is not taken: %s", error)
        return self._key_list

    @property
    def fingerprint(self) -> str:
        """Return the root key's fingerprint as an enrolment code carries it."""
        return root_fingerprint(self.root_public_key)

    @property
    def pay_key(self) -> FileKey:
        """Return the key of the payments' process."""
        if self._pay_key is None:
            raise Broken("key.missing", file="pay.key")
        return self._pay_key

    @property
    def pay_kid(self) -> str:
        """Return the name of the payments' key; raises `Broken` when the key list does not know it (root elsewhere)."""
        kid = _kid_of(self.key_list, self.pay_key.public_key, PAY_USES)
        if kid is None:
            raise Broken("key.not_listed", file="pay.key", uses=", ".join(PAY_USES))
        return kid

    @property
    def handover_kid(self) -> str | None:
        """Return the name under which the key list publishes the key of hand-overs; None when it does not."""
        key = self.handover_key
        return None if key is None else _kid_of(self.key_list, key.public_key, HANDOVER_USES)

    def signed_receipt(
        self, identity: Identity, next_seq: int, head: str, at_ms: int, replaced_by: int | None = None
    ) -> dict[str, object]:
        """Return the receipt for an epoch, signed; `replaced_by` is the epoch in whose favour its box is fenced."""
        document: dict[str, object] = {
            "store": identity.store,
            "box": identity.box,
            "epoch": identity.epoch,
            "next_seq": next_seq,
            "head": head,
            "at_ms": at_ms,
            "kid": RECEIPT_KID,
        }
        if replaced_by is not None:
            document["replaced_by"] = replaced_by
        signature = self._receipt_key.sign(document_message("receipt", identity, document))
        return {**document, "signature": signature.hex()}

    def introduction(self, nonce: str, at_ms: int) -> dict[str, object]:
        """Return who headquarters is and what time it is, for a box that knows the root's fingerprint only."""
        key_list = self.key_list
        signed: dict[str, object] = {
            "nonce": nonce,
            "at_ms": at_ms,
            "kid": RECEIPT_KID,
            LIST_VERSION: key_list["version"],
        }
        signature = self._receipt_key.sign(introduction_message(signed))
        shown = {"root_public_key": self.root_public_key.hex(), "key_list": dict(key_list)}
        return {**signed, **shown, "signature": signature.hex()}

    def signed_lookup(self, identity: Identity, answer: Mapping[str, object], at_ms: int) -> dict[str, object]:
        """Return the answer to a box's look-up, signed for that box alone; one that no list names is not believed."""
        document = {
            **answer,
            "store": identity.store,
            "box": identity.box,
            "epoch": identity.epoch,
            "at_ms": at_ms,
            "kid": _kid_of(self.key_list, self._receipt_key.public_key, LOOKUP_USES) or RECEIPT_KID,
        }
        signature = self._receipt_key.sign(document_message("lookup", identity, document))
        return {**document, "signature": signature.hex()}

    def signed_grant(self, identity: Identity, grant: Mapping[str, object]) -> dict[str, object]:
        """Return the grant of an epoch, signed; raises `Broken` when no key of the list may do so (root elsewhere)."""
        kid = _kid_of(self.key_list, self._receipt_key.public_key, GRANT_USES)
        if kid is None:
            raise Broken("key.not_listed", file="receipt.key", uses=", ".join(GRANT_USES))
        document = {**grant, "kid": kid}
        signature = self._receipt_key.sign(document_message(GRANT_USE, identity, document))
        return {**document, "signature": signature.hex()}

    def signed_permit(self, identity: Identity, sequence: int, below: int, at_ms: int) -> dict[str, object]:
        """Return a box's permit to go back to a release; raises `Broken` when no key may give it (root elsewhere)."""
        kid = _kid_of(self.key_list, self._receipt_key.public_key, RELEASE_USES)
        if kid is None:
            raise Broken("key.not_listed", file="receipt.key", uses=", ".join(RELEASE_USES))
        document = {"sequence": sequence, "below": below, "at_ms": at_ms, "kid": kid}
        signature = self._receipt_key.sign(document_message("release", identity, document))
        return {**document, "signature": signature.hex()}

    def signed_directive(self, identity: Identity, document: Mapping[str, object], at_ms: int) -> dict[str, object]:
        """Return a directive, signed for one box alone; raises `Broken` when no list names the key (root elsewhere)."""
        key = self._directive_key
        kid = None if key is None else _kid_of(self.key_list, key.public_key, DIRECTIVE_USES)
        if key is None or kid is None:
            raise Broken("key.not_listed", file="directive.key", uses=", ".join(DIRECTIVE_USES))
        whole = {
            **document,
            "store": identity.store,
            "box": identity.box,
            "epoch": identity.epoch,
            "at_ms": at_ms,
            "kid": kid,
        }
        return {**whole, "signature": key.sign(document_message("directive", identity, whole)).hex()}

    def signed_retirement(self, identity: Identity, told: Mapping[str, object]) -> dict[str, object]:
        """Return the certificate of a retired box; raises `Broken` when no listed key may sign it (root elsewhere)."""
        kid = _kid_of(self.key_list, self._receipt_key.public_key, RETIREMENT_USES)
        if kid is None:
            raise Broken("key.not_listed", file="receipt.key", uses=", ".join(RETIREMENT_USES))
        document = {**told, "kid": kid}
        signature = self._receipt_key.sign(document_message("retirement", identity, document))
        return {**document, "signature": signature.hex()}

    def signed_wish(self, identity: Identity, document: Mapping[str, object]) -> dict[str, object]:
        """Return an answer to a wish, signed; `document` names `pay_kid`."""
        signature = self.pay_key.sign(document_message("wish", identity, document))
        return {**document, "signature": signature.hex()}


def _row(kid: str, key: FileKey | HandoverKey, uses: tuple[str, ...]) -> dict[str, object]:
    return {
        "kid": kid,
        "public_key": key.public_key.hex(),
        "uses": list(uses),
        "scope": None,
        "not_before": None,
        "not_after": None,
    }


def set_tls_pins(state: Path, pins: Iterable[str]) -> int:
    """Sign a list under the next version that names these keys of servers, and no others; returns the version.

    The same again changes nothing. Raises `Broken` `key.root_elsewhere` where the root key is not kept here: then the
    list is signed where it is, with `tls_pins` in it.
    """
    folder = state / "keys"
    with _alone_in(folder):
        if not (folder / "root.key").exists():
            raise Broken("key.root_elsewhere", file="key-list.json")
        document, wanted = _read(folder / "key-list.json"), sorted(set(pins))
        version = int(str(document["version"]))
        if document.get(TLS_PINS, []) == wanted:
            return version
        signed = _signed_list(FileKey.load(folder / "root.key"), version + 1, _rows(document), wanted)
        write_private(folder / "key-list.json", canonical_bytes(signed))
        return version + 1


def _stamp(path: Path | None) -> tuple[int, int, int] | None:
    """Return what tells one writing of a file from another; None without a file."""
    if path is None:
        return None
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def _signed_list(
    root: FileKey, version: int, keys: list[dict[str, object]], tls_pins: object = None
) -> dict[str, object]:
    document: dict[str, object] = {"version": version, "keys": keys}
    if tls_pins:
        document[TLS_PINS] = tls_pins
    return {**document, "signature": root.sign(key_list_message(document)).hex()}


def _completed(root: FileKey, document: Mapping[str, object], wanted: Wanted) -> Mapping[str, object]:
    """Return a key list with the keys that it lacks, each under a name that is free; the same when it lacks none."""
    rows = _rows(document)
    for stem, key, uses in wanted:
        if _kid_of(document, key.public_key, uses) is None:
            taken = {row.get("kid") for row in rows}
            kid = next(name for name in (f"{stem}-{count}" for count in range(1, len(taken) + 2)) if name not in taken)
            rows.append(_row(kid, key, uses))
    if len(rows) == len(_rows(document)):
        return document
    return _signed_list(root, int(str(document["version"])) + 1, rows, document.get(TLS_PINS))


def _kid_of(document: Mapping[str, object], public_key: bytes, uses: tuple[str, ...]) -> str | None:
    for row in _rows(document):
        listed = row.get("uses")
        if row.get("public_key") == public_key.hex() and isinstance(listed, list) and set(uses) <= set(listed):
            return str(row["kid"])
    return None


def _rows(document: Mapping[str, object]) -> list[dict[str, object]]:
    rows = document.get("keys")
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _read(list_path: Path) -> Mapping[str, object]:
    document = parse(list_path.read_bytes())
    if not isinstance(document, dict):
        raise Broken("key.unreadable", file=list_path.name)
    return document


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Keep other processes out while keys are made: two would make two."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
