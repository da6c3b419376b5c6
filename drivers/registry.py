"""From a URL in the configuration to an open transport; the only place that knows every kind of line.

Imports of the transports are lazy: a box with network printers only never loads the serial library.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from urllib.parse import parse_qsl

from drivers.base import DeviceError
from drivers.transport.base import Monotonic, Transport

Opener = Callable[[str, Mapping[str, str], Monotonic], Transport]
OpenTransport = Callable[[str, Monotonic], Transport]

_BAUD_RATES = (1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200, 230400, 460800, 921600)


def open_transport(url: str, monotonic: Monotonic) -> Transport:
    """Open `serial:/path?baud=115200[&rtscts=1][&xonxoff=1]`, `tcp:host:port` or `file:/dev/usb/lp0`.

    Raises DeviceError: `device.url_scheme`, `device.url_option`, `device.url_value` for an address that can
    never work (the detail names the nearest right word), and what the transport raises when it is not there.
    """
    check_url(url)
    scheme, address, options = _split(url)
    return _OPENERS[scheme](address, options, monotonic)


def check_url(url: str) -> None:
    """Raise DeviceError when the address could never be opened; touches no device."""
    scheme, address, options = _split(url)
    if scheme not in _OPENERS:
        raise DeviceError(
            "device.url_scheme", f"{url!r}: no kind of line is called {scheme!r}{_nearest(scheme, _OPENERS)}"
        )
    if not address:
        raise DeviceError("device.url_value", f"{url!r}: the address is empty")
    for key in options:
        if key not in _OPTIONS[scheme]:
            known = _nearest(key, _OPTIONS[scheme])
            raise DeviceError("device.url_option", f"{url!r}: {scheme} has no option {key!r}{known}")
    _CHECKS[scheme](url, address, options)


def _split(url: str) -> tuple[str, str, dict[str, str]]:
    scheme, _, rest = url.partition(":")
    address, _, query = rest.partition("?")
    return scheme, address, dict(parse_qsl(query, keep_blank_values=True))


def _nearest(word: str, known: Mapping[str, object] | tuple[str, ...]) -> str:
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.5)
    if close:
        return f"; did you mean {close[0]!r}?"
    return f"; known: {', '.join(known)}" if known else "; it has none"


def _open_serial(path: str, options: Mapping[str, str], monotonic: Monotonic) -> Transport:
    from drivers.transport.serial import open_serial

    return open_serial(
        path,
        monotonic,
        baud=int(options.get("baud", "9600")),
        rtscts=options.get("rtscts") == "1",
        xonxoff=options.get("xonxoff") == "1",
    )


def _open_tcp(address: str, options: Mapping[str, str], monotonic: Monotonic) -> Transport:
    from drivers.transport.tcp import open_tcp

    host, _, port = address.rpartition(":")
    return open_tcp(host.strip("[]"), int(port), monotonic)


def _open_file(path: str, options: Mapping[str, str], monotonic: Monotonic) -> Transport:
    from drivers.transport.file import open_file

    return open_file(path, monotonic)


def _check_serial(url: str, path: str, options: Mapping[str, str]) -> None:
    _check_file(url, path, options)
    baud = options.get("baud", "9600")
    if not (baud.isascii() and baud.isdigit() and int(baud) in _BAUD_RATES):
        known = ", ".join(map(str, _BAUD_RATES))
        raise DeviceError("device.url_value", f"{url!r}: baud {baud!r} is none of {known}")
    for key in ("rtscts", "xonxoff"):
        if options.get(key, "0") not in ("0", "1"):
            raise DeviceError("device.url_value", f"{url!r}: {key} is 0 or 1")


def _check_tcp(url: str, address: str, options: Mapping[str, str]) -> None:
    host, _, port = address.rpartition(":")
    if not host.strip("[]") or not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise DeviceError("device.url_value", f"{url!r}: expected tcp:host:port")


def _check_file(url: str, path: str, options: Mapping[str, str]) -> None:
    if not path.startswith("/"):
        raise DeviceError("device.url_value", f"{url!r}: expected an absolute path")


_OPENERS: dict[str, Opener] = {"serial": _open_serial, "tcp": _open_tcp, "file": _open_file}
_OPTIONS: dict[str, tuple[str, ...]] = {"serial": ("baud", "rtscts", "xonxoff"), "tcp": (), "file": ()}
_CHECKS: dict[str, Callable[[str, str, Mapping[str, str]], None]] = {
    "serial": _check_serial,
    "tcp": _check_tcp,
    "file": _check_file,
}
