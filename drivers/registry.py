"""From a URL in the configuration to an open transport; the only place that knows every kind of line.

Imports of the transports are lazy: a box with network printers only never loads the serial library.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

from drivers.base import DeviceError
from drivers.transport.base import Monotonic, Transport
from drivers.transport.overheard import Overheard
from drivers.transport.recording import Recording
from drivers.transport.usb_find import usb_name

Options = Mapping[str, str]
OpenTransport = Callable[[str, Monotonic], Transport]

_BAUD_RATES = (1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200, 230400, 460800, 921600)


@dataclass(frozen=True, slots=True)
class LineKind:
    """One scheme of an address: how it is opened, its options, and what makes an address of it impossible."""

    open: Callable[[str, Options, Monotonic], Transport]
    options: tuple[str, ...]
    check: Callable[[str, str, Options], None]


def open_transport(url: str, monotonic: Monotonic) -> Transport:
    """Open the line that an address names:

    `serial:/path?baud=115200[&rtscts=1][&xonxoff=1]`, `tcp:host:port`, `file:/dev/usb/lp0`,
    `usb:04b8:0e15[?serial=…][&port=1-1.2]`, `hid:/dev/input/by-id/…` (a keyboard, grabbed), `hid:/dev/hidraw0`
    (HID-POS), `events:/pipe` (an emulated keyboard), `replay:/file[?session=1][&pace=0]`. `record=/file` on any of
    them writes down what passes (drivers/transport/recording.py).

    Raises DeviceError: `device.url_scheme`, `device.url_option`, `device.url_value` for an address that can
    never work (the detail names the nearest right word), `device.record_failed`, and what the transport raises when
    it is not there.
    """
    check_url(url)
    scheme, address, options = _split(url)
    line = _KINDS[scheme].open(address, options, monotonic)
    if "record" not in options:
        return line
    try:
        return Overheard(line, Recording(options["record"], line.describe(), monotonic, bytes_per_s=line.bytes_per_s))
    except DeviceError:
        line.close()
        raise


def check_url(url: str) -> None:
    """Raise DeviceError when the address could never be opened; touches no device."""
    scheme, address, options = _split(url)
    kind = _KINDS.get(scheme)
    if kind is None:
        raise DeviceError(
            "device.url_scheme", f"{url!r}: no kind of line is called {scheme!r}{_nearest(scheme, tuple(_KINDS))}"
        )
    if not address:
        raise DeviceError("device.url_value", f"{url!r}: the address is empty")
    if "\0" in url:
        raise DeviceError("device.url_value", f"{url!r}: no address has a NUL in it")
    known = (*kind.options, "record")
    for key in options:
        if key not in known:
            hint = _nearest(key, known)
            raise DeviceError("device.url_option", f"{url!r}: {scheme} has no option {key!r}{hint}")
    if "record" in options and not options["record"].startswith("/"):
        raise DeviceError("device.url_value", f"{url!r}: record expects the absolute path of a file")
    kind.check(url, address, options)


def _split(url: str) -> tuple[str, str, dict[str, str]]:
    scheme, _, rest = url.partition(":")
    address, _, query = rest.partition("?")
    return scheme, address, dict(parse_qsl(query, keep_blank_values=True))


def _nearest(word: str, known: tuple[str, ...]) -> str:
    close = difflib.get_close_matches(word, known, n=1, cutoff=0.5)
    return f"; did you mean {close[0]!r}?" if close else f"; known: {', '.join(known)}"


def _open_serial(path: str, options: Options, monotonic: Monotonic) -> Transport:
    from drivers.transport.serial import open_serial

    return open_serial(
        path,
        monotonic,
        baud=int(options.get("baud", "9600")),
        rtscts=options.get("rtscts") == "1",
        xonxoff=options.get("xonxoff") == "1",
    )


def _open_tcp(address: str, options: Options, monotonic: Monotonic) -> Transport:
    from drivers.transport.tcp import open_tcp

    host, _, port = address.rpartition(":")
    return open_tcp(host.strip("[]"), int(port), monotonic)


def _open_file(path: str, options: Options, monotonic: Monotonic) -> Transport:
    from drivers.transport.file import open_file

    return open_file(path, monotonic)


def _open_usb(address: str, options: Options, monotonic: Monotonic) -> Transport:
    from drivers.transport.usb import open_usb

    return open_usb(usb_name(address, options), monotonic)


def _open_hid(path: str, options: Options, monotonic: Monotonic) -> Transport:
    if path.startswith((_HIDRAW, _HIDRAW_BY_RULE)):
        from drivers.transport.hidraw import open_hidraw

        return open_hidraw(path, monotonic)
    from drivers.transport.evdev import open_keyboard

    return open_keyboard(path, monotonic)


def _open_events(path: str, options: Options, monotonic: Monotonic) -> Transport:
    from drivers.transport.evdev import open_events

    return open_events(path, monotonic)


def _open_replay(path: str, options: Options, monotonic: Monotonic) -> Transport:
    from drivers.transport.replay import open_replay

    return open_replay(
        path, monotonic, session=int(options.get("session", "1")), at_recorded_pace=options.get("pace", "1") == "1"
    )


def _check_serial(url: str, path: str, options: Options) -> None:
    _check_path(url, path, options)
    baud = options.get("baud", "9600")
    if not (baud.isascii() and baud.isdigit() and int(baud) in _BAUD_RATES):
        known = ", ".join(map(str, _BAUD_RATES))
        raise DeviceError("device.url_value", f"{url!r}: baud {baud!r} is none of {known}")
    _check_switches(url, options, "rtscts", "xonxoff")


def _check_tcp(url: str, address: str, options: Options) -> None:
    host, _, port = address.rpartition(":")
    if not host.strip("[]") or not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise DeviceError("device.url_value", f"{url!r}: expected tcp:host:port")
    try:
        host.encode("idna")  # as the system's resolver is asked
    except UnicodeError as error:
        hint = "between two points of its host stand 1 to 63 characters"
        raise DeviceError("device.url_value", f"{url!r}: {hint}") from error


def _check_path(url: str, path: str, options: Options) -> None:
    if not path.startswith("/"):
        raise DeviceError("device.url_value", f"{url!r}: expected an absolute path")


def _check_usb(url: str, address: str, options: Options) -> None:
    try:
        usb_name(address, options)
    except ValueError as error:
        raise DeviceError("device.url_value", f"{url!r}: {error}") from error


def _check_hid(url: str, path: str, options: Options) -> None:
    """Only input devices: a grab of anything else takes something away from the machine."""
    number = path.removeprefix(_HIDRAW)
    below = next((start for start in (_INPUT, _HIDRAW_BY_RULE) if path.startswith(start)), path)
    named = len(path) > len(below) and ".." not in path.split("/")
    if not named and not (path.startswith(_HIDRAW) and number.isascii() and number.isdigit()):
        raise DeviceError(
            "device.url_value", f"{url!r}: expected a path below {_INPUT}, {_HIDRAW}N or {_HIDRAW_BY_RULE}…"
        )


def _check_replay(url: str, path: str, options: Options) -> None:
    _check_path(url, path, options)
    session = options.get("session", "1")
    if not (session.isascii() and session.isdigit() and 0 < int(session) < 1_000_000):
        raise DeviceError("device.url_value", f"{url!r}: session counts the openings in the file, from 1")
    _check_switches(url, options, "pace")


def _check_switches(url: str, options: Options, *keys: str) -> None:
    for key in keys:
        if options.get(key, "0") not in ("0", "1"):
            raise DeviceError("device.url_value", f"{url!r}: {key} is 0 or 1")


_INPUT = "/dev/input/"
_HIDRAW = "/dev/hidraw"
_HIDRAW_BY_RULE = "/dev/storebox/hidraw-"
"""Links that config/udev makes, by port."""

_KINDS: dict[str, LineKind] = {
    "serial": LineKind(_open_serial, ("baud", "rtscts", "xonxoff"), _check_serial),
    "tcp": LineKind(_open_tcp, (), _check_tcp),
    "file": LineKind(_open_file, (), _check_path),
    "usb": LineKind(_open_usb, ("serial", "port"), _check_usb),
    "hid": LineKind(_open_hid, (), _check_hid),
    "events": LineKind(_open_events, (), _check_path),
    "replay": LineKind(_open_replay, ("session", "pace"), _check_replay),
}
