"""The way to headquarters: uplink thread, its lamp, and what the journal's hooks wake."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from agent.core.errors import Refused
from agent.core.passes import PassKind
from agent.core.ports import Clock, Entropy, OutgoingJournal, Signer
from agent.daemon.standing import standing_told
from agent.services import health
from agent.services.figures import program_version
from agent.services.shop import Shop
from sync import lookups
from sync.enrol import Enrolment, save_enrolment
from sync.grant import make_known, waiting_grant
from sync.headquarters import HqClient
from sync.pace import Pace
from sync.pins import Pins
from sync.session import HttpSession
from sync.threads import UplinkThread
from sync.uplink import Uplink


class Headquarters:
    """The uplink of an enrolled box; a box alone has none and its lamp says absent."""

    def __init__(
        self,
        shop: Shop,
        state: Path,
        enrolment: Enrolment,
        signer: Signer | None,
        journal: OutgoingJournal,
        clock: Clock,
        entropy: Entropy,
        hq_url: str | None = None,
        key_fault: str | None = None,
    ) -> None:
        """`key_fault` is why there is no `signer`: without one nothing is sent, and the lamp says so."""
        self._shop = shop
        self._state = state
        self._enrolment = enrolment
        self._journal = journal
        self._code: str | None = None
        self._answered = False
        self._thread: UplinkThread | None = None
        self.uplink: Uplink | None = None
        keys = self.keys = enrolment.key_ring()
        url = self.url = hq_url or enrolment.hq_url
        if keys is None or not url:
            return
        if signer is None:
            self._code = key_fault
            return
        pins = self.pins = Pins(keys, self.on_key_list)
        self._session = HttpSession(url, pins=pins)
        waiting = waiting_grant(state) is not None
        self.uplink = Uplink(
            journal,
            HqClient(self._session, signer, (lambda: self._introduced(signer)) if waiting else None),
            keys,
            self,
            clock,
            entropy,
            pace=Pace(),
            on_outcome=self._on_outcome,
            on_key_list=self.on_key_list,
        )
        self._thread = UplinkThread(self.uplink)
        self._lookup_session = HttpSession(
            url, connect_timeout_s=lookups.CONNECT_TIMEOUT_S, read_timeout_s=lookups.READ_TIMEOUT_S, pins=pins
        )
        client = HqClient(self._lookup_session, signer)
        asked = lookups.HqLookups(journal.identity, client, keys, entropy, self.on_key_list)
        shop.ask_headquarters = asked.ask

    def proof_keys(self, store: str, at_ms: int) -> tuple[bytes, ...]:
        """Return the keys whose pay-proofs count for a store, by the newest list that came; none for a box alone."""
        return () if self.keys is None else self.keys.keys_for(f"pass:{PassKind.PAY_PROOF}", store, at_ms)

    def heartbeat(self) -> Mapping[str, object]:
        """Return what the box tells about itself; `trouble` is why it does not send or sell any more, or None."""
        blocked = (self.uplink.status.blocked if self.uplink is not None else None) or {}
        trouble = self._shop.writer.stopped or blocked.get(self._shop.identity.epoch)
        return {
            **health.heartbeat(self._shop),
            "trouble": trouble,
            "version": program_version(),
            "directives": dict(self._shop.directives),
            "standing": standing_told(self._shop, self._state),
        }

    def start(self) -> None:
        """Begin to send."""
        if self._thread is not None:
            self._thread.start()

    def wake(self) -> None:
        """There may be entries to send."""
        if self._thread is not None:
            self._thread.wake()

    def hurry(self) -> None:
        """Send now, whatever the backoff says."""
        if self._thread is not None:
            self._thread.hurry()

    def stop(self) -> None:
        """End; a request under way is left to its own time-out."""
        if self._thread is not None:
            self._thread.stop(2.0)
            self._session.close()
            self._lookup_session.close()

    def lamp(self) -> dict[str, Any]:
        """Return the lamp of the way to headquarters."""
        if self._thread is None and self._code is None:
            return {"hq": {"state": "absent", "code": None}}
        if self._code is None:
            return {"hq": {"state": "ok" if self._answered else "degraded", "code": None}}
        return {"hq": {"state": "down", "code": self._code}}

    def _introduced(self, signer: Signer) -> None:
        """Tell headquarters the key of a box that enrolled by a packet; one whose epoch is another's sells no more."""
        try:
            self._enrolment = make_known(self._session, self._state, self._enrolment, signer)
        except Refused as error:
            if error.code == "enrol.packet_used":
                self._journal.stop_epoch(error.code)
            raise

    def _on_outcome(self, code: str | None) -> None:
        changed = code != self._code or not self._answered
        self._code = code
        self._answered = True
        if changed:
            self._shop.publish("lamps", self.lamp())

    def on_key_list(self, document: Mapping[str, object]) -> None:
        """Keep a newer key list."""
        self._enrolment = replace(self._enrolment, key_list=document)
        save_enrolment(self._state, self._enrolment)
