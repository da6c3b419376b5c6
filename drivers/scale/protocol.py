"""From a counter scale's bytes to readings, and what it has to be asked. Pure.

`continuous`: a line of ASCII several times a second, `ST,GS,+  0.350kg` CR LF. Source: A&D standard format (EK, GC and
EJ manuals: ST stable, US unstable, OL out of range; sign, digits, unit), CAS 22-byte format (NT-200 manual: GS gross or
NT net, then device and lamp), and the same lines of Tiger and Liden indicators. A line that could be read in two ways
(a decimal comma) is no reading.

`toledo8217`: the scale answers `W`. Source: Mettler-Toledo 8217 protocol, as the Viva and Ariva service manuals give it
and Odoo's driver reads it: STX, kilograms, N when a tare is off, CR; or STX `?` status CR, bit 0 in motion, 1 over
capacity, 2 under zero. Its line is 7E1 from the factory, which on an 8N1 line means the parity bit on top of each byte.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

LINE_BYTES_MAX = 64
"""Longer is no line of a scale; what came is dropped and counted."""

WEIGHT_G_MAX = 1_000_000
"""A tonne: a counter's scale that says more is misread."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What the scale said once. `weight_g` is None when it gave none; `stable` is None when it does not tell."""

    weight_g: int | None
    stable: bool | None
    overload: bool = False
    negative: bool = False


Parse = Callable[[bytes], Reading | None]
"""One line without its ends; None for one that is no reading."""


@dataclass(frozen=True, slots=True)
class ScaleProtocol:
    """How one kind of scale is spoken to."""

    parse: Parse
    ends: bytes
    ask: bytes = b""
    """What makes it say its weight; empty: it talks by itself."""


_CONTINUOUS = re.compile(
    rb"(ST|US|OL)\s*,(?:(?:GS|NT|TR|OK|HI|LO|--)\s*,)?"  # A&D's comparator and CAS's gross or net
    rb"(?:[1-~][^0-9],)?"  # CAS: the device's number and its lamp
    rb"\s*([+-]?)\s*(\d{1,8}(?:\.\d{1,4})?)\s*,?\s*(kg|g)\s*",
    re.DOTALL,
)
_TOLEDO_WEIGHT = re.compile(rb"\x02\s*(\d{1,6}(?:\.\d{1,4})?)N?")
_TOLEDO_STATUS = re.compile(rb"\x02\s*\?(.)", re.DOTALL)
_MOVING, _OVER_CAPACITY, _UNDER_ZERO = 1, 2, 4


def grams(digits: bytes, unit: bytes) -> int:
    """A decimal number of kilograms or grams in grams, a half rounded up."""
    whole, _, rest = digits.decode("ascii").partition(".")
    places = 3 if unit == b"kg" else 0
    rest = rest.ljust(places + 1, "0")
    amount = int(whole + rest[:places])
    return amount + (rest[places] >= "5")


def _parse_continuous(line: bytes) -> Reading | None:
    found = _CONTINUOUS.fullmatch(line.strip(b"\x02\x03 \0"))
    if found is None:
        return None
    header, sign, digits, unit = found.groups()
    weight_g = grams(digits, unit)
    if weight_g > WEIGHT_G_MAX and header != b"OL":
        return None
    if sign == b"-":
        weight_g = -weight_g
    if header == b"OL":
        return Reading(None, False, overload=sign != b"-", negative=sign == b"-")
    return Reading(weight_g, header == b"ST", negative=weight_g < 0)


def _parse_toledo(line: bytes) -> Reading | None:
    plain = bytes(value & 0x7F for value in line)
    plain = plain[max(plain.rfind(b"\x02"), 0) :]
    status = _TOLEDO_STATUS.fullmatch(plain)
    if status is not None:
        bits = status.group(1)[0]
        overload, negative = bool(bits & _OVER_CAPACITY), bool(bits & _UNDER_ZERO)
        return Reading(None, False, overload=overload, negative=negative)
    weight = _TOLEDO_WEIGHT.fullmatch(plain)
    if weight is None:
        return None
    weight_g = grams(weight.group(1), b"kg")
    return Reading(weight_g, True) if weight_g <= WEIGHT_G_MAX else None


def _with_even_parity(text: bytes) -> bytes:
    """Seven bits and their parity, as eight bits: what a 7E1 line carries."""
    return bytes(value | (value.bit_count() & 1) << 7 for value in text)


PROTOCOLS: dict[str, ScaleProtocol] = {
    "continuous": ScaleProtocol(_parse_continuous, b"\r\n"),
    "toledo8217": ScaleProtocol(_parse_toledo, b"\r\x8d", ask=_with_even_parity(b"W")),
}
"""By the words of the till's `scale_protocol`."""


class LineReader:
    """Collects a scale's bytes; `garbage` counts what was no reading."""

    def __init__(self, protocol: ScaleProtocol) -> None:
        self._protocol = protocol
        self._line = bytearray()
        self._overlong = False
        self.garbage = 0

    def feed(self, data: bytes) -> list[Reading]:
        """The readings that these bytes complete; never raises."""
        readings = []
        for value in data:
            if value in self._protocol.ends:
                reading = self._end()
                if reading is not None:
                    readings.append(reading)
            elif len(self._line) >= LINE_BYTES_MAX:
                self._overlong = True
            else:
                self._line.append(value)
        return readings

    def _end(self) -> Reading | None:
        line, self._line = bytes(self._line), bytearray()
        overlong, self._overlong = self._overlong, False
        if not line:
            return None
        reading = None if overlong else self._protocol.parse(line)
        self.garbage += reading is None
        return reading
