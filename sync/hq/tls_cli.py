"""`storebox-hq tls`: which keys headquarters' servers may show to boxes. Boxes learn of a change by themselves."""

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agent.core.errors import Refused
from sync.hq.books.options import DEFAULT_STATE, AsJson, State

if TYPE_CHECKING:
    from collections.abc import Sequence

tls_app = typer.Typer(help="Keys that headquarters' servers may show to boxes.", no_args_is_help=True)
_HEX = re.compile(r"[0-9a-f]{64}")
PINS_MAX = 16


@tls_app.command("pin")
def pin(
    keys: Annotated[
        list[str], typer.Argument(help="Certificates or public keys (PEM files), or pins: SHA-256 in hex, or sha256/….")
    ],
    state: State = DEFAULT_STATE,
    as_json: AsJson = False,
) -> None:
    """Let boxes accept these keys and no others: at least two, the one in use and one that waits in a safe.

    Give the new key beside the old one, exchange the certificate when boxes have the list, then leave the old one out.
    """
    from sync.hq.keys import set_tls_pins

    pins = sorted({_pin(text) for text in keys})
    if not 2 <= len(pins) <= PINS_MAX:
        raise Refused("tls.pin_no_spare", pins=len(pins), most=PINS_MAX)
    _show(set_tls_pins(state, pins), pins, as_json)


@tls_app.command("unpin")
def unpin(state: State = DEFAULT_STATE, as_json: AsJson = False) -> None:
    """Pin nothing: boxes go back to what the authorities vouch for."""
    from sync.hq.keys import set_tls_pins

    _show(set_tls_pins(state, []), [], as_json)


@tls_app.command("list")
def list_pins(state: State = DEFAULT_STATE, as_json: AsJson = False) -> None:
    """Show the pins that boxes are told."""
    from sync.hq.keys import HqKeys
    from sync.keylist import KeyRing

    keys = HqKeys.load_or_create(state)
    ring = KeyRing(keys.root_public_key, keys.key_list)
    _show(ring.version, sorted(ring.tls_pins), as_json)


def _show(version: int, pins: "Sequence[str]", as_json: bool) -> None:
    typer.echo(json.dumps({"version": version, "pins": list(pins)}) if as_json else "\n".join(pins))


def _pin(text: str) -> str:
    """Return the pin of a file, or one that is written out; refuses with `tls.pin_unreadable`."""
    import base64
    import binascii

    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    from sync.pinning import key_pin

    if _HEX.fullmatch(text.lower()):
        return text.lower()
    try:
        if text.startswith("sha256/"):
            pin = base64.b64decode(text.removeprefix("sha256/"), validate=True).hex()
            if not _HEX.fullmatch(pin):
                raise ValueError("a pin has 32 bytes")
            return pin
        data = Path(text).read_bytes()
        if b"BEGIN PUBLIC KEY" in data:
            return key_pin(load_pem_public_key(data))
        return key_pin(x509.load_pem_x509_certificate(data).public_key())
    except (OSError, ValueError, binascii.Error) as error:
        raise Refused("tls.pin_unreadable", file=text[:80]) from error
