"""Looks for network printers: who takes a connection on port 9100 in the networks that a person names.

Only a connection is made and closed again; nothing is said. Never by itself: a shop's network may belong to a mall.
"""

from __future__ import annotations

import errno
import ipaddress
import math
import select
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

from drivers.base import DeviceError
from drivers.discovery.found import Found, Naming
from drivers.transport.base import Monotonic

PORT = 9100
"""Raw printing ("JetDirect"), which receipt printers listen on."""

ADDRESSES_MAX = 1024
"""A /22; a shop's network is a /24."""

AT_ONCE = 64
ANSWER_WITHIN_S = 0.6

Network = ipaddress.IPv4Network


def network_of(text: str) -> Network:
    """Read `192.168.1.0/24`; an address inside it will do.

    Raises DeviceError `discovery.bad_network`, `discovery.network_not_local` for addresses that are not private,
    `discovery.network_too_large` beyond ADDRESSES_MAX.
    """
    try:
        network = ipaddress.IPv4Network(text, strict=False)
    except ValueError as error:
        raise DeviceError("discovery.bad_network", f"{text!r}: expected such as 192.168.1.0/24") from error
    if not network.is_private:
        raise DeviceError("discovery.network_not_local", f"{network}: only private networks are looked through")
    if network.num_addresses > ADDRESSES_MAX:
        raise DeviceError(
            "discovery.network_too_large", f"{network}: {network.num_addresses} addresses, at most {ADDRESSES_MAX}"
        )
    return network


def hosts_of(network: Network) -> list[str]:
    """The addresses in it that a printer can have."""
    return [str(host) for host in network.hosts()]


def listening(
    hosts: list[str],
    monotonic: Monotonic,
    advance: Callable[[int], None] = lambda steps: None,
    *,
    port: int = PORT,
) -> Iterator[str]:
    """Yield the hosts that take a connection, AT_ONCE asked at a time; each has ANSWER_WITHIN_S.

    `advance` is told how many are done with. Ends within len(hosts) / AT_ONCE * ANSWER_WITHIN_S and a little.
    """
    for begin in range(0, len(hosts), AT_ONCE):
        batch = hosts[begin : begin + AT_ONCE]
        yield from _ask(batch, port, monotonic)
        advance(len(batch))


def printer_at(host: str, arp: Path = Path("/proc/self/net/arp"), *, port: int = PORT) -> Found:
    """A network printer with what the kernel knows about it."""
    address = f"{host}:{port}"
    return Found(
        device=address, url=f"tcp:{address}", naming=Naming.NETWORK, suggestion="printer", mac=_mac_of(host, arp)
    )


def _ask(hosts: list[str], port: int, monotonic: Monotonic) -> list[str]:
    waiting: dict[int, tuple[str, socket.socket]] = {}
    poll = select.poll()
    answered: set[str] = set()
    deadline_s = monotonic() + ANSWER_WITHIN_S
    try:
        for host in hosts:
            connection = socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
            waiting[connection.fileno()] = (host, connection)
            result = connection.connect_ex((host, port))
            if result == errno.EINPROGRESS:
                poll.register(connection, select.POLLOUT)
            elif result == 0:
                answered.add(host)
        while (rest_s := deadline_s - monotonic()) > 0:
            ready = poll.poll(math.ceil(rest_s * 1000))
            for descriptor, _ in ready:
                poll.unregister(descriptor)
                host, connection = waiting[descriptor]
                if connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0:
                    answered.add(host)
            if not ready:
                break
    finally:
        for _, connection in waiting.values():
            connection.close()
    return [host for host in hosts if host in answered]


def _mac_of(host: str, arp: Path) -> str:
    """The address in the kernel's ARP table (proc(5): IP, type, flags, MAC, mask, device)."""
    try:
        lines = arp.read_text(encoding="ascii", errors="replace").splitlines()[1:]
    except OSError:
        return ""
    known = (line.split() for line in lines)
    return next((words[3] for words in known if len(words) > 3 and words[0] == host and words[3].strip("0:")), "")
