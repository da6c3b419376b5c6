"""The report of setup, kept in `STATE/setup/report.json` until headquarters has it."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from agent.core.canonical import canonical_bytes, parse
from agent.core.errors import Broken, StoreboxError, TryLater, UnknownOutcome
from agent.disk import write_private
from sync.commission import send_report
from sync.enrol import device_key, load_enrolment
from sync.pins import pins_of
from sync.session import HttpSession
from sync.threads import StepThread

_log = logging.getLogger("storebox.setup")
FILE = "report.json"
RETRY_FIRST_S, RETRY_MAX_S = 5.0, 600.0
LOOK_EVERY_S = 600.0
"""How soon a report of a drill goes up that could not at once."""
READ_TIMEOUT_S = 5.0


def save_report(state: Path, report: Mapping[str, Any], sent: bool = False) -> None:
    """Keep the report, whole or not at all."""
    write_private(state / "setup" / FILE, canonical_bytes({"report": dict(report), "sent": sent}))


def unsent_report(state: Path) -> dict[str, Any] | None:
    """Return the report that headquarters does not have yet, None when there is none."""
    document = _kept(state)
    return None if document.get("sent") else document.get("report")


def add_drill(state: Path, drill: Mapping[str, Any]) -> None:
    """Put how a drill ended into the report, which goes up again with it; a box set up by hand gets one of it alone."""
    report = {**(_kept(state).get("report") or {}), "drill": dict(drill)}
    save_report(state, report)


def report_drill(state: Path, drill: Mapping[str, Any]) -> bool:
    """Add a drill and send the report now, else it is sent later. Tells whether headquarters have it."""
    add_drill(state, drill)
    try:
        send_kept_report(state)
    except StoreboxError as error:
        _log.warning("the report waits: %s", error)
    return unsent_report(state) is None


def _kept(state: Path) -> dict[str, Any]:
    """Return the file's document, empty when there is none that can be read."""
    try:
        document = parse((state / "setup" / FILE).read_bytes())
    except (FileNotFoundError, Broken):
        return {}
    return document if isinstance(document, dict) and isinstance(document.get("report"), dict) else {}


def send_kept_report(state: Path) -> None:
    """Send the report that waits, if one does; raises `StoreboxError` when headquarters did not take it."""
    report, enrolment = unsent_report(state), load_enrolment(state)
    if report is None or enrolment is None or enrolment.hq_url is None:
        return
    session = HttpSession(enrolment.hq_url, read_timeout_s=READ_TIMEOUT_S, pins=pins_of(state))
    try:
        send_report(session, enrolment.identity, device_key(state, enrolment), report)
    finally:
        session.close()
    save_report(state, report, sent=True)


class ReportSender:
    """Sends the report behind the trading box, again and again until it is there or refused for good."""

    def __init__(self, state: Path) -> None:
        self._state = state
        self._wait_s = RETRY_FIRST_S
        self._thread = StepThread("setup report", self._step)

    def start(self) -> None:
        """Begin; a report may also come later, from a drill."""
        self._thread.start()

    def stop(self) -> None:
        """End; a report that was not sent stays."""
        self._thread.stop(1.0)

    def _step(self) -> float:
        try:
            send_kept_report(self._state)
        except (TryLater, UnknownOutcome):
            self._wait_s = min(self._wait_s * 2, RETRY_MAX_S)
            return self._wait_s
        except StoreboxError:
            return RETRY_MAX_S
        self._wait_s = RETRY_FIRST_S
        return LOOK_EVERY_S
