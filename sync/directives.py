"""Directives coming down: fetched by a question that waits, believed only by their signature, handed on in order.

A question tells which versions the box has and waits at headquarters until there is more, so that an urgent directive
is here within seconds; answers go up by a second request. The journal's uplink does not depend on any of it.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from typing import Any, Protocol
from urllib.parse import quote

from agent.core.canonical import canonical_bytes
from agent.core.chain import Identity
from agent.core.directives import BODY_BYTES_MAX, Answered, Directive, Kind
from agent.core.errors import Credentials, Refused, StoreboxError, UnknownOutcome
from agent.core.ports import Clock, Entropy, Signer
from sync.headquarters import document_of
from sync.keylist import KeyRing
from sync.pace import Pace, after_error_s, fraction
from sync.session import HttpSession, signed_by

USE = "directive"
WAIT_S = 25
"""How long headquarters keep a question; time-outs of what lies between are longer."""
READ_TIMEOUT_S = WAIT_S + 15.0
DOCUMENTS_MAX = 200
_KEYS = {"kind", "version", "effective_ms", "body", "sha256", "store", "box", "epoch", "at_ms", "kid", "signature"}


class Taker(Protocol):
    """What takes directives at the box."""

    def versions(self) -> Mapping[str, int]:
        """Return the newest version that was taken of each kind."""

    def take(self, directive: Directive) -> None:
        """Apply a directive, or keep it for its time; never raises for what the directive says."""

    def turned_away(self, kind: str, version: int, code: str) -> None:
        """Hear of a directive that was not believed, so that headquarters are told."""

    def bring_into_force(self) -> None:
        """Apply what was kept and whose time has come."""

    def answers(self) -> Sequence[Answered]:
        """Return the answers that headquarters have not heard."""

    def heard(self, answers: Sequence[Answered]) -> None:
        """Headquarters have these."""


def believed(document: object, identity: Identity, keys: KeyRing) -> Directive:
    """Return the directive in a signed document.

    What is not signed for this box raises `Credentials` (`directive.of_another_box`, `directive.not_signed` with what
    is wrong) or `UnknownOutcome`; what headquarters did sign and this release can't take, `Refused`.
    """
    if not isinstance(document, dict) or set(document) != _KEYS:
        raise UnknownOutcome("hq.garbage_answer")
    if (document["store"], document["box"], document["epoch"]) != (identity.store, identity.box, identity.epoch):
        raise Credentials("directive.of_another_box", box=str(document["box"])[:10])
    at_ms = document["at_ms"]
    fault = "keys.malformed" if type(at_ms) is not int else keys.fault(USE, identity, document, at_ms)
    if fault is not None:
        raise Credentials("directive.not_signed", reason=fault)
    version, effective_ms, body = document["version"], document["effective_ms"], document["body"]
    if type(version) is not int or version < 1 or type(effective_ms) is not int or not isinstance(body, str):
        raise Refused("directive.malformed", field="version")
    if document["kind"] not in list(Kind):
        raise Refused("directive.unknown_kind", kind=str(document["kind"])[:40])
    if len(body.encode()) > BODY_BYTES_MAX or sha256(body.encode()).hexdigest() != document["sha256"]:
        raise Refused("directive.malformed", field="sha256")
    return Directive(
        Kind(document["kind"]), version, effective_ms, body, document["sha256"], str(document["signature"]), at_ms
    )


class DirectiveFetcher:
    """Fetches and hands on; `step` does at most one question and one round of answers."""

    def __init__(
        self,
        identity: Identity,
        session: HttpSession,
        signer: Signer,
        keys: KeyRing,
        taker: Taker,
        clock: Clock,
        entropy: Entropy,
        *,
        pace: Pace | None = None,
        wait_s: int = WAIT_S,
        on_key_list: Callable[[Mapping[str, object]], None] | None = None,
    ) -> None:
        """`on_key_list` should keep a newer key list."""
        self._identity = identity
        self._session = session
        self._signer = signer
        self._keys = keys
        self._taker = taker
        self._clock = clock
        self._entropy = entropy
        self._pace = pace or Pace()
        self._wait_s = wait_s
        self._on_key_list = on_key_list
        self._failures = 0
        self._turned_away: dict[str, int] = {}
        self._telling = threading.Lock()
        self.last_error: str | None = None

    def step(self) -> float:
        """Ask once and take what came; return how long to wait before the next step."""
        self._taker.bring_into_force()
        try:
            self.tell()
            some = self._fetch()
            if some:
                self.tell()
        except StoreboxError as error:
            self._failures += 1
            self.last_error = error.code
            wait_s = after_error_s(self._pace, error, self._failures, self._entropy)
            return max(wait_s, self._pace.credentials_s) if isinstance(error, Credentials) else max(wait_s, 0.2)
        self._failures, self.last_error = 0, None
        return 0.0 if some or self._wait_s else fraction(self._entropy)

    def _fetch(self) -> bool:
        have = dict.fromkeys((kind.value for kind in Kind), 0) | dict(self._taker.versions())
        for kind, version in self._turned_away.items():
            have[kind] = max(have.get(kind, 0), version)
        listed = ",".join(f"{kind}:{have[kind]}" for kind in sorted(have))
        target = f"/v1/boxes/{self._identity.box}/directives?have={quote(listed, safe='')}&wait={self._wait_s}"
        answer = document_of(self._session.send("GET", target, header_maker=signed_by(self._identity, self._signer)))
        documents = answer.get("directives")
        if not isinstance(documents, list) or len(documents) > DOCUMENTS_MAX:
            raise UnknownOutcome("hq.garbage_answer")
        for document in documents:
            self._take(document)
        return bool(documents)

    def _take(self, document: object) -> None:
        try:
            directive = self._believed(document)
        except Refused as error:
            self._refused(document, error.code)
        else:
            self._taker.take(directive)

    def _believed(self, document: object) -> Directive:
        try:
            return believed(document, self._identity, self._keys)
        except Credentials as error:
            if error.values.get("reason") not in ("keys.unknown_kid", "keys.not_for_this") or not self._newer_keys():
                raise
        return believed(document, self._identity, self._keys)

    def _newer_keys(self) -> bool:
        newer = self._keys.replace(document_of(self._session.send("GET", "/v1/keys")))
        if newer and self._on_key_list is not None:
            self._on_key_list(self._keys.document)
        return newer

    def _refused(self, document: object, code: str) -> None:
        """Do not ask for the same again until the next start; headquarters, who signed it, are told."""
        if not isinstance(document, dict):
            return
        kind, version = document.get("kind"), document.get("version")
        if isinstance(kind, str) and kind in list(Kind) and type(version) is int and 0 < version < 2**53:
            self._turned_away[kind] = max(self._turned_away.get(kind, 0), version)
            self._taker.turned_away(kind, version, code)

    def tell(self) -> None:
        """Send the answers that wait, now; any thread may. Raises what the line and headquarters say."""
        with self._telling:
            self._send_answers()

    def _send_answers(self) -> None:
        answers = self._taker.answers()
        if not answers:
            return
        body = canonical_bytes({"answers": [_written(one) for one in answers]})
        target = f"/v1/boxes/{self._identity.box}/directives/answers"
        headers = {"Content-Type": "application/json"}
        document_of(self._session.send("POST", target, body, headers, signed_by(self._identity, self._signer)))
        self._taker.heard(answers)


def _written(one: Answered) -> dict[str, Any]:
    return {
        "kind": one.kind.value,
        "version": one.version,
        "outcome": one.outcome.value,
        "code": one.code,
        "at_ms": one.at_ms,
        "detail": dict(one.detail),
    }
