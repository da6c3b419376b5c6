"""The drill without a shell: begun by a code of the card, told on paper, skipped by the code on each slip.

It runs beside the trade on a thread of its own. A real power cut is one of its steps, so the next start goes on with
the record that it finds, while it is fresh.
"""

import logging
import threading
from collections.abc import Mapping
from typing import Any

from agent.core.drill import ENDED, Step, StepState
from agent.core.errors import Refused, StoreboxError, TryLater
from agent.core.moment import is_moment
from agent.core.recognition import TechnicianCommand
from agent.core.roles import Role
from agent.daemon.box import Box
from agent.diagnosis.drill import run_drill
from agent.diagnosis.drill_record import DrillRecord, load_record
from agent.diagnosis.drill_slip import advice, pass_slip
from agent.diagnosis.drill_stage import new_record, now_ms, proves, stage_of, till_of
from agent.services.examiner import print_for_technician
from agent.services.shop import TECHNICIAN
from agent.services.trade import open_day

_log = logging.getLogger("storebox.drill")
WITHIN_S = 600.0
RESUMED_WITHIN_MS = 2 * 3_600_000
"""After a longer night without power nobody stands before the box who would unplug anything."""
MAY_BEGIN = frozenset({Role.TECHNICIAN, Role.SHIFT_LEAD, Role.STORE_MANAGER})


class _EndedError(Exception):
    """The box stops: the drill stays on disk as it is."""


class CardDrill:
    """Drills one box, one at a time."""

    def __init__(self, box: Box, within_s: float = WITHIN_S) -> None:
        self._box = box
        self._within_s = within_s
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._skip = threading.Event()
        self._thread: threading.Thread | None = None
        self._told: tuple[Step, StepState] | None = None
        self._till = ""

    def start(self) -> None:
        """Take orders from the tills, and go on with a drill that a power cut interrupted."""
        self._box.shop.drills = self
        kept = load_record(self._box.settings.state)
        if kept is not None and self._is_fresh(kept):
            with self._lock:
                self._begin(kept)

    def stop(self) -> None:
        """End; what was begun is found again by the next start."""
        self._box.shop.drills = None
        self._ended.set()
        if self._thread is not None:
            self._thread.join(5.0)

    def order(self, till: str, command: TechnicianCommand, role: str | None) -> Mapping[str, Any]:
        """Begin a drill, tell the present step again, or leave it out; `role` is that of who is logged in.

        While a day is open who begins must be logged in and may do so (`drill.not_now`): a code that a passer-by holds
        up must not have anybody unplug things. Raises `drill.none_at_work` where there is nothing to skip.
        """
        with self._lock:
            at_work = self._thread is not None and self._thread.is_alive()
            if command is TechnicianCommand.DRILLSKIP:
                return self._skipped(at_work)
            if at_work:
                self._tell_again()
                return {"action": "drilling"}
            if role not in MAY_BEGIN and open_day(self._box.shop.read()) is not None:
                raise Refused("drill.not_now")
            self._begin(new_record(self._box.settings, list(Step), till, by_card=True))
        return {"action": "drilling"}

    def _is_fresh(self, kept: DrillRecord) -> bool:
        mine = kept.identity == self._box.shop.identity and kept.by_card and not kept.is_over
        return mine and is_moment(kept.at_ms) and abs(now_ms() - kept.at_ms) < RESUMED_WITHIN_MS

    def _skipped(self, at_work: bool) -> Mapping[str, Any]:
        if not at_work:
            raise TryLater("drill.none_at_work")
        self._skip.set()
        return {"action": "drill_skipped"}

    def _begin(self, record: DrillRecord) -> None:
        if till_of(self._box.settings, record.till).printer is None:
            raise Refused("drill.no_printer", till=record.till)
        self._skip.clear()
        self._till, self._told = record.till, None
        self._thread = threading.Thread(target=self._run, args=(record,), name="drill", daemon=True)
        self._thread.start()

    def _run(self, record: DrillRecord) -> None:
        settings = self._box.settings
        try:
            stage = stage_of(settings, record, self._say, self._wait, self._within_s, self._is_skipped)
            done = run_drill(record, stage)
            self._print(pass_slip(done, settings.zone, settings.language))
            _report(self._box, done)
        except _EndedError:
            return
        except StoreboxError as error:
            _log.warning("the drill ended: %s", error)
        except Exception:  # noqa: BLE001 - a defect in the drill must not end the trade beside it; it is logged whole
            _log.exception("the drill ended")

    def _say(self, step: Step, state: StepState, _code: str | None) -> str | None:
        self._told = (step, state)
        if state in ENDED or (step is Step.POWER and state is StepState.BROKEN):
            return None
        return self._advise(step, state)

    def _tell_again(self) -> None:
        told = self._told
        if told is not None and told[1] is StepState.ASKED:
            self._advise(*told)

    def _advise(self, step: Step, state: StepState) -> str:
        language = self._box.settings.language
        return self._print(advice(step, state, language, can_skip=not proves(step, state)))

    def _print(self, document: Mapping[str, Any]) -> str:
        return print_for_technician(self._box.shop, self._till, "drill", document, TECHNICIAN)

    def _wait(self, seconds: float) -> None:
        if self._ended.wait(seconds):
            raise _EndedError

    def _is_skipped(self) -> bool:
        if not self._skip.is_set():
            return False
        self._skip.clear()
        return True


def _report(box: Box, done: DrillRecord) -> None:
    from agent.setup.reporting import report_drill

    report_drill(box.settings.state, done.told())
