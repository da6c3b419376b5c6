"""Commands about characters, lines, paper movement, cutter and drawer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from drivers.emulators.machine import DEFAULT_SPACING_DOTS, CutterStuck, Machine
from drivers.emulators.paper import CELL_DOTS, Align, Cut, Pulse

Handler = Callable[[Machine, bytes], None]

CUTTER_DISTANCE_DOTS = 96
"""How far `GS V` functions B to D feed by themselves: from the head to the cutter."""

_ALIGNMENTS: dict[int, Align] = {0: "left", 1: "center", 2: "right"}


def digit(code: int) -> int:
    """Parameters that may be sent as a number or as its ASCII digit."""
    return code - 48 if code >= 48 else code


def initialize(machine: Machine, _: bytes) -> None:
    """ESC @."""
    machine.reset()


def line_feed(machine: Machine, _: bytes) -> None:
    """LF."""
    machine.end_line()


def ignore(_: Machine, __: bytes) -> None:
    """Known and without effect on the paper of this printer (NUL, CR, DLE…, fine positioning)."""


def tab(machine: Machine, _: bytes) -> None:
    """HT: to the next tab stop; none left means no movement."""
    here = machine.line.used_dots
    for stop in machine.tab_stops:
        if stop * CELL_DOTS > here:
            machine.line.skip_to(stop * CELL_DOTS, machine.ascii_style)
            return


def set_tabs(machine: Machine, command: bytes) -> None:
    """ESC D n1…nk NUL."""
    machine.tab_stops = tuple(command[2:-1])


def print_mode(machine: Machine, command: bytes) -> None:
    """ESC ! n: font, weight, size, underline of single-byte characters only."""
    n = command[2]
    machine.ascii_style = replace(
        machine.ascii_style,
        small=bool(n & 0x01),
        bold=bool(n & 0x08),
        tall=2 if n & 0x10 else 1,
        wide=2 if n & 0x20 else 1,
        underline=1 if n & 0x80 else 0,
    )
    machine.kanji_style = replace(machine.kanji_style, bold=bool(n & 0x08))


def kanji_print_mode(machine: Machine, command: bytes) -> None:
    """FS ! n: size and underline of Chinese characters only."""
    n = command[2]
    machine.kanji_style = replace(
        machine.kanji_style,
        wide=2 if n & 0x04 else 1,
        tall=2 if n & 0x08 else 1,
        underline=1 if n & 0x80 else 0,
    )


def kanji_double(machine: Machine, command: bytes) -> None:
    """FS W n: Chinese characters twice as wide and tall."""
    size = 2 if command[2] & 1 else 1
    machine.kanji_style = replace(machine.kanji_style, wide=size, tall=size)


def character_size(machine: Machine, command: bytes) -> None:
    """GS ! n: size of all characters, 1 to 8 times each way."""
    wide, tall = (command[2] >> 4 & 7) + 1, (command[2] & 7) + 1
    machine.restyle(lambda style: replace(style, wide=wide, tall=tall))


def emphasize(machine: Machine, command: bytes) -> None:
    """ESC E n and ESC G n."""
    bold = bool(command[2] & 1)
    machine.restyle(lambda style: replace(style, bold=bold))


def underline(machine: Machine, command: bytes) -> None:
    """ESC - n: single-byte characters."""
    machine.ascii_style = replace(machine.ascii_style, underline=digit(command[2]) & 3)


def kanji_underline(machine: Machine, command: bytes) -> None:
    """FS - n."""
    machine.kanji_style = replace(machine.kanji_style, underline=digit(command[2]) & 3)


def invert(machine: Machine, command: bytes) -> None:
    """GS B n: white on black."""
    inverse = bool(command[2] & 1)
    machine.restyle(lambda style: replace(style, inverse=inverse))


def font(machine: Machine, command: bytes) -> None:
    """ESC M n: font A (12x24) or B (9x17) of single-byte characters."""
    machine.ascii_style = replace(machine.ascii_style, small=digit(command[2]) == 1)


def align(machine: Machine, command: bytes) -> None:
    """ESC a n: only at the beginning of a line."""
    wanted = _ALIGNMENTS.get(digit(command[2]))
    if wanted is None:
        machine.note(f"ESC a {command[2]}: no such alignment")
    elif machine.pending:
        machine.note("ESC a in the middle of a line: ignored")
    else:
        machine.line.align = wanted


def code_page(machine: Machine, command: bytes) -> None:
    """ESC t n."""
    machine.code_page = command[2]


def kanji_on(machine: Machine, _: bytes) -> None:
    """FS &."""
    machine.kanji = True


def kanji_off(machine: Machine, _: bytes) -> None:
    """FS . (full stop)."""
    machine.kanji = False


def default_spacing(machine: Machine, _: bytes) -> None:
    """ESC 2."""
    machine.spacing_dots = DEFAULT_SPACING_DOTS


def spacing(machine: Machine, command: bytes) -> None:
    """ESC 3 n, in dots."""
    machine.spacing_dots = command[2]


def feed_lines(machine: Machine, command: bytes) -> None:
    """ESC d n: print the buffer and feed n lines."""
    lines = command[2]
    if machine.pending:
        machine.end_line()
        lines -= 1
    for _ in range(lines):
        machine.end_line()


def feed_dots(machine: Machine, command: bytes) -> None:
    """ESC J n: print the buffer and feed n dots in all."""
    if machine.pending:
        usual, machine.spacing_dots = machine.spacing_dots, command[2]
        machine.end_line()
        machine.spacing_dots = usual
    else:
        machine.feed(command[2])


def cut(machine: Machine, command: bytes) -> None:
    """GS V m [n], ESC i, ESC m. Needs an empty print buffer; a blocked cutter stops the printer."""
    machine.at_line_start("cut")
    if machine.health.cutter_blocked:
        machine.health.cutter_error = True
        raise CutterStuck
    by_head = len(command) == 4
    partial = command[:1] == b"\x1b" or command[2] in (1, 49, 66, 98, 104)
    feed = CUTTER_DISTANCE_DOTS + command[3] if by_head else 0
    machine.emit(Cut(partial, feed))
    machine.cut_done()


def pulse(machine: Machine, command: bytes) -> None:
    """ESC p m t1 t2: pin 2 or 5, times in units of 2 ms."""
    kick(machine, digit(command[2]), command[3] * 2, command[4] * 2, real_time=False)


def kick(machine: Machine, connector: int, on_ms: int, off_ms: int, *, real_time: bool) -> None:
    """Drive the drawer; one with a switch is open from now on."""
    if connector not in (0, 1):
        machine.note(f"drawer connector {connector}: there are 0 and 1")
        return
    machine.emit(Pulse(2 if connector == 0 else 5, on_ms, off_ms, real_time))
    if machine.health.drawer_open is not None:
        machine.health.drawer_open = True


def margin(machine: Machine, command: bytes) -> None:
    """GS L nL nH: left margin in dots."""
    left = command[2] | command[3] << 8
    if machine.pending or left >= machine.profile.width_dots:
        machine.note(f"GS L {left}: ignored")
        return
    machine.line.left_dots = left
    machine.line.width_dots = min(machine.line.width_dots, machine.profile.width_dots - left)


def area_width(machine: Machine, command: bytes) -> None:
    """GS W nL nH: width of the printing area in dots."""
    width = command[2] | command[3] << 8
    if machine.pending or width == 0:
        machine.note(f"GS W {width}: ignored")
        return
    machine.line.width_dots = min(width, machine.profile.width_dots - machine.line.left_dots)


def absolute_position(machine: Machine, command: bytes) -> None:
    """ESC $ nL nH, in dots from the left margin; moving back lets what follows strike over what is there."""
    dots = command[2] | command[3] << 8
    if not machine.line.skip_to(dots, machine.ascii_style):
        machine.note(f"ESC $ {dots}: ignored")


def relative_position(machine: Machine, command: bytes) -> None:
    """ESC \\ nL nH, in dots from here, signed."""
    dots = int.from_bytes(command[2:4], "little", signed=True)
    if not machine.line.skip_to(machine.line.used_dots + dots, machine.ascii_style):
        machine.note(f"ESC \\ {dots}: ignored")


def unsupported(machine: Machine, command: bytes) -> None:
    """Framed by the reference, absent in this printer (page mode, downloaded characters, macros)."""
    machine.unsupported(command[:3].hex(" "))


COMMANDS: dict[bytes, Handler] = {
    b"\x00": ignore,
    b"\x09": tab,
    b"\x0a": line_feed,
    b"\x0c": line_feed,
    b"\x0d": ignore,
    b"\x18": ignore,
    b"\x10\x04": ignore,
    b"\x10\x05": ignore,
    b"\x10\x14": ignore,
    b"\x1b@": initialize,
    b"\x1b!": print_mode,
    b"\x1b$": absolute_position,
    b"\x1b\\": relative_position,
    b"\x1b-": underline,
    b"\x1b2": default_spacing,
    b"\x1b3": spacing,
    b"\x1bD": set_tabs,
    b"\x1bE": emphasize,
    b"\x1bG": emphasize,
    b"\x1bJ": feed_dots,
    b"\x1bM": font,
    b"\x1ba": align,
    b"\x1bd": feed_lines,
    b"\x1bi": cut,
    b"\x1bm": cut,
    b"\x1bp": pulse,
    b"\x1bt": code_page,
    b"\x1c!": kanji_print_mode,
    b"\x1c&": kanji_on,
    b"\x1c-": kanji_underline,
    b"\x1c.": kanji_off,
    b"\x1cW": kanji_double,
    b"\x1d!": character_size,
    b"\x1dB": invert,
    b"\x1dL": margin,
    b"\x1dV": cut,
    b"\x1dW": area_width,
}

for _prefix in (
    b"\x1b ",
    b"\x1bR",
    b"\x1bc",
    b"\x1b=",
    b"\x1b?",
    b"\x1b{",
    b"\x1bV",
    b"\x1br",
    b"\x1b%",
    b"\x1bU",
    b"\x1cS",
    b"\x1cC",
    b"\x1c(A",
    b"\x1dP",
    b"\x1dT",
    b"\x1db",
    b"\x1df",
    b"\x1bS",
    b"\x1bT",
):
    COMMANDS[_prefix] = ignore
