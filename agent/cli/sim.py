"""`storebox sim …`: printer, scanner, display and scale without the device; payment platforms on loopback."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from drivers.emulators.station import Station

sim_app = typer.Typer(no_args_is_help=True, help="Emulated devices, with faults on command.")

USAGE = 2
REFUSED = 1


def _usage(text: str) -> typer.Exit:
    typer.echo(text, err=True)
    return typer.Exit(USAGE)


def _serve(station: Station, control: Path | None) -> None:
    """Run a device until SIGINT or SIGTERM; says its name on standard output when reachable."""
    from drivers.emulators.control import ControlSocket, InputSource

    try:
        if control is not None:
            station.sources.append(ControlSocket(control, station.obey))
        station.open()
    except OSError as error:
        typer.echo(f"{error.strerror or error}: {error.filename or station.endpoint.name}", err=True)
        raise typer.Exit(REFUSED) from error
    station.sources.append(InputSource(0, station.obey, lambda line: typer.echo(line, err=True)))
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: station.stop())
    sys.stdout.write(station.endpoint.name + "\n")
    sys.stdout.flush()
    station.run()


@sim_app.command()
def printer(
    pty: Annotated[Path | None, typer.Option(help="Link to the pseudo-terminal to make.")] = None,
    tcp: Annotated[int | None, typer.Option(help="Port on 127.0.0.1; 0 takes a free one.")] = None,
    profile: Annotated[str, typer.Option(help="epson, clone or write-only.")] = "epson",
    width: Annotated[int, typer.Option(help="Paper in millimetres: 58 or 80.")] = 80,
    flow: Annotated[str | None, typer.Option(help="At a full buffer: hold, xonxoff, drop.")] = None,
    buffer: Annotated[int, typer.Option(help="Receive buffer by its switch: 4096 or 45 bytes.")] = 4096,
    baud: Annotated[int | None, typer.Option(min=50, help="Take bytes at this speed.")] = None,
    line_ms: Annotated[float, typer.Option(min=0, help="Time to print one line.")] = 0,
    drawer_open_high: Annotated[
        bool, typer.Option("--drawer-open-high", help="Its drawer's switch lets pin 3 go high when open.")
    ] = False,
    paper_log: Annotated[Path | None, typer.Option(help="Append what is printed, as JSON.")] = None,
    png: Annotated[Path | None, typer.Option(help="Folder for a picture of each slip.")] = None,
    control: Annotated[Path | None, typer.Option(help="Unix socket that takes the words.")] = None,
) -> None:
    """An ESC/POS printer. Words on standard input, one a line:

    paper out|low|ok, cover open|closed, unplug, plug, power off|on, jam [off], silence [off],
    garbage [off], late MS, xoff [off], drawer open|closed|none, clear, state;
    `unplug at 300`: after 300 more bytes.
    """
    from drivers.emulators.assembly import assemble_printer
    from drivers.emulators.errors import EmulatorError

    if (pty is None) == (tcp is None):
        raise _usage("give one of --pty LINK and --tcp PORT")
    try:
        with assemble_printer(
            pty,
            tcp,
            profile,
            width,
            flow,
            buffer,
            drawer_open_is_high=drawer_open_high,
            baud=baud,
            line_ms=line_ms,
            paper_log=paper_log,
            png=png,
        ) as station:
            _serve(station, control)
    except LookupError as error:
        raise _usage(str(error.args[0])) from error
    except EmulatorError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(REFUSED) from error


@sim_app.command()
def scanner(
    pty: Annotated[Path | None, typer.Option(help="Link to the pseudo-terminal to make.")] = None,
    keys: Annotated[Path | None, typer.Option(help="Named pipe of key presses to make, for events:PATH.")] = None,
    suffix: Annotated[str, typer.Option(help="CR, LF, CRLF, TAB or NONE.")] = "CR",
    prefix: Annotated[str, typer.Option(help="Text before each scan, such as an AIM id ]Q1.")] = "",
    encoding: Annotated[str, typer.Option(help="utf-8 or gb18030.")] = "utf-8",
    control: Annotated[Path | None, typer.Option(help="Unix socket that takes the lines.")] = None,
) -> None:
    """A code scanner. Each line of standard input is one scan.

    Words start with `!`: `!unplug`, `!plug`; `!!text` scans `!text`. A scanner in keyboard mode (--keys) also knows
    `!dropped`: the kernel loses presses of the scan that follows.
    """
    from drivers.emulators.endpoints import PtyEndpoint
    from drivers.emulators.keyboard import KeyboardStation, PipeEndpoint
    from drivers.emulators.scanner import ENCODINGS, SUFFIXES, ScannerStation

    if encoding not in ENCODINGS:
        raise _usage(f"no encoding {encoding!r}; there are {', '.join(ENCODINGS)}")
    if suffix not in SUFFIXES:
        raise _usage(f"no suffix {suffix!r}; there are {', '.join(SUFFIXES)}")
    if keys is not None and pty is None:
        _serve(KeyboardStation(PipeEndpoint(keys), SUFFIXES[suffix]), control)
    elif pty is not None and keys is None:
        _serve(ScannerStation(PtyEndpoint(pty), SUFFIXES[suffix], prefix.encode(encoding), encoding), control)
    else:
        raise _usage("give one of --pty LINK and --keys PIPE")


@sim_app.command()
def display(
    pty: Annotated[Path, typer.Option(help="Link to the pseudo-terminal to make.")],
    control: Annotated[Path | None, typer.Option(help="Unix socket that takes the words.")] = None,
) -> None:
    """A customer display of two rows of 20; says on standard output what it shows.

    Words on standard input, one a line: unplug, plug, power off|on, state.
    """
    from drivers.emulators.display import DisplayStation
    from drivers.emulators.endpoints import PtyEndpoint

    def told(rows: list[str]) -> None:
        sys.stdout.write(" | ".join(rows) + "\n")
        sys.stdout.flush()

    _serve(DisplayStation(PtyEndpoint(pty), told), control)


@sim_app.command()
def scale(
    pty: Annotated[Path, typer.Option(help="Link to the pseudo-terminal to make.")],
    protocol: Annotated[str, typer.Option(help="continuous or toledo8217.")] = "continuous",
    control: Annotated[Path | None, typer.Option(help="Unix socket that takes the words.")] = None,
) -> None:
    """A counter scale. Words on standard input, one a line:

    a number of grams (0 empties the pan), unstable, stable, tare, clear, overload, negative, silence, garbage, ok,
    unplug, plug, state.
    """
    from drivers.emulators.endpoints import PtyEndpoint
    from drivers.emulators.scale import PROTOCOLS, ScaleStation

    if protocol not in PROTOCOLS:
        raise _usage(f"no protocol {protocol!r}; there are {', '.join(PROTOCOLS)}")
    _serve(ScaleStation(PtyEndpoint(pty), protocol), control)


@sim_app.command()
def platform(
    state: Annotated[Path, typer.Option(file_okay=False, help="Folder of its orders, merchants and customers.")],
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1; 0 takes a free one.")] = 8070,
    seed: Annotated[int, typer.Option(help="Faults by chance and payment codes repeat with it.")] = 1,
    wallet_only: Annotated[bool, typer.Option(help="Only the simulated wallet: no merchants, no keys.")] = False,
    hurry: Annotated[int, typer.Option(min=1, max=1000, help="Customers and refunds are so many times quicker.")] = 1,
    tls: Annotated[bool, typer.Option(help="https; V2's /secapi/ demands the merchant's certificate.")] = False,
) -> None:
    """WeChat Pay (v3 and V2), Alipay and a simulated wallet, on loopback. Says its URL once it answers.

    STATE/merchants/NAME.json holds all that a client needs; customers have payment codes at
    /sim/customers/ID/code?platform=wechat and a phone at /phone. POST a word to /control for a fault.
    """
    from sync.simulator.serve import serve

    def announce(url: str) -> None:
        sys.stdout.write(url + "\n")
        sys.stdout.flush()

    state.mkdir(parents=True, exist_ok=True)
    serve(state, port, announce, seed, wallet_only=wallet_only, hurry=hurry, tls=tls)
