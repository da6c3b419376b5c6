"""Headquarters: do they answer, in time, in sense, and is it really they?"""

import time
from collections.abc import Iterable

from agent.core.errors import StoreboxError
from agent.diagnosis.asking import hq_url, plain_time_ms, signed_time_ms, site_pins
from agent.diagnosis.finding import Finding, degraded, failing, of_error, well
from agent.diagnosis.site import Site

SLOW_MS = 2_000


def headquarters(site: Site) -> Iterable[Finding]:
    """Ask for their clock, then for a receipt, and check their signature under the pinned root.

    A box without its headquarters goes on trading: what keeps them away is degraded. Somebody who answers in their
    place, or a refusal of this box's key, fails.
    """
    url = hq_url(site)
    if not url:
        yield well("headquarters", "本店独立,没有总部", "none: this shop trades alone")
        return
    began_s = time.perf_counter()
    try:
        plain_time_ms(site)
    except StoreboxError as error:
        yield of_error("headquarters", error, "degraded")
        return
    took_ms = round((time.perf_counter() - began_s) * 1000)
    evidence = (f"{url},{took_ms} 毫秒", f"{url}, {took_ms} ms")
    if took_ms > SLOW_MS:
        yield degraded("hq.slow", "headquarters", evidence, milliseconds=took_ms)
    else:
        yield well("headquarters", *evidence)
    yield _signature(site)


def _signature(site: Site) -> Finding:
    try:
        signed_time_ms(site)
    except StoreboxError as error:
        return of_error("headquarters' signature", error)
    return well("headquarters' signature", "回执已验签", "a receipt, its signature holds")


def payments(site: Site) -> Iterable[Finding]:
    """Whether headquarters' payments answer at every address, where they hold the merchants' keys."""
    if site.settings.payments.custody == "hq":
        yield payments_of_headquarters(site)


def payments_of_headquarters(site: Site) -> Finding:
    """Ask each address of headquarters' payments; refuses a box that knows no key of headquarters."""
    from agent.core.errors import Refused
    from agent.daemon.platforms import pay_urls
    from sync.enrol import load_enrolment

    enrolled = load_enrolment(site.settings.state)
    if (None if enrolled is None else enrolled.key_ring()) is None:
        raise Refused("payments.no_headquarters")
    urls = pay_urls(site.settings, hq_url(site))
    silent = [url for url in urls if not _answers(site, url)]
    if silent:
        text = ", ".join(silent)
        make = failing if len(silent) == len(urls) else degraded
        return make("hq.no_payments", "payments", (f"没有应答:{text}", f"no answer: {text}"), urls=text)
    names = ", ".join(site.settings.payments.platforms)
    return well("payments", f"总部代收:{names}", f"{names}, through headquarters")


def _answers(site: Site, url: str) -> bool:
    from contextlib import closing

    from sync.session import HttpSession

    session = HttpSession(
        url,
        connect_timeout_s=site.within_s,
        read_timeout_s=site.within_s,
        certificates=site.certificates,
        pins=site_pins(site),
    )
    with closing(session):
        try:
            return session.send("GET", "/v1/keys").status == 200
        except StoreboxError:
            return False


EXAMINATIONS = (headquarters, payments)
