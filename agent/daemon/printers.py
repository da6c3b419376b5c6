"""The printers of a box, those of the tills and further ones: each with its driver and worker, one watch for all."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from agent.daemon.background import in_background
from agent.services.drawers import OpenDrawers
from agent.services.printing import PrinterWorker
from agent.services.shop import Shop
from agent.services.slip_watch import SlipWatch
from agent.services.spooled import Witness as SpooledWitness
from agent.settings import Settings, shipped
from drivers.base import CONNECTED, DeviceEvent, DeviceState
from drivers.printer.device import PrinterDevice
from drivers.printer.job import PrintOutcome, PrintResult, process_id
from drivers.printer.profiles import PrinterProfile, load_profile, with_chinese
from sync.threads import StepThread

_log = logging.getLogger("storebox.devices")
_NO_STATE = frozenset({"printer.identified", "printer.printed_late", "printer.no_chinese", "printer.reset"})
"""Events that do not say how the printer stands; neither do those of the drawer."""


@dataclass(frozen=True, slots=True)
class _Outcome:
    outcome: str
    code: str | None


class DrivenPrinter:
    """A printer's driver in the words of the printing use case."""

    def __init__(self, device: PrinterDevice) -> None:
        self._device = device

    def process_id(self, number: int) -> str:
        """Return the mark under which the printer reports a slip, by its place in the queue."""
        return process_id(number)

    def away(self) -> str | None:
        """Return why the printer cannot be reached, or None."""
        state = self._device.state
        if state in CONNECTED:
            return None
        return "printer.absent" if state is DeviceState.ABSENT else "printer.lost"

    def trouble(self) -> str | None:
        """Return why the printer would not print now, by its last word; None when it would."""
        away = self.away()
        return away if away is not None or not self._device.profile.status else self._device.health().blocked

    def doubt(self, mark: str, cuts_after: int | None) -> None:
        """Say that an earlier run was interrupted in the slip of this mark."""
        self._device.doubt(mark, cuts_after)

    def witness(self, document: Mapping[str, Any], *, void_predecessor: bool = False) -> SpooledWitness:
        """Return what will prove a slip that is about to begin."""
        return self._device.witness(document, void_predecessor=void_predecessor)

    def print(
        self,
        document: Mapping[str, Any],
        mark: str,
        *,
        void_predecessor: bool = False,
        cuts_after: int | None = None,
    ) -> _Outcome:
        """Print a document and wait for the printer's word."""
        result = self._device.print(document, mark, void_predecessor=void_predecessor, cuts_after=cuts_after)
        return _outcome(self._device.name, result)

    def kick(self) -> _Outcome:
        """Open the drawer."""
        return _outcome(self._device.name, self._device.kick())


def _outcome(name: str, result: PrintResult) -> _Outcome:
    if result.outcome in (PrintOutcome.UNCONFIRMED, PrintOutcome.NOT_STARTED):
        _log.warning("%s: %s %s: %s", name, result.outcome.value, result.code, result.detail)
    return _Outcome(result.outcome.value, result.code)


class Printers:
    """Every printer of the box. `codes` gets the last code of each; `on_change` is called when a lamp may change."""

    def __init__(self, shop: Shop, settings: Settings, codes: dict[str, str], on_change: Callable[[], None]) -> None:
        self._codes = codes
        self._on_change = on_change
        self.devices: dict[str, PrinterDevice] = {}
        self._workers: dict[str, PrinterWorker] = {}
        driven: dict[str, DrivenPrinter] = {}
        for name, url, profile in _places(shop, settings):
            device = PrinterDevice(name, url, profile, self._on_event)
            self.devices[name] = device
            driven[name] = DrivenPrinter(device)
            self._workers[name] = PrinterWorker(shop, name, driven[name])
        self._drawers = OpenDrawers(shop)
        self._watch = SlipWatch(shop, driven)
        self._watching = StepThread("slip watch", self._look)
        self._stations = {route.printer for route in shop.plan.routes}

    def start(self) -> None:
        """Begin to look for the printers; workers first own up to what an earlier run left unconfirmed."""
        for worker in self._workers.values():
            worker.start()
        for printer in self.devices.values():
            printer.start()
        self._watching.start()

    def stop(self) -> None:
        """Let go of the printers; a print in progress ends with what is known about it."""
        self._watching.stop()
        for printer in self.devices.values():
            printer.stop()
        for worker in self._workers.values():
            worker.stop()

    def wake(self, printer: str) -> None:
        """There is a slip for a printer, and perhaps for those that the routes lead to."""
        for name in {printer} | self._stations:
            worker = self._workers.get(name)
            if worker is not None:
                worker.wake()
        self._watching.wake()

    def models(self) -> dict[str, str]:
        """Return what printers say of themselves, by name: maker, model, serial number, Chinese font."""
        return {name: str(device.identity()) for name, device in self.devices.items() if device.identity().maker}

    def _look(self) -> float:
        return min(self._watch.step(), self._drawers.step())

    def _on_event(self, event: DeviceEvent) -> None:
        level = logging.INFO if event.state is DeviceState.READY else logging.WARNING
        _log.log(level, "%s: %s %s", event.device, event.code, event.detail)
        if event.code == "printer.printed_late":
            in_background(lambda: self._workers[event.device].printed_late(event.detail))
            return
        if event.code in ("drawer.open", "drawer.closed"):
            self._drawers.changed(event.device, event.code == "drawer.open")
        elif event.code not in _NO_STATE:
            self._codes[event.device] = event.code
        if event.state in CONNECTED:
            self._workers[event.device].wake()
        self._watching.wake()
        self._on_change()


def _places(shop: Shop, settings: Settings) -> list[tuple[str, str, PrinterProfile]]:
    """Return name, line and profile of every printer that has a line."""
    tills = [
        (shop.tills[till.till].printer, till.printer, with_chinese(_profile(till.profile), till.chinese))
        for till in settings.tills
        if till.printer
    ]
    others = [(printer.name, printer.url, _profile(printer.profile)) for printer in settings.printers if printer.url]
    return [*tills, *others]


def _profile(name: str) -> PrinterProfile:
    return load_profile(shipped(f"devices/{name}.toml"))
