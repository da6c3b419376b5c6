"""What headquarters say when they are asked: their clock, their keys, and a receipt that they signed for this box."""

from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from agent.core.errors import StoreboxError, UnknownOutcome
from agent.diagnosis.site import Site

if TYPE_CHECKING:
    from sync.pins import Pins


@dataclass(frozen=True, slots=True)
class ToldTime:
    """Headquarters' clock; `signed` when it stood in a receipt whose signature holds."""

    at_ms: int
    signed: bool


def hq_url(site: Site) -> str:
    """Return where this box finds headquarters, empty when it trades alone."""
    from sync.enrol import load_enrolment

    try:
        known = load_enrolment(site.settings.state)
    except (StoreboxError, OSError):
        known = None  # told of by the part about identity
    return site.settings.hq.url or (known.hq_url if known is not None else None) or ""


def site_pins(site: Site) -> "Pins":
    """Return the keys that headquarters' servers may show to this box; none when its enrolment can't be read."""
    from sync.pins import Pins, pins_of

    try:
        return pins_of(site.settings.state)
    except (StoreboxError, OSError):
        return Pins()  # told of by the part about identity


def signed_time_ms(site: Site) -> int:
    """Return the time in a fresh receipt that headquarters signed for this box; raises what is wrong with it."""
    from sync.enrol import device_key, load_enrolment
    from sync.headquarters import HqClient
    from sync.session import HttpSession

    enrolled = load_enrolment(site.settings.state)
    keys = None if enrolled is None else enrolled.key_ring()
    if enrolled is None or keys is None:
        raise UnknownOutcome("hq.receipt_not_signed", reason="no keys of headquarters here")
    limits = {"connect_timeout_s": site.within_s, "read_timeout_s": site.within_s}
    session = HttpSession(hq_url(site), certificates=site.certificates, pins=site_pins(site), **limits)  # type: ignore[arg-type]
    with closing(HqClient(session, device_key(site.settings.state, enrolled))) as client:
        receipt = client.cursor(enrolled.identity, enrolled.identity.epoch).receipt
        if receipt.identity != enrolled.identity:
            raise UnknownOutcome("hq.receipt_of_another")
        fault = keys.fault("receipt", receipt.identity, receipt.document, receipt.at_ms)
        if fault == "keys.unknown_kid" and keys.replace(client.key_list()):
            fault = keys.fault("receipt", receipt.identity, receipt.document, receipt.at_ms)
    if fault is not None:
        raise UnknownOutcome("hq.receipt_not_signed", reason=fault)
    return receipt.at_ms


def plain_time_ms(site: Site) -> int:
    """Return headquarters' clock as anybody is told it; raises when there is no answer that is one."""
    from sync.enrol import device_key, load_enrolment
    from sync.headquarters import HqClient
    from sync.session import HttpSession

    enrolled = load_enrolment(site.settings.state)
    if enrolled is None:
        raise UnknownOutcome("hq.garbage_answer")
    session = HttpSession(
        hq_url(site),
        connect_timeout_s=site.within_s,
        read_timeout_s=site.within_s,
        certificates=site.certificates,
        pins=site_pins(site),
    )
    with closing(HqClient(session, device_key(site.settings.state, enrolled))) as client:
        return client.time_ms()


def headquarters_time(site: Site) -> ToldTime | None:
    """Return headquarters' time, signed where they sign, None when they do not answer."""
    try:
        return ToldTime(signed_time_ms(site), signed=True)
    except StoreboxError as error:
        if error.code.startswith(("network.", "tls.")):
            return None  # nobody is there; asking again costs a time-out and tells nothing
    try:
        return ToldTime(plain_time_ms(site), signed=False)
    except StoreboxError:
        return None
