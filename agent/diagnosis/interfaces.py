"""The machine's network interfaces as the kernel sees them from here: link, address, MAC, the way out.

Asked by ioctl and not read from /sys, which shows the namespace of whoever mounted it.
"""

import fcntl
import socket
import struct
from dataclasses import dataclass
from pathlib import Path

SIOCGIFFLAGS, SIOCGIFADDR, SIOCGIFHWADDR = 0x8913, 0x8915, 0x8927
UP, LOOPBACK, RUNNING = 0x1, 0x8, 0x40
"""IFF_RUNNING of netdevice(7): there is a carrier."""
GATEWAY = 0x2


@dataclass(frozen=True, slots=True)
class Interface:
    """One interface that is no loopback; `address` is its IPv4 address or empty."""

    name: str
    has_link: bool
    address: str
    mac: str


def interfaces() -> list[Interface]:
    """Return the interfaces by name, also those that are down."""
    found = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        for _, name in sorted(socket.if_nameindex(), key=lambda pair: pair[1]):
            flags = struct.unpack_from("<H", _asked(line, SIOCGIFFLAGS, name) or bytes(2))[0]
            if flags & LOOPBACK:
                continue
            address = _asked(line, SIOCGIFADDR, name)
            hardware = _asked(line, SIOCGIFHWADDR, name) or bytes(8)
            found.append(
                Interface(
                    name,
                    flags & (UP | RUNNING) == UP | RUNNING,
                    socket.inet_ntoa(address[4:8]) if address else "",
                    ":".join(f"{byte:02x}" for byte in hardware[2:8]),
                )
            )
    return [one for one in found if one.mac != "00:00:00:00:00:00" or one.has_link]


def _asked(line: socket.socket, request: int, name: str) -> bytes | None:
    """Return what stands behind the interface's name in the kernel's answer, None when it has nothing of the kind."""
    try:
        return fcntl.ioctl(line, request, struct.pack("256s", name.encode()[:15]))[16:]
    except OSError:
        return None


def default_gateway(proc: Path) -> str | None:
    """Return the gateway of the default route; a route without one, as over a tunnel, is named by its interface."""
    table = (proc / "thread-self" / "net" / "route").read_text(encoding="ascii")
    for row in table.splitlines()[1:]:
        fields = row.split()
        if len(fields) >= 4 and fields[1] == "00000000":
            if int(fields[3], 16) & GATEWAY:
                return socket.inet_ntoa(struct.pack("<I", int(fields[2], 16)))
            return fields[0]
    return None
