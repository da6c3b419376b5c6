"""What a running box does for its own rescue, behind the trade: its history back, old disks taken over.

One thread; each step may be cut off anywhere and goes on at the next start. Headquarters away: it waits, as the uplink
does. Headquarters lying: it says so and trades on with what is proven.
"""

import json
import logging
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from agent.core.errors import Broken, Refused, StoreboxError, TryLater, UnknownOutcome
from agent.core.ports import Clock, Entropy
from agent.daemon.box import Box
from agent.rescue import inbox, late, restore
from agent.rescue.opened import past_source
from agent.rescue.sources import opened
from agent.store import restoring, views
from sync.enrol import load_enrolment
from sync.grant import waiting_grant
from sync.pace import Pace, after_error_s
from sync.threads import StepThread

log = logging.getLogger("storebox.rescue")

LOOK_EVERY_S = 15.0
DEFECT_S = 600.0
Publish = Callable[[str, dict[str, Any]], None]


class RescueWorker:
    """The thread and its steps."""

    def __init__(self, box: Box, clock: Clock, entropy: Entropy, publish: Publish, hq_url: str | None = None) -> None:
        self._box = box
        self._state: Path = box.settings.state
        self._clock = clock
        self._entropy = entropy
        self._publish = publish
        self._hq_url = hq_url
        self._stopping = False
        self._failures = 0
        self._pace = Pace()
        self._thread = StepThread("rescue", self.step)

    def start(self) -> None:
        """Begin. Of a store whose past headquarters was not asked for yet, older records count as on their way."""
        if self._box.enrolment.identity.epoch > 1 and self._box.enrolment.key_ring() is not None:
            inbox.leave_what_was_set_aside(self._state)
        if self._is_unasked() and self._box.writer.stopped is None:
            self._box.writer.run(restoring.await_history)
        self._thread.start()

    def stop(self) -> None:
        """End; what is half done goes on at the next start."""
        self._stopping = True
        self._thread.stop()

    def wake(self) -> None:
        """Look at once."""
        self._thread.wake()

    def step(self) -> float:
        """Do the next thing; returns seconds until the next look."""
        try:
            busy = self._history() or self._old_disk()
        except (TryLater, UnknownOutcome) as error:
            self._failures += 1
            log.info("rescue waits: %s", error)
            return after_error_s(self._pace, error, self._failures, self._entropy)
        except StoreboxError as error:
            log.error("rescue stopped: %s", error)
            self._publish("notice", {"code": error.code, "values": dict(error.values)})
            return DEFECT_S
        self._failures = 0
        return 0.0 if busy else LOOK_EVERY_S

    def _stopped(self) -> bool:
        return self._stopping

    def _history(self) -> bool:
        """Bring what is missing of the history; whether there was something to do."""
        connection = self._box.readers.get()
        # Read anew: a box that enrolled by a packet is known to headquarters from its first contact on.
        enrolment = load_enrolment(self._state) or self._box.enrolment
        asked = restoring.was_begun(connection)
        first_box = enrolment.identity.epoch == 1 or enrolment.key_ring() is None
        if first_box or (asked and not restoring.history_behind(connection)):
            return False
        if waiting_grant(self._state) is not None:
            return False
        with past_source(self._state, enrolment, self._hq_url) as source:
            if not asked:
                restore.begin(self._box, source, views)
                self._tell("restoring")
            if not restoring.history_behind(connection):
                return True
            if not restore.bring_history(self._box, source, stopped=self._stopped):
                return True
        if restore.complete_views(self._box, self._state / restore.SHADOW_FILE, views, stopped=self._stopped):
            log.info("the history is whole again")
            self._tell("restored")
        return True

    def _is_unasked(self) -> bool:
        """Tell whether this box came in another's place and headquarters has not told it of the store's past."""
        enrolment = self._box.enrolment
        later = enrolment.identity.epoch > 1 and enrolment.key_ring() is not None
        return later and not restoring.was_begun(self._box.readers.get())

    def _old_disk(self) -> bool:
        """Take over the next old disk that waits; whether there was one.

        A box in another's place that headquarters was not asked for yet can't say what is new on a disk: it waits.
        """
        waiting = inbox.waiting(self._state)
        if not waiting or self._box.writer.stopped is not None or self._is_unasked():
            return False
        order = waiting[0]
        try:
            answer = import_disk(self._box, self._state, order.source, stopped=self._stopped)
        except (Refused, Broken) as error:
            inbox.done(self._state, order, {"code": error.code, "values": dict(error.values)})
            return True
        if answer is not None:
            inbox.done(self._state, order, answer)
            self._box.shop.wake_uplink()
            self._tell("late")
        return True

    def _tell(self, what: str) -> None:
        """Have pages fetch their state again."""
        self._publish("rescue", {"what": what})


def import_disk(
    held: restore.Held, state: Path, source: Path, stopped: restore.Stopped = restore.never
) -> dict[str, Any] | None:
    """Take over what a file has beyond what is here; None when `stopped` said so. Raises what `late.look` raises."""
    with opened(source, state / "handover" / "scratch") as disk:
        found = late.look(held, disk)
        done = late.take_over(held, found, state / restore.SHADOW_FILE, views, stopped=stopped)
    return None if done is None else json.loads(json.dumps(asdict(done)))
