"""The devices of the tills: each with its driver, its worker and its lamp."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any, Protocol

from agent.daemon.displays import PoleDisplays
from agent.daemon.printers import Printers
from agent.daemon.scans import ScanQueue, refusal
from agent.services.shop import Shop
from agent.settings import Settings, Till
from drivers.base import DeviceEvent, DeviceState
from drivers.display.device import DisplayDevice
from drivers.printer.device import PrinterDevice
from drivers.scale.device import ScaleDevice
from drivers.scanner.device import ScannerDevice

OnScan = Callable[[str, str, int], bool]
"""Takes a till, the text of a scan and how often the same came just before, in the order of scanning; returns
whether it was refused.
"""

_LAMP = {
    DeviceState.READY: "ok",
    DeviceState.DEGRADED: "degraded",
    DeviceState.OPENING: "down",
    DeviceState.ABSENT: "down",
    DeviceState.LOST: "down",
}


class Lit(Protocol):
    """A device that has a lamp."""

    @property
    def state(self) -> DeviceState:
        """How it stands."""


class Devices:
    """Every device of the box."""

    def __init__(self, shop: Shop, settings: Settings, on_scan: OnScan) -> None:
        self._shop = shop
        self._codes: dict[str, str] = {}
        self._printers = Printers(shop, settings, self._codes, self._lamps_changed)
        self._scanners: dict[str, ScannerDevice] = {}
        self._scans: dict[str, ScanQueue] = {}
        self._scales = {till.till: self._scale(till) for till in settings.tills if till.scale}
        self._displays = {till.till: self._display(till) for till in settings.tills if till.display}
        self._poles = PoleDisplays(shop, self._displays)
        for till in settings.tills:
            if till.scanner:
                self._add_scanner(f"scanner{till.till}", till, on_scan)

    def _add_scanner(self, name: str, till: Till, on_scan: OnScan) -> None:
        def take(text: str, repeats: int) -> bool:
            return on_scan(till.till, text, repeats)

        def refuse(code: str) -> None:
            self._shop.publish("scan", refusal(code, till.till))

        def signal() -> None:
            scanner.beep()

        scans = ScanQueue(name, take, refuse, signal, self._shop.clock.monotonic_s)
        scanner = ScannerDevice(name, till.scanner, scans.offer, self._on_scanner, model=till.scanner_model)
        self._scanners[name] = scanner
        self._scans[name] = scans

    def _scale(self, till: Till) -> ScaleDevice:
        return ScaleDevice(f"scale{till.till}", till.scale, self._on_other, protocol=till.scale_protocol)

    def _display(self, till: Till) -> DisplayDevice:
        return DisplayDevice(f"display{till.till}", till.display, self._on_other, charset=till.display_charset)

    @property
    def scales(self) -> Mapping[str, ScaleDevice]:
        """The scales by till."""
        return self._scales

    def till_changed(self, till: str) -> None:
        """Let the till's display follow; never waits."""
        self._poles.changed(till)

    def start(self) -> None:
        """Begin to look for the devices; workers first own up to what an earlier run left unconfirmed."""
        self._printers.start()
        for scale in self._scales.values():
            scale.start()
        self._poles.start()
        for scans in self._scans.values():
            scans.start()
        for scanner in self._scanners.values():
            scanner.start()

    def stop(self) -> None:
        """Let go of the devices; a print in progress ends with what is known about it."""
        for scanner in self._scanners.values():
            scanner.stop()
        for scans in self._scans.values():
            scans.stop()
        self._poles.stop()
        for scale in self._scales.values():
            scale.stop()
        self._printers.stop()

    def wake(self, printer: str) -> None:
        """There is a slip for a printer."""
        self._printers.wake(printer)

    def printer(self, name: str) -> PrinterDevice | None:
        """Return the driver of a printer, for what is no slip."""
        return self._printers.devices.get(name)

    def known(self) -> list[dict[str, Any]]:
        """Return each device by name with its state, its last code and, of printers, who it says it is."""

        def row(name: str, device: PrinterDevice | ScannerDevice) -> dict[str, Any]:
            return {"name": name, "state": device.state.value, "code": self._codes.get(name)}

        printers = [{**row(name, one), **asdict(one.identity())} for name, one in self._printers.devices.items()]
        return printers + [row(name, one) for name, one in self._scanners.items()]

    def lamps(self) -> dict[str, dict[str, Any]]:
        """Return one lamp for each kind of device: the worst, and each by name. Displays and scales only where there
        are some.
        """
        lamps = {"printer": self._lamp(self._printers.devices), "scanner": self._lamp(self._scanners)}
        lamps["printer"]["models"] = self._printers.models()
        for kind, devices in (("display", self._displays), ("scale", self._scales)):
            if devices:
                lamps[kind] = self._lamp({device.name: device for device in devices.values()})
        return lamps

    def _lamp(self, devices: Mapping[str, Lit]) -> dict[str, Any]:
        states = {name: _LAMP[device.state] for name, device in devices.items()}
        worst = next(
            (state for state in ("down", "degraded") if state in states.values()), "ok" if states else "absent"
        )
        codes = [self._codes[name] for name in states if states[name] == worst and name in self._codes]
        return {"state": worst, "code": codes[0] if codes and worst != "ok" else None, "devices": states}

    def _lamps_changed(self) -> None:
        self._shop.publish("lamps", self.lamps())

    def _on_other(self, event: DeviceEvent) -> None:
        self._codes[event.device] = event.code
        self._lamps_changed()

    def _on_scanner(self, event: DeviceEvent) -> None:
        if event.code == "scanner.overflow":
            self._shop.publish("scan", refusal(event.code, event.device.removeprefix("scanner")))
            return
        if event.code != "scanner.setting_refused":
            self._codes[event.device] = event.code
        self._lamps_changed()
