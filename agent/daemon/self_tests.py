"""The self-test slip on a printer: of a box that trades, between its slips, or of a line that nobody else uses.

Not spooled and not journaled: a test is nobody's receipt, and a printer that does not work must not keep it for later.
"""

import json
import queue
import socket
import threading
from collections.abc import Callable, Mapping
from importlib.metadata import version
from typing import Any

from agent.core.codes import self_test_code
from agent.core.errors import Refused
from agent.core.ports import Entropy
from agent.core.receipt_setup import SelfTest, self_test_document
from agent.daemon.box import Box
from agent.daemon.named_devices import NamedDevice, printers_of
from agent.services.language import translator
from agent.settings import Settings
from drivers.base import CONNECTED, DeviceEvent
from drivers.printer.device import PrinterDevice
from drivers.printer.job import PrintOutcome
from drivers.printer.profiles import PrinterProfile
from sync.enrol import Enrolment, load_enrolment

BOX_WAITS_S = 20.0
"""How long a caller of a running box is kept; a printer without paper is waited for beyond that, by itself."""
CONNECT_WITHIN_S = 5.0

_NONCE_BYTES = 10
_MARK_CHARACTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
GOOD = frozenset({PrintOutcome.PRINTED.value, PrintOutcome.PRINTED_UNVERIFIED.value})
WAITING = "waiting"
"""The outcome of a test that stands in the printer until people help it."""

Told = dict[str, Any]


def document_for(settings: Settings, printer: PrinterDevice, url: str, entropy: Entropy, till: str | None) -> Told:
    """Return the self-test of a printer, of an enrolled box or of one that is not."""
    enrolled: Enrolment | None = load_enrolment(settings.state)
    identity = printer.identity()
    test = SelfTest(
        box=enrolled.identity.box if enrolled else socket.gethostname(),
        version=version("storebox"),
        name=printer.name,
        model=identity.title or printer.profile.title or printer.profile.name,
        line=line_words(url, settings.language),
        code=self_test_code(entropy.random_bytes(_NONCE_BYTES)),
        till=till,
        store=enrolled.identity.store if enrolled else "",
        branch=settings.store.branch,
        cutter=printer.profile.cutter,
    )
    return dict(self_test_document(test, translator(settings.language), settings.language))


def line_words(url: str, language: str) -> str:
    """Return how a printer is connected, in a few cells: `USB 04b8:0e15`, `串口 115200`, `192.168.1.50:9100`."""
    scheme, _, rest = url.partition(":")
    address, _, options = rest.partition("?")
    if scheme == "serial":
        baud = next((part.partition("=")[2] for part in options.split("&") if part.startswith("baud=")), "9600")
        return f"{'串口' if language.startswith('zh') else 'serial'} {baud}"
    return {"usb": f"USB {address}", "file": address}.get(scheme, address)


def print_within(printer: PrinterDevice, document: Mapping[str, Any], entropy: Entropy, wait_s: float) -> Told:
    """Print and return `{printer, outcome, code, detail}`; outcome `waiting` when it is not over after `wait_s`."""
    ends: queue.SimpleQueue[Told] = queue.SimpleQueue()

    def run() -> None:
        result = printer.print(document, _mark(entropy))
        ends.put({"outcome": result.outcome.value, "code": result.code, "detail": result.detail})

    threading.Thread(target=run, name=f"self-test {printer.name}", daemon=True).start()
    try:
        return {"printer": printer.name, **ends.get(timeout=wait_s)}
    except queue.Empty:
        return {"printer": printer.name, "outcome": WAITING, "code": printer.health().code, "detail": ""}


def print_on_line(
    settings: Settings, named: NamedDevice, profile: PrinterProfile, entropy: Entropy, wait_s: float
) -> Told:
    """Open a line that nobody else uses, print the self-test there, and let go of it."""

    def document(printer: PrinterDevice) -> Told:
        return document_for(settings, printer, named.url, entropy, named.till)

    return _on_line(named, profile, document, entropy, wait_s)


def _on_line(
    named: NamedDevice,
    profile: PrinterProfile,
    make: Callable[[PrinterDevice], Mapping[str, Any]],
    entropy: Entropy,
    wait_s: float,
) -> Told:
    connected, codes = threading.Event(), ["printer.absent"]

    def on_event(event: DeviceEvent) -> None:
        codes.append(event.code)
        if event.state in CONNECTED:
            connected.set()

    printer = PrinterDevice(named.name, named.url, profile, on_event)
    printer.start()
    try:
        if not connected.wait(CONNECT_WITHIN_S):
            outcome = PrintOutcome.NOT_STARTED.value
            return {"printer": named.name, "outcome": outcome, "code": codes[-1], "detail": named.url}
        return print_within(printer, make(printer), entropy, wait_s)
    finally:
        printer.stop()


def test_on_box(box: Box, values: Mapping[str, str]) -> Told:
    """Print the self-test on a printer of the running box, in its turn between slips.

    Refuses with `discovery.unknown_target` when no printer of this box has the name.
    """
    name = values["printer"]
    printer = box.devices.printer(name)
    known = {one.name: one for one in printers_of(box.settings)}
    if printer is None or name not in known:
        raise Refused("discovery.unknown_target", target=name[:40])
    document = document_for(box.settings, printer, known[name].url, box.shop.entropy, known[name].till)
    return print_within(printer, document, box.shop.entropy, BOX_WAITS_S)


def print_document(box: Box, values: Mapping[str, str]) -> Told:
    """Print a technician's slip (`document`, JSON) on a printer of the running box, in its turn between slips.

    Without `printer`, on the first till's. Refuses like `test_on_box`.
    """
    name = values.get("printer") or next(iter(box.shop.tills.values())).printer
    printer = box.devices.printer(name)
    if printer is None:
        raise Refused("discovery.unknown_target", target=name[:40])
    return print_within(printer, json.loads(values["document"]), box.shop.entropy, BOX_WAITS_S)


def print_document_on_line(
    named: NamedDevice, profile: PrinterProfile, document: Mapping[str, Any], entropy: Entropy, wait_s: float
) -> Told:
    """Open a line that nobody else uses, print a technician's slip there, and let go of it."""
    return _on_line(named, profile, lambda printer: document, entropy, wait_s)


def _mark(entropy: Entropy) -> str:
    """A process ID that no slip has before the 77 millionth (drivers.printer.job.process_id)."""
    tail = "".join(_MARK_CHARACTERS[byte % len(_MARK_CHARACTERS)] for byte in entropy.random_bytes(2))
    return f"~T{tail}"
