"""The codes that bring a box to a network: the phone's own `WIFI:` code, and `N1` for what it cannot say.

A box without a keyboard is told its address, gateway, name servers, proxy, VLAN and wireless network by one QR code.
Pure; what becomes of it is the part of `agent.setup.network`.

`N1`, then Base32 as `setup_codes` seals it of: layout (1 byte), then fields, each tag (1), length (1), value:
1 address (4 bytes and the prefix length), 2 gateway (4), 3 name server (4, up to three times), 4 proxy as `host:port`,
5 VLAN (2), 6 name of the wireless network (UTF-8), 7 its password (UTF-8), 8 it is hidden (no value). Without an
address it comes by DHCP. All in Base32: a network's name may be Chinese and still pass through a keyboard scanner.
"""

import re
from dataclasses import dataclass, field
from ipaddress import AddressValueError, IPv4Address, IPv4Interface, NetmaskValueError

from agent.core.errors import Refused
from agent.core.setup_codes import is_host, opened_code, sealed_code

NETWORK_PREFIX = "N1"
WIFI_PREFIX = "WIFI:"
NAME_SERVERS_MAX = 3
VLAN_MAX = 4094

_LAYOUT = 1
_ADDRESS, _GATEWAY, _NAME_SERVER, _PROXY, _VLAN, _SSID, _PASSWORD, _HIDDEN = range(1, 9)
_LENGTHS = {_ADDRESS: 5, _GATEWAY: 4, _NAME_SERVER: 4, _VLAN: 2, _HIDDEN: 0}
_PART = re.compile(r"(?:\\.|[^;\\])*;")
_OPEN = ("", "NOPASS")
_PASSPHRASE = ("WPA", "WPA2", "WPA3", "SAE", "WPA/WPA2")


@dataclass(frozen=True, slots=True)
class Wireless:
    """A wireless network; `password` None means that it is open."""

    name: str
    password: str | None = field(default=None, repr=False)
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class NetworkPlan:
    """How a box is to reach the world; `address` None: by DHCP, which then names gateway and servers where not set."""

    address: IPv4Interface | None = None
    gateway: IPv4Address | None = None
    name_servers: tuple[IPv4Address, ...] = ()
    proxy: str = ""
    vlan: int | None = None
    wireless: Wireless | None = None


def checked_plan(plan: NetworkPlan) -> NetworkPlan:
    """Return a plan that can work; raises `Refused` `setup.network_wrong` naming the field that cannot."""
    if plan.address is not None:
        _check_address(plan.address)
    if plan.gateway is not None and plan.address is not None:
        inside = plan.gateway in plan.address.network and plan.gateway != plan.address.ip
        _require(inside, "gateway", str(plan.gateway))
    _require(len(plan.name_servers) <= NAME_SERVERS_MAX, "dns", str(len(plan.name_servers)))
    for server in (*plan.name_servers, *([plan.gateway] if plan.gateway else [])):
        _require(not (server.is_unspecified or server.is_multicast or server.is_reserved), "dns", str(server))
    _require(not plan.proxy or (is_host(plan.proxy) and ":" in plan.proxy), "proxy", plan.proxy)
    _require(plan.vlan is None or 1 <= plan.vlan <= VLAN_MAX, "vlan", str(plan.vlan))
    if plan.wireless is not None:
        _check_wireless(plan.wireless)
        _require(plan.vlan is None, "vlan", str(plan.vlan))
    return plan


def is_network_code(text: str) -> bool:
    """Tell whether a text is meant as a code of a network."""
    return text.strip().upper().startswith((WIFI_PREFIX, NETWORK_PREFIX))


def read_network_code(text: str) -> NetworkPlan:
    """Return what an `N1` or `WIFI:` code says.

    Raises `Refused`: `setup.network_wrong {field, value}`, `setup.network_unsupported {kind}` for WEP and 802.1X,
    `setup.code_damaged`, `setup.code_newer`. No value of an error holds a password.
    """
    cleaned = text.strip()
    if cleaned.upper().startswith(WIFI_PREFIX):
        return checked_plan(NetworkPlan(wireless=_wireless(cleaned[len(WIFI_PREFIX) :])))
    return checked_plan(_plan(opened_code(NETWORK_PREFIX, cleaned)))


def network_code(plan: NetworkPlan) -> str:
    """Return the `N1` text of a plan; raises what `checked_plan` does."""
    checked_plan(plan)
    fields: list[tuple[int, bytes]] = []
    if plan.address is not None:
        fields.append((_ADDRESS, plan.address.ip.packed + bytes((plan.address.network.prefixlen,))))
    if plan.gateway is not None:
        fields.append((_GATEWAY, plan.gateway.packed))
    fields += [(_NAME_SERVER, server.packed) for server in plan.name_servers]
    if plan.proxy:
        fields.append((_PROXY, plan.proxy.encode("ascii")))
    if plan.vlan is not None:
        fields.append((_VLAN, plan.vlan.to_bytes(2, "big")))
    if plan.wireless is not None:
        fields.append((_SSID, plan.wireless.name.encode()))
        if plan.wireless.password is not None:
            fields.append((_PASSWORD, plan.wireless.password.encode()))
        if plan.wireless.hidden:
            fields.append((_HIDDEN, b""))
    body = b"".join(bytes((tag, len(value))) + value for tag, value in fields)
    return sealed_code(NETWORK_PREFIX, bytes((_LAYOUT,)) + body)


def _plan(body: bytes) -> NetworkPlan:
    if body[0] != _LAYOUT:
        raise Refused("setup.code_newer", layout=body[0])
    found: dict[int, list[bytes]] = {}
    rest = body[1:]
    while rest:
        if len(rest) < 2 or len(rest) < 2 + rest[1]:
            raise Refused("setup.code_damaged")
        tag, value, rest = rest[0], rest[2 : 2 + rest[1]], rest[2 + rest[1] :]
        if not _ADDRESS <= tag <= _HIDDEN:
            raise Refused("setup.code_newer", layout=_LAYOUT)
        twice = tag in found and tag != _NAME_SERVER
        if twice or len(value) != _LENGTHS.get(tag, len(value)):
            raise Refused("setup.code_damaged")
        found.setdefault(tag, []).append(value)
    return _from_fields(found)


def _from_fields(found: dict[int, list[bytes]]) -> NetworkPlan:
    def one(tag: int) -> bytes | None:
        return found[tag][0] if tag in found else None

    address, gateway, vlan = one(_ADDRESS), one(_GATEWAY), one(_VLAN)
    name, password, proxy = (_text(one(tag)) for tag in (_SSID, _PASSWORD, _PROXY))
    if name is None and (password is not None or _HIDDEN in found):
        raise Refused("setup.code_damaged")
    try:
        interface = None if address is None else IPv4Interface((address[:4], address[4]))
    except (AddressValueError, NetmaskValueError) as error:
        raise Refused("setup.code_damaged") from error
    return NetworkPlan(
        address=interface,
        gateway=None if gateway is None else IPv4Address(gateway),
        name_servers=tuple(IPv4Address(server) for server in found.get(_NAME_SERVER, [])),
        proxy=proxy or "",
        vlan=None if vlan is None else int.from_bytes(vlan, "big"),
        wireless=None if name is None else Wireless(name, password, _HIDDEN in found),
    )


def _text(value: bytes | None) -> str | None:
    try:
        return None if value is None else value.decode()
    except UnicodeDecodeError as error:
        raise Refused("setup.code_damaged") from error


def _wireless(body: str) -> Wireless:
    """Read the body of a `WIFI:` code: `T:WPA;S:name;P:password;H:true;;`, fields in any order, `\\` before marks."""
    fields: dict[str, str] = {}
    for part in _PART.findall(body if body.endswith(";") else f"{body};"):
        key, _, value = part[:-1].partition(":")
        fields.setdefault(key.upper(), _bare(value))
    kind = fields.get("T", "").upper()
    if "E" in fields or "I" in fields or "EAP" in kind:
        raise Refused("setup.network_unsupported", kind="802.1X")
    if kind not in (*_OPEN, *_PASSPHRASE):
        raise Refused("setup.network_unsupported", kind=kind[:10])
    password = fields.get("P") or None
    if kind in _PASSPHRASE and password is None:
        raise Refused("setup.network_wrong", field="password", value="")
    hidden = fields.get("H", "").lower() in ("true", "1")
    return Wireless(fields.get("S", ""), None if kind == "NOPASS" else password, hidden)


def _bare(value: str) -> str:
    unescaped = re.sub(r"\\(.)", r"\1", value)
    quoted = len(value) > 1 and value[0] == value[-1] == '"'
    return unescaped[1:-1] if quoted else unescaped


def _check_address(address: IPv4Interface) -> None:
    ip, network = address.ip, address.network
    impossible = ip.is_unspecified or ip.is_multicast or ip.is_loopback or ip.is_reserved
    _require(not impossible and 1 <= network.prefixlen <= 31, "address", str(address))
    edge = network.prefixlen < 31 and ip in (network.network_address, network.broadcast_address)
    _require(not edge, "address", str(address))


def _check_wireless(wireless: Wireless) -> None:
    """802.11: a name has 1 to 32 bytes; WPA: a passphrase 8 to 63 printable ASCII characters, or 64 hex digits."""
    name_fits = 1 <= len(wireless.name.encode()) <= 32 and wireless.name.isprintable()
    _require(name_fits, "ssid", wireless.name[:32])
    password = wireless.password
    if password is not None:
        printable = password.isascii() and password.isprintable()
        raw_key = re.fullmatch(r"[0-9A-Fa-f]{64}", password) is not None
        _require(printable and (8 <= len(password) <= 63 or raw_key), "password", "")


def _require(holds: bool, field: str, value: str) -> None:
    if not holds:
        raise Refused("setup.network_wrong", field=field, value=value[:40])
