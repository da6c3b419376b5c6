"""Directives of headquarters at a running box: the thread that asks, the thread that does verbs, and what verbs do.

A verb is on disk before it is begun and never begun twice: one that a power cut ended is told of as not done.
"""

import logging
import os
import signal
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from agent.core.directives import Outcome
from agent.core.errors import Refused, StoreboxError
from agent.core.verbs import Order, Verb
from agent.daemon.carried import take_carried
from agent.services.directives import Directives
from agent.store.drafts import load_drafts
from sync.directives import READ_TIMEOUT_S, DirectiveFetcher
from sync.pins import Pins
from sync.session import HttpSession
from sync.threads import StepThread

if TYPE_CHECKING:
    from agent.core.ports import Clock, Entropy, Signer
    from agent.daemon.box import Box
    from sync.keylist import KeyRing

Detail = Mapping[str, Any]
VerbRun = Callable[[Order], Detail]
"""Does a verb and returns what to tell of it, in closed words; raises what stops it."""
IDLE_S = 3600.0
log = logging.getLogger("storebox.directives")


class DirectivesDown:
    """Asks, takes and does, on two threads; begun and ended with the box."""

    def __init__(
        self,
        box: "Box",
        url: str,
        signer: "Signer",
        keys: "KeyRing",
        clock: "Clock",
        entropy: "Entropy",
        on_key_list: Callable[[Mapping[str, object]], None],
    ) -> None:
        self._box = box
        self._keys = keys
        self.further: Mapping[Verb, VerbRun] = {}
        """Verbs that an entry point does: they need what the daemon does not know."""
        self.taker = Directives(box.shop, self._on_verb)
        self._session = HttpSession(url, read_timeout_s=READ_TIMEOUT_S, pins=Pins(keys, on_key_list))
        self.fetcher = DirectiveFetcher(
            box.enrolment.identity, self._session, signer, keys, self.taker, clock, entropy, on_key_list=on_key_list
        )
        self._asking = StepThread("directives", self.fetcher.step)
        self._doing = StepThread("verbs", self.step)
        self._begun: int | None = None

    def start(self) -> None:
        """Begin. A verb that was begun before this start is not begun again."""
        take_carried(self._box.settings.state, self._box.enrolment.identity, self._keys, self.taker)
        self.taker.load()
        self._break_off()
        self._doing.start()
        self._asking.start()

    def stop(self) -> None:
        """End; a question that headquarters hold is left to itself."""
        self._asking.stop(0.2)
        self._doing.stop(2.0)
        self._session.close()

    def step(self) -> float:
        """Do the next verb, if there is one."""
        found = self.taker.next_order()
        if found is None:
            return IDLE_S
        version, order, signed_at_ms = found
        outcome, code, detail = self._done(order, signed_at_ms)
        self.taker.end_order(version, order, outcome, code, detail)
        self._tell()
        if order.verb is Verb.RESTART and outcome is Outcome.DONE:
            os.kill(os.getpid(), signal.SIGTERM)
        return 0.0

    def _tell(self) -> None:
        """Answer now: the other thread's question may wait at headquarters for long. What fails goes with the next."""
        try:
            self.fetcher.tell()
        except StoreboxError as error:
            log.info("the answer waits: %s", error.code)

    def _on_verb(self) -> None:
        self._doing.wake()

    def _break_off(self) -> None:
        """End what an earlier run left: nobody knows how far it came."""
        while (found := self.taker.next_order()) is not None:
            version, order, _ = found
            self.taker.end_order(version, order, Outcome.NOT_DONE, "verb.interrupted", {})

    def _done(self, order: Order, signed_at_ms: int) -> tuple[Outcome, str | None, Detail]:
        log.info("verb %s asked for by headquarters", order.verb.value)
        if signed_at_ms > order.expires_at_ms:
            return Outcome.NOT_DONE, "verb.expired", {}
        run = self.further.get(order.verb) or self._own().get(order.verb)
        if run is None:
            return Outcome.NOT_DONE, "verb.not_here", {}
        try:
            return Outcome.DONE, None, run(order)
        except StoreboxError as error:
            return Outcome.NOT_DONE, error.code, {}
        except OSError as error:
            log.warning("verb %s: %s", order.verb.value, type(error).__name__)
            return Outcome.NOT_DONE, "verb.disk", {}

    def _own(self) -> Mapping[Verb, VerbRun]:
        return {
            Verb.PRINT_TEST_SLIP: self._print_test_slip,
            Verb.SEND_JOURNAL: self._send_journal,
            Verb.VERIFY_JOURNAL: self._verify_journal,
            Verb.BACK_UP: self._back_up,
            Verb.RESTART: self._restart,
        }

    def _print_test_slip(self, order: Order) -> Detail:
        from agent.daemon.self_tests import GOOD, test_on_box

        printer = order.arguments.get("printer") or next(iter(self._box.shop.tills.values())).printer
        told = test_on_box(self._box, {"printer": printer})
        if told["outcome"] not in GOOD:
            raise Refused(str(told["code"] or "printer.absent"), printer=printer)
        return {"printer": printer, "outcome": told["outcome"]}

    def _send_journal(self, order: Order) -> Detail:
        self._box.headquarters.hurry()
        return {"unsent": self._box.unsent()}

    def _verify_journal(self, order: Order) -> Detail:
        from agent.jobs import verify_journal

        found = verify_journal(self._box.writer.path, self._box.settings.state, self._box.shop.clock)
        fault = found["fault"]
        return {"entries": found["entries"], "seals": found["seals"], "fault": None if fault is None else fault["code"]}

    def _back_up(self, order: Order) -> Detail:
        from agent.jobs import copy_journal

        copy = copy_journal(self._box.writer.path, self._box.settings.state, self._box.shop.clock)
        return {"kib": copy.stat().st_size // 1024}

    def _restart(self, order: Order) -> Detail:
        """Let systemd start the box again, once nobody is in the middle of a sale."""
        if not os.environ.get("NOTIFY_SOCKET"):
            raise Refused("verb.no_service_manager")
        connection = self._box.shop.read()
        open_attempts = connection.execute("SELECT 1 FROM view_attempt WHERE state = 'open' LIMIT 1").fetchone()
        if open_attempts is not None or any(draft.state != "held" for draft in load_drafts(connection)):
            raise Refused("verb.shop_busy")
        return {}
