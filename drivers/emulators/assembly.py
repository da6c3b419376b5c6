"""Puts a printer together as asked for on the command line: profile, endpoint, log, pictures."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import cast, get_args

from drivers.emulators.endpoints import Endpoint, PtyEndpoint, TcpEndpoint
from drivers.emulators.paper import Mark, OnMark
from drivers.emulators.papertape import PaperTape
from drivers.emulators.printer import EmulatedPrinter
from drivers.emulators.printer_station import PrinterStation
from drivers.emulators.profiles import Flow, profile_for, with_buffer


def fan_out(listeners: list[OnMark]) -> OnMark:
    """One listener that tells several."""

    def tell(mark: Mark) -> None:
        for listener in listeners:
            listener(mark)

    return tell


def _endpoint(pty: Path | None, tcp: int | None) -> Endpoint:
    if pty is not None:
        return PtyEndpoint(pty)
    return TcpEndpoint(tcp or 0)


@contextmanager
def assemble_printer(
    pty: Path | None,
    tcp: int | None,
    profile: str,
    width_mm: int,
    flow: str | None = None,
    buffer_bytes: int = 4096,
    *,
    drawer_open_is_high: bool = False,
    baud: int | None = None,
    line_ms: float = 0,
    paper_log: Path | None = None,
    png: Path | None = None,
) -> Iterator[PrinterStation]:
    """A printer ready to be opened and run; log and pictures are complete on leaving.

    An unknown profile, width, flow or buffer is a LookupError whose text names the known ones.
    """
    if flow is not None and flow not in get_args(Flow):
        raise LookupError(f"no flow {flow!r}; there are {', '.join(get_args(Flow))}")
    chosen = with_buffer(profile_for(profile, width_mm, cast("Flow | None", flow)), buffer_bytes)
    chosen = replace(chosen, drawer_open_is_high=drawer_open_is_high)
    with ExitStack() as stack:
        listeners: list[OnMark] = []
        if paper_log is not None:
            listeners.append(stack.enter_context(PaperTape(paper_log)))
        if png is not None:
            from drivers.emulators.slips import SlipPictures

            listeners.append(stack.enter_context(SlipPictures(png, chosen.width_dots)))
        printer = EmulatedPrinter(chosen, line_ms=line_ms, on_mark=fan_out(listeners), keep_marks=False)
        yield PrinterStation(printer, _endpoint(pty, tcp), baud=baud)
