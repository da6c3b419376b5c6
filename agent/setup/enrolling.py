"""From an enrolment code to an enrolled box with a journal. The same call after a lost answer goes on where it was."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from agent.core.canonical import canonical_bytes
from agent.core.errors import Refused, StoreboxError, TryLater, UnknownOutcome
from agent.core.ports import Clock, Entropy
from agent.core.setup_codes import EnrolmentCode
from agent.daemon.box import begin_journal
from agent.disk import write_private
from agent.setup.destination import Destination, Known, checked, of_code
from sync.dateless import DatelessAdapter
from sync.enrol import Enrolment, enrol, load_enrolment
from sync.introduction import NONCE_BYTES, Introduction, introduce
from sync.keylist import root_fingerprint
from sync.session import HttpSession

READ_TIMEOUT_S = 10.0
CLOCK_OFF_MS = 90_000
"""A clock further off than this is told to root's helper."""
CLOCK_REQUEST = "clock-request.json"
_OWN_WORDS = frozenset(
    {"setup.no_headquarters", "enrol.too_many_tries", "enrol.too_many_from_address", "enrol.too_many_at_hq"}
)


@dataclass(frozen=True, slots=True)
class Enrolled:
    """What came of it; `clock_off_ms` is how far this box's clock was behind headquarters' signed time."""

    enrolment: Enrolment
    clock_off_ms: int


OpenSession = Callable[[str], HttpSession]


def open_session(url: str) -> HttpSession:
    """Return the session of a first contact."""
    return HttpSession(url, read_timeout_s=READ_TIMEOUT_S, adapter=DatelessAdapter())


def enrol_by_code(
    state: Path,
    code: EnrolmentCode,
    box: str,
    clock: Clock,
    entropy: Entropy,
    *,
    pinned: str = "",
    open_session: OpenSession = open_session,
) -> Enrolled:
    """Enrol at a scanned code's headquarters, as `enrol_at` does; `pinned` is the only root that may be followed."""
    destination = checked(of_code(code), Known(root=pinned))
    return enrol_at(state, destination, box, clock, entropy, open_session=open_session)


def enrol_at(
    state: Path,
    destination: Destination,
    box: str,
    clock: Clock,
    entropy: Entropy,
    *,
    open_session: OpenSession = open_session,
) -> Enrolled:
    """Enrol where a code leads and begin the journal.

    A box that this code enrolled already stays what it is; another's code is refused (`enrol.already`).
    Raises `Refused` or `Credentials` when that is final, `TryLater` or `UnknownOutcome` when the same call may do it
    later: key and token stay the same, so headquarters gives the same epoch.
    """
    known = load_enrolment(state)
    if known is not None:
        _check_same(known, destination)
        begin_journal(state, known, clock)
        return Enrolled(known, 0)
    session = _session_to(destination, open_session)
    try:
        before_ms = clock.now_ms()
        introduction = _introduced(session, destination, entropy)
        clock_off_ms = introduction.at_ms - before_ms
        fingerprint = root_fingerprint(introduction.root_public_key)
        enrolment = enrol(session, state, destination.token, destination.store, box, fingerprint=fingerprint)
    finally:
        session.close()
    if abs(clock_off_ms) > CLOCK_OFF_MS:
        ask_for_clock(state, introduction.at_ms, clock)
    begin_journal(state, enrolment, clock)
    return Enrolled(enrolment, clock_off_ms)


def ask_for_clock(state: Path, hq_at_ms: int, clock: Clock) -> None:
    """Ask root's helper to set the clock; it adds what the monotonic clock says has passed since."""
    document = {"hq_at_ms": hq_at_ms, "monotonic_ms": int(clock.monotonic_s() * 1000)}
    write_private(state / "setup" / CLOCK_REQUEST, canonical_bytes(document))


def is_final(error: StoreboxError) -> bool:
    """Tell whether the same code can never enrol this box."""
    return not isinstance(error, TryLater | UnknownOutcome)


def waits_s(error: StoreboxError, backoff_s: float) -> float:
    """Return how long to wait before the same call: as long as headquarters asks, and no shorter than `backoff_s`."""
    asked_s = error.values.get("retry_after_s")
    return max(backoff_s, float(asked_s)) if isinstance(asked_s, int) else backoff_s


def told_of(error: StoreboxError, host: str) -> StoreboxError:
    """Return what the slip says of an error that is not final: headquarters' own reason where it gave one."""
    if error.code in _OWN_WORDS:
        return error
    return TryLater("setup.no_answer", host=host, reason=error.code)


def _check_same(known: Enrolment, destination: Destination) -> None:
    who, root = known.identity, root_fingerprint(known.root_public_key or b"")
    if who.store != destination.store or destination.fingerprint not in (None, root):
        raise Refused("enrol.already", store=who.store, box=who.box, epoch=who.epoch)


def _session_to(destination: Destination, open_session: OpenSession) -> HttpSession:
    """Return the way there: where no root key is known the certificate's dates count too."""
    if destination.fingerprint is None:
        return HttpSession(destination.url, read_timeout_s=READ_TIMEOUT_S)
    return open_session(destination.url)


def _introduced(session: HttpSession, destination: Destination, entropy: Entropy) -> Introduction:
    """Return who headquarters is and its time. What answers but is none may be a login page: later it may be one."""
    try:
        nonce = entropy.random_bytes(NONCE_BYTES)
        return introduce(session, nonce, destination.fingerprint, destination.store)
    except Refused as error:
        raise TryLater("setup.no_headquarters", host=destination.host) from error
