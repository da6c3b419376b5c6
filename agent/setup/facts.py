"""What the box sees of its network without asking anybody: cables, addresses, its MAC. Read from the kernel's files."""

import fcntl
import socket
import struct
from dataclasses import dataclass
from pathlib import Path

from agent.core.receipt_setup import NetworkFinding, NetworkLayer, SeenNetwork

_SIOCGIFADDR = 0x8915


@dataclass(frozen=True, slots=True)
class Interface:
    """One network interface; `address` empty where it has none."""

    name: str
    mac: str
    carrier: bool
    wireless: bool
    address: str = ""


def interfaces(sys: Path = Path("/sys")) -> list[Interface]:
    """Return the interfaces with hardware, cables first."""
    found = [_interface(place) for place in sorted((sys / "class/net").glob("*")) if (place / "device").exists()]
    return sorted(found, key=lambda one: (one.wireless, one.name))


def seen_network(found: list[Interface]) -> tuple[SeenNetwork, ...]:
    """Return the lines of the invitation about the network."""
    seen = []
    for layer, wireless in ((NetworkLayer.CABLE, False), (NetworkLayer.WIFI, True)):
        of_kind = [one for one in found if one.wireless == wireless]
        for one in of_kind:
            detail = " ".join(filter(None, (one.name, one.address, f"MAC {one.mac}")))
            seen.append(SeenNetwork(layer, _finding(one), detail))
    return (*seen, SeenNetwork(NetworkLayer.HEADQUARTERS, NetworkFinding.UNTRIED))


def mac_of(found: list[Interface]) -> str:
    """Return the hardware address that a site's network people ask for: of what is plugged in, else the first."""
    chosen = next((one for one in found if one.carrier), found[0] if found else None)
    return "" if chosen is None else chosen.mac


def _finding(one: Interface) -> NetworkFinding:
    if not one.carrier:
        return NetworkFinding.UNPLUGGED
    return NetworkFinding.ADDRESS if one.address else NetworkFinding.NO_ADDRESS


def _interface(place: Path) -> Interface:
    wireless = (place / "wireless").exists() or (place / "phy80211").exists()
    return Interface(
        place.name, _read(place / "address"), _read(place / "carrier") == "1", wireless, _address(place.name)
    )


def _read(path: Path) -> str:
    """Return a line of the kernel; empty where it says nothing, as for the carrier of an interface that is down."""
    try:
        return path.read_text(encoding="ascii").strip()
    except OSError:
        return ""


def _address(name: str) -> str:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        try:
            packed = fcntl.ioctl(asking.fileno(), _SIOCGIFADDR, struct.pack("256s", name.encode()[:15]))
        except OSError:
            return ""
    return socket.inet_ntoa(packed[20:24])
