"""Buffered commands that the printer answers: process ids, fences, status, identity, counters.

They are executed in their turn; nothing of this is executed while the printer is offline.
"""

from __future__ import annotations

from drivers.emulators.health import automatic_status, drawer_status, paper_sensor_status
from drivers.emulators.machine import MAX_WAITING_IDS, Machine
from drivers.emulators.text_commands import Handler, digit

_BLOCK_HEADER = b"\x5f"


def _block(text: str) -> bytes:
    """`5F … 00`: the answers of `GS I` 65 up and `GS g 2`."""
    return _BLOCK_HEADER + text.encode("ascii") + b"\x00"


def process_id(machine: Machine, command: bytes) -> None:
    """GS ( H pL pH fn m d1…d4: answered when what stands before it is printed (fn 48)."""
    body = command[5:]
    if not machine.profile.process_ids:
        machine.unsupported("GS ( H")
        return
    if body[:2] != b"00" or len(body) != 6 or not all(0x20 <= code <= 0x7E for code in body[2:]):
        machine.unsupported(f"GS ( H {body[:6].hex(' ')}")
        return
    answer = b"\x37\x22" + body[2:] + b"\x00"
    if not machine.pending:
        machine.reply(answer)
    elif len(machine.waiting_ids) < MAX_WAITING_IDS:
        machine.waiting_ids.append(answer)


def transmit_sensor(machine: Machine, command: bytes) -> None:
    """GS r n, ESC u n and ESC v: paper (1) or drawer (2), in order with the printing."""
    which = 1 if command[1:2] == b"v" else 2 if command[1:2] == b"u" else digit(command[2])
    if which == 1:
        machine.reply(bytes((paper_sensor_status(machine.health),)))
    elif which == 2:
        machine.reply(bytes((drawer_status(machine.health),)))
    else:
        machine.note(f"GS r {command[2]}: no such status")


def enable_asb(machine: Machine, command: bytes) -> None:
    """GS a n: answers at once when anything is enabled, then on every change."""
    if not machine.profile.asb:
        machine.unsupported("GS a")
        return
    machine.asb_mask = command[2]
    if machine.asb_mask:
        machine.reply(automatic_status(machine.health))


def identity(machine: Machine, command: bytes) -> None:
    """GS I n: model, type and version bytes; firmware, maker, model, serial number, font."""
    profile = machine.profile
    n = digit(command[2]) if 49 <= command[2] <= 51 else command[2]
    single = {1: 0x20, 2: 0x03, 3: 0x0A}
    text = {
        65: profile.firmware,
        66: profile.maker,
        67: profile.model,
        68: profile.serial,
        69: f"CHINA {profile.font}",
    }
    if not profile.identity or (n not in single and n not in text):
        machine.unsupported(f"GS I {command[2]}")
    elif n in single:
        machine.reply(bytes((single[n],)))
    else:
        machine.reply(_block(text[n]))


def counter(machine: Machine, command: bytes) -> None:
    """GS g 0 m nL nH (reset) and GS g 2 m nL nH (ask): 20, 21, 50 and lifetime 148, 149, 178."""
    number = command[4] | command[5] << 8
    counters = machine.counters
    known = counters.since_reset | counters.lifetime
    if not machine.profile.counters or number not in known:
        machine.unsupported(f"GS g {command[2] - 48} {number}")
    elif command[2] == ord("2"):
        machine.reply(_block(str(known[number])))
    elif number in counters.since_reset:
        counters.since_reset[number] = 0


COMMANDS: dict[bytes, Handler] = {
    b"\x1d(H": process_id,
    b"\x1dr": transmit_sensor,
    b"\x1bu": transmit_sensor,
    b"\x1bv": transmit_sensor,
    b"\x1da": enable_asb,
    b"\x1dI": identity,
    b"\x1dg": counter,
}
