"""Kinds of printers that the emulator can be: what each understands and what it answers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

Flow = Literal["hold", "xonxoff", "drop"]

DOTS_BY_WIDTH_MM = {58: 384, 80: 576}
"""Printable dots at 8 dots a millimetre: 32 and 48 cells of font A."""


BUSY_BY_BUFFER_BYTES = {4096: (128, 256), 45: (16, 26)}
"""The receive buffers that a DIP switch chooses between: free bytes at which BUSY begins and ends."""


@dataclass(frozen=True, slots=True)
class Profile:
    """One kind of printer. Answers left out by a profile are silence, as on the real ones.

    `font` is what `GS I 69` says and which characters exist; `flow` is what happens at a full
    receive buffer: `hold` stops taking bytes (DTR/DSR, USB and TCP), `xonxoff` asks the host to
    stop, `drop` only loses bytes.
    """

    name: str
    width_mm: int = 80
    answers: bool = True
    process_ids: bool = True
    counters: bool = True
    asb: bool = True
    identity: bool = True
    maker: str = "EPSON"
    model: str = "TM-T82III"
    firmware: str = "30.21 ESC/POS"
    serial: str = "EMUL000001"
    font: Literal["GB18030", "GB2312"] = "GB18030"
    flow: Flow = "hold"
    drawer_open_is_high: bool = False
    buffer_bytes: int = 4096
    busy_at_bytes: int = 128
    ready_at_bytes: int = 256

    @property
    def width_dots(self) -> int:
        """Printable dots in a row."""
        return DOTS_BY_WIDTH_MM[self.width_mm]


PROFILES: dict[str, Profile] = {
    profile.name: profile
    for profile in (
        Profile("epson"),
        Profile(
            "clone",
            process_ids=False,
            maker="POS-PRINTER",
            model="POS80",
            firmware="1.05",
            serial="",
            font="GB2312",
        ),
        Profile("write-only", answers=False, font="GB2312"),
    )
}
"""`epson` knows everything, `clone` has no process ids, `write-only` never says a word."""


def profile_for(name: str, width_mm: int = 80, flow: Flow | None = None) -> Profile:
    """The profile of that name on paper of that width; KeyError names the ones there are."""
    if name not in PROFILES:
        raise KeyError(f"no profile {name!r}; there are {', '.join(PROFILES)}")
    if width_mm not in DOTS_BY_WIDTH_MM:
        raise KeyError(f"no paper of {width_mm} mm; there are 58 and 80")
    profile = PROFILES[name]
    return replace(profile, width_mm=width_mm, flow=flow or profile.flow)


def with_buffer(profile: Profile, buffer_bytes: int) -> Profile:
    """The same printer with its switch at that buffer; KeyError names the sizes there are."""
    if buffer_bytes not in BUSY_BY_BUFFER_BYTES:
        raise KeyError(f"no buffer of {buffer_bytes} bytes; there are {', '.join(map(str, BUSY_BY_BUFFER_BYTES))}")
    busy, ready = BUSY_BY_BUFFER_BYTES[buffer_bytes]
    return replace(profile, buffer_bytes=buffer_bytes, busy_at_bytes=busy, ready_at_bytes=ready)
