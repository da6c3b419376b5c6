"""Questions to a name server in our own words: the system's resolver hides who answered and whether it lied."""

import secrets
import socket
import struct
from dataclasses import dataclass
from ipaddress import ip_address

A, IN = 1, 1
NO_SUCH_NAME = 3
PACKET_BYTES_MAX = 4096
NAMES_FOLLOWED_MAX = 20


@dataclass(frozen=True, slots=True)
class NameAnswer:
    """What a server said: its result code (0 well, 3 no such name) and the addresses."""

    result: int
    addresses: tuple[str, ...]


def question(host: str, number: int) -> bytes:
    """Return the packet that asks for the IPv4 addresses of a name. Raises ValueError for a name that cannot be."""
    labels = host.encode("idna").rstrip(b".").split(b".")
    if not all(0 < len(label) < 64 for label in labels):
        raise ValueError(f"{host!r} is no name")
    name = b"".join(bytes((len(label),)) + label for label in labels) + b"\0"
    return struct.pack(">6H", number, 0x0100, 1, 0, 0, 0) + name + struct.pack(">2H", A, IN)


def answer_of(packet: bytes, number: int) -> NameAnswer | None:
    """Return what a packet answers to question `number`; None when it answers another or is torn."""
    try:
        found, flags, questions, answers, *_ = struct.unpack_from(">6H", packet)
        if found != number or not flags & 0x8000:
            return None
        place = 12
        for _ in range(questions):
            place = _after_name(packet, place) + 4
        addresses = []
        for _ in range(answers):
            place = _after_name(packet, place)
            kind, _, _, length = struct.unpack_from(">2HIH", packet, place)
            place += 10
            if kind == A and length == 4:
                addresses.append(str(ip_address(packet[place : place + 4])))
            place += length
    except (struct.error, IndexError, ValueError):
        return None
    return NameAnswer(flags & 0x0F, tuple(addresses))


def _after_name(packet: bytes, place: int) -> int:
    for _ in range(NAMES_FOLLOWED_MAX * 8):
        length = packet[place]
        if length & 0xC0 == 0xC0:
            return place + 2
        place += 1 + length
        if length == 0:
            return place
    raise ValueError("a name without an end")


def ask(server: tuple[str, int], host: str, within_s: float) -> NameAnswer | None:
    """Ask one server for a name; None when nothing of sense came back in time."""
    number = secrets.randbelow(65_536)
    family = socket.AF_INET6 if ":" in server[0] else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as line:
        line.settimeout(within_s)
        try:
            line.connect(server)
            line.send(question(host, number))
            for _ in range(4):  # a late answer to somebody else's question is no answer
                found = answer_of(line.recv(PACKET_BYTES_MAX), number)
                if found is not None:
                    return found
        except (OSError, UnicodeError, ValueError):
            return None
    return None


def servers_of(resolver: str) -> list[tuple[str, int]]:
    """Return the name servers in the text of a resolv.conf."""
    found = []
    for line in resolver.splitlines():
        words = line.split("#")[0].split()
        if len(words) >= 2 and words[0] == "nameserver":
            found.append((words[1].split("%")[0], 53))
    return found


def impossible_name() -> str:
    """Return a name that nobody can have (RFC 6761, `.invalid`), a new one each time."""
    return f"storebox-{secrets.token_hex(6)}.invalid"
