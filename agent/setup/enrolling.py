"""From an enrolment code to an enrolled box with a journal. The same call after a lost answer goes on where it was."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from agent.core.canonical import canonical_bytes
from agent.core.errors import Refused, StoreboxError, TryLater, UnknownOutcome
from agent.core.ports import Clock, Entropy
from agent.core.setup_codes import EnrolmentCode
from agent.daemon.box import begin_journal
from agent.disk import write_private
from agent.setup.destination import Destination, Known, checked, of_code
from sync.enrol import Enrolment, enrol, load_enrolment
from sync.first_contact import first_contact
from sync.introduction import NONCE_BYTES, Introduction
from sync.keylist import root_fingerprint
from sync.session import HttpSession

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


def enrol_by_code(
    state: Path,
    code: EnrolmentCode,
    box: str,
    clock: Clock,
    entropy: Entropy,
    *,
    pinned: str = "",
) -> Enrolled:
    """Enrol at a scanned code's headquarters, as `enrol_at` does; `pinned` is the only root that may be followed."""
    destination = checked(of_code(code), Known(root=pinned))
    return enrol_at(state, destination, box, clock, entropy)


def enrol_at(
    state: Path,
    destination: Destination,
    box: str,
    clock: Clock,
    entropy: Entropy,
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
    before_ms = clock.now_ms()
    with _introduced(destination, entropy) as (session, introduction):
        clock_off_ms = introduction.at_ms - before_ms
        fingerprint = root_fingerprint(introduction.root_public_key)
        enrolment = enrol(session, state, destination.token, destination.store, box, fingerprint=fingerprint)
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


@contextmanager
def _introduced(destination: Destination, entropy: Entropy) -> Iterator[tuple[HttpSession, Introduction]]:
    """Give the session over which the token may leave, and what headquarters proved.

    What answers but is no headquarters may be a login page: later it may be one.
    """
    nonce = entropy.random_bytes(NONCE_BYTES)
    with ExitStack() as stack:
        try:
            contact = first_contact(destination.url, nonce, destination.fingerprint, destination.store)
            found = stack.enter_context(contact)
        except Refused as error:
            raise TryLater("setup.no_headquarters", host=destination.host) from error
        yield found
