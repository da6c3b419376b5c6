"""Emulated devices for programs and tests: one call, and one runs on a pty or a port."""

from __future__ import annotations

from pathlib import Path

from drivers.emulators.endpoints import PtyEndpoint, TcpEndpoint
from drivers.emulators.keyboard import KeyboardStation, PipeEndpoint
from drivers.emulators.paper import Line, Mark, OnMark, line_text
from drivers.emulators.printer import EmulatedPrinter
from drivers.emulators.printer_station import PrinterStation, ServedPrinter
from drivers.emulators.profiles import Profile, profile_for
from drivers.emulators.scanner import SUFFIXES, ScannerStation
from drivers.emulators.station import Served


def pty_printer(
    link: Path,
    profile: Profile | None = None,
    *,
    baud: int | None = None,
    line_ms: float = 0,
    on_mark: OnMark | None = None,
) -> ServedPrinter:
    """A printer behind a pseudo-terminal; `link` is a symlink to it while it is plugged in."""
    printer = EmulatedPrinter(profile or profile_for("epson"), line_ms=line_ms, on_mark=on_mark)
    return ServedPrinter(PrinterStation(printer, PtyEndpoint(link), baud=baud))


def tcp_printer(
    port: int = 0,
    profile: Profile | None = None,
    *,
    line_ms: float = 0,
    on_mark: OnMark | None = None,
) -> ServedPrinter:
    """A printer on 127.0.0.1; port 0 takes a free one, see `name`."""
    printer = EmulatedPrinter(profile or profile_for("epson"), line_ms=line_ms, on_mark=on_mark)
    return ServedPrinter(PrinterStation(printer, TcpEndpoint(port)))


def pty_scanner(link: Path, *, suffix: str = "CR", prefix: bytes = b"") -> Served:
    """A scanner behind a pseudo-terminal; `word(text)` scans, `word("!unplug")` pulls the cable."""
    return Served(ScannerStation(PtyEndpoint(link), SUFFIXES[suffix], prefix))


def pipe_keyboard(path: Path, *, suffix: str = "CR") -> Served:
    """A keyboard scanner behind a named pipe, for `events:PATH`; words as `pty_scanner`, and `!dropped`."""
    return Served(KeyboardStation(PipeEndpoint(path), SUFFIXES[suffix]))


def lines_of(marks: list[Mark], job: int | None = None) -> list[str]:
    """The printed lines as text, of one slip or of all."""
    chosen = [mark for mark in marks if job is None or mark.job == job]
    return [line_text(mark.op) for mark in chosen if isinstance(mark.op, Line)]
