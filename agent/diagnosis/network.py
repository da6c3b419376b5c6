"""The line, layer by layer, nearest first: link, address, gateway, names, connection, certificate, log-in page.

The first layer that is broken is named and the ones behind it are left out: they can only fail for the same reason.
"""

import errno
import socket
import time
from collections.abc import Iterable, Iterator
from contextlib import closing
from ipaddress import ip_address
from urllib.parse import urlsplit

from agent.core.errors import StoreboxError
from agent.diagnosis import names
from agent.diagnosis.asking import site_pins
from agent.diagnosis.certificates import examine_certificate, now_of
from agent.diagnosis.finding import Finding, degraded, failing, of_error, well
from agent.diagnosis.interfaces import Interface, default_gateway, interfaces
from agent.diagnosis.site import Site
from agent.diagnosis.targets import Target, targets_of
from agent.diagnosis.way import ProxyRefusedError, Way, way_to


def line(site: Site) -> Iterable[Finding]:
    """Look at the machine's own part of the line, once; then at each server that the box needs."""
    targets = targets_of(site)
    if not targets:
        yield well("network", "没有要连的服务器", "this shop needs no server")
        return
    if any(not target.is_loopback for target in targets):
        broken = False
        for finding in own_part(site):
            yield finding
            broken = broken or finding.state == "fail"
        if broken:
            return
    for target in targets:
        yield from to_server(site, target)


def own_part(site: Site) -> Iterator[Finding]:
    """Yield link, address and gateway of this machine; ends after the first that is broken."""
    found = interfaces()
    seen = ", ".join(f"{one.name} {'up' if one.has_link else 'down'}" for one in found) or "—"
    linked = [one for one in found if one.has_link]
    if not linked:
        yield failing("network.no_link", "link", (seen, seen), seen=seen)
        return
    yield well("link", seen, seen)
    addressed = [one for one in linked if one.address]
    if not addressed:
        yield failing("network.no_address", "address", (seen, seen), seen=linked[0].name, mac=linked[0].mac)
        return
    shown = ", ".join(f"{one.name} {one.address}" for one in addressed)
    usable = [one for one in addressed if not _is_self_assigned(one)]
    if not usable:
        first = addressed[0]
        yield failing("network.self_assigned", "address", (shown, shown), address=first.address, mac=first.mac)
        return
    yield well("address", f"{shown}(MAC {usable[0].mac})", f"{shown} (MAC {usable[0].mac})")
    gateway = default_gateway(site.roots.proc)
    if gateway is None:
        yield failing("network.no_gateway", "gateway", (shown, shown), address=usable[0].address)
        return
    yield well("gateway", gateway, gateway)


def _is_self_assigned(interface: Interface) -> bool:
    return ip_address(interface.address).is_link_local


def to_server(site: Site, target: Target) -> Iterator[Finding]:
    """Yield what lies between this machine and one server; ends after the first that is broken."""
    way = way_to(target)
    for layer in (_names, _connection, _encryption, _answer):
        for finding in layer(site, way):
            yield finding
            if finding.state == "fail":
                return


def _names(site: Site, way: Way) -> Iterator[Finding]:
    target = way.first  # behind a proxy it is the proxy that looks names up
    if not target.is_named:
        return
    name = f"names {target.host}"
    servers = site.name_servers
    if servers is None:
        path = site.roots.resolver
        servers = tuple(names.servers_of(path.read_text(encoding="utf-8"))) if path.exists() else ()
        if not servers:
            yield failing("network.dns_none", name, (str(path), str(path)), file=str(path))
            return
    for server in servers:
        told = f"{server[0]}:{server[1]}"
        answer = names.ask(server, target.host, site.within_s)
        if answer is None:
            yield failing("network.dns_silent", name, (told, told), server=told)
            continue
        yield _judged(site, target, name, server, answer)
        return


def _judged(site: Site, target: Target, name: str, server: tuple[str, int], answer: names.NameAnswer) -> Finding:
    told, shown = f"{server[0]}:{server[1]}", ", ".join(answer.addresses) or "—"
    evidence = (f"{told} → {shown}",) * 2
    made_up = names.ask(server, names.impossible_name(), site.within_s)
    if made_up is not None and made_up.addresses:
        lie = made_up.addresses[0]
        return failing("network.dns_lies", name, (f"{told}: *.invalid → {lie}",) * 2, server=told, answer=lie)
    if not answer.addresses:
        return failing("network.dns_no_name", name, evidence, server=told, host=target.host)
    first = ip_address(answer.addresses[0])
    if first.is_loopback or first.is_unspecified:
        return failing("network.dns_loopback", name, evidence, server=told, host=target.host, answer=str(first))
    return well(name, *evidence)


def _connection(site: Site, way: Way) -> Iterator[Finding]:
    target = way.first
    name = f"connection {target.host}" if way.proxy is None else f"proxy {target.host}"
    began_s = time.monotonic()
    try:
        socket.create_connection((target.host, target.port), site.within_s).close()
    except TimeoutError:
        evidence = (f"{target.address} {site.within_s:g} s",) * 2
        yield failing("network.black_hole", name, evidence, address=target.address, seconds=f"{site.within_s:g}")
    except socket.gaierror as error:
        told = str(error.strerror)
        server = str(site.roots.resolver)
        yield failing("network.dns_no_name", name, (told, told), server=server, host=target.host)
    except ConnectionRefusedError:
        yield failing("network.refused", name, (target.address,) * 2, address=target.address)
    except OSError as error:
        reason = error.strerror or errno.errorcode.get(error.errno or 0, str(error))
        yield failing("network.no_route", name, (reason, reason), address=target.address, reason=reason)
    else:
        took_ms = round((time.monotonic() - began_s) * 1000)
        yield well(name, f"{target.address},{took_ms} 毫秒", f"{target.address}, {took_ms} ms")


def _encryption(site: Site, way: Way) -> Iterator[Finding]:
    target = way.target
    if target.scheme == "https":
        yield _handshake(site, way)
    elif not target.is_loopback:
        yield degraded("network.hq_unencrypted", f"tls {target.host}", (target.url, target.url), address=target.address)


def _handshake(site: Site, way: Way) -> Finding:
    try:
        pins = site_pins(site).accepted() if way.target.is_headquarters else frozenset()
        return examine_certificate(way, site.certificates, site.within_s, now_of(site.now_ms()), pins)
    except ProxyRefusedError as error:
        said = f"{way.first.address}: CONNECT {way.target.address} → HTTP {error.status}"
        return failing(
            "network.proxy_refuses",
            f"proxy {way.first.host}",
            (said, said),
            proxy=way.first.address,
            status=error.status,
            host=way.target.address,
        )


def _answer(site: Site, way: Way) -> Iterator[Finding]:
    """Tell a log-in page from a server: a page that sends elsewhere, or one of HTML where there is none."""
    from sync.session import HttpSession

    target = way.target
    name = f"http {target.host}"
    session = HttpSession(
        target.url,
        connect_timeout_s=site.within_s,
        read_timeout_s=site.within_s,
        certificates=site.certificates,
        pins=site_pins(site) if target.is_headquarters else None,
    )
    with closing(session):
        try:
            answer = session.send("GET", "/v1/time" if target.is_headquarters else "/")
        except StoreboxError as error:
            yield of_error(name, error, "degraded")
            return
    page = answer.headers.get("location", "")
    sent_away = answer.status in (301, 302, 303, 307, 308) and urlsplit(page).hostname not in (None, target.host)
    shows_page = answer.status in (200, 511) and "html" in answer.headers.get("content-type", "")
    if sent_away or shows_page:
        where = page[:80] if sent_away else f"{target.url} ({answer.status} text/html)"
        yield failing("network.captive_portal", name, (where, where), page=where)
        return
    yield well(name, f"HTTP {answer.status}", f"HTTP {answer.status}")


EXAMINATIONS = (line,)
