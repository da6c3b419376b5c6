"""Setup mode itself: one thread that takes what devices and people say, in order, and answers on paper.

Everything that may be lost is on disk before it is waited for: the code whose answer is awaited, the key, the store. A
power cut anywhere finds the step again, and headquarters gives the same answer to the same key and token.
"""

import logging
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from typing import Any

from agent.core.errors import Broken, Refused, StoreboxError
from agent.core.network_codes import is_network_code
from agent.core.ports import Clock, Entropy
from agent.core.receipt_parts import Document
from agent.core.receipt_steps import Belonging
from agent.core.recognition import SetupCommand
from agent.core.setup import SILENCE_S, SetupEvent, SetupState, next_state
from agent.core.setup_codes import (
    ENROLMENT_PREFIX,
    PACKET_PREFIX,
    read_packet_code,
    read_slip_code,
)
from agent.daemon.self_tests import print_within
from agent.settings import Settings
from agent.setup import conclusion, takeover
from agent.setup.destination import Known, destination_of, is_typed, names_store
from agent.setup.devices import SetupDevices, SetupPrinter, SetupScanner
from agent.setup.enrolling import enrol_at, is_final, told_of, waits_s
from agent.setup.joining import joined
from agent.setup.packets import Packets, PacketWatch
from agent.setup.paper import Paper, belonging
from agent.setup.progress import begun, save_progress
from agent.setup.proving import Proving
from agent.setup.spare import known_headquarters, prepared_for
from drivers.base import CONNECTED
from drivers.discovery.found import Roots
from sync.enrol import Enrolment, load_enrolment
from sync.keylist import root_fingerprint

_log = logging.getLogger("storebox.setup")
PRINT_WAITS_S = 20.0
TESTING_SILENCE_S = 10 * 60
"""An enrolled box is not kept from trade for longer than this by a slip that nobody scans."""
RETRY_FIRST_S, RETRY_MAX_S = 1.0, 60.0
SAME_AGAIN_S = 5.0
"""The same refused text within this time is a scanner held to its code: one slip is enough."""

Input = Callable[[], None]


class SetupMode:
    """Runs from `start` until the box is ready, then calls `on_ready`; `stop` ends it before."""

    def __init__(
        self, settings: Settings, clock: Clock, entropy: Entropy, roots: Roots, on_ready: Callable[[], None]
    ) -> None:
        self._settings = settings
        self._state = settings.state
        self._clock = clock
        self._entropy = entropy
        self._on_ready = on_ready
        self._inputs: queue.SimpleQueue[Input] = queue.SimpleQueue()
        self._progress = begun(settings.state, entropy)
        self._enrolment = load_enrolment(settings.state)
        self._paper = Paper(settings, self._progress.box, roots.sys)
        self._proving = Proving(clock, entropy)
        self._devices = SetupDevices(settings, roots, self._printer_came, self._heard)
        self._packets = Packets(settings.state, clock, lambda: self._known)
        self._sticks = PacketWatch(self._packets, self._stick_came)
        self._heard_at_s = clock.monotonic_s()
        self._retry_at_s: float | None = None
        self._retry_s = RETRY_FIRST_S
        self._told: str | None = None
        self._refusal: StoreboxError | None = None
        """Why the last code did not enrol the box, or does not yet."""
        self._refused: tuple[str, float] = ("", 0.0)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="setup", daemon=True)

    # for the page, the command line and the watchdog

    def start(self) -> None:
        """Begin to look for devices, and go on where an earlier run ended."""
        if self._enrolment is not None:
            self._keep(SetupState.TESTING, "", self._enrolment.identity.box)
        elif self._progress.state in (SetupState.ENROLLING, SetupState.NETWORKING) and self._progress.code:
            self._keep(SetupState.ENROLLING)
            self._retry_at_s = self._clock.monotonic_s()
        else:
            self._keep(SetupState.INVITED)
        self._devices.start()
        if self._enrolment is None:
            self._packets.begin()
        else:
            takeover.adopt_old(self._state)
            self._packets.end()
        self._sticks.start()
        self._thread.start()

    def stop(self) -> None:
        """End; whatever step it was in is found again."""
        self._ended.set()
        self._inputs.put(lambda: None)
        if self._thread is not threading.current_thread():
            self._thread.join(5.0)
        self._sticks.stop()
        self._devices.stop()

    def works(self) -> None:
        """Return when the thread is alive; raises for the watchdog otherwise."""
        if not self._thread.is_alive():
            raise RuntimeError("the thread of setup mode has ended")

    def facts(self) -> dict[str, Any]:
        """Return where setup stands, for a page or a terminal; holds no secret."""
        return {
            "state": self._progress.state.value,
            "box": self._progress.box,
            "store": self._enrolment.identity.store if self._enrolment else None,
            "printers": [
                {"till": one.till, "title": one.title, "url": one.url, "state": one.device.state.value}
                for one in self._devices.printers
            ],
            "scanners": [{"name": one.name, "title": one.title, "url": one.url} for one in self._devices.scanners],
            "unusable": dict(self._devices.unusable),
            "bound": sorted(self._proving.bound),
            "waiting": self._proving.waiting(),
            "headquarters": self._headquarters().url,
            "refusal": _plain(self._refusal),
            "packets": len(self._packets.waiting()) if self._progress.state is SetupState.UNSEALING else 0,
        }

    def say(self, text: str) -> "Future[str]":
        """Take a code as if a scanner had read it; the future has the state after it, or its refusal."""
        return self._done(lambda: self._take(text, None))

    def look(self) -> "Future[str]":
        """Look for packets now; the future has the state after it."""
        return self._done(self._take_stick)

    def _done(self, step: Input) -> "Future[str]":
        done: Future[str] = Future()

        def take() -> None:
            try:
                step()
            except StoreboxError as error:
                done.set_exception(error)
            else:
                done.set_result(self._progress.state.value)

        self._inputs.put(take)
        return done

    # from the devices' threads

    def _printer_came(self, printer: SetupPrinter) -> None:
        self._inputs.put(lambda: self._greet(printer))

    def _heard(self, scanner: SetupScanner, text: str) -> None:
        self._inputs.put(lambda: self._scan(scanner, text))

    def _stick_came(self) -> None:
        self._inputs.put(self._take_stick)

    @property
    def _known(self) -> Known:
        """The headquarters that this box may follow, read anew: a spare is prepared while it waits."""
        return known_headquarters(self._settings)

    # on the thread of setup

    def _run(self) -> None:
        self._devices.looked.wait(PRINT_WAITS_S)
        while not self._ended.is_set() and self._progress.state is not SetupState.DONE:
            try:
                step = self._inputs.get(timeout=self._wait_s())
            except queue.Empty:
                step = _nothing
            try:
                self._due()  # first, so that an input after a long silence finds the box at rest
                step()
            except Exception:  # noqa: BLE001 - a defect in one step must not end setup; it is logged whole
                _log.exception("a step of setup mode")
        if self._progress.state is SetupState.DONE:
            self._on_ready()

    def _wait_s(self) -> float:
        due = [self._heard_at_s + self._silence_s()]
        if self._retry_at_s is not None:
            due.append(self._retry_at_s)
        return max(0.0, min(due) - self._clock.monotonic_s())

    def _silence_s(self) -> float:
        return TESTING_SILENCE_S if self._progress.state is SetupState.TESTING else SILENCE_S

    def _due(self) -> None:
        now_s = self._clock.monotonic_s()
        if self._retry_at_s is not None and now_s >= self._retry_at_s:
            self._enrol(self._progress.code)
        elif now_s >= self._heard_at_s + self._silence_s():
            self._heard_at_s = now_s
            if self._progress.state is SetupState.TESTING:
                self._conclude(SetupEvent.SILENCE)
            elif self._progress.state in (SetupState.INVITED, SetupState.UNSEALING):
                self._step(SetupEvent.SILENCE)

    def _greet(self, printer: SetupPrinter) -> None:
        self._heard_at_s = self._clock.monotonic_s()
        if self._progress.state is SetupState.RESTING:
            self._step(SetupEvent.WOKEN)
        if self._progress.state is SetupState.TESTING:
            self._test(printer)
        elif self._progress.state in (SetupState.INVITED, SetupState.UNSEALING, SetupState.ENROLLING):
            self._print(self._invitation(), printer)

    def _scan(self, scanner: SetupScanner, text: str) -> None:
        try:
            self._take(text, scanner)
        except StoreboxError as error:
            now_s = self._clock.monotonic_s()
            if (text, True) != (self._refused[0], now_s - self._refused[1] < SAME_AGAIN_S):
                self._print(self._paper.refusal(error))
            self._refused = (text, now_s)
        else:
            scanner.device.beep()

    def _take(self, text: str, scanner: SetupScanner | None) -> None:
        self._heard_at_s = self._clock.monotonic_s()
        cleaned = text.strip()
        if cleaned == f"X1{SetupCommand.INVITE.value}":
            self._step(SetupEvent.WOKEN)
            self._show_again()
        elif self._progress.state is SetupState.RESTING:
            raise Refused("setup.resting")
        elif cleaned == f"X1{SetupCommand.ENC.value}":
            self._take_encoding()
        elif cleaned.upper().startswith(ENROLMENT_PREFIX) or names_store(cleaned):
            self._take_enrolment(cleaned)
        elif is_network_code(cleaned):
            self._take_network(cleaned)
        elif self._opens_packets(cleaned):
            self._take_packet(cleaned)
        elif cleaned == f"X1{SetupCommand.PASSCODE.value}":
            self._print(self._paper.typing(self._headquarters().url))
        elif (nonce := read_slip_code(cleaned)) is not None and scanner is not None:
            self._take_slip(nonce, scanner)
        elif not self._proving.probed(cleaned):
            raise Refused(_unknown(cleaned, self._progress.state))

    def _take_enrolment(self, text: str) -> None:
        destination_of(text, self._known)
        if next_state(self._progress.state, SetupEvent.ENROLMENT_CODE) is None:
            raise Refused("setup.not_now") if self._enrolment is None else enrolled_already(self._enrolment)
        self._told, self._refusal, self._retry_s = None, None, RETRY_FIRST_S
        self._step(SetupEvent.ENROLMENT_CODE, code=text)
        self._enrol(text)

    def _enrol(self, text: str) -> None:
        """Try once; what is not final is tried again by itself, and said on paper once."""
        self._retry_at_s = self._clock.monotonic_s() + RETRY_MAX_S  # also after what nobody foresaw, as a full disk
        host = ""
        try:
            destination = destination_of(text, self._known)
            host = destination.host
            enrolled = enrol_at(self._state, destination, self._progress.box, self._clock, self._entropy)
        except StoreboxError as error:
            self._not_enrolled(error, host)
            return
        self._has_store(enrolled.enrolment)

    def _has_store(self, enrolment: Enrolment) -> None:
        """Go on to the test slips, under the name that the box has now."""
        self._enrolment, self._refusal = enrolment, None
        self._step(SetupEvent.ENROLLED, code="", box=enrolment.identity.box)
        self._retry_at_s = None
        old = takeover.adopt_old(self._state)
        self._packets.end()
        self._heard_at_s = self._clock.monotonic_s()
        self._print(self._paper.enrolled(self._belonging(enrolment)))
        if takeover.replaces_another(enrolment):
            follows = takeover.bring_first(self._state, enrolment)
            self._print(self._paper.takes_over(self._belonging(enrolment), follows, old))
        for printer in self._devices.printers:
            self._test(printer)

    def _belonging(self, enrolment: Enrolment) -> Belonging:
        fingerprint = root_fingerprint(enrolment.root_public_key or b"")
        return belonging(enrolment, fingerprint, self._headquarters().root == fingerprint)

    def _headquarters(self) -> Known:
        """Return the headquarters that slips and pages name: none where a spare forgot it."""
        try:
            return self._known
        except Broken as error:
            _log.error("%s", error)
            return Known()

    def _take_stick(self) -> None:
        """Ask for the characters that open a packet; a box that has its store asks nothing of a stick."""
        self._heard_at_s = self._clock.monotonic_s()
        count = self._packets.came()
        if not count or next_state(self._progress.state, SetupEvent.PACKET_FOUND) is None:
            return
        self._retry_at_s = None
        self._step(SetupEvent.PACKET_FOUND)
        self._print(self._invitation())

    def _opens_packets(self, text: str) -> bool:
        """Tell whether a text is meant for a packet: typed, it may be anything else while none is here."""
        asked = self._progress.state is SetupState.UNSEALING
        return text.upper().startswith(PACKET_PREFIX) or (asked and read_packet_code(text) is not None)

    def _take_packet(self, text: str) -> None:
        """Open a packet and enrol with it; when none is left that may be opened, the box invites again."""
        code = read_packet_code(text)
        if self._enrolment is not None:
            raise enrolled_already(self._enrolment)
        if code is None or self._progress.state is not SetupState.UNSEALING:
            raise Refused("enrol.no_packet")
        try:
            enrolment = self._packets.open(code)
        except StoreboxError:
            if not self._packets.waiting():
                self._step(SetupEvent.REFUSED, code="")
            raise
        self._has_store(enrolment)

    def _not_enrolled(self, error: StoreboxError, host: str) -> None:
        _log.warning("not enrolled: %s", error)
        told: StoreboxError = error
        if is_final(error):
            self._retry_at_s = None
            self._step(SetupEvent.REFUSED, code="")
        else:
            self._retry_at_s = self._clock.monotonic_s() + waits_s(error, self._retry_s)
            self._retry_s = min(self._retry_s * 2, RETRY_MAX_S)
            told = told_of(error, host)
        self._refusal = told
        if self._told != error.code:
            self._told = error.code
            self._print(self._paper.refusal(told))

    def _take_network(self, text: str) -> None:
        waiting = self._progress.code
        if next_state(self._progress.state, SetupEvent.NETWORK_CODE) is None:
            raise Refused("setup.not_now")
        self._step(SetupEvent.NETWORK_CODE)
        try:
            leads_to = destination_of(waiting, self._known) if waiting else None
            self._print(self._paper.network(joined(self._state, text, leads_to, self._clock, self._entropy)))
        finally:
            self._step(SetupEvent.NETWORK_ENDED)
            if self._packets.waiting():
                self._step(SetupEvent.PACKET_FOUND)
            elif waiting:
                self._step(SetupEvent.ENROLMENT_CODE)
                self._retry_at_s = self._clock.monotonic_s()

    def _take_encoding(self) -> None:
        """Print the slips that nobody confirmed yet anew with fewer Chinese characters; refuses when there are none."""
        if self._progress.state is not SetupState.TESTING:
            raise Refused("setup.not_now")
        unproved = [one for one in self._devices.printers if one.till not in self._proving.bound]
        narrowed = [self._devices.narrow(one) for one in unproved]
        if not any(narrowed):
            raise Refused("setup.encoding")

    def _take_slip(self, nonce: bytes, scanner: SetupScanner) -> None:
        bound, again = self._proving.scanned(nonce, scanner)
        waiting = self._proving.waiting()
        taken = {one.scanner.name for one in self._proving.bound.values()}
        free = [one for one in self._devices.scanners if one.name not in taken]
        if again or not waiting or not free:
            self._conclude(SetupEvent.PROVED)
        else:
            self._print(self._paper.bound(bound.proven, waiting), bound.slip.printer)

    def _conclude(self, event: SetupEvent) -> None:
        """Write down who belongs together, tell headquarters, and let the box trade."""
        enrolment = self._enrolment
        if enrolment is None:
            raise Refused("setup.not_now")
        report = conclusion.write(self._state, enrolment, self._proving, self._devices, self._clock)
        reported = conclusion.sent(self._state)
        _log.info("set up: %s", report["tills"])
        proven = [one.proven for _, one in sorted(self._proving.bound.items())]
        self._print(self._paper.ready(self._belonging(enrolment), proven, reported))
        self._step(event)

    def _show_again(self) -> None:
        if self._progress.state is SetupState.TESTING:
            for printer in self._devices.printers:
                self._test(printer)
        else:
            self._print(self._invitation())

    def _invitation(self) -> Document:
        if self._progress.state is SetupState.UNSEALING:
            return self._paper.packet(len(self._packets.waiting()))
        unusable = tuple(sorted(self._devices.unusable))
        return self._paper.invitation(
            self._devices.printers, self._devices.scanners, unusable, prepared_for(self._state)
        )

    def _test(self, printer: SetupPrinter) -> None:
        slip = self._proving.slip_for(printer)
        store = self._enrolment.identity.store if self._enrolment else ""
        began_s = self._clock.monotonic_s()
        self._print(self._paper.self_test(printer, slip.nonce, store), printer)
        slip.printed_at_s = self._clock.monotonic_s()
        slip.print_ms = int((slip.printed_at_s - began_s) * 1000)

    def _print(self, document: Document, printer: SetupPrinter | None = None) -> None:
        """Print on one printer, else on every one that is there."""
        chosen = [printer] if printer else [one for one in self._devices.printers if one.device.state in CONNECTED]
        for one in chosen:
            said = print_within(one.device, document, self._entropy, PRINT_WAITS_S)
            _log.info("%s on %s: %s %s", document["title"], one.device.name, said["outcome"], said["code"])

    def _step(self, event: SetupEvent, code: str | None = None, box: str | None = None) -> None:
        following = next_state(self._progress.state, event)
        if following is None:
            raise Refused("setup.not_now")
        self._keep(following, code, box)

    def _keep(self, state: SetupState, code: str | None = None, box: str | None = None) -> None:
        known = self._progress
        kept = replace(known, state=state, code=known.code if code is None else code, box=box or known.box)
        self._paper = replace(self._paper, box=kept.box)
        if kept != self._progress:
            save_progress(self._state, kept)
            self._progress = kept


def _plain(error: StoreboxError | None) -> dict[str, Any] | None:
    return None if error is None else {"code": error.code, "values": dict(error.values)}


def _nothing() -> None:
    """Do nothing: only time has passed."""


def _unknown(text: str, state: SetupState) -> str:
    """Return the code of the sentence for a text that setup does not take."""
    if is_typed(text) and not text.isdecimal():
        return "setup.typed_incomplete"
    if text.upper().startswith("T1"):
        return "setup.code_damaged"
    return "setup.scan_slip" if state is SetupState.TESTING else "setup.not_enrolled_yet"


def enrolled_already(enrolment: Enrolment) -> Refused:
    """Return the refusal of a second enrolment."""
    who = enrolment.identity
    return Refused("enrol.already", store=who.store, box=who.box, epoch=who.epoch)
