"""Two-dimensional and bar codes that the printer draws itself: `GS ( k`, `GS k`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, cast

from drivers.emulators.machine import Machine
from drivers.emulators.paper import Barcode, Qr
from drivers.emulators.text_commands import Handler, digit

_LEVELS = {48: "L", 49: "M", 50: "Q", 51: "H"}
_ALPHANUMERIC = frozenset(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:")
_SYMBOLOGIES = ("upca", "upce", "ean13", "ean8", "code39", "itf", "codabar", "code93", "code128")
_HRI = ("none", "above", "below", "both")
MAX_QR_BYTES = 7089


def _content_bits(payload: bytes) -> tuple[int, tuple[int, int, int]]:
    """Bits of the content in its densest mode; bits of its length in versions 1-9, 10-26, 27-40."""
    length = len(payload)
    if payload.isdigit():
        return 10 * (length // 3) + (0, 4, 7)[length % 3], (10, 12, 14)
    if all(code in _ALPHANUMERIC for code in payload):
        return 11 * (length // 2) + 6 * (length % 2), (9, 11, 13)
    return 8 * length, (8, 16, 16)


@lru_cache(maxsize=256)
def _modules(content_bits: int, length_bits: tuple[int, int, int], level: str) -> int | None:
    from segno import consts

    error: int = getattr(consts, f"ERROR_LEVEL_{level}")
    capacity_bits: Mapping[int, Mapping[int, int]] = cast(Any, consts).SYMBOL_CAPACITY
    for version in range(1, 41):
        header = 4 + length_bits[(version > 9) + (version > 26)]
        if capacity_bits[version][error] >= header + content_bits:
            return 17 + 4 * version
    return None


def qr_modules(payload: bytes, level: str) -> int | None:
    """Modules across of the smallest QR code (model 2) that holds it at this level, or None."""
    return _modules(*_content_bits(payload), level)


def symbol(machine: Machine, command: bytes) -> None:
    """GS ( k pL pH cn fn …: QR code functions 65, 67, 69, 80, 81."""
    body = command[5:]
    if len(body) < 2 or body[0] != 49:
        machine.unsupported(f"GS ( k {body[:2].hex(' ')}")
        return
    function, values = body[1], body[2:]
    store = machine.symbol
    if function == 65 and len(values) == 2:
        if values[0] not in (49, 50):
            machine.unsupported(f"QR model {values[0]}")
    elif function == 67 and len(values) == 1 and 1 <= values[0] <= 16:
        store.module_dots = values[0]
    elif function == 69 and len(values) == 1 and values[0] in _LEVELS:
        store.level = _LEVELS[values[0]]
    elif function == 80 and 2 <= len(values) <= 1 + MAX_QR_BYTES and values[0] == 48:
        store.payload = values[1:]
    elif function == 81 and values == b"0":
        _print_qr(machine)
    else:
        machine.unsupported(f"GS ( k 31 {function:02x} {values[:4].hex(' ')}")


def _print_qr(machine: Machine) -> None:
    store = machine.symbol
    if not store.payload:
        machine.note("QR print without stored data: nothing printed")
        return
    machine.at_line_start("QR code")
    modules = qr_modules(store.payload, store.level)
    if modules is None:
        machine.note(f"QR data of {len(store.payload)} bytes doesn't fit a symbol: nothing printed")
        return
    width = modules * store.module_dots
    if width > machine.line.width_dots:
        machine.note(f"QR code of {width} dots is wider than the paper: nothing printed")
        return
    left = machine.line.left_of(width)
    machine.emit(Qr(store.payload, store.level, store.module_dots, modules, left))


def barcode(machine: Machine, command: bytes) -> None:
    """GS k m d… NUL and GS k m n d…."""
    kind = command[2]
    old_form = kind <= 6
    index = kind if old_form else kind - 65
    payload = command[3:-1] if old_form else command[4:]
    if index >= len(_SYMBOLOGIES):
        machine.unsupported(f"GS k {kind}")
        return
    machine.at_line_start("bar code")
    settings = machine.barcode
    machine.emit(
        Barcode(
            payload,
            _SYMBOLOGIES[index],
            settings.height_dots,
            settings.module_dots,
            settings.hri,
            machine.line.align,
        )
    )


def barcode_height(machine: Machine, command: bytes) -> None:
    """GS h n, in dots."""
    machine.barcode.height_dots = max(1, command[2])


def barcode_width(machine: Machine, command: bytes) -> None:
    """GS w n: dots of the narrowest bar."""
    if 1 <= command[2] <= 6:
        machine.barcode.module_dots = command[2]


def barcode_text(machine: Machine, command: bytes) -> None:
    """GS H n: where the readable text stands."""
    if digit(command[2]) < len(_HRI):
        machine.barcode.hri = _HRI[digit(command[2])]


COMMANDS: dict[bytes, Handler] = {
    b"\x1d(k": symbol,
    b"\x1dk": barcode,
    b"\x1dh": barcode_height,
    b"\x1dw": barcode_width,
    b"\x1dH": barcode_text,
}
